"""Providers are paused, and their breakers closed."""

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
