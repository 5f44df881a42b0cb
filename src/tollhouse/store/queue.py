"""The queue: runs that wait for a worker, who has taken which, and which were left by the dead.

A worker takes a run by writing its boot id into the row. It stays there as long as the run is under way; a row whose
process does not live is anybody's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, and_, case, exists, func, or_, select, type_coerce, update

from tollhouse.store import machinery
from tollhouse.store.conversation_tables import run
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.tables import process
from tollhouse.store.types import from_micros, to_micros
from tollhouse.telemetry.metrics import TURNS

WAITING = ("queued", "retrying", "cancelled")
"""A run that was cancelled waits to be ended, when its worker has died before it did."""

QUEUES = (TURNS,)
"""Every queue there is."""

_PAUSED = "jobs paused"
"""The name of the fact that no run is to begin: who said so, when and why; or false."""


class Paused(NamedTuple):
    """That no run of a queue is to begin: since when, by whom, and why."""

    at: datetime
    by: str
    reason: str | None


def paused(tx: Reading) -> Paused | None:
    """Whether the queue is paused, and by whom."""
    told = machinery.get_fact(tx, _PAUSED)
    return Paused(from_micros(told["at"]), told["by"], told["reason"]) if told else None


def pause(tx: Writing, told: Paused) -> None:
    """Let no run begin. Who looks for one sees this each time."""
    machinery.set_fact(tx, _PAUSED, told._asdict() | {"at": to_micros(told.at)})


def resume(tx: Writing) -> bool:
    """Let runs begin again; False when they could."""
    was_paused = paused(tx) is not None
    machinery.set_fact(tx, _PAUSED, False)
    return was_paused


def due(tx: Reading, now: datetime, per_workspace: int) -> list[Any]:
    """Runs that could begin: of each workspace so many, the most urgent and oldest.

    It reads no more of those that wait than it gives: each workspace is found behind the one before in the index, and
    what goes first in it stands there first.
    """
    waiting, other = run.alias("waiting"), run.alias("other")
    spaces = select(func.min(waiting.c.workspace_id).label("id")).where(*_waits(waiting)).cte("spaces", recursive=True)
    further = select(func.min(waiting.c.workspace_id)).where(*_waits(waiting), waiting.c.workspace_id > spaces.c.id)
    spaces = spaces.union_all(select(further.scalar_subquery()).where(spaces.c.id.is_not(None)))
    first = (
        select(other.c.id)
        .where(other.c.workspace_id == spaces.c.id, *_waits(other), _may_begin(other, now))
        .order_by(other.c.priority.desc(), other.c.id)
        .limit(per_workspace)
        .correlate(spaces)
    )
    query = select(run.c.id, run.c.workspace_id, run.c.priority, run.c.attempt, run.c.started_at)
    return list(tx.execute(query.select_from(spaces).join(run, run.c.id.in_(first))).mappings())


def is_wanted(tx: Reading) -> bool:
    """Whether any run in the background has not ended."""
    waits = exists().where(*_waits(run))
    taken = exists().where(run.c.finished_at.is_(None), run.c.boot_id.is_not(None), run.c.background)
    return bool(tx.execute(select(or_(waits, taken))).scalar())


def under_way(tx: Reading) -> dict[str, int]:
    """How many runs each workspace has in the hands of workers."""
    query = (
        select(run.c.workspace_id, func.count())
        .where(run.c.finished_at.is_(None), run.c.background, run.c.boot_id.is_not(None))
        .group_by(run.c.workspace_id)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def claim(tx: Writing, jobs: Mapping[str, str], boot_id: str) -> list[str]:
    """Take runs that wait; gives those that nobody else has, or is about to take.

    Args:
        jobs: run -> the job that will execute it.
    """
    free = select(run.c.id).where(run.c.id.in_(jobs), *_waits(run)).with_for_update(skip_locked=True)
    taken = list(tx.execute(free.order_by(run.c.id)).scalars())
    if taken:
        job = case({run_id: jobs[run_id] for run_id in taken}, value=run.c.id)
        tx.execute(update(run).where(run.c.id.in_(taken)).values(boot_id=boot_id, job_id=job))
    return taken


def lock(tx: Writing, run_id: str) -> Any | None:
    """A run's row, whoever's; nobody else changes it until the transaction ends."""
    return tx.execute(select(run).where(run.c.id == run_id).with_for_update()).mappings().first()


def is_alive(tx: Reading, boot_id: str, since: datetime) -> bool:
    """Whether a process has beaten since an instant."""
    alive = select(process.c.boot_id).where(process.c.boot_id == boot_id, process.c.beat_at >= to_micros(since))
    return tx.execute(alive).first() is not None


def forsaken(tx: Reading, *, since: datetime, boot_id: str, mine: Collection[str]) -> list[Any]:
    """Runs in the hands of processes that have not beaten since an instant, or in ours though we know nothing of them.

    Args:
        mine: the runs that we, `boot_id`, do know of.
    """
    alive = select(process.c.boot_id).where(process.c.beat_at >= to_micros(since))
    is_ours = run.c.boot_id == boot_id
    query = select(run.c.id, run.c.status, run.c.boot_id, run.c.job_id).where(
        run.c.finished_at.is_(None),
        run.c.background,
        or_(and_(is_ours, run.c.id.not_in(mine)), and_(~is_ours, run.c.boot_id.not_in(alive))),
    )
    return list(tx.execute(query.order_by(run.c.id)).mappings())


def release(tx: Writing, run_id: str, boot_id: str, job_id: str | None) -> bool:
    """Let a run be taken anew, if it is still in the hands that were seen; one that was under way was lost there."""
    same = run.c.job_id.is_(None) if job_id is None else run.c.job_id == job_id
    held = update(run).where(run.c.id == run_id, same, run.c.finished_at.is_(None), run.c.boot_id == boot_id)
    lost = tx.execute(
        held.where(run.c.status == "running").values(
            status="queued", losses=run.c.losses + 1, boot_id=None, job_id=None, next_try_at=None
        )
    )
    free = tx.execute(held.where(run.c.status.in_(WAITING)).values(boot_id=None, job_id=None))
    return lost.rowcount + free.rowcount == 1


def backlog(tx: Reading, now: datetime) -> tuple[int, datetime | None]:
    """How many runs could begin and have not, and since when the oldest could."""
    able_at = func.coalesce(run.c.next_try_at, run.c.created_at)
    query: Select[Any] = select(func.count(), func.min(able_at)).where(*_waits(run), _may_begin(run, now))
    count, oldest = tx.execute(query).one()
    return int(count), oldest


def jobs(
    tx: Reading,
    page: Page,
    *,
    status: str | None = None,
    user_id: str | None = None,
    workspace_id: str | None = None,
    error: str | None = None,
) -> list[Any]:
    """A page of runs in the background, whoever's, by age."""
    query = select(run).where(run.c.background)
    if workspace_id is not None:
        query = query.where(run.c.workspace_id == workspace_id)
    if status is not None:
        query = query.where(run.c.status == status)
    if user_id is not None:
        query = query.where(run.c.user_id == user_id)
    if error is not None:
        query = query.where(type_coerce(run.c.error, Text).contains(f'"code":"{error}"', autoescape=True))
    return list(tx.execute(page.of(query, run.c.id)).mappings())


