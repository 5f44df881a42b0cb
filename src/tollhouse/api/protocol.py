"""uvicorn's HTTP protocol with a short way for the hot routes.

ASGI costs a request about as much as all our own handling: a scope, four messages, headers checked one by one, two
writes. For the routes of `Application.find` this class hands a `Cycle` straight to the handler and writes the
response at once; sockets, keep-alive, pipelining, flow control, shutdown, and every other route stay uvicorn's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl

from tollhouse.api.application import Application, Handler
from tollhouse.api.http import DISCARD_S, ClientLeft, too_large
from tollhouse.api.paced_http import PacedHttp
from tollhouse.api.strict_http import STATUS_LINES
from tollhouse.providers.base import Headers
from tollhouse.telemetry import Event, log

LAST_CHUNK = b"0\r\n\r\n"


class HotProtocol(PacedHttp):
    """One connection of a client.

    Give it to uvicorn as `http=HotProtocol`; the application must be an `Application`.
    """

    def begin_request(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def start_request(self) -> None:
        method = self.parser.get_method().decode("ascii")
        handler = self._hot_handler(method)
        if handler is None:
            headers, url, expects = self.headers, self.url, self.expect_100_continue
            super().begin_request()
            self.url, self.expect_100_continue = url, expects
            self.headers.extend(headers)
            super().start_request()
            return
        # uvicorn's annotations know its own cycles only; what it asks of one, ours can do.
        uvicorn: Any = self
        previous = uvicorn.cycle
        path, _, query = self.url.partition(b"?")
        uvicorn.cycle = cycle = Cycle(
            self.transport,
            self.flow,
            self.headers,
            method,
            path.decode("ascii"),
            query,
            self.client,
            self.server_state.default_headers,
            self.parser.should_keep_alive(),
            self.on_response_complete,
        )
        if previous is None or previous.response_complete:
            uvicorn._start_asgi_task(cycle, handler)
        else:
            self.flow.pause_reading()
            uvicorn.pipeline.appendleft((cycle, handler))

    def _hot_handler(self, method: str) -> Handler | None:
        """The handler, for a plain HTTP/1.1 request to a hot route."""
        application = self.config.loaded_app
        if self.expect_100_continue or not isinstance(application, Application):
            return None
        if self.parser.get_http_version() != "1.1":
            return None
        url = self.url
        if not url.isascii() or b"#" in url:
            return None
        path = url.partition(b"?")[0]
        if b"%" in path:
            return None
        handler = application.find(method, path.decode("ascii"))
        if handler is None or method == "HEAD":
            return None
        return lambda peer: application.run(handler, peer)


class Cycle:
    """One request and its response: a `Peer` for the handler, and what uvicorn's protocol expects of a cycle."""

    __slots__ = (
        "_default_headers",
        "_flow",
        "_on_response",
        "_transport",
        "_waiter",
        "address",
        "body",
        "disconnected",
        "headers",
        "keep_alive",
        "method",
        "more_body",
        "path",
        "query",
        "response_complete",
        "response_started",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        flow: FlowControl,
        headers: list[tuple[bytes, bytes]],
        method: str,
        path: str,
        query: bytes,
        client: tuple[str, int] | None,
        default_headers: list[tuple[bytes, bytes]],
        keep_alive: bool,
        on_response: Callable[[], None],
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.address = client[0] if client else None
        self.body = bytearray()
        self.more_body = True
        self.disconnected = False
        self.keep_alive = keep_alive
        self.response_started = False
        self.response_complete = False
        self._transport = transport
        self._flow = flow
        self._default_headers = default_headers
        self._on_response = on_response
        self._waiter: asyncio.Future[None] | None = None

    # For the handler: a Peer.

    async def read(self, length: int | None, most_bytes: int) -> bytes:
        is_over = length is not None and length > most_bytes
        while self.more_body and not is_over:
            if self.disconnected:
                raise ClientLeft
            if len(self.body) >= HIGH_WATER_LIMIT:
                self._flow.resume_reading()
            await self._news()
            is_over = len(self.body) > most_bytes
        if is_over or len(self.body) > most_bytes:
            await self._discard()
            raise too_large(most_bytes)
        return bytes(self.body)

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        if self.disconnected:
            return
        self._transport.write(self._head(status, headers, b"content-length: %d\r\n\r\n" % len(body)) + body)
        self._complete()

    async def begin(self, status: int, headers: Headers) -> None:
        if not self.disconnected:
            self._transport.write(self._head(status, headers, b"transfer-encoding: chunked\r\n\r\n"))

    async def say(self, piece: bytes) -> None:
        if self._flow.write_paused:
            await self._flow.drain()
        if piece and not (self.disconnected or self.response_complete):
            self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def say_at_once(self, piece: bytes) -> bool:
        if self._flow.write_paused or self.disconnected or self.response_complete:
            return False
        self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        return True

    async def end(self, piece: bytes = b"") -> None:
        if self.disconnected:
            return
        self._transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(piece), piece) if piece else LAST_CHUNK)
        self._complete()

    async def left(self) -> None:
        while not (self.disconnected or self.response_complete):
            await self._news()

    # For uvicorn's protocol: a cycle.

    @property
    def message_event(self) -> Cycle:
        """The protocol sets this when something came, or the client left."""
        return self

    def set(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def run_asgi(self, handler: Handler) -> None:
        """Let the handler answer.

        A failure of its own is logged, and the connection cut: the answer is not to be trusted.
        """
        try:
            await handler(self)
        except Exception as error:
            log.error(Event.REQUEST_FAILED, path=self.path, exc_info=error)
        finally:
            if not self.response_complete:
                self._cut()

    async def _news(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def _discard(self) -> None:
        """Let the client finish sending, so that it reads the answer instead of a reset; but not for long."""
        self.keep_alive = False
        try:
            async with asyncio.timeout(DISCARD_S):
                while self.more_body and not self.disconnected:
                    self.body.clear()
                    self._flow.resume_reading()
                    await self._news()
        except TimeoutError:
            pass

    def _head(self, status: int, headers: Headers, framing: bytes) -> bytes:
        self.response_started = True
        if not self.keep_alive:
            headers = (*headers, (b"connection", b"close"))
        fields = map(b": ".join, (*self._default_headers, *headers))
        return b"\r\n".join((STATUS_LINES[status], *fields, framing))

    def _cut(self) -> None:
        # A client that does not read would keep a connection open that closes only when all is written.
        if self._flow.write_paused:
            self._transport.abort()
        else:
            self._transport.close()

    def _complete(self) -> None:
        self.response_complete = True
        self.set()
        if not self.keep_alive:
            self._transport.close()
        self._on_response()
