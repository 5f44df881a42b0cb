"""A clock that is turned by hand."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

from tollhouse.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class ManualClock(Clock):
    """Stands still until it is advanced, or set.

    >>> clock = ManualClock(datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
    >>> clock.advance(seconds=1)
    >>> clock.now().isoformat()
    '2026-03-01T00:00:00+00:00'
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        """Begin at `start`, an aware moment."""
        self._wall_ns = _nanoseconds(start)
        self._elapsed_ns = 0
        self._order = count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The moment it shows, in UTC, to the microsecond."""
        return _EPOCH + timedelta(microseconds=self._wall_ns // 1000)

    def time_ns(self) -> int:
        """The moment it shows, in nanoseconds since 1970."""
        return self._wall_ns

    def monotonic(self) -> float:
        """Seconds by which it was advanced; `set` does not touch them."""
        return self._elapsed_ns / 1e9

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass and wake who slept until then, earliest first.

        Raises:
            ValueError: backwards; time only passes forward. A wall clock that jumps is `set`.
        """
        span_ns = round((seconds + 60 * minutes + 3600 * hours + 86400 * days) * 1e9)
        if span_ns < 0:
            raise ValueError("time does not pass backwards; use set() for a clock that jumps")
        self._wall_ns += span_ns
        self._elapsed_ns += span_ns
        while self._sleepers and self._sleepers[0][0] <= self._elapsed_ns:
            _, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                wake.set_result(None)

    def set(self, moment: datetime) -> None:
        """Make the wall clock jump, in either direction. No time passes, nobody wakes."""
        self._wall_ns = _nanoseconds(moment)

    async def sleep(self, seconds: float) -> None:
        """Sleep until the clock has been advanced by so much."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_ns + round(seconds * 1e9), next(self._order), wake))
        await wake

    @property
    def sleepers(self) -> int:
        """How many sleep now: a test waits for them before it advances."""
        return sum(not wake.done() for _, _, wake in self._sleepers)


def _nanoseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("a clock needs an aware moment, such as datetime(2026, 1, 1, tzinfo=UTC)")
    return (moment - _EPOCH) // _MICROSECOND * 1000
