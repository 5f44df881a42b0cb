"""One call on one connection, and the reply to it as it comes: what the caller awaits and the connection feeds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tollhouse.errors import UpstreamError, UpstreamIncomplete, UpstreamTimeout
from tollhouse.providers.base import Headers
from tollhouse.upstream.base import Call, Taker

if TYPE_CHECKING:
    from tollhouse.upstream.connection import Connection

_UNREAD_BYTES_MAX: Final = 256 * 1024
# How far an exchange had come when the sweep last looked: not looked at, no head yet, or that many bytes of body.
_UNSEEN: Final = -2
_NO_HEAD: Final = -1


class Exchange:
    """A `base.Reply` in the making; it exists only once the request may have left, so all its failures may have billed.

    At most one coroutine may await it at a time.

    Attributes:
        call: what was asked.
        status: HTTP status, 0 until the head has come.
        headers: names in lower case, in the order they came.
        body_bytes: how much of the body has come.
        has_ended: nothing more will come: the reply is complete, or has failed.
    """

    __slots__ = (
        "_chunks",
        "_connection",
        "_error",
        "_is_paused",
        "_loop",
        "_moved_at",
        "_progress",
        "_started_at",
        "_taker",
        "_unread_bytes",
        "_waiter",
        "_wants_all",
        "body_bytes",
        "call",
        "has_ended",
        "headers",
        "status",
    )

    def __init__(self, call: Call, connection: Connection, started_at: float) -> None:
        """`started_at` is `time.monotonic()` at the start of the call; connecting came after it."""
        self.call = call
        self.status = 0
        self.headers: Headers = ()
        self.body_bytes = 0
        self.has_ended = False
        self._connection: Connection | None = connection
        self._error: UpstreamError | None = None
        self._chunks: list[bytes] = []
        self._unread_bytes = 0
        self._is_paused = False
        self._wants_all = False
        self._waiter: asyncio.Future[None] | None = None
        self._taker: Taker | None = None
        self._loop = asyncio.get_running_loop()
        self._started_at = started_at
        self._moved_at = started_at
        self._progress = _UNSEEN

    # What the caller has.

    async def read(self) -> bytes:
        """The whole body, or what `next` has left of it. Raises UpstreamIncomplete, UpstreamTimeout."""
        if not self.has_ended:
            self._wants_all = True
            self._resume()
            await self._wait()
        if self._error is not None:
            raise self._error
        return self._take()

    async def next(self, taker: Taker | None = None) -> bytes:
        """The next bytes as they came; `b""` at the end. What came before a failure is given before it is raised.

        Only what comes while this waits is offered to `taker`.
        """
        while not self._chunks and not self.has_ended:
            self._taker = taker
            await self._wait()
        if self._chunks:
            self._resume()
            return self._take()
        if self._error is not None:
            raise self._error
        return b""

    def close(self) -> None:
        """Cut the connection, unless the reply came to its end and so gave it back already. May be called twice."""
        if not self.has_ended:
            self.fail(UpstreamIncomplete(f"{self._host}: the reply was closed before its end.", may_have_billed=True))
        self._chunks.clear()

    # What the client and the connection have.

    async def head(self) -> None:
        """Wait for the head. Raises UpstreamDown, UpstreamIncomplete, UpstreamTimeout."""
        if not self.status and not self.has_ended:
            await self._wait()
        if self._error is not None and not self.status:
            raise self._error

    def add(self, data: bytes) -> None:
        """A piece of the body has come; `wake` follows when all of this read has."""
        self.body_bytes += len(data)
        self._unread_bytes += len(data)
        self._chunks.append(data)

    def wake(self) -> None:
        """Tell the caller that the head or more of the body is there; hold the server back while it is not read."""
        if self._wants_all:
            return
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            # Nothing was left unread, so all that is here came with this read: one offer, and one write.
            if self._taker is not None and self._chunks:
                data = self._take()
                if self._taker(data):
                    return
                self._chunks.append(data)
                self._unread_bytes = len(data)
            waiter.set_result(None)
        # Also with a caller just woken: an event loop may read megabytes before it lets that one run.
        if self._unread_bytes > _UNREAD_BYTES_MAX and not self._is_paused and self._connection is not None:
            self._is_paused = True
            self._connection.pause()

    def end(self) -> None:
        """The reply is complete."""
        self.has_ended = True
        self._connection = None
        if self._waiter is not None:
            _resolve(self._waiter)

    def fail(self, error: UpstreamError) -> None:
        """The reply will not be complete: cut the connection and tell the caller. Without effect after the end."""
        if self.has_ended:
            return
        connection = self._connection
        self._error = error
        self.end()
        if connection is not None:
            connection.cut()

    def check(self, now: float) -> None:
        """Fail if a deadline has passed by `now`.

        A sweep calls this. It takes the time when it sees that something has moved, which spares taking it for every
        piece that comes; so a failure is never early, and late by up to two periods of the sweep.
        """
        timeouts = self.call.timeouts
        progress = self.body_bytes if self.status else _NO_HEAD
        if now - self._started_at >= timeouts.total_s:
            self._time_out(f"no complete answer within {timeouts.total_s:g} s")
        elif progress != self._progress or self._is_paused:
            self._progress = progress
            self._moved_at = now
        elif progress == _NO_HEAD and now - self._moved_at >= timeouts.first_byte_s:
            self._time_out(f"no answer within {timeouts.first_byte_s:g} s")
        elif progress != _NO_HEAD and now - self._moved_at >= timeouts.idle_s:
            self._time_out(f"the answer stopped for {timeouts.idle_s:g} s")

    def _time_out(self, what: str) -> None:
        self.fail(UpstreamTimeout(f"{self._host}: {what}.", may_have_billed=True))

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._waiter = self._taker = None

    def _take(self) -> bytes:
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._unread_bytes = 0
        return data

    def _resume(self) -> None:
        if self._is_paused and self._connection is not None:
            self._is_paused = False
            self._connection.resume()

    @property
    def _host(self) -> str:
        return self.call.origin.host


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
