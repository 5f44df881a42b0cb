"""One connection of the wire provider: HTTP/1.1 by its own hand, so that it can break anywhere."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol, cast

import httptools
import msgspec

from tollhouse.testing.request import Request


class LineEnded(Exception):
    """The script has ended the line; nothing can follow."""


class ClientLeft(Exception):
    """The client has gone, and hears nothing more."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A request's parts, before it has a number."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Operator(Protocol):
    """Whom a line asks what to do: the wire provider."""

    def opened(self, line: Line) -> None:
        """A client has connected."""
        ...

    def heard(self, line: Line, heard: Heard) -> Request:
        """A request has come."""
        ...

    def misheard(self, reason: str) -> None:
        """What came is not HTTP."""
        ...

    async def answer(self, request: Request, line: Line) -> None:
        """Answer it on the line; called for one request after the other."""
        ...

    def closed(self, line: Line) -> None:
        """The connection is gone."""
        ...


class Line(asyncio.Protocol):
    """Reads requests, pipelined or not, and answers them one after the other.

    A client that closes its side has left: what HTTP clients do that no longer want the answer.

    Attributes:
        begun: a head has been sent for the present answer.
        owned: bytes were sent as they are; what stands on the line is the script's affair.
    """

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._inbox: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._closing = False
        self._gone = False
        self._parser: Any = None  # httptools has no types
        self._renew()

    # --- reading: callbacks of the transport and of the parser ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # a TCP server gives no other
        self._parser = httptools.HttpRequestParser(self)
        self._operator.opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._operator.misheard(f"{type(error).__name__}: {error}")
            self._transport.write(_head(400, {"connection": "close"}, 0))
            self.hang_up()

    def connection_lost(self, error: Exception | None) -> None:
        self._gone = True
        self.resume_writing()
        if self._task is not None:
            self._task.cancel()
        self._operator.closed(self)

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        heard = Heard(
            method=self._parser.get_method().decode("latin-1"),
            target=self._target.decode("latin-1"),
            headers=self._headers,
            body=b"".join(self._body),
        )
        self._inbox.append((self._operator.heard(self, heard), self._parser.should_keep_alive()))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._converse())

    async def _converse(self) -> None:
        try:
            while self._inbox and not self._closing:
                request, keep_alive = self._inbox.popleft()
                self._renew()
                with suppress(LineEnded, ClientLeft):  # either way there is nothing more to say
                    await self._operator.answer(request, self)
                if not keep_alive:
                    self.hang_up()
        finally:
            self._task = None

    def _renew(self) -> None:
        self.begun = False
        self.owned = False
        self._body_bytes_left: int | None = None
        self._piece_bytes: int | None = None
        self._gap_s = 0.0

    # --- writing ---

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of a chunked answer."""
        self.begun = True
        await self.send(_head(status, headers, None))

    async def body(self, data: bytes) -> None:
        """Send bytes of the body, in a chunk of their own.

        Raises:
            LineEnded: the place was reached where the line was to be cut.
            ClientLeft: nobody hears.
        """
        left = self._body_bytes_left
        data = data if left is None else data[:left]
        if data:
            await self.send(b"%x\r\n%b\r\n" % (len(data), data))
        if left is not None:
            self._body_bytes_left = left - len(data)
            if not self._body_bytes_left:
                await self.cut()

    async def end(self) -> None:
        """Send the last chunk."""
        await self.send(b"0\r\n\r\n")

    async def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer with its length; raises as `body` does."""
        self.begun = True
        left = self._body_bytes_left
        await self.send(_head(status, headers, len(body)) + body[:left])
        if left is not None and left <= len(body):
            await self.cut()

    async def send(self, data: bytes) -> None:
        """Send bytes as they are, at the pace that was set."""
        if self._piece_bytes is None:
            await self._write(data)
            return
        for at in range(0, len(data), self._piece_bytes):
            await self._write(data[at : at + self._piece_bytes])
            await asyncio.sleep(self._gap_s)

    async def _write(self, data: bytes) -> None:
        if self._gone:
            raise ClientLeft
        self._transport.write(data)
        if self._writable is not None:
            await self._writable
            if self._gone:
                raise ClientLeft

    # --- trouble ---

    def pace(self, piece_bytes: int, gap_s: float) -> None:
        """From here on, send in pieces."""
        self._piece_bytes, self._gap_s = piece_bytes, gap_s

    def cut_after(self, body_bytes: int) -> None:
        """Cut the line when so many more bytes of body have been sent."""
        self._body_bytes_left = body_bytes

    async def cut(self) -> None:
        """Send what is under way, then FIN.

        Raises:
            LineEnded: always.
        """
        self.hang_up()
        raise LineEnded

    async def reset(self) -> None:
        """Send what is under way, then RST.

        Raises:
            LineEnded: always.
            ClientLeft: the client was faster.
        """
        if self._transport.get_write_buffer_size():
            self._transport.set_write_buffer_limits(high=0)  # so that to be writable is to have sent everything
            if self._writable is not None:
                await self._writable
        if self._gone:
            raise ClientLeft
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._closing = True
        self._transport.abort()
        raise LineEnded

    async def shut(self) -> None:
        """End whatever goes on, because the provider goes."""
        self._closing = True
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._transport.abort()

    @property
    def client_left(self) -> bool:
        """The connection is gone, and it was not our doing."""
        return self._gone and not self._closing

    def hang_up(self) -> None:
        """Send what is under way, then FIN."""
        self._closing = True
        self._inbox.clear()
        self._transport.close()


def _head(status: int, headers: Mapping[str, str], length: int | None) -> bytes:
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n{lines}{framing}\r\n\r\n".encode("latin-1")


_PHRASES = {status.value: status.phrase for status in HTTPStatus}
