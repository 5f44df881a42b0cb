"""What time it is: a value that `app.py` makes and passes down, so that tests can turn it by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """The system's clock. `tollhouse.testing.ManualClock` is the other one."""

    def now(self) -> datetime:
        """The moment, aware, in UTC. For rows and people; it may jump."""
        return datetime.now(UTC)

    time_ns: Callable[[], int] = staticmethod(time.time_ns)
    """The same moment, in nanoseconds since 1970."""

    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    """Seconds since some moment; never goes back. For durations and deadlines."""
