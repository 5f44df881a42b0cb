"""Runs in the background, for operators: what waits, what failed and why; try again, cancel, pause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tollhouse.admin.access import find_user
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.lists import page_of
from tollhouse.admin.views import Listing
from tollhouse.errors import Conflict, NotFound
from tollhouse.notify.runs import note_end
from tollhouse.store import machinery, queue, runs
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page

AT_ONCE = 200
"""Runs that are tried again in one transaction."""


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the background. Of what is said in it, nothing.

    Attributes:
        failures: attempts that failed since it was last asked for; what died with its process is not among them.
        error: why it failed, or waits to be tried again.
    """

    id: str
    user: str
    workspace: str
    status: str
    priority: int
    attempt: int
    failures: int
    model: str
    error: dict[str, Any] | None
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    next_try_at: datetime | None
    finished_at: datetime | None


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """The queue as a whole.

    Attributes:
        waiting: runs that could begin now.
        oldest_wait_s: how long the first of them could have.
    """

    paused: bool
    waiting: int
    running: int
    oldest_wait_s: float


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs; what is None does not matter. `error` is the code of a failure."""

    status: str | None = None
    user: str | None = None
    error: str | None = None


async def list_jobs(desk: Desk, wanted: Wanted, page: Page | None = None) -> Listing[JobView]:
    """A page of runs in the background, newest first. Raises NotFound for an unknown user."""

    def query(tx: Reading, page: Page) -> list[JobView]:
        rows = queue.jobs(tx, page, status=wanted.status, user_id=_user(tx, wanted.user), error=wanted.error)
        return [job_view(row) for row in rows]

    return await page_of(desk, page or Page(), query)


async def get_job(desk: Desk, run_id: str) -> JobView:
    """One run in the background. Raises NotFound."""
    return job_view(await desk.store.read(lambda tx: _found(tx, run_id)))


async def look(desk: Desk) -> QueueView:
    """The queue as it is now."""
    now = desk.clock.now()

    def query(tx: Reading) -> QueueView:
        waiting, oldest = queue.backlog(tx, now)
        return QueueView(
            paused=bool(machinery.get_fact(tx, queue.PAUSED)),
            waiting=waiting,
            running=sum(queue.under_way(tx).values()),
            oldest_wait_s=0.0 if oldest is None else max(0.0, (now - oldest).total_seconds()),
        )

    return await desk.store.read(query)


async def retry(desk: Desk, actor: Actor, wanted: Wanted, *, dry_run: bool = False) -> list[str]:
    """Try runs again that failed for good, as those who asked for them; gives their ids.

    Raises:
        NotFound: no such user.
    """

    def query(tx: Reading) -> list[str]:
        user_id = _user(tx, wanted.user)
        return [row["id"] for row in queue.jobs(tx, None, status="failed", user_id=user_id, error=wanted.error)]

    found = await desk.store.read(query)
    if dry_run:
        return found
    tried: list[str] = []
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        tried += await desk.store.write(lambda tx, some=some: _requeue(tx, desk, actor, some))  # type: ignore[misc]
    return tried


async def retry_one(desk: Desk, actor: Actor, run_id: str) -> JobView:
    """Try one run again. Raises NotFound, and Conflict unless it failed or was cancelled."""

    def work(tx: Writing) -> Any:
        row = _found(tx, run_id)
        if not _requeue(tx, desk, actor, [run_id]):
            raise Conflict(f"The run is {row['status']}; only one that failed or was cancelled can be tried again.")
        return _found(tx, run_id)

    return job_view(await desk.store.write(work))


async def cancel(desk: Desk, actor: Actor, run_id: str) -> JobView:
    """Stop a run; who executes it notices within a second, and ends it. One that has ended stays as it is."""
    now = desk.clock.now()

    def work(tx: Writing) -> Any:
        row = _found(tx, run_id)
        if has_ended := runs.cancel(tx, run_id, now):
            note_end(tx, row, "cancelled", error=None, now=now, channels=())
        if has_ended or runs.stop(tx, run_id):
            desk.note(tx, actor, "jobs.cancel", run_id)
        return _found(tx, run_id)

    return job_view(await desk.store.write(work))


async def pause(desk: Desk, actor: Actor, *, is_paused: bool) -> QueueView:
    """Let no run begin, in any worker, or let them begin again. What is under way comes to its end."""

    def work(tx: Writing) -> None:
        machinery.set_fact(tx, queue.PAUSED, is_paused)
        desk.note(tx, actor, "jobs.pause" if is_paused else "jobs.resume", "jobs")

    await desk.store.write(work)
    return await look(desk)


def job_view(row: Any) -> JobView:
    """A run's row."""
    same = (
        "id",
        "status",
        "priority",
        "attempt",
        "failures",
        "model",
        "error",
        "created_at",
        "started_at",
        "next_try_at",
        "finished_at",
    )
    return JobView(
        user=row["user_id"],
        workspace=row["workspace_id"],
        worker=row["boot_id"],
        **{name: row[name] for name in same},
    )


def _user(tx: Reading, id_or_name: str | None) -> str | None:
    return None if id_or_name is None else str(find_user(tx, id_or_name)["id"])


def _requeue(tx: Writing, desk: Desk, actor: Actor, run_ids: Sequence[str]) -> list[str]:
    tried = [run_id for run_id in run_ids if queue.requeue(tx, run_id)]
    for run_id in tried:
        desk.note(tx, actor, "jobs.retry", run_id)
    return tried


def _found(tx: Reading, run_id: str) -> Any:
    row = queue.find(tx, run_id)
    if row is None:
        raise NotFound(f"There is no run {run_id} in the background.")
    return row
