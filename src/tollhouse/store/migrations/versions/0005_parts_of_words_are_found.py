"""Search finds parts of words in scripts that write none apart. What was said before is cut now."""

import sqlalchemy as sa
from alembic import op

from tollhouse.store.pieces import pieces_of

revision = "0005"
down_revision = "0004"

AT_ONCE = 2_000

TRIGGERS = (
    "DROP TRIGGER search_added",
    "DROP TRIGGER search_removed",
    "DROP TRIGGER search_changed",
    """
    CREATE TRIGGER search_added AFTER INSERT ON searchable BEGIN
        INSERT INTO search_text (rowid, user_id, text)
            VALUES (new.id, new.user_id, new.text || coalesce(' ' || new.pieces, ''));
    END
    """,
    """
    CREATE TRIGGER search_removed AFTER DELETE ON searchable BEGIN
        INSERT INTO search_text (search_text, rowid, user_id, text)
            VALUES ('delete', old.id, old.user_id, old.text || coalesce(' ' || old.pieces, ''));
    END
    """,
    """
    CREATE TRIGGER search_changed AFTER UPDATE ON searchable BEGIN
        INSERT INTO search_text (search_text, rowid, user_id, text)
            VALUES ('delete', old.id, old.user_id, old.text || coalesce(' ' || old.pieces, ''));
        INSERT INTO search_text (rowid, user_id, text)
            VALUES (new.id, new.user_id, new.text || coalesce(' ' || new.pieces, ''));
    END
    """,
)

# The former index stays, and with it the former version finds what it found; a text without pieces is not in this one.
INDEX = """
    CREATE INDEX search_pieces ON searchable USING gin ((
        array_to_tsvector(ARRAY[searchable.user_id, searchable.user_id || '/' || (searchable.id >> 14)::text])
        || to_tsvector('simple'::regconfig, searchable.text) || to_tsvector('simple'::regconfig, searchable.pieces)
    )) WITH (fastupdate = off) WHERE searchable.pieces IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("searchable", sa.Column("pieces", sa.Text(), nullable=True))
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in TRIGGERS:
            connection.exec_driver_sql(statement)
        cut_all(connection)
    else:
        cut_all(connection)
        connection.exec_driver_sql(INDEX)


def cut_all(connection: sa.Connection) -> None:
    """Cut every text that there is."""
    texts = sa.table("searchable", sa.column("id"), sa.column("text"), sa.column("pieces"))
    page = sa.select(texts.c.id, texts.c.text).order_by(texts.c.id).limit(AT_ONCE)
    change = sa.update(texts).where(texts.c.id == sa.bindparam("of")).values(pieces=sa.bindparam("cut"))
    last = 0
    while rows := connection.execute(page.where(texts.c.id > last)).all():
        last = rows[-1].id
        changes = [{"of": row.id, "cut": pieces} for row in rows if (pieces := pieces_of(row.text)) is not None]
        if changes:
            connection.execute(change, changes)
