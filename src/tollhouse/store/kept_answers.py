"""Answers that are kept for a while, to be given again. What they say is locked before it comes here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, bindparam, delete, func, select, update

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.statements import Batch, inserting
from tollhouse.store.tables import kept_answer

STEP: Final = 1_000
"""Rows that are dropped at once; others get their turn in between."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One of them.

    Attributes:
        id: the key that it is found by.
        user_id: who asked.
        model: who answered, as `provider/model`.
        tag: what the client called this kind of spending; empty without one.
        cost: what it came to, in nanodollars; 0 when that is unknown.
        hits: how often it was given again, as far as that has been noted.
        created_at, expires_at: in microseconds since 1970.
    """

    id: str
    user_id: str
    model: str
    tag: str
    answer: str
    size_bytes: int
    cost: int
    hits: int
    created_at: int
    expires_at: int


class Which(msgspec.Struct, frozen=True, kw_only=True):
    """Some of them: what is said must fit; nothing said, all."""

    user_id: str | None = None
    model: str | None = None
    tag: str | None = None

    def fits(self, row: Row) -> bool:
        """Whether it is one of them."""
        return all(wanted is None or getattr(row, name) == wanted for name, wanted in self.said.items())

    @property
    def said(self) -> dict[str, str | None]:
        """Column -> what it must be."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Sum(msgspec.Struct, frozen=True):
    """What they come to. `saved`: nanodollars that were not paid because they were given again."""

    entries: int = 0
    size_bytes: int = 0
    hits: int = 0
    saved: int = 0


COLUMNS: Final = Row.__struct_fields__
INSERT: Final = inserting(
    kept_answer,
    COLUMNS,
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}",
)

values_of = msgspec.structs.astuple


def keep(batch: Batch, rows: list[Row]) -> Sequence[None]:
    """Keep answers, each instead of what was kept by its key; of several in one batch the last."""
    # In order: two processes that keep the same answers do not wait for one another in a circle.
    batch.run(INSERT, [values_of(row) for _, row in sorted({row.id: row for row in rows}.items())])
    return [None] * len(rows)


def find(tx: Reading, key: str) -> Row | None:
    """The answer that is kept by this key, expired or not."""
    found = tx.execute(select(*kept_answer.c).where(kept_answer.c.id == key)).first()
    return None if found is None else Row(**found._mapping)


def note_hits(tx: Writing, hits: Mapping[str, int]) -> None:
    """They were given again, so often."""
    if hits:
        noting = update(kept_answer).where(kept_answer.c.id == bindparam("key"))
        more = {"hits": kept_answer.c.hits + bindparam("more")}
        tx.execute(noting.values(more), [{"key": key, "more": count} for key, count in sorted(hits.items())])


def summed(tx: Reading, which: Which, now: int) -> Sum:
    """What those that can still be given come to."""
    hits, cost = kept_answer.c.hits, kept_answer.c.cost
    query = select(func.count(), func.sum(kept_answer.c.size_bytes), func.sum(hits), func.sum(hits * cost))
    found = tx.execute(query.where(kept_answer.c.expires_at > now, *_wanted(which))).one()
    return Sum(*(int(each or 0) for each in found))


def drop(tx: Writing, which: Which) -> int:
    """Forget them; gives how many went."""
    return tx.execute(delete(kept_answer).where(*_wanted(which))).rowcount


def drop_expired(tx: Writing, now: int) -> int:
    """Forget some whose time is over; gives how many went."""
    expired = select(kept_answer.c.id).where(kept_answer.c.expires_at <= now).limit(STEP)
    return tx.execute(delete(kept_answer).where(kept_answer.c.id.in_(expired))).rowcount


def drop_beyond(tx: Writing, most_bytes: int) -> int:
    """Forget some of the oldest when all are larger together; gives how many went."""
    surplus = (tx.execute(select(func.sum(kept_answer.c.size_bytes))).scalar() or 0) - most_bytes
    if surplus <= 0:
        return 0
    oldest = select(kept_answer.c.id, kept_answer.c.size_bytes).order_by(kept_answer.c.created_at).limit(STEP)
    going = []
    for key, size_bytes in tx.execute(oldest):
        going.append(key)
        surplus -= size_bytes
        if surplus <= 0:
            break
    return tx.execute(delete(kept_answer).where(kept_answer.c.id.in_(going))).rowcount


def _wanted(which: Which) -> list[ColumnElement[bool]]:
    return [kept_answer.c[name] == wanted for name, wanted in which.said.items() if wanted is not None]
