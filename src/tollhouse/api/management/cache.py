"""/api/cache."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tollhouse.admin import cache
from tollhouse.admin.views import CacheView, Listing, TrialsView
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("cache")


@table.get("/api/cache", scope=ADMIN)
async def get_cache(here: Here, asked: Annotated[bodies.CacheAsked, Query()]) -> CacheView:
    """How many answers are kept to be given again, and what that has saved: all, or of one user, model or tag."""
    return await cache.measure(here.desk, user=asked.user, model=asked.model, tag=asked.tag)


@table.get("/api/cache/trials", scope=ADMIN)
async def list_trials(here: Here) -> Listing[TrialsView]:
    """How often an answer to a question like what was asked was the wrong one, by what was asked for."""
    return await cache.list_trials(here.desk)


@table.delete("/api/cache", scope=ADMIN)
async def clear_cache(here: Here, asked: Annotated[bodies.CacheAsked, Query()]) -> None:
    """Forget them: all, or those of one user, model or tag."""
    await cache.clear(here.desk, here.actor, user=asked.user, model=asked.model, tag=asked.tag)
