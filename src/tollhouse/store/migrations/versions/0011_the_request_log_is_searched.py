"""The request log is searched by key, by tag, and for what did not succeed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.drop_index("ix_request_user_id", table_name="request")
    op.create_index("ix_request_user_id", "request", ["user_id", "id", "token_id"])
    for name, columns, where in (
        ("ix_request_tag", ["tag", "id"], sa.text("tag IS NOT NULL")),
        ("ix_request_failed", ["id", "outcome"], sa.text("outcome <> 'succeeded'")),
    ):
        op.create_index(name, "request", columns, sqlite_where=where, postgresql_where=where)
