"""Which processes live, facts about the installation, and who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import delete, insert, select, update

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.statements import inserting
from tollhouse.store.tables import audit, fact, process
from tollhouse.store.types import UPSERTS, from_micros, to_micros

BUDGETS_REVISION = "budgets_revision"
"""The name of a fact that has another value whenever a budget was set, changed or lifted."""


def begin_process(tx: Writing, *, boot_id: str, kind: str, pid: int, now: datetime) -> None:
    tx.execute(insert(process).values(boot_id=boot_id, kind=kind, pid=pid, started_at=now, beat_at=to_micros(now)))


def beat(tx: Writing, *, boot_id: str, kind: str, pid: int, now: datetime) -> None:
    """Note that a process lives, anew when others took it for dead: it may have slept with its machine."""
    beaten = tx.execute(update(process).where(process.c.boot_id == boot_id).values(beat_at=to_micros(now)))
    if beaten.rowcount == 0:
        begin_process(tx, boot_id=boot_id, kind=kind, pid=pid, now=now)


def end_processes(tx: Writing, boot_ids: Sequence[str]) -> None:
    tx.execute(delete(process).where(process.c.boot_id.in_(boot_ids)))


def silent_processes(tx: Reading, *, since: datetime) -> list[str]:
    """Boot ids of processes that have not beaten since an instant."""
    return list(tx.execute(select(process.c.boot_id).where(process.c.beat_at < to_micros(since))).scalars())


def processes_of(tx: Reading, kind: str) -> list[str]:
    """Boot ids of every process of a kind, beaten or not."""
    return list(tx.execute(select(process.c.boot_id).where(process.c.kind == kind)).scalars())


def has_others(tx: Reading, boot_id: str, kinds: Sequence[str]) -> bool:
    """Whether there is a process of these kinds besides this one, beaten or not."""
    query = select(process.c.boot_id).where(process.c.boot_id != boot_id, process.c.kind.in_(kinds)).limit(1)
    return tx.execute(query).first() is not None


def processes(tx: Reading) -> list[Any]:
    """Every process that was not cleared away, with its last heartbeat; the latest first."""
    return list(tx.execute(select(process).order_by(process.c.beat_at.desc())).mappings())


def get_fact(tx: Reading, name: str) -> Any:
    """A fact about this installation; None when it was never set."""
    return tx.execute(select(fact.c.value).where(fact.c.name == name)).scalar_one_or_none()


def set_fact(tx: Writing, name: str, value: Any) -> None:
    """Set a fact, or another value of it. Who sets the same one at the same moment waits, and wins."""
    new = UPSERTS[tx.dialect.name](fact).values(name=name, value=value)
    tx.execute(new.on_conflict_do_update(index_elements=[fact.c.name], set_={"value": new.excluded.value}))


class Note(NamedTuple):
    """Who changed what: a row of the audit, which nothing ever deletes. `at` in microseconds, `facts` as JSON."""

    id: str
    at: int
    actor: str
    deed: str
    subject: str
    facts: str


ADD_NOTE = inserting(audit, Note._fields)


def note_deed(tx: Writing, note: Note) -> None:
    """Write it down in the transaction that does it."""
    values = note._asdict() | {"at": from_micros(note.at), "facts": msgspec.json.decode(note.facts)}
    tx.execute(insert(audit).values(**values))


def deeds(tx: Reading, page: Page) -> list[Any]:
    return list(tx.execute(page.of(select(audit), audit.c.id)).mappings())
