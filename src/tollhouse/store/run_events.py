"""What runs tell, kept so that it can be told again: numbered by run, attempt and sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_

from tollhouse.store.conversation_tables import run_event
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.types import UPSERTS


def append(tx: Writing, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep some. What is kept already stays as it is: a batch may come twice."""
    if rows:
        tx.execute(UPSERTS[tx.dialect.name](run_event).on_conflict_do_nothing(), list(rows))


def after(tx: Reading, run_id: str, attempt: int, seq: int, limit: int) -> list[Any]:
    """What a run told after a place, in order."""
    place = tuple_(run_event.c.attempt, run_event.c.seq)
    query = select(run_event).where(run_event.c.run_id == run_id, place > tuple_(attempt, seq))
    return list(tx.execute(query.order_by(run_event.c.attempt, run_event.c.seq).limit(limit)).mappings())


def last(tx: Reading, run_id: str, attempt: int) -> Any | None:
    """The last event of an attempt that is kept."""
    query = select(run_event).where(run_event.c.run_id == run_id, run_event.c.attempt == attempt)
    return tx.execute(query.order_by(run_event.c.seq.desc()).limit(1)).mappings().first()


def forget_words(tx: Writing, run_id: str) -> None:
    """Forget what a run told of its answer on the way; that it began and ended, and where, stays."""
    of_itself = run_event.c.name.startswith("run.")
    told = delete(run_event).where(run_event.c.run_id == run_id, run_event.c.data.is_not(None), ~of_itself)
    tx.execute(told)


def drop_before(tx: Writing, at: datetime, limit: int = 5_000) -> int:
    """Forget what was told before an instant, so many at a time; gives how many went."""
    old = select(run_event.c.run_id, run_event.c.attempt, run_event.c.seq).where(run_event.c.created_at < at)
    key = tuple_(run_event.c.run_id, run_event.c.attempt, run_event.c.seq)
    return tx.execute(delete(run_event).where(key.in_(old.limit(limit)))).rowcount
