"""Full-text search over a user's own titles and messages, on SQLite (FTS5) and PostgreSQL (tsvector).

Whole words are found, and any part of a text in scripts that write none apart (`pieces`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    TextClause,
    column,
    delete,
    func,
    insert,
    select,
    table,
    text,
    update,
)

from tollhouse.store.conversation_tables import (
    BLOCK_BITS,
    DOCUMENT,
    WITH_PIECES,
    conversation,
    message,
    searchable,
)
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.pieces import cut, pieces_of

SEARCHED_CHARS = 100_000
"""What is searched of one text: PostgreSQL's document has at most a megabyte."""


def index(tx: Writing, *, subject_id: str, conversation_id: str, user_id: str, words: str) -> None:
    """Let a text be found: a message's, or a conversation's title under the conversation's own id."""
    words = searched(words)
    found_by = {"text": words, "pieces": pieces_of(words)}
    known = tx.execute(update(searchable).where(searchable.c.subject_id == subject_id).values(**found_by))
    if known.rowcount == 0:
        row = {"subject_id": subject_id, "conversation_id": conversation_id, "user_id": user_id, **found_by}
        tx.execute(insert(searchable).values(**row))


def index_new(tx: Writing, rows: Sequence[Mapping[str, str]]) -> None:
    """Let texts be found that were not there before; a row has what `index` takes, the words as `text`."""
    if rows:
        words = [searched(row["text"]) for row in rows]
        found_by = [{"text": it, "pieces": pieces_of(it)} for it in words]
        tx.execute(insert(searchable), [{**row, **more} for row, more in zip(rows, found_by, strict=True)])


def searched(words: str) -> str:
    """What of a text the databases are given."""
    return words[:SEARCHED_CHARS].replace("\0", "")


def forget(tx: Writing, subject_id: str) -> None:
    tx.execute(delete(searchable).where(searchable.c.subject_id == subject_id))


def search(tx: Reading, user_id: str, asked: str, *, limit: int, after: str | None = None) -> list[Any]:
    """Where all the words occur, the newest first; conversations that were deleted are not searched.

    Gives rows of subject_id, conversation_id, title, message_id (None for a title), role, text and created_at.

    Args:
        after: a subject; what is older than its text is searched.
    """
    # A word of marks only is none to either database, and to each in its own way.
    words = [word for word in asked.split() if any(map(str.isalnum, word))]
    if not words:
        return []
    find = _in_sqlite if tx.dialect.name == "sqlite" else _in_postgres
    end = tx.execute(_end(user_id, after)).scalar()
    return [] if end is None else find(tx, user_id, words, end, limit)


def _end(user_id: str, after: str | None) -> Select[Any]:
    """The number below which texts are searched; none when there is nothing to search."""
    if after is None:
        return select(func.max(searchable.c.id) + 1).where(searchable.c.user_id == user_id)
    return select(searchable.c.id).where(searchable.c.user_id == user_id, searchable.c.subject_id == after)


def _texts(*where: ColumnElement[bool] | TextClause, user_id: str) -> Select[Any]:
    """Texts of the user's in conversations that are there, with what is shown of them."""
    return (
        select(
            searchable.c.subject_id,
            searchable.c.conversation_id,
            conversation.c.title,
            message.c.id.label("message_id"),
            message.c.role,
            searchable.c.text,
            func.coalesce(message.c.created_at, conversation.c.created_at).label("created_at"),
        )
        .join(conversation, conversation.c.id == searchable.c.conversation_id)
        .outerjoin(message, message.c.id == searchable.c.subject_id)
        .where(*where, searchable.c.user_id == user_id, conversation.c.deleted_at.is_(None))
    )


# --- SQLite ----------------------------------------------------------------------------------------------------------

fts5 = table("search_text", column("rowid", Integer))


def _in_sqlite(tx: Reading, user_id: str, words: Sequence[str], end: int, limit: int) -> list[Any]:
    return list(tx.execute(sqlite_statement(user_id, words, end).limit(limit)).mappings())


