"""All open connections of one client: those free for the next call, and one timer for the deadlines of the others."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

import msgspec

from tollhouse.errors import UpstreamIncomplete
from tollhouse.upstream.base import Call, Origin, Timeouts
from tollhouse.upstream.connection import Connection
from tollhouse.upstream.exchange import Exchange

_PERIOD_S_MAX: Final = 1.0
_PERIOD_S_MIN: Final = 0.01


class Stats(msgspec.Struct, frozen=True):
    """How many connections are open, and how many of them wait for a call or have one in flight."""

    connections: int
    idle: int
    in_flight: int


class Pool:
    """Keeps connections for the next call to the same origin, the last used first.

    A timer for each call would cost a sixth of the call. Instead one sweep looks at all open connections: every quarter
    of the shortest timeout in flight, at least once a second, at most every 10 ms.
    """

    def __init__(self, *, max_idle_per_origin: int, idle_timeout_s: float) -> None:
        self._max_idle_per_origin = max_idle_per_origin
        self._idle_timeout_s = idle_timeout_s
        self._open: set[Connection] = set()
        self._idle: dict[Origin, list[Connection]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._period_s_max = min(_PERIOD_S_MAX, idle_timeout_s)
        self._period_s = self._period_s_max
        self._watched: Timeouts | None = None
        self._is_closed = False

    def start(self, call: Call, head: bytes, started_at: float) -> Exchange | None:
        """Write the call on the first free connection that takes it; None when there is none."""
        while idle := self._idle.get(call.origin):
            exchange = idle.pop().start(call, head, started_at)
            if exchange is not None:
                return exchange
        return None

    def watch(self, timeouts: Timeouts) -> None:
        """See to it that the sweep comes often enough for a call in flight."""
        if timeouts is self._watched:
            return  # nearly always: callers share one object
        self._watched = timeouts
        period_s = min(self._period_s_max, _period_of(timeouts))
        if self._timer is None or period_s < self._period_s:
            self._arm(period_s)

    def add(self, connection: Connection) -> None:
        """A connection has been made, and may have been lost already."""
        if connection.lost.is_set():
            return
        self._open.add(connection)
        if self._is_closed:
            connection.cut()

    def give(self, connection: Connection) -> None:
        """A connection has come to a clean end of its exchange."""
        idle = self._idle.setdefault(connection.origin, [])
        idle.append(connection)
        if len(idle) > self._max_idle_per_origin:
            idle.pop(0).cut()

    def remove(self, connection: Connection) -> None:
        """A connection has been closed."""
        self._open.discard(connection)
        idle = self._idle.get(connection.origin, [])
        if connection in idle:
            idle.remove(connection)
        if not idle:
            self._idle.pop(connection.origin, None)

    @property
    def stats(self) -> Stats:
        """Counted when asked for."""
        return Stats(
            connections=len(self._open),
            idle=sum(map(len, self._idle.values())),
            in_flight=sum(connection.exchange is not None for connection in self._open),
        )

    async def aclose(self) -> None:
        """Cut every connection, also those made from now on, and wait until they are closed."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in self._open:
            if connection.exchange is not None:
                host = connection.origin.host
                connection.exchange.fail(UpstreamIncomplete(f"{host}: the client was closed.", may_have_billed=True))
            connection.cut()
        while self._open:
            await next(iter(self._open)).lost.wait()

    def _arm(self, period_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._period_s = period_s
        self._timer = asyncio.get_running_loop().call_later(period_s, self._sweep)

    def _sweep(self) -> None:
        self._timer = self._watched = None
        now = monotonic()
        period_s = self._period_s_max
        for connection in self._open:
            exchange = connection.exchange
            if exchange is not None:
                exchange.check(now)
                period_s = min(period_s, _period_of(exchange.call.timeouts))
            # Taking the time here spares taking it at the end of every call.
            elif connection.idle_since is None:
                connection.idle_since = now
            elif now - connection.idle_since >= self._idle_timeout_s:
                connection.cut()
        if self._open:
            self._arm(period_s)


def _period_of(timeouts: Timeouts) -> float:
    shortest_s = min(timeouts.first_byte_s, timeouts.idle_s, timeouts.total_s)
    return max(_PERIOD_S_MIN, shortest_s / 4)
