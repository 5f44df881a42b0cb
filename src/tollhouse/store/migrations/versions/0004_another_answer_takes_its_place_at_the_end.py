"""A run that gives another answer knows in whose place the conversation goes on from it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("run", sa.Column("tip_id", sa.Text(), nullable=True))
