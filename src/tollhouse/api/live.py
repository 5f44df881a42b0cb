"""Everyone who is being answered right now, looked after once a second.

A client that hangs up is noticed; its answer is heard on for a moment, because a provider that comes to its end tells
what it counted, and then cancelled. A stream that is silent gets a ping. One sweep does that for all: a task or a timer
for each request would cost more than the rest of its handling.
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


class Form(msgspec.Struct, frozen=True):
    """How a stream is sent.

    Attributes:
        opening: its first bytes, before anything is said.
        ping: breaks a silence, and means nothing.
    """

    headers: Headers
    opening: bytes
    ping: bytes


EVENTS = Form(STREAM_HEADERS, b"", sse.PING)


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait before something is done about it, in seconds.

    Attributes:
        sweep_s: between two looks at everyone.
        watch_after_s: before it is worth a task to watch whether the client is still there.
        commit_after_s: of silence before a stream's head is sent, though the status may turn out wrong.
        ping_every_s: of silence in a stream that has begun. A client that takes no byte for twice as long has left.
        hear_out_s: how long an answer goes on without its client; 0 cancels it at once.
        hear_out_bytes: how much it may still say.
        hear_out_most: how many such answers there may be at a time.
    """

    sweep_s: float = 1.0
    watch_after_s: float = 1.0
    commit_after_s: float = 10.0
    ping_every_s: float = 15.0
    hear_out_s: float = 5.0
    hear_out_bytes: int = 1024 * 1024
    hear_out_most: int = 100


class Response:
    """One answer on its way to a client. `headers` makes the head's headers at the moment it is sent.

    Each piece is counted in `pieces`; the sweep looks whether it moved, which spares taking the time.
    `form` is that of a stream of events, unless the surface chooses another before anything is sent.

    Attributes:
        first, last: what the stream said first and last, comments aside, for an error that goes on from there.
    """

    __slots__ = (
        "_headers",
        "_left_bytes",
        "_left_s",
        "_peer",
        "_pieces_seen",
        "_ping",
        "_quiet_since_s",
        "_task",
        "_watch",
        "exchange",
        "first",
        "form",
        "is_started",
        "last",
        "pieces",
    )

    def __init__(self, exchange: Exchange, peer: Peer, headers: Callable[[Exchange], Headers]) -> None:
        self.exchange = exchange
        self.form = EVENTS
        self.is_started = False
        self.pieces = 0
        self.first = self.last = b""
        self._pieces_seen = 0
        self._quiet_since_s = exchange.began_s
        self._peer = peer
        self._headers = headers
        self._task = asyncio.current_task()
        self._watch: asyncio.Task[None] | None = None
        self._ping: asyncio.Task[None] | None = None
        self._left_s: float | None = None
        self._left_bytes = 0

    async def start_stream(self, answering: Exchange | None = None) -> None:
        """Send the head, once: from then on an error can only be an event.

        Args:
            answering: what the head tells of, when that is another exchange.
        """
        if not self.is_started:
            self.is_started = True
            exchange = answering or self.exchange
            exchange.status = 200
            await self._peer.begin(200, self.form.headers + self._headers(exchange))
            if self.form.opening:
                await self._peer.say(self.form.opening)

    async def say(self, piece: bytes) -> None:
        """Send a piece of a stream: whole events."""
        self._note(piece)
        await self._peer.say(piece)

    def let_out(self, piece: bytes) -> bool:
        """Send it on the spot, if that is possible."""
        if self.is_started and self._peer.say_at_once(piece):
            self._note(piece)
            return True
        return False

    def look_after(self, now_s: float, patience: Patience) -> None:
        """Watch for the client's leaving, break a silence."""
        exchange = self.exchange
        if exchange.has_left:
            self._hear_out(now_s, patience)
            return
        if self._watch is None and now_s - exchange.began_s > patience.watch_after_s:
            self._watch = asyncio.create_task(self._notice_leaving(patience))
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
            exchange.has_left = True
            self.cancel()

    def cancel(self) -> None:
        """Stop answering."""
        if self._task is not None and not self._task.done():
            self._task.cancel()

    def done(self) -> None:
        """Nothing more needs watching, or may be sent by anyone but the answer's own task."""
        for task in (self._watch, self._ping):
            if task is not None:
                task.cancel()

    def _note(self, piece: bytes) -> None:
        self.pieces += 1
        if b"data:" in piece:
            self.last = piece
            if not self.first:
                self.first = piece

    async def _break_silence(self) -> None:
        await self.start_stream()
        await self._peer.say(self.form.ping)

    async def _notice_leaving(self, patience: Patience) -> None:
        await self._peer.left()
        if self._task is None or self._task.done():
            return
        self.exchange.has_left = True
        self._left_bytes = self.exchange.tally.output_bytes
        attempt = self.exchange.attempt
        if not patience.hear_out_s or attempt is None or not attempt.is_sent:
            self.cancel()

    def _hear_out(self, now_s: float, patience: Patience) -> None:
        """Nobody listens any more: what is said goes nowhere, and not on for long."""
        if self._left_s is None:
            self._left_s = now_s
        said_bytes = self.exchange.tally.output_bytes - self._left_bytes
        if now_s - self._left_s >= patience.hear_out_s or said_bytes > patience.hear_out_bytes:
            self.cancel()


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
        heard_out = [response for response in self.responses if response.exchange.has_left]
        for response in heard_out[self._patience.hear_out_most :]:
            response.cancel()
        if self.responses:
            self._timer = asyncio.get_running_loop().call_later(self._patience.sweep_s, self._sweep)