def find(tx: Reading, run_id: str) -> Any | None:
    """A run in the background, whoever's."""
    return tx.execute(select(run).where(run.c.id == run_id, run.c.background)).mappings().first()


def requeue(tx: Writing, run_id: str) -> bool:
    """Let a run that failed or was cancelled begin again; false for one that did not."""
    is_over = run.c.finished_at.is_not(None) & run.c.status.in_(("failed", "cancelled"))
    ended = update(run).where(run.c.id == run_id, run.c.background, is_over)
    fresh = {"failures": 0, "losses": 0, "boot_id": None, "job_id": None, "request_id": None, "error": None}
    fresh |= {"usage": None, "cost": None, "next_try_at": None, "deadline_at": None, "finished_at": None}
    return tx.execute(ended.values(status="queued", **fresh)).rowcount == 1


def prioritize(tx: Writing, run_id: str, priority: int) -> bool:
    """Let a run that waits begin before others, or after them; False for one that does not wait."""
    waiting = update(run).where(run.c.id == run_id, run.c.background, *_waits(run), run.c.status != "cancelled")
    return tx.execute(waiting.values(priority=priority)).rowcount == 1


def _waits(table: Any) -> Sequence[ColumnElement[bool]]:
    return (table.c.finished_at.is_(None), table.c.boot_id.is_(None), table.c.status.in_(WAITING))


def _may_begin(table: Any, now: datetime) -> ColumnElement[bool]:
    return or_(table.c.next_try_at.is_(None), table.c.next_try_at <= now)