def sqlite_statement(user_id: str, words: Sequence[str], end: int) -> Select[Any]:
    """The index gives its rows newest first, and is read no further than the page."""
    quoted = " AND ".join(map(_fts5_of, words))
    # The owner is one of the words, without the prefix: a phrase of two would be looked for among everybody's first.
    asked = f'user_id:"{user_id.partition("_")[2]}" AND text:({quoted})'
    match = text("search_text MATCH :asked").bindparams(asked=asked)
    # By the sum SQLite cannot look into the index for each text; it has to begin with it.
    both = searchable.c.id == fts5.c.rowid + 0
    holds = [func.instr(searchable.c.text, run) > 0 for run in _runs(words)]
    found = _texts(match, both, fts5.c.rowid < end, *holds, user_id=user_id)
    return found.select_from(fts5, searchable).order_by(fts5.c.rowid.desc())


def _fts5_of(word: str) -> str:
    """A word in FTS5's own language: as it is, or by its pieces."""
    whole, found = _quoted(word), cut(word)
    if found is None:
        return whole
    by_pieces = [*map(_quoted, found.pieces), *(f"{_quoted(start)} *" for start in found.beginnings)]
    return f"({whole} OR ({' AND '.join(by_pieces)}))"


def _quoted(word: str) -> str:
    return '"{}"'.format(word.replace('"', '""'))


def _runs(words: Sequence[str]) -> list[str]:
    """What the texts must hold as it stands, since its pieces may lie apart."""
    return [run for word in words if (found := cut(word)) is not None for run in found.runs]


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

STEPS = (1, 3, 12)
"""How many blocks are asked at once, the newest first; after these, all that are left."""


def _in_postgres(tx: Reading, user_id: str, words: Sequence[str], end: int, limit: int) -> list[Any]:
    """The index knows no order, and of a frequent word it would give everything: so it is asked block by block."""
    # How a word is best looked for depends on the word: a plan made for any would read the owner's whole list.
    tx.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    found: list[Any] = []
    above = ((end - 1) >> BLOCK_BITS) + 1
    for step in STEPS:
        below = max(0, above - step)
        owners = [f"{user_id}/{block}" for block in range(below, above)]
        found += _some(tx, postgres_statement(user_id, owners, words, end), limit - len(found))
        if len(found) == limit or below == 0:
            return found
        above, end = below, below << BLOCK_BITS
    return found + _some(tx, postgres_statement(user_id, [user_id], words, end), limit - len(found))


def _some(tx: Reading, statement: Select[Any], limit: int) -> list[Any]:
    return list(tx.execute(statement.limit(limit)).mappings())


def postgres_statement(user_id: str, owners: Sequence[str], words: Sequence[str], end: int) -> Select[Any]:
    """Texts that hold any of the words for owners, and all of the others, as they are or by their pieces."""
    cuts = [found for word in words if (found := cut(word)) is not None]
    pieces = [word for word in words if cut(word) is None] + [piece for found in cuts for piece in found.pieces]
    beginnings = [f"{start}:*" for found in cuts for start in found.beginnings]
    match = text(
        f"(({DOCUMENT}) @@ (CAST(:owners AS tsquery) && plainto_tsquery('simple', CAST(:asked AS text)))"
        f" OR searchable.pieces IS NOT NULL AND ({WITH_PIECES}) @@ (CAST(:owners AS tsquery)"
        " && plainto_tsquery('simple', CAST(:pieces AS text)) && to_tsquery('simple', CAST(:beginnings AS text))))"
    ).bindparams(
        owners=" | ".join(f"'{owner}'" for owner in owners),
        asked=" ".join(words),
        pieces=" ".join(pieces),
        beginnings=" & ".join(beginnings),
    )
    holds = [func.strpos(searchable.c.text, run) > 0 for run in _runs(words)]
    # The sum keeps the planner from walking back from the newest text, whoever's, until it meets enough that match.
    order = (searchable.c.id + 0).desc()
    return _texts(match, searchable.c.id < end, *holds, user_id=user_id).order_by(order)
