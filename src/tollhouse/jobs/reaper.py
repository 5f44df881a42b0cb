"""Finds runs whose process has died, and lets them be executed by the living.

Each worker beats, often. Who has not beaten for a while is taken for dead, and what it had under way is repeated by the
engine, which knows of it; what the engine does not know of goes back to the queue. If the process lives after all, it
finds that its attempt is not the run's any more, and its words are not the run's answer.
"""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import Any

from tollhouse.clock import Clock
from tollhouse.jobs.dispatch import Dispatcher
from tollhouse.jobs.engine import Engine
from tollhouse.store import machinery, queue
from tollhouse.store.engine import Access, Writing
from tollhouse.telemetry import Event, log
from tollhouse.telemetry.surviving import survived

LOOK_EVERY_S = 1.0
BEAT_EVERY_S = 2.0
LAPSE = timedelta(seconds=8)
"""Without a beat for so long, a worker is dead. With a look every second, a death is noticed within ten."""

FORGET_EVERY_S = 300.0
KEPT = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 500


class Reaper:
    """The reaper of one process."""

    def __init__(
        self, store: Access, engine: Engine, clock: Clock, dispatcher: Dispatcher, *, boot_id: str, kind: str
    ) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._dispatcher = dispatcher
        self._boot_id = boot_id
        self._kind = kind
        self._beaten_at_s = clock.monotonic()
        self._forgot_at_s = clock.monotonic()

    async def run(self) -> None:
        """Look until cancelled; at first for what another version left."""
        with survived("tell_stranded"):
            await self.tell_stranded()
        while True:
            with survived("look"):
                await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def tell_stranded(self) -> None:
        """Log jobs that another version took over. Their runs are taken up like those of the dead."""
        stranded = await self._engine.stranded()
        if stranded:
            log.warning(Event.JOBS_STRANDED, jobs=stranded[:10], count=len(stranded))

    async def look(self) -> int:
        """Beat, and take up what the dead have left; gives how many runs that were."""
        now_s = self._clock.monotonic()
        if now_s - self._beaten_at_s >= BEAT_EVERY_S:
            self._beaten_at_s = now_s
            await self._store.write(self._beat)
        since, mine = self._clock.now() - LAPSE, set(self._dispatcher.under_way)
        rows = await self._store.read(lambda tx: queue.forsaken(tx, since=since, boot_id=self._boot_id, mine=mine))
        if rows:
            await self._take_up(rows)
        if now_s - self._forgot_at_s >= FORGET_EVERY_S:
            self._forgot_at_s = now_s
            while await self._engine.forget(self._clock.now() - KEPT, FORGOTTEN_AT_ONCE) == FORGOTTEN_AT_ONCE:
                pass
        return len(rows)

    async def _take_up(self, rows: list[Any]) -> None:
        dead = {row["boot_id"] for row in rows}
        jobs = [row["job_id"] for row in rows if row["job_id"] is not None]
        repeated = await self._engine.repeat(jobs, dead)
        # Looked at again since: what we have taken meanwhile is under way.
        left = [row for row in rows if row["job_id"] not in repeated and row["id"] not in self._dispatcher.under_way]

        def release(tx: Writing) -> int:
            return sum(queue.release(tx, row["id"], row["boot_id"], row["job_id"]) for row in left)

        released = await self._store.write(release) if left else 0
        if repeated or released:
            log.warning(Event.JOBS_TAKEN_UP, repeated=len(repeated), released=released, dead=sorted(dead))
        if released:
            self._dispatcher.wake()

    def _beat(self, tx: Writing) -> None:
        machinery.beat(tx, boot_id=self._boot_id, kind=self._kind, pid=os.getpid(), now=self._clock.now())
