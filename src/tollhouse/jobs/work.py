"""A worker: the engine, the dispatcher that feeds it and the reaper, from their start to their orderly end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from tollhouse.clock import Clock
from tollhouse.errors import TollhouseError
from tollhouse.held import Held
from tollhouse.jobs.dispatch import TURN, Dispatcher
from tollhouse.jobs.engine import Engine, Handler
from tollhouse.jobs.reaper import Reaper
from tollhouse.store import queue
from tollhouse.store.engine import Store
from tollhouse.telemetry import Event, log

AGAIN_AFTER_S = 5.0


class Worker:
    """The worker of one process. It does nothing until it is begun."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        engine: Engine,
        handlers: Mapping[str, Handler],
        *,
        boot_id: str,
        kind: str,
        concurrency: Held[int],
    ) -> None:
        """Execute what `handlers` can do, by an engine that is not started before it is needed, and closed here."""
        self._store = store.aside
        self._clock = clock
        self._engine = engine
        self._is_for_work = kind == "worker"
        self._dispatcher = Dispatcher(store.aside, self._engine, clock, boot_id=boot_id, concurrency=concurrency)
        self._reaper = Reaper(store.aside, self._engine, clock, self._dispatcher, boot_id=boot_id, kind=kind)
        self._handlers = {**handlers, TURN: self._dispatcher.handler(handlers[TURN])}
        self._working: asyncio.Task[None] | None = None
        self._taking: list[asyncio.Task[None]] = []
        self._left_at_s: float | None = None

    def begin(self) -> None:
        """Work until told to leave."""
        self._working = asyncio.create_task(self._work(), name="tollhouse-worker")

    def wake(self) -> None:
        """A run waits."""
        self._dispatcher.wake()

    def leave(self) -> None:
        """Take nothing more; safe in a signal's handler."""
        if self._left_at_s is None:
            self._left_at_s = self._clock.monotonic()
            self._dispatcher.is_leaving = True

    async def drain(self, most_s: float) -> None:
        """Let what is under way come to its end, for so long since we were told to leave."""
        self.leave()
        left_s = most_s - (self._clock.monotonic() - (self._left_at_s or 0.0))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(left_s, 0.0)):
                await self._dispatcher.idle()

    async def aclose(self) -> None:
        """Stop. Whatever is still under way must have been broken off before."""
        working, self._working = self._working, None
        if working is None:
            return
        for task in (working, *self._taking):
            task.cancel()
        await asyncio.gather(working, *self._taking, return_exceptions=True)
        await self._engine.aclose()
        if self._taking:
            log.info(Event.WORKER_STOPPED)

    async def _work(self) -> None:
        if not self._is_for_work:
            await self._until_wanted()
        while True:
            try:
                await self._engine.start(self._handlers)
                break
            except TollhouseError as error:
                log.error(Event.STORE_FAILED, step="start_engine", error=error.message)
                await asyncio.sleep(AGAIN_AFTER_S)
        log.info(Event.WORKER_STARTED)
        self._taking = [
            asyncio.create_task(self._dispatcher.run(), name="tollhouse-dispatcher"),
            asyncio.create_task(self._reaper.run(), name="tollhouse-reaper"),
        ]
        await asyncio.gather(*self._taking)

    async def _until_wanted(self) -> None:
        """An engine takes 30 MiB and half a second: a gateway has none before there is a run for it."""
        while True:
            try:
                if await self._store.read(queue.is_wanted):
                    return
            except TollhouseError as error:
                log.warning(Event.STORE_FAILED, step="look_for_runs", error=error.message)
            await self._dispatcher.pause()
