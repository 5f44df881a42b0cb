"""Finished requests on their way to a collector, in a thread of their own: nobody waits for it.

What is put is a look into a queue. A collector that is down or slow fills it; then requests are dropped, and counted,
and once a minute the log says so.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Protocol

from tollhouse.telemetry.collector import Collector, is_extra_missing
from tollhouse.telemetry.events import Event
from tollhouse.telemetry.finished import Finished
from tollhouse.telemetry.logs import log
from tollhouse.telemetry.traces import Names, Trace, trace_of

WAITING_MOST = 4096
"""Requests that wait for a collector: some megabytes."""
AT_ONCE_MOST = 32
"""Requests in one message. Who makes it holds the interpreter's lock for some milliseconds, and the event loop waits:
the more are in one, the longer."""
GATHERING_S = 1.0
"""How long the first of a message waits for others."""
FLUSH_S = 5.0
"""How long the end of the process waits for what is left to be sent, while the collector takes it."""
PATIENCE_S = 1.0
"""How long it waits for a collector that takes nothing."""
TELL_AGAIN_S = 60.0


class Way(Protocol):
    """To a collector."""

    def send(self, traces: Sequence[Trace]) -> str | None:
        """Send them, which may take seconds; gives None, or why they were not taken."""

    def close(self) -> None:
        """Break off what is being sent. For any thread."""


class Spool:
    """Requests put on the event loop, and sent from a thread. Closed by its owner."""

    def __init__(
        self,
        way: Way,
        names: Names,
        *,
        waiting_most: int = WAITING_MOST,
        gathering_s: float = GATHERING_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin to send; owns the way."""
        self._way = way
        self._names = names
        self._waiting_most = waiting_most
        self._gathering_s = gathering_s
        self._clock = clock
        self._rows: deque[Finished] = deque()
        self._news = threading.Event()
        self._closing = threading.Event()
        # Each is counted by one thread alone.
        self._overflowed = self._failed = 0
        self._sending = self._taken = 0
        self._told = 0
        self._told_at_s = -TELL_AGAIN_S
        self._thread = threading.Thread(target=self._run, name="tollhouse-spans", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Spans that no collector has got."""
        return self._overflowed + self._failed

    def put(self, rows: Iterable[Finished]) -> None:
        """Have these sent. For the event loop."""
        waiting = self._rows
        for row in rows:
            if len(waiting) < self._waiting_most:
                waiting.append(row)
            else:
                self._overflowed += spans_in(row)
        self._news.set()

    def close(self, flush_s: float = FLUSH_S, patience_s: float = PATIENCE_S) -> None:
        """Send what is left, for so long at most, and for less when nothing is taken; what then is left is dropped.

        Not for the event loop: it waits.
        """
        self._closing.set()
        self._news.set()
        until_s, taken = monotonic() + flush_s, -1
        while self._thread.is_alive() and taken < self._taken and monotonic() < until_s:
            taken = self._taken
            self._thread.join(min(patience_s, max(0.0, until_s - monotonic())))
        if self._thread.is_alive():
            left = self._sending + sum(map(spans_in, tuple(self._rows)))
            log.warning(Event.SPANS_DROPPED, dropped=left, error="the gateway stops before the collector took them")
            # So that the thread does not tell of them again when it is broken off.
            self._told = self.dropped + left
        self._way.close()

    def _run(self) -> None:
        while not (self._closing.is_set() and not self._rows):
            self._news.wait()
            self._news.clear()
            self._closing.wait(self._gathering_s)
            while self._rows:
                self._send([self._rows.popleft() for _ in range(min(AT_ONCE_MOST, len(self._rows)))])

    def _send(self, rows: Sequence[Finished]) -> None:
        reason, fault = None, None
        self._sending = sum(map(spans_in, rows))
        try:
            reason = self._way.send([trace_of(row, self._names) for row in rows])
        except Exception as error:
            # A fault of ours, and no reason to send nothing any more.
            reason, fault = type(error).__name__, error
        if reason is None:
            self._taken += self._sending
        else:
            self._failed += self._sending
        self._sending = 0
        self._tell(reason or "the collector is too slow", fault)

    def _tell(self, reason: str, fault: Exception | None) -> None:
        """Say how many were dropped since it was said before, once a minute."""
        dropped, now_s = self.dropped, self._clock()
        if dropped > self._told and now_s - self._told_at_s >= TELL_AGAIN_S:
            log.warning(Event.SPANS_DROPPED, dropped=dropped - self._told, error=reason, exc_info=fault)
            self._told, self._told_at_s = dropped, now_s


def open_spool(collector: Collector | None, *, version: str, instance: str) -> Spool | None:
    """A spool for a collector; None when there is none, or the extra for it is missing: that stops no answers.

    Args:
        version: ours.
        instance: the name of this process.
    """
    if collector is None or is_extra_missing():
        return None
    # Late import: the libraries are heavy.
    from tollhouse.telemetry.otlp import Otlp

    return Spool(Otlp(collector, version=version, instance=instance), collector.names)


def spans_in(row: Finished) -> int:
    """How many spans tell of a request."""
    return 1 if row.journey is None else 1 + len(row.journey.attempts)
