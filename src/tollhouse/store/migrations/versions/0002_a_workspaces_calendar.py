"""A workspace has a time zone, whose calendar its budgets follow."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("workspace", sa.Column("time_zone", sa.Text(), nullable=False, server_default="UTC"))
