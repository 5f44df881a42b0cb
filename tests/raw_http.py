"""HTTP by hand: for requests that no client would send, and for clients that behave badly."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec


class Response(NamedTuple):
    """One response: names in lower case, and the body without its framing."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def error(self) -> dict[str, object]:
        """The `error` of OpenAI's envelope, or a problem."""
        body: dict[str, Any] = msgspec.json.decode(self.body)
        error: dict[str, Any] = body.get("error", body)
        return error


class Connection:
    """One connection to the gateway. Reading waits for at most some seconds, then fails."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def response(self, *, to_head: bool = False) -> Response | None:
        """The next response; None when the connection has ended instead. The body `to_head` is never sent."""
        async with asyncio.timeout(30):
            head = await self.head()
            if head is None:
                return None
            status, headers = head
            if to_head or status < 200:
                return Response(status, headers, b"")
            if headers.get(b"transfer-encoding") == b"chunked":
                pieces = []
                while piece := await self.chunk():
                    pieces.append(piece)
                return Response(status, headers, b"".join(pieces))
            return Response(status, headers, await self._reader.readexactly(int(headers[b"content-length"])))

    async def head(self) -> tuple[int, dict[bytes, bytes]] | None:
        """Status and headers; None at the end of the connection."""
        async with asyncio.timeout(30):
            try:
                head = await self._reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
        line, *fields = head[:-4].split(b"\r\n")
        pairs = [field.split(b": ", 1) for field in fields]
        return int(line.split(b" ")[1]), {name.lower(): value for name, value in pairs}

    async def chunk(self) -> bytes:
        """One chunk of a chunked body; `b""` for the last."""
        async with asyncio.timeout(30):
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            return (await self._reader.readexactly(size + 2))[:-2]

    async def take(self, most_bytes: int) -> bytes:
        """Some bytes, framing and all; `b""` at the end of the connection."""
        async with asyncio.timeout(30):
            return await self._reader.read(most_bytes)

    async def rest(self) -> bytes:
        """All that still comes, until the other side ends the connection."""
        async with asyncio.timeout(30):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""

    def hang_up(self) -> None:
        """End the connection as a client does that is not interested any more (FIN)."""
        self._writer.close()

    def reset(self) -> None:
        """Break the connection (RST)."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


@asynccontextmanager
async def connected(port: int, *, receive_bytes: int | None = None) -> AsyncIterator[Connection]:
    """A connection; `receive_bytes` makes its receive buffer small, for a client that reads slowly."""
    plain = socket.socket()
    if receive_bytes is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
    limit = 2**16 if receive_bytes is None else receive_bytes
    reader, writer = await asyncio.open_connection(sock=plain, limit=limit)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


def request(
    path: str = "/v1/chat/completions",
    body: bytes = b"",
    *,
    method: str = "POST",
    token: str | None = None,
    host: str | None = "gateway.test",
    version: str = "1.1",
    extra: bytes = b"",
) -> bytes:
    """The bytes of a request; `extra` are further lines of its head, each with its CRLF."""
    head = f"{method} {path} HTTP/{version}\r\n"
    if host is not None:
        head += f"host: {host}\r\n"
    if token is not None:
        head += f"authorization: Bearer {token}\r\n"
    if body:
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + extra + b"\r\n" + body
