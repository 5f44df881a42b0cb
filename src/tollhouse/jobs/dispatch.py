"""Takes runs that wait, in a fair order, and hands them to the engine, no more at a time than can be executed.

The row of a run, written with its question, is all that queues it. A dispatcher takes only what begins at once, so that
order and fairness are decided at the last moment: what is urgent overtakes whatever waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from tollhouse import ids
from tollhouse.clock import Clock
from tollhouse.errors import TollhouseError
from tollhouse.held import Held
from tollhouse.jobs.engine import Engine, Handler, Job
from tollhouse.jobs.fairness import Waiting, fairly
from tollhouse.store import queue
from tollhouse.store.engine import Access, Reading
from tollhouse.telemetry import Event, log
from tollhouse.telemetry.surviving import survived

LOOK_EVERY_S = 0.25
PAUSE_S = 0.05
"""Between two looks: runs that end in it are one reason to look, and a look costs as much as the beginning of a run."""

TURN = "turn"
"""The handler of runs: it gets a run's id."""


class Dispatcher:
    """The dispatcher of one process.

    Attributes:
        under_way: the runs that this process has taken.
        is_leaving: nothing more is taken.
    """

    def __init__(self, store: Access, engine: Engine, clock: Clock, *, boot_id: str, concurrency: Held[int]) -> None:
        """Dispatch for a process; at most `concurrency` runs at a time, and the first of every workspace."""
        self.under_way: set[str] = set()
        self.is_leaving = False
        self._store = store
        self._engine = engine
        self._clock = clock
        self._boot_id = boot_id
        self._concurrency = concurrency
        self._woken = asyncio.Event()
        self._is_idle = asyncio.Event()

    async def run(self) -> None:
        """Take and hand over until cancelled."""
        async with asyncio.TaskGroup() as handing:
            while True:
                with survived("dispatch"):
                    # Nobody who comes meanwhile waits until the engine has taken down all that it is given.
                    for job in await self.take():
                        handing.create_task(self._hand(job))
                await self.pause()

    async def pause(self) -> None:
        """Wait until there is a reason to look, or it is time to."""
        await asyncio.sleep(PAUSE_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S - PAUSE_S):
                await self._woken.wait()
        self._woken.clear()

    def wake(self) -> None:
        """A run waits, or another one has ended."""
        self._woken.set()

    async def take(self) -> list[Job]:
        """Take what may begin now."""
        concurrency = self._concurrency.now
        free = concurrency - len(self.under_way)
        firsts = 2 * concurrency - max(len(self.under_way), concurrency)
        if firsts <= 0 or self.is_leaving:
            return []
        now = self._clock.now()

        def query(tx: Reading) -> tuple[list[Waiting], Mapping[str, int]]:
            if queue.paused(tx) is not None:
                return [], {}
            rows = queue.due(tx, now, max(free, 1))
            return [waiting(row) for row in rows], queue.under_way(tx) if rows else {}

        found, running = await self._store.read(query)
        chosen = fairly(found, running, free=max(free, 0), firsts=firsts)
        jobs = {one.id: job_id(one) for one in chosen}
        if not jobs:
            return []
        # Known before they are taken: nobody may believe that we have lost them.
        self.under_way |= jobs.keys()
        try:
            taken = await self._store.write(lambda tx: queue.claim(tx, jobs, self._boot_id))
        except BaseException:
            self.under_way -= jobs.keys()
            raise
        self.under_way -= jobs.keys() - {*taken}
        return [Job(id=jobs[one], name=TURN, subject=one) for one in taken]

    def handler(self, handle: Handler) -> Handler:
        """A handler of runs, of which the dispatcher knows how many are under way."""

        async def execute(run_id: str) -> None:
            self.under_way.add(run_id)
            try:
                await handle(run_id)
            except TollhouseError as error:
                log.warning(Event.JOB_FAILED, run=run_id, error=error.message)
            except Exception:
                log.error(Event.JOB_FAILED, run=run_id, exc_info=True)
            finally:
                self._let_go(run_id)

        return execute

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self.under_way:
            self._is_idle.clear()
            await self._is_idle.wait()

    async def _hand(self, job: Job) -> None:
        try:
            await self._engine.hand(job)
        except Exception as error:
            # It is ours without being under way, so the reaper will release it.
            log.warning(Event.JOB_FAILED, run=job.subject, error=str(error))
            self._let_go(job.subject)

    def _let_go(self, run_id: str) -> None:
        self.under_way.discard(run_id)
        self.wake()
        if not self.under_way:
            self._is_idle.set()


def waiting(row: Mapping[str, object]) -> Waiting:
    """A row of the queue, with the number that its next attempt will have."""
    known = {name: row[name] for name in ("id", "workspace_id", "priority", "attempt")}
    one = Waiting(**known)  # type: ignore[arg-type]  # the columns have the types of the fields
    if row["started_at"] is None:
        return one
    return Waiting(id=one.id, workspace_id=one.workspace_id, priority=one.priority, attempt=one.attempt + 1)


def job_id(one: Waiting) -> str:
    """Of the run and its attempt; each time it is taken, another."""
    return f"{one.id}.{one.attempt}.{ids.new('job')[-8:]}"
