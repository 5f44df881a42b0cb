"""A TCP proxy that fails on demand: delay, cut, reset, half-open, refuse; for databases as much as for providers."""

from __future__ import annotations

import asyncio
import socket
import struct
from types import TracebackType
from typing import Self, cast

_PIECE_BYTES = 64 * 1024


class FaultProxy:
    """Carries bytes between its own port and a target, until it is told otherwise.

    ```python
    async with FaultProxy(target_port=5432) as proxy:
        proxy.delay_s = 0.2      # each way
        proxy.half_open()        # silence on open connections
        proxy.reset()            # RST to both sides of every connection
    ```

    Attributes:
        delay_s: each piece of bytes waits so long before it goes on, in either direction.
        piece_bytes: the most that is carried at once; 1 gives the other side every byte by itself.
    """

    def __init__(self, target_port: int, *, target_host: str = "127.0.0.1") -> None:
        """Prepare to listen on a free port of the loopback address."""
        self.delay_s = 0.0
        self.piece_bytes = _PIECE_BYTES
        self._target = (target_host, target_port)
        self._port = 0
        self._bytes_left: int | None = None
        self._carrying = asyncio.Event()
        self._carrying.set()
        self._pairs: set[_Pair] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._accepted = 0

    @property
    def port(self) -> int:
        """The port clients are pointed at; it stays the same through `refuse` and `listen`."""
        return self._port

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._pairs)

    @property
    def accepted(self) -> int:
        """Connections that were ever accepted."""
        return self._accepted

    # --- trouble ---

    def cut(self) -> None:
        """End every open connection, in both directions (FIN)."""
        for pair in list(self._pairs):
            pair.close()

    def reset(self) -> None:
        """Break every open connection, in both directions (RST)."""
        for pair in list(self._pairs):
            pair.reset()

    def cut_after(self, answered_bytes: int) -> None:
        """Cut everything when so many more bytes have come back from the target; later connections are whole again."""
        self._bytes_left = answered_bytes

    def half_open(self) -> None:
        """Carry nothing, and tell nobody: connections stay open, new ones are accepted."""
        self._carrying.clear()

    def carry(self) -> None:
        """Carry again, what waited first."""
        self._carrying.set()

    async def refuse(self) -> None:
        """Refuse new connections; open ones live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def listen(self) -> None:
        """Accept connections; at first, and again after `refuse`."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    # --- running ---

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.refuse()
        self.reset()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        handler = cast("asyncio.Task[None]", asyncio.current_task())
        self._handlers.add(handler)
        try:
            await self._connect(reader, writer)
        except asyncio.CancelledError:
            # The proxy is closing; asyncio would report a cancelled handler as a fault of the program.
            writer.transport.abort()
        finally:
            self._handlers.discard(handler)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        pair = _Pair(writer, far_writer)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as ways:
                pair.ways = (
                    ways.create_task(self._pump(reader, far_writer, answers=False)),
                    ways.create_task(self._pump(far_reader, writer, answers=True)),
                )
        finally:
            self._pairs.discard(pair)
            pair.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        """Carry one way until either side ends; the end is carried too."""
        try:
            while data := await reader.read(self.piece_bytes):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._carrying.wait()
                if answers and self._bytes_left is not None and len(data) >= self._bytes_left:
                    writer.write(data[: self._bytes_left])
                    self._bytes_left = None
                    self.cut()
                    return
                if answers and self._bytes_left is not None:
                    self._bytes_left -= len(data)
                writer.write(data)
                await writer.drain()
            await self._carrying.wait()
            if writer.can_write_eof() and not writer.is_closing():
                writer.write_eof()
        except OSError:
            # One side broke the connection: so that the other learns of it, break it too.
            _reset(writer)


class _Pair:
    """The two ends of one connection, and the two ways between them."""

    def __init__(self, *ends: asyncio.StreamWriter) -> None:
        self._ends = ends
        self.ways: tuple[asyncio.Task[None], ...] = ()

    def close(self) -> None:
        for end in self._ends:
            end.close()
        self._stop()

    def reset(self) -> None:
        for end in self._ends:
            _reset(end)
        self._stop()

    def _stop(self) -> None:
        for way in self.ways:
            way.cancel()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if not writer.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
