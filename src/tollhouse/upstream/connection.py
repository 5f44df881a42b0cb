"""One HTTP/1.1 connection to an origin: one exchange at a time, strictly framed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, cast

from httptools import HttpParserError, HttpResponseParser

from tollhouse.errors import UpstreamDown, UpstreamIncomplete
from tollhouse.providers.base import Headers
from tollhouse.upstream.base import Call, Origin
from tollhouse.upstream.exchange import Exchange

if TYPE_CHECKING:
    from tollhouse.upstream.pool import Pool

# Up to here one system call with a copy is cheaper than two without.
_JOINED_BYTES_MAX: Final = 64 * 1024
# We asked for identity and decode nothing, so a compressed reply can neither be passed on as it is nor blow up here.
_CODINGS: Final = {b"content-encoding": (b"identity", b""), b"transfer-encoding": (b"chunked",)}

_TOO_MUCH_HEAD: Final = "the answer has more head, or other bytes around its body, than is taken"


class Connection(asyncio.Protocol):
    """Writes requests, feeds the replies to their exchanges, and goes back to its pool after a clean end.

    Attributes:
        origin: what it is connected to.
        exchange: the one under way.
        idle_since: when the pool's sweep first saw it idle, by `time.monotonic()`; None while it is used.
        lost: set once the transport is closed.
    """

    __slots__ = (
        "_headers",
        "_is_complete",
        "_is_kept",
        "_parser",
        "_pool",
        "_transport",
        "_unfruitful_bytes",
        "exchange",
        "idle_since",
        "lost",
        "origin",
    )

    _transport: asyncio.Transport

    def __init__(self, origin: Origin, pool: Pool) -> None:
        self.origin = origin
        self.exchange: Exchange | None = None
        self.idle_since: float | None = None
        self.lost = asyncio.Event()
        self._pool = pool
        self._parser = HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._is_complete = False
        self._is_kept = False
        self._unfruitful_bytes = 0

    def start(self, call: Call, head: bytes, started_at: float) -> Exchange | None:
        """Write a request. None when the connection is found dead and provably not one byte has left."""
        transport = self._transport
        if transport.is_closing():
            return None
        if len(call.body) <= _JOINED_BYTES_MAX:
            transport.write(head + call.body)
        else:
            transport.write(head)
            transport.write(call.body)
        # Both event loops make the system call within `write` and begin to close when it fails: a plain transport that
        # closes now has sent nothing. TLS may make several, and a FIN still on its way lets `write` succeed; as far as
        # we can know the provider read such a request, so it is never repeated here.
        if self.origin.scheme == "http" and transport.is_closing():
            return None
        self.idle_since = None
        self.exchange = Exchange(call, self, started_at)
        return self.exchange

    def pause(self) -> None:
        """Read no more for now, so that the server has to wait."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    def cut(self) -> None:
        """Close at once, without ceremony, and never be used again."""
        self.exchange = None
        self._transport.abort()

    # From the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        exchange = self.exchange
        if exchange is None:
            # An answer to nothing. Kept, it would be taken for the answer to the next call.
            self.cut()
            return
        body_bytes = exchange.body_bytes
        self._unfruitful_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._break_off(exchange, error)
            return
        if exchange.body_bytes > exchange.call.bounds.body_bytes:
            self._fail(exchange, f"the answer is larger than {exchange.call.bounds.body_bytes} bytes")
        elif self._is_complete:
            self._finish(exchange)
        elif exchange.body_bytes > body_bytes:
            self._unfruitful_bytes = 0
            exchange.wake()
        elif self._unfruitful_bytes > exchange.call.bounds.head_bytes:
            self._fail(exchange, _TOO_MUCH_HEAD)
        elif exchange.status:
            exchange.wake()

    def eof_received(self) -> None:
        # Not left to `connection_lost`: over TLS that may come only after a shutdown the peer takes no part in.
        self._lose(None)
        self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(exc)
        self._pool.remove(self)
        self.lost.set()

    # From the parser.

    def on_message_begin(self) -> None:
        if self._is_complete:
            raise _UnacceptableError("data follows the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.exchange is None or self.exchange.status:
            return  # a trailer, which may be dropped (RFC 9110, 6.5.1)
        name = name.lower()
        if name in _CODINGS and value.lower() not in _CODINGS[name]:
            raise _UnacceptableError(f"the answer has the {name.decode()} {value[:40]!r}, which was not asked for")
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        exchange = self.exchange
        status = self._parser.get_status_code()
        if exchange is None or status == 101 or not 100 <= status <= 599:
            raise _UnacceptableError(f"the answer has the status {status}")
        # A head that came in one read with a body is measured only when both together are over the bound.
        bound = exchange.call.bounds.head_bytes
        if self._unfruitful_bytes > bound and _size_of(self._headers) > bound:
            raise _UnacceptableError(_TOO_MUCH_HEAD)
        if status >= 200:
            exchange.headers = tuple(self._headers)
            exchange.status = status
        self._headers.clear()

    def on_body(self, data: bytes) -> None:
        if self.exchange is not None:
            self.exchange.add(data)

    def on_message_complete(self) -> None:
        # Interim replies (1xx) are messages too, and leave the status unset.
        if self.exchange is not None and self.exchange.status:
            self._is_complete = True
            self._is_kept = self._parser.should_keep_alive()

    def _finish(self, exchange: Exchange) -> None:
        # A server that answers before it has read all of the request would take the rest for the next one.
        is_kept = self._is_kept and not self._transport.get_write_buffer_size()
        self.exchange = None
        self._is_complete = False
        self._unfruitful_bytes = 0
        exchange.end()
        if is_kept:
            self._pool.give(self)
        else:
            self.cut()

    def _break_off(self, exchange: Exchange, error: Exception) -> None:
        if self._is_complete:
            self._is_kept = False
            self._finish(exchange)
        elif isinstance(error.__context__, _UnacceptableError):
            self._fail(exchange, str(error.__context__))
        else:
            self._fail(exchange, "the answer is not valid HTTP/1.1")

    def _lose(self, error: Exception | None) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        if exchange.status and error is None and not _is_framed(exchange.headers):
            self._is_kept = False
            self._finish(exchange)
            return
        where = "in the midst of" if exchange.status else "before"
        what = f"{self.origin.host}: the connection ended {where} the answer."
        exchange.fail(UpstreamIncomplete(what, may_have_billed=True))

    def _fail(self, exchange: Exchange, what: str) -> None:
        kind = UpstreamIncomplete if exchange.status else UpstreamDown
        exchange.fail(kind(f"{self.origin.host}: {what}.", may_have_billed=True))


class _UnacceptableError(Exception):
    """Valid HTTP that we do not take."""


def _is_framed(headers: Headers) -> bool:
    """Whether a body tells its own end; otherwise the end of the connection is its end (RFC 9112, 6.3)."""
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)


def _size_of(headers: Iterable[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)
