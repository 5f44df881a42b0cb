"""Runs in the background, for operators: what waits, what failed and why; try again, let overtake, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tollhouse.admin.access import whose
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.lists import page_of
from tollhouse.admin.views import Listing
from tollhouse.errors import Conflict, NotFound
from tollhouse.notify.runs import note_end
from tollhouse.store import queue, runs
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page

RETRIED_MOST: Final = 1_000
"""Runs that are tried again in one call."""

AT_ONCE: Final = 200
"""Of them in one transaction."""


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


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs; what is None does not matter. `error` is the code of a failure."""

    status: str | None = None
    user: str | None = None
    workspace: str | None = None
    error: str | None = None


class RetriedView(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that will be tried again, or would be, the oldest first.

    Attributes:
        has_more: there are others that match; ask again for them.
    """

    count: int
    runs: tuple[str, ...]
    has_more: bool
    dry_run: bool


async def list_jobs(desk: Desk, wanted: Wanted, page: Page | None = None) -> Listing[JobView]:
    """A page of runs in the background, newest first. Raises NotFound for an unknown user or workspace."""
    return await page_of(desk, page or Page(), lambda tx, page: [job_view(row) for row in _matching(tx, wanted, page)])


async def get_job(desk: Desk, run_id: str) -> JobView:
    """One run in the background. Raises NotFound."""
    return job_view(await desk.store.read(lambda tx: _found(tx, run_id)))


async def retry(desk: Desk, actor: Actor, wanted: Wanted, *, dry_run: bool = False) -> RetriedView:
    """Try runs again that failed for good, as those who asked for them: the oldest `RETRIED_MOST` that match.

    Raises:
        NotFound: no such user or workspace.
    """
    failed = msgspec.structs.replace(wanted, status="failed")
    page = Page(limit=RETRIED_MOST, descending=False)
    rows, has_more = page.cut(await desk.store.read(lambda tx: _matching(tx, failed, page.more)))
    tried = found = [row["id"] for row in rows]
    if not dry_run:
        tried = []
        for start in range(0, len(found), AT_ONCE):
            some = found[start : start + AT_ONCE]
            tried += await desk.store.write(lambda tx, some=some: _requeue(tx, desk, actor, some))  # type: ignore[misc]
    return RetriedView(count=len(tried), runs=tuple(tried), has_more=has_more, dry_run=dry_run)


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


async def prioritize(desk: Desk, actor: Actor, run_id: str, priority: int) -> JobView:
    """Let a run that waits overtake others, or be overtaken: 9 is the most urgent.

    Raises:
        NotFound: no such run in the background.
        Conflict: it does not wait.
    """

    def work(tx: Writing) -> Any:
        row = _found(tx, run_id)
        if not queue.prioritize(tx, run_id, priority):
            raise Conflict(f"The run is {row['status']}; only one that waits can overtake others.")
        desk.note(tx, actor, "jobs.priority", run_id, before=row["priority"], after=priority)
        return _found(tx, run_id)

    return job_view(await desk.store.write(work))


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


def _matching(tx: Reading, wanted: Wanted, page: Page) -> list[Any]:
    return queue.jobs(
        tx,
        page,
        status=wanted.status,
        **whose(tx, user=wanted.user, workspace=wanted.workspace),
        error=wanted.error,
    )


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
