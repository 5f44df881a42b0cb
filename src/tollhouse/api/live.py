"""Everyone who is being answered right now, looked after once a second.

A client that hangs up is noticed and its call cancelled; a stream that is silent gets a ping. One sweep does that for
all: a task or a timer for each request would cost more than the rest of its handling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from tollhouse.api.http import Peer
from tollhouse.dialects import sse
from tollhouse.gateway.exchange import Exchange
from tollhouse.providers.base import Headers

STREAM_HEADERS: Headers = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait before something is done about it, in seconds.

    Attributes:
        sweep_s: between two looks at everyone.
        watch_after_s: before it is worth a task to watch whether the client is still there.
        commit_after_s: of silence before a stream's head is sent, though the status may turn out wrong.
        ping_every_s: of silence in a stream that has begun. A client that takes no byte for twice as long has left.
    """

    sweep_s: float = 1.0
    watch_after_s: float = 1.0
    commit_after_s: float = 10.0
    ping_every_s: float = 15.0


class Response:
    """One answer on its way to a client. `headers` makes the head's headers at the moment it is sent.

    Whoever sends a piece counts it in `pieces`; the sweep looks whether it moved, which spares taking the time.
    """

    __slots__ = (
        "_headers",
        "_peer",
        "_pieces_seen",
        "_ping",
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
        self._ping: asyncio.Task[None] | None = None

    async def start_stream(self) -> None:
        """Send the head, once: from then on an error can only be an event."""
        if not self.is_started:
            self.is_started = True
            self.exchange.status = 200
            await self._peer.begin(200, STREAM_HEADERS + self._headers(self.exchange))

    def let_out(self, piece: bytes) -> bool:
        """Send a piece of a stream on the spot, if that is possible."""
        if self.is_started and self._peer.say_at_once(piece):
            self.pieces += 1
            return True
        return False

    def look_after(self, now_s: float, patience: Patience) -> None:
        """Watch for the client's leaving, break a silence."""
        exchange = self.exchange
        if self._watch is None and now_s - exchange.began_s > patience.watch_after_s:
            self._watch = asyncio.create_task(self._cancel_when_client_leaves())
        if not exchange.stream or exchange.glance is None:
            return
        if self.pieces != self._pieces_seen:
            self._pieces_seen, self._quiet_since_s = self.pieces, now_s
        if now_s - self._quiet_since_s < (patience.ping_every_s if self.is_started else patience.commit_after_s):
            return
        self._quiet_since_s = now_s
        if self._ping is None or self._ping.done():
            self._ping = asyncio.create_task(self._break_silence())
        else:
            self._cancel()

    def done(self) -> None:
        """Nothing more needs watching, or may be sent by anyone but the answer's own task."""
        for task in (self._watch, self._ping):
            if task is not None:
                task.cancel()

    async def _break_silence(self) -> None:
        await self.start_stream()
        await self._peer.say(sse.PING)

    async def _cancel_when_client_leaves(self) -> None:
        await self._peer.left()
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None and not self._task.done():
            self.exchange.has_left = True
            self._task.cancel()


class Live:
    """All responses of one process."""

    def __init__(self, monotonic: Callable[[], float], patience: Patience | None = None) -> None:
        self.responses: set[Response] = set()
        self._monotonic = monotonic
        self._patience = patience or Patience()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, response: Response) -> None:
        """Look after this one too; the sweep runs only while there is somebody."""
        self.responses.add(response)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._patience.sweep_s, self._sweep)

    def leave(self, response: Response) -> None:
        """It is over."""
        self.responses.discard(response)
        response.done()

    def _sweep(self) -> None:
        self._timer = None
        now_s = self._monotonic()
        for response in tuple(self.responses):
            response.look_after(now_s, self._patience)
        if self.responses:
            self._timer = asyncio.get_running_loop().call_later(self._patience.sweep_s, self._sweep)
