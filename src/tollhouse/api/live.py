"""Everyone who is being answered right now, looked after once a second.

A client that hangs up is noticed and its call cancelled; a stream that is silent gets a ping. One sweep does that for
all: a task or a timer for each request would cost more than the rest of its handling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tollhouse.api.http import Peer
from tollhouse.dialects import sse
from tollhouse.gateway.exchange import Exchange
from tollhouse.providers.base import Headers

SWEEP_S = 1.0
WATCH_AFTER_S = 1.0
COMMIT_AFTER_S = 10.0
PING_EVERY_S = 15.0

STREAM_HEADERS: Headers = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


class Response:
    """One answer on its way to a client. `headers` makes the head's headers at the moment it is sent.

    Whoever sends a piece counts it in `pieces`; the sweep looks whether it moved, which spares taking the time.
    """

    __slots__ = (
        "_headers",
        "_peer",
        "_pieces_seen",
        "_quiet_since_s",
        "_task",
        "_watch",
        "exchange",
        "is_started",
        "pieces",
    )

    def __init__(self, exchange: Exchange, peer: Peer, headers: Callable[[Exchange], Headers]) -> None:
        self.exchange = exchange
        self.is_started = False
        self.pieces = 0
        self._pieces_seen = 0
        self._quiet_since_s = exchange.began_s
        self._peer = peer
        self._headers = headers
        self._task = asyncio.current_task()
        self._watch: asyncio.Task[None] | None = None

    async def start_stream(self) -> None:
        """Send the head, once: from then on an error can only be an event."""
        if not self.is_started:
            self.is_started = True
            self.exchange.status = 200
            await self._peer.begin(200, STREAM_HEADERS + self._headers(self.exchange))

    def look_after(self, now_s: float) -> asyncio.Task[None] | None:
        """Once a second.

        Watch for the client's leaving, break a silence. Gives a task when there is something to send.
        """
        exchange = self.exchange
        if self._watch is None and now_s - exchange.began_s > WATCH_AFTER_S:
            self._watch = asyncio.create_task(self._cancel_when_client_leaves())
        if not exchange.stream or exchange.glance is None:
            return None
        if self.pieces != self._pieces_seen:
            self._pieces_seen, self._quiet_since_s = self.pieces, now_s
        if now_s - self._quiet_since_s < (PING_EVERY_S if self.is_started else COMMIT_AFTER_S):
            return None
        self._quiet_since_s = now_s
        return asyncio.create_task(self._ping())

    def done(self) -> None:
        """The answer is over, nobody needs watching any more."""
        if self._watch is not None:
            self._watch.cancel()

    async def _ping(self) -> None:
        await self.start_stream()
        await self._peer.say(sse.PING)

    async def _cancel_when_client_leaves(self) -> None:
        await self._peer.left()
        if self._task is not None and not self._task.done():
            self.exchange.has_left = True
            self._task.cancel()


class Live:
    """All responses of one process."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.responses: set[Response] = set()
        self._monotonic = monotonic
        self._pings: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, response: Response) -> None:
        """Look after this one too; the sweep runs only while there is somebody."""
        self.responses.add(response)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)

    def leave(self, response: Response) -> None:
        """It is over."""
        self.responses.discard(response)
        response.done()

    def _sweep(self) -> None:
        self._timer = None
        now_s = self._monotonic()
        for response in tuple(self.responses):
            ping = response.look_after(now_s)
            if ping is not None:
                self._pings.add(ping)
                ping.add_done_callback(self._pings.discard)
        if self.responses:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
