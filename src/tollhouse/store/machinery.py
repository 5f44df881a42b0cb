"""Which processes live, facts about the installation, and who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.tables import audit, fact, process
from tollhouse.store.types import to_micros


def begin_process(tx: Writing, *, boot_id: str, kind: str, pid: int, now: datetime) -> None:
    tx.execute(insert(process).values(boot_id=boot_id, kind=kind, pid=pid, started_at=now, beat_at=to_micros(now)))


def beat(tx: Writing, boot_id: str, now: datetime) -> None:
    tx.execute(update(process).where(process.c.boot_id == boot_id).values(beat_at=to_micros(now)))


def end_process(tx: Writing, boot_id: str) -> None:
    tx.execute(delete(process).where(process.c.boot_id == boot_id))


def dead_processes(tx: Reading, *, silent_since: datetime, kind: str | None = None, but: str) -> list[str]:
    """Boot ids of processes that have not beaten since an instant; never one's own."""
    query = select(process.c.boot_id).where(process.c.boot_id != but, process.c.beat_at < to_micros(silent_since))
    if kind is not None:
        query = query.where(process.c.kind == kind)
    return list(tx.execute(query).scalars())


def processes(tx: Reading) -> list[Any]:
    """Every process that was not cleared away, with its last heartbeat; the latest first."""
    return list(tx.execute(select(process).order_by(process.c.beat_at.desc())).mappings())


def get_fact(tx: Reading, name: str) -> Any:
    """A fact about this installation; None when it was never set."""
    return tx.execute(select(fact.c.value).where(fact.c.name == name)).scalar_one_or_none()


def set_fact(tx: Writing, name: str, value: Any) -> None:
    tx.execute(delete(fact).where(fact.c.name == name))
    tx.execute(insert(fact).values(name=name, value=value))


def note_deed(
    tx: Writing, *, deed_id: str, at: datetime, actor: str, deed: str, subject: str, facts: dict[str, Any]
) -> None:
    """Write down who changed what. Nothing ever deletes these rows."""
    tx.execute(insert(audit).values(id=deed_id, at=at, actor=actor, deed=deed, subject=subject, facts=facts))


def deeds(tx: Reading, limit: int = 100) -> list[Any]:
    return list(tx.execute(select(audit).order_by(audit.c.id.desc()).limit(limit)).mappings())
