"""A request's row tells what the guards said of it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("request", sa.Column("guards", sa.Text(), nullable=True))
