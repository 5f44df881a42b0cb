"""Providers are paused, and their breakers closed; and who has paused the queue is known."""

import json
import time

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "provider_order",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.BigInteger()),
        sa.Column("paused_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("reset_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_order")),
    )
    # It was true or false; who it was is in the audit.
    paused = {"at": time.time_ns() // 1_000, "by": "an earlier version", "reason": None}
    whoever = sa.text("UPDATE fact SET value = :paused WHERE name = 'jobs paused' AND value = 'true'")
    op.execute(whoever.bindparams(paused=json.dumps(paused)))
