"""/api/jobs: runs in the background, whoever asked for them, without what is said in them; and their queue."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tollhouse.admin import jobs, queues
from tollhouse.admin.jobs import JobView, RetriedView, Wanted
from tollhouse.admin.queues import QueueView
from tollhouse.admin.views import Listing
from tollhouse.api.management import bodies
from tollhouse.api.management.conversation_bodies import RunChange
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("jobs")


@table.get("/api/jobs", scope=ADMIN)
async def list_jobs(here: Here, asked: Annotated[bodies.JobsAsked, Query()]) -> Listing[JobView]:
    """A page of runs in the background, newest first: all, of one status, user or workspace, or with one error."""
    wanted = Wanted(status=asked.status, user=asked.user, workspace=asked.workspace, error=asked.error)
    return await jobs.list_jobs(here.desk, wanted, asked.page)


@table.post("/api/jobs/retry", scope=ADMIN)
async def retry_jobs(here: Here, body: bodies.JobsRetried) -> RetriedView:
    """Try runs again that failed for good, as who asked for them: the oldest thousand that match; all, when nothing is
    said. With `dry_run` it only says which."""
    wanted = Wanted(user=body.user, workspace=body.workspace, error=body.error)
    return await jobs.retry(here.desk, here.actor, wanted, dry_run=body.dry_run)


@table.get("/api/jobs/queues", scope=ADMIN)
async def list_queues(here: Here) -> Listing[QueueView]:
    """Every queue: how many runs wait, since when, and whether any may begin."""
    return await queues.list_queues(here.desk)


@table.post("/api/jobs/queues/{queue}/pause", scope=ADMIN)
async def pause_queue(here: Here, queue: str, body: bodies.Reason | None = None) -> QueueView:
    """Let no run of a queue begin, in any process, until it is resumed. What is under way comes to its end."""
    reason = None if body is None else body.reason
    return await queues.pause(here.desk, here.actor, queue, reason=reason)


@table.post("/api/jobs/queues/{queue}/resume", scope=ADMIN)
async def resume_queue(here: Here, queue: str) -> QueueView:
    """Let runs of a queue begin again."""
    return await queues.resume(here.desk, here.actor, queue)


@table.get("/api/jobs/{run}", scope=ADMIN)
async def get_job(here: Here, run: str) -> JobView:
    """One run in the background."""
    return await jobs.get_job(here.desk, run)


@table.patch("/api/jobs/{run}", scope=ADMIN)
async def change_job(here: Here, run: str, body: RunChange) -> JobView:
    """Let a run that waits overtake others, or be overtaken."""
    return await jobs.prioritize(here.desk, here.actor, run, body.priority)


@table.post("/api/jobs/{run}/retry", scope=ADMIN)
async def retry_job(here: Here, run: str) -> JobView:
    """Try a run again that failed or was cancelled, as who asked for it."""
    return await jobs.retry_one(here.desk, here.actor, run)


@table.post("/api/jobs/{run}/cancel", scope=ADMIN)
async def cancel_job(here: Here, run: str) -> JobView:
    """Stop a run; who executes it ends it within a second or two. One that has ended stays as it is."""
    return await jobs.cancel(here.desk, here.actor, run)
