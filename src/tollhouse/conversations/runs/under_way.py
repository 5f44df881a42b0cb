"""The runs that this process executes: each a task of its own, so that it can be stopped, and ends in order.

A client that waits listens to its run, and does not carry it: a handler that is broken off breaks nothing off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import msgspec

from tollhouse.conversations.messages.views import MessageView, RunView
from tollhouse.conversations.runs.recording import Recorder, RunEvent
from tollhouse.errors import Unavailable
from tollhouse.gateway.exchange import Exchange
from tollhouse.telemetry import Event, log

LOOK_EVERY_S = 1.0
"""How soon a run is stopped that was cancelled in another process."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. `error` is what it failed with."""

    run: RunView
    message: MessageView
    error: Exception | None = None


class Running:
    """One run on its way.

    Attributes:
        exchange: its call to the gateway, once there is one.
        recorder: writes down what it tells.
        owed: what settles and records its call, until that is written with its end.
        is_late: its deadline has stopped it.
    """

    def __init__(self, run_id: str, attempt: int, recorder: Recorder, *, is_heard: bool = True) -> None:
        """Be about to begin; `is_heard` when somebody will listen by `next`."""
        self.id = run_id
        self.exchange: Exchange | None = None
        self.recorder = recorder
        self.owed: list[tuple[Any, Any]] = []
        self.is_late = False
        self._attempt = attempt
        self._sequence = 0
        self._is_heard = is_heard
        self._events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        self._task: asyncio.Task[Outcome] | None = None

    def start(self, work: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        """Begin."""
        self._task = asyncio.create_task(work, name=f"tollhouse-{self.id}")
        self._task.add_done_callback(lambda _: self._events.put_nowait(None))
        return self._task

    def tell(self, name: str, data: Any) -> None:
        """Say something to whoever listens, now or later."""
        event = self.upcoming(name, data)
        self.recorder.add(event)
        self.say(event)

    def upcoming(self, name: str, data: Any = None, ahead: int = 1) -> RunEvent:
        """The event that will be told next, or as one of the next."""
        return RunEvent(name, self._attempt, self._sequence + ahead, data)

    def say(self, event: RunEvent) -> None:
        """Say what is written down already."""
        self._sequence = event.seq
        if self._is_heard:
            self._events.put_nowait(event)

    async def next(self) -> RunEvent | None:
        """What the run tells next, None when that was all, however often it is asked; for one listener."""
        event = await self._events.get()
        if event is None:
            self._events.put_nowait(None)
        return event

    async def outcome(self) -> Outcome:
        """How it ended. Whoever waits may be cancelled; the run goes on."""
        if self._task is None:
            raise ValueError("the run was not started")
        return await asyncio.shield(self._task)

    def stop(self) -> None:
        """Break it off: what was said so far is kept, and paid."""
        if self.exchange is not None:
            self.exchange.has_left = True
        self.cancel()

    def expire(self) -> None:
        """Its deadline passes: as `stop`, and it has failed."""
        self.is_late = True
        self.stop()

    def cancel(self) -> None:
        """Break it off, because we go."""
        if self._task is not None:
            self._task.cancel()


class UnderWay:
    """All runs under way here.

    Attributes:
        is_leaving: this process is about to end: whoever follows a run is asked to go elsewhere.
        is_closed: what was under way was broken off, and no worker begins anything here.
    """

    def __init__(self, cancelled: Callable[[list[str]], Awaitable[list[str]]]) -> None:
        """Hold none yet.

        Args:
            cancelled: those of some runs that somebody has cancelled, in whichever process.
        """
        self.is_leaving = False
        self.is_closed = False
        self._cancelled = cancelled
        self._running: dict[str, Running] = {}
        self._others: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    def start(self, running: Running, work: Coroutine[Any, Any, Outcome]) -> None:
        """Execute a run, and look after it."""
        self._running[running.id] = running
        running.start(work).add_done_callback(partial(self._end, running.id))
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="tollhouse-runs")

    def afterwards(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what nobody waits for, and give it up when the process ends."""
        task = asyncio.create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    def find(self, run_id: str) -> Running | None:
        """A run that is executed here."""
        return self._running.get(run_id)

    async def aclose(self) -> None:
        """Break everything off, and wait until each has written how it ended."""
        self.is_closed = True
        runs = [*self._running.values()]
        others = [*self._others, *([self._looking] if self._looking is not None else [])]
        for running in runs:
            running.cancel()
        for task in others:
            task.cancel()
        await asyncio.gather(*(running.outcome() for running in runs), *others, return_exceptions=True)

    def _end(self, run_id: str, task: asyncio.Task[Outcome]) -> None:
        self._running.pop(run_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(Event.REQUEST_FAILED, run=run_id, exc_info=error)

    async def _look(self) -> None:
        """While there is a run, ask now and then whether another process was told to stop it."""
        while self._running:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                cancelled = await self._cancelled([*self._running])
            except Unavailable as error:
                log.warning(Event.STORE_FAILED, step="cancelled", error=error.message)
                continue
            for run_id in cancelled:
                if (running := self._running.get(run_id)) is not None:
                    running.stop()
