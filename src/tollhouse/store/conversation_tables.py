"""The tables of conversations, and how their words are found: full-text search as each database does it.

A conversation's messages are a tree: each names its parent, and `seq` counts them in the order they came, whatever the
clock said. Rows that belong to a user name the user themselves, so that no query needs a join to ask whose they are.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    event,
    text,
)

from tollhouse.store import tables
from tollhouse.store.types import Instant, Json

metadata = tables.metadata
"""Of every table: with these it is complete."""

conversation = Table(
    "conversation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("user_account.id"), nullable=False),
    Column("workspace_id", Text, nullable=False),
    Column("title", Text),
    Column("title_source", Text),
    Column("system", Text),
    Column("model", Text),
    Column("settings", Json, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("tip_id", Text),
    Column("forked_from", Text),
    Column("begun_by", Text),
    Column("pinned", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("active_at", Instant, nullable=False),
    Column("archived_at", Instant),
    Column("deleted_at", Instant),
    CheckConstraint("title_source IN ('user', 'model', 'fallback')", name="title_source"),
    CheckConstraint("begun_by IN ('response')", name="begun_by"),
    Index("ix_conversation_active", "user_id", "active_at", "id"),
)

message = Table(
    "message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversation.id"), nullable=False),
    Column("user_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("parent_id", Text, ForeignKey("message.id"), index=True),
    Column("run_id", Text, unique=True),
    Column("role", Text, nullable=False),
    Column("parts", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("tokens_estimated", Boolean, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("model", Text),
    Column("finish_reason", Text),
    Column("feedback", Json),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("role IN ('system', 'developer', 'user', 'assistant', 'tool')", name="role"),
    Index("uq_message_seq", "conversation_id", "seq", unique=True),
)

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversation.id"), nullable=False),
    Column("user_id", Text, nullable=False),
    Column("workspace_id", Text, nullable=False),
    Column("token_id", Text, nullable=False),
    Column("message_id", Text, ForeignKey("message.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("background", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("idempotency_key", Text),
    Column("origin", Json, nullable=False),
    Column("boot_id", Text),
    Column("job_id", Text),
    Column("request_id", Text),
    Column("error", Json),
    Column("usage", Json),
    Column("cost", BigInteger),
    Column("response", Json),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("next_try_at", Instant),
    Column("deadline_at", Instant),
    Column("finished_at", Instant),
    Column("tip_id", Text),
    CheckConstraint(
        "status IN ('queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled')", name="status"
    ),
    Index("ix_run_user_id", "user_id", "id"),
    Index("ix_run_conversation_id", "conversation_id", "id"),
    Index(
        "ix_run_waiting",
        "workspace_id",
        text("priority DESC"),
        "id",
        sqlite_where=text("finished_at IS NULL AND boot_id IS NULL"),
        postgresql_where=text("finished_at IS NULL AND boot_id IS NULL"),
    ),
    Index(
        "ix_run_taken",
        "boot_id",
        "workspace_id",
        sqlite_where=text("finished_at IS NULL AND boot_id IS NOT NULL"),
        postgresql_where=text("finished_at IS NULL AND boot_id IS NOT NULL"),
    ),
    Index(
        "uq_run_idempotency",
        "token_id",
        "conversation_id",
        "idempotency_key",
        unique=True,
        sqlite_where=text("idempotency_key IS NOT NULL"),
        postgresql_where=text("idempotency_key IS NOT NULL"),
    ),
)  # fmt: skip

run_attempt = Table(
    "run_attempt",
    metadata,
    Column("run_id", Text, ForeignKey("run.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("request_id", Text, nullable=False, unique=True),
    Column("boot_id", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
)

run_event = Table(
    "run_event",
    metadata,
    Column("run_id", Text, ForeignKey("run.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("data", Text),
    Column("created_at", Instant, nullable=False, index=True),
)

share = Table(
    "share",
    metadata,
    Column("id", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversation.id"), nullable=False, index=True),
    Column("user_id", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("snapshot", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

searchable = Table(
    "searchable",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("subject_id", Text, nullable=False, unique=True),
    Column("conversation_id", Text, ForeignKey("conversation.id"), nullable=False),
    Column("user_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    # What of it the databases would not find by themselves (`pieces`). A version that cuts nothing may run beside us.
    Column("pieces", Text),
    Index("ix_searchable_user_id", "user_id", "id"),
)

BLOCK_BITS = 14
"""Texts that follow one another are a block of so many bits; PostgreSQL is asked for blocks, the newest first."""

DOCUMENT = (
    f"array_to_tsvector(ARRAY[searchable.user_id, searchable.user_id || '/' || (searchable.id >> {BLOCK_BITS})::text])"
    " || to_tsvector('simple'::regconfig, searchable.text)"
)
"""What PostgreSQL indexes.

The owner is a word among the words, so that nobody's search walks through others' texts; with the number of the block
the owner is another one.
"""

WITH_PIECES = f"{DOCUMENT} || to_tsvector('simple'::regconfig, searchable.pieces)"
"""What it indexes of texts that have pieces, in an index of their own: the others would only make it larger."""

FTS5 = (
    """
    CREATE VIRTUAL TABLE IF NOT EXISTS search_text USING fts5(
        user_id, text, content='searchable', content_rowid='id', tokenize='unicode61 remove_diacritics 0')
    """,
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
"""SQLite's index holds no text of its own (SQLite FTS5 Extension, "External Content Tables", read 2026-11-22)."""

_AS_GIN = "ON searchable USING gin (({})) WITH (fastupdate = off)"
GIN = (
    f"CREATE INDEX search_document {_AS_GIN.format(DOCUMENT)}",
    f"CREATE INDEX search_pieces {_AS_GIN.format(WITH_PIECES)} WHERE pieces IS NOT NULL",
)
"""Without a list of what is to be indexed later: every search would read it, and one message in many wait for it."""


@event.listens_for(searchable, "after_create")
def _index_search(target: Table, connection: Connection, **_: object) -> None:
    for statement in FTS5 if connection.dialect.name == "sqlite" else GIN:
        connection.exec_driver_sql(statement)
