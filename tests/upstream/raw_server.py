"""A server that follows a script byte by byte, and a proxy that tunnels to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

Script = Callable[["Peer"], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer

    async def hear(self) -> bytes:
        """One whole request; IncompleteReadError when the client is gone."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = b""
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                body = await self._reader.readexactly(int(line.partition(b":")[2]))
        self._server.requests.append(head + body)
        self._server.heard.set()
        return head + body

    async def hear_exactly(self, size_bytes: int) -> bytes:
        """So many bytes of something else than HTTP."""
        return await self._reader.readexactly(size_bytes)

    async def say(self, data: bytes) -> None:
        """Send, and wait while the client does not read."""
        for start in range(0, len(data), 65536):
            self._writer.write(data[start : start + 65536])
            await self._writer.drain()
            self._server.said_bytes += min(65536, len(data) - start)

    async def is_left(self) -> None:
        """Return when the client has closed the connection."""
        with contextlib.suppress(ConnectionError):
            await self._reader.read()

    def reset(self) -> None:
        """Close with RST."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class RawServer:
    """Runs its script once for each connection.

    Attributes:
        connections: accepted so far.
        requests: heard so far, each with its body.
        heard: set at each request.
        said_bytes: written and taken by the network so far.
        left: set when a connection's script has ended and the connection is closed.
    """

    def __init__(self, script: Script) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.heard = asyncio.Event()
        self.said_bytes = 0
        self.left = asyncio.Event()
        self.port = 0
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._follow(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._script(Peer(self, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left, as clients do
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            self.left.set()


def answering(*answers: bytes) -> Script:
    """Each request of a connection gets the next answer, the last one again and again."""

    async def script(peer: Peer) -> None:
        remaining = list(answers)
        while True:
            await peer.hear()
            await peer.say(remaining.pop(0) if len(remaining) > 1 else remaining[0])

    return script


def once(answer: bytes) -> Script:
    """The first request gets this; then the connection is closed."""

    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(answer)

    return script


async def silent(peer: Peer) -> None:
    """Hears, and says nothing until the client leaves."""
    await peer.hear()
    await peer.is_left()


@asynccontextmanager
async def serving(
    script: Script, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RawServer]:
    server = RawServer(script)
    listener = await asyncio.start_server(server.accept, host, port, ssl=tls, backlog=1024)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.stop()
        await listener.wait_closed()


class Tunnel:
    """An HTTP CONNECT proxy that leads every name to the loopback address.

    Attributes:
        asked: the heads of the requests it got.
    """

    def __init__(self, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self.asked: list[bytes] = []
        self.answer = answer
        self.port = 0

    async def follow(self, peer_reader: asyncio.StreamReader, peer_writer: asyncio.StreamWriter) -> None:
        head = await peer_reader.readuntil(b"\r\n\r\n")
        self.asked.append(head)
        if b" 200 " not in self.answer:
            peer_writer.write(self.answer)
            await peer_writer.drain()
            return
        port = int(head.split(b" ")[1].rpartition(b":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        peer_writer.write(self.answer)
        try:
            await _first_done(_relay(peer_reader, writer), _relay(reader, peer_writer))
        except ConnectionError:
            _reset(writer)
            _reset(peer_writer)
        finally:
            writer.close()


@asynccontextmanager
async def tunnelling(tunnel: Tunnel) -> AsyncIterator[Tunnel]:
    tasks: set[asyncio.Task[None]] = set()

    async def follow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await tunnel.follow(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            _reset(writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(follow(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, backlog=1024)
    tunnel.port = listener.sockets[0].getsockname()[1]
    try:
        yield tunnel
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port where connections are neither accepted nor refused."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def _first_done(*relays: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(relay) for relay in relays]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
