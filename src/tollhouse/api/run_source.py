"""What a run tells, on its way to a client: its first words are awaited; then each event comes, or a ping."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from tollhouse.api.live import Patience
from tollhouse.conversations.runs.recording import RunEvent
from tollhouse.conversations.runs.under_way import Running

PING_EVERY_S = Patience().ping_every_s
COMMIT_AFTER_S = Patience().commit_after_s
LOOK_EVERY_S = 1.0

BEFORE_WORDS = ("run.started", "run.reset")
"""What a run tells before it is known whether anybody answers."""


class Source(Protocol):
    """Where the run's events come from."""

    async def next(self) -> RunEvent | None:
        """The next event, None when that was all. Whoever waits may be cancelled, and ask again."""
        ...


async def opening(running: Running) -> list[RunEvent]:
    """What must be awaited before a stream's head is sent: all until the first words, or as much as soon comes.

    The last of it is `run.failed` when the run failed before it said anything. Raises what kept it from telling that.
    """
    told: list[RunEvent] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(COMMIT_AFTER_S):
            while not told or told[-1].name in BEFORE_WORDS:
                event = await running.next()
                if event is None:
                    await running.outcome()
                    break
                told.append(event)
    return told


def has_failed(first: list[RunEvent]) -> bool:
    """What was awaited is that the run failed before it said anything. Nothing at all is no failure yet."""
    return bool(first) and first[-1].name == "run.failed"


async def pieces(source: Source, is_leaving: Callable[[], bool]) -> AsyncIterator[RunEvent | None]:
    """The run's events; None for each silence that a ping should break. It ends early when this process leaves."""
    loop = asyncio.get_running_loop()
    silent_since_s = loop.time()
    while not is_leaving():
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                event = await source.next()
        except TimeoutError:
            if loop.time() - silent_since_s >= PING_EVERY_S:
                silent_since_s = loop.time()
                yield None
            continue
        if event is None:
            return
        silent_since_s = loop.time()
        yield event
