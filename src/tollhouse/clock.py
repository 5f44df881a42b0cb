"""What time it is: a value that `app` makes and passes down, so that tests can turn it by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

STAND_STILL_NS: Final = 600 * 10**9
"""A clock that is set back by no more than this stands still until it has caught up."""


class Clock:
    """The system's clock. `tollhouse.testing.ManualClock` is the other one."""

    def now(self) -> datetime:
        """The moment, aware, in UTC. For rows and people; it may jump."""
        return datetime.now(UTC)

    time_ns: Callable[[], int] = staticmethod(time.time_ns)
    """The same moment, in nanoseconds since 1970."""

    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    """Seconds since some moment; never goes back. For durations and deadlines."""


class SteadyClock(Clock):
    """A system's clock that several processes agree on, and that a correction does not throw back across midnight.

    In which period of a budget a call falls, and when a hold is overdue, is told by its `now`. Where the database has a
    clock, this one follows it: between two looks at it only the monotonic clock counts, so that nobody who sets the
    machine's clock changes what day it is here. Where it has none, the machine's counts. Set back a little, either
    stands still meanwhile. A larger step back is followed: a clock that was a year ahead for a moment must not stop the
    calendar for a year. Amounts are safe either way, because a bucket is named by its period.
    """

    def __init__(self, system: Clock | None = None) -> None:
        self._system = system or Clock()
        self.monotonic = self._system.monotonic
        self._ahead_ns: int | None = None
        self._newest_ns = 0
        self._skew_ns = self._skew()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time_ns() / 1e9, UTC)

    def time_ns(self) -> int:
        told = self._told_ns()
        if told < self._newest_ns and self._newest_ns - told <= STAND_STILL_NS:
            return self._newest_ns
        self._newest_ns = told
        return told

    def follow(self, told: datetime, *, asked_s: float, heard_s: float) -> float:
        """Take over what another clock told; gives by how many seconds ours was wrong, as far as that is certain.

        Args:
            asked_s, heard_s: `monotonic` before and after it was asked, between which it told.
        """
        middle_ns, within_ns = int((asked_s + heard_s) / 2 * 1e9), int((heard_s - asked_s) / 2 * 1e9)
        theirs = (told - EPOCH) // timedelta(microseconds=1) * 1_000 - middle_ns
        ours = self._told_ns() - self._elapsed_ns()
        is_proven_wrong = abs(theirs - ours) > within_ns
        self._ahead_ns = theirs if is_proven_wrong else ours
        return (theirs - ours) / 1e9 if is_proven_wrong else 0.0

    def not_before(self, seen: datetime) -> float:
        """Somebody has seen this moment, so it has been; gives by how many seconds ours is behind it, or 0."""
        seen_ns = (seen - EPOCH) // timedelta(microseconds=1) * 1_000
        behind_ns = max(0, seen_ns - self.time_ns())
        if behind_ns <= STAND_STILL_NS:
            self._newest_ns = max(self._newest_ns, seen_ns)
        return behind_ns / 1e9

    def step(self) -> float:
        """By how many seconds the system's clock was set, or slept, since this was asked last."""
        before, self._skew_ns = self._skew_ns, self._skew()
        return (self._skew_ns - before) / 1e9

    def _told_ns(self) -> int:
        return self._system.time_ns() if self._ahead_ns is None else self._ahead_ns + self._elapsed_ns()

    def _elapsed_ns(self) -> int:
        return int(self.monotonic() * 1e9)

    def _skew(self) -> int:
        return self._system.time_ns() - self._elapsed_ns()
