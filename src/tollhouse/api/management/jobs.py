"""/api/jobs: runs in the background, whoever asked for them, without what is said in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tollhouse.admin import jobs
from tollhouse.admin.jobs import JobView, Wanted
from tollhouse.admin.views import Listing
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("jobs")


@table.get("/api/jobs", scope=ADMIN)
async def list_jobs(here: Here, asked: Annotated[bodies.JobsAsked, Query()]) -> Listing[JobView]:
    """A page of runs in the background, newest first: all, of one status, of one user, or with one error."""
    wanted = Wanted(status=asked.status, user=asked.user, error=asked.error)
    return await jobs.list_jobs(here.desk, wanted, asked.page)


@table.get("/api/jobs/{run}", scope=ADMIN)
async def get_job(here: Here, run: str) -> JobView:
    """One run in the background."""
    return await jobs.get_job(here.desk, run)


@table.post("/api/jobs/{run}/retry", scope=ADMIN)
async def retry_job(here: Here, run: str) -> JobView:
    """Try a run again that failed or was cancelled, as who asked for it."""
    return await jobs.retry_one(here.desk, here.actor, run)


@table.post("/api/jobs/{run}/cancel", scope=ADMIN)
async def cancel_job(here: Here, run: str) -> JobView:
    """Stop a run; who executes it ends it within a second or two. One that has ended stays as it is."""
    return await jobs.cancel(here.desk, here.actor, run)
