"""Full-text search over a user's own titles and messages, on SQLite (FTS5) and PostgreSQL (tsvector)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Select, column, delete, func, insert, select, table, text, update

from tollhouse.store.conversation_tables import DOCUMENT, conversation, message, searchable
from tollhouse.store.engine import Reading, Writing

SEARCHED_CHARS = 100_000
"""What is searched of one text: PostgreSQL's document has at most a megabyte."""


def index(tx: Writing, *, subject_id: str, conversation_id: str, user_id: str, words: str) -> None:
    """Let a text be found: a message's, or a conversation's title under the conversation's own id."""
    words = words[:SEARCHED_CHARS].replace("\0", "")
    known = tx.execute(update(searchable).where(searchable.c.subject_id == subject_id).values(text=words))
    if known.rowcount == 0:
        row = {"subject_id": subject_id, "conversation_id": conversation_id, "user_id": user_id, "text": words}
        tx.execute(insert(searchable).values(**row))


def forget(tx: Writing, subject_id: str) -> None:
    tx.execute(delete(searchable).where(searchable.c.subject_id == subject_id))


def search(tx: Reading, user_id: str, asked: str, *, limit: int, offset: int = 0) -> list[Any]:
    """Where all the words occur, the newest first; conversations that were deleted are not searched.

    Gives rows of conversation_id, title, message_id (None for a title), role, text and created_at.
    """
    # A word of marks only is none to either database, and to each in its own way.
    words = [word for word in asked.split() if any(map(str.isalnum, word))]
    if not words:
        return []
    return list(tx.execute(statement(tx.dialect.name, user_id, words).limit(limit).offset(offset)).mappings())


def statement(dialect: str, user_id: str, words: Sequence[str]) -> Select[Any]:
    """What is asked: every text of the user's that holds all the words, the newest first."""
    found = _in_sqlite(user_id, words) if dialect == "sqlite" else _in_postgres(user_id, words)
    return (
        found.join(conversation, conversation.c.id == searchable.c.conversation_id)
        .outerjoin(message, message.c.id == searchable.c.subject_id)
        .where(searchable.c.user_id == user_id, conversation.c.deleted_at.is_(None))
    )


FOUND = (
    conversation.c.id.label("conversation_id"),
    conversation.c.title,
    message.c.id.label("message_id"),
    message.c.role,
    searchable.c.text,
    func.coalesce(message.c.created_at, conversation.c.created_at).label("created_at"),
)

fts5 = table("search_text", column("rowid", Integer))


def _in_sqlite(user_id: str, words: Sequence[str]) -> Select[Any]:
    """The index gives its rows newest first, and is read no further than the page."""
    quoted = " AND ".join('"{}"'.format(word.replace('"', '""')) for word in words)
    # The owner is one of the words, without the prefix: a phrase of two would be looked for among everybody's first.
    asked = f'user_id:"{user_id.partition("_")[2]}" AND text:({quoted})'
    # By the sum SQLite cannot look into the index for each text; it has to begin with it.
    both = searchable.c.id == fts5.c.rowid + 0
    match = text("search_text MATCH :asked").bindparams(asked=asked)
    return select(*FOUND).select_from(fts5.join(searchable, both)).where(match).order_by(fts5.c.rowid.desc())


def _in_postgres(user_id: str, words: Sequence[str]) -> Select[Any]:
    """The owner is one of the words that the index is asked for."""
    match = text(
        f"({DOCUMENT}) @@ (quote_literal(CAST(:owner AS text))::tsquery"
        " && plainto_tsquery('simple', CAST(:asked AS text)))"
    ).bindparams(owner=user_id, asked=" ".join(words))
    return select(*FOUND).select_from(searchable).where(match).order_by(searchable.c.id.desc())
