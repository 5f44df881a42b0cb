"""An engine without memory: jobs are tasks of this event loop. For tests, and wherever nothing must survive."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tollhouse.jobs.engine import Handler, Job


class Inline:
    """Executes jobs here and now.

    Attributes:
        handed: every job that was handed over, in order.
    """

    def __init__(self) -> None:
        self.handed: list[Job] = []
        self._handlers: Mapping[str, Handler] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    async def hand(self, job: Job) -> None:
        if job.id in self._tasks:
            return
        self.handed.append(job)
        self._tasks[job.id] = asyncio.create_task(self._execute(job), name=f"tollhouse-{job.id}")

    async def repeat(self, job_ids: Sequence[str], dead: Collection[str]) -> set[str]:
        return set()

    async def stranded(self) -> list[str]:
        return []

    async def forget(self, before: datetime, limit: int) -> int:
        return 0

    async def aclose(self) -> None:
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _execute(self, job: Job) -> None:
        await self._handlers[job.name](job.subject)
