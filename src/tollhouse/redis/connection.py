"""One connection to Redis: what one turn of the event loop asks is one write, and replies come in the order of it.

Why it is none of a client library: docs/decisions/0043.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import hiredis

from tollhouse.redis.address import Address
from tollhouse.redis.reasons import UNWELCOME, NotRedis, Refused, Silent

Command: TypeAlias = tuple[str | int | bytes, ...]

UNSENT_MOST_BYTES: Final = 4 * 1024 * 1024
"""Who has so much to take before it takes more is not told any more."""

GRACE_S: Final = 0.001
"""A reply that lay there while the event loop was busy with others is still heard."""

_MORE: Final = object()
"""A reply has not come whole."""


async def connect(address: Address, ca_file: Path | None, within_s: float) -> Connection:
    """A connection that is let in. Its owner closes it.

    Args:
        ca_file: authorities (PEM) that are trusted instead of the system's.

    Raises:
        OSError, TimeoutError: nobody is there.
        Refused, NotRedis, Silent: somebody is, and does not let us in.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(within_s):
        if address.path is not None:
            _, connection = await loop.create_unix_connection(Connection, address.path)
        else:
            tls = ssl.create_default_context(cafile=ca_file) if address.is_encrypted else None
            _, connection = await loop.create_connection(Connection, address.host, address.port, ssl=tls)
    try:
        hello = _introduction(address)
        if hello:
            await connection.ask(hello, within_s)
    except Refused as error:
        connection.close()
        # What it says without a word of its own is, at this place, that it wants no password, or has no such database.
        raise Refused(UNWELCOME) if error.code == "ERR" else error from None
    except BaseException:
        connection.close()
        raise
    return connection


class Connection(asyncio.Protocol):
    """Questions go out together, and each hears its own reply, in time or not at all.

    Who gives up leaves a place in the line, whose reply is thrown away: nobody ever hears what another has asked.

    Attributes:
        lost: done as soon as the connection is gone.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(replyError=Refused, protocolError=NotRedis, notEnoughData=_MORE)
        self._asked: deque[_Asked] = deque()
        self._unsent: list[bytes] = []
        self.lost: asyncio.Future[None] = self._loop.create_future()

    def ask(self, commands: Sequence[Command], within_s: float) -> asyncio.Future[list[Any]]:
        """The replies to some commands. The future raises Refused, NotRedis or Silent.

        Raises:
            Silent: others have waited longer for an answer than this one would.
        """
        asked = _Asked(self._loop, len(commands))
        asked.timer = self._loop.call_later(within_s, asked.be_late, self._loop)
        try:
            self._put(commands, asked, within_s)
        except Silent:
            asked.timer.cancel()
            raise
        return asked.future

    def tell(self, commands: Sequence[Command], within_s: float) -> asyncio.Future[list[Any]]:
        """The same without a timer, for what nobody waits for."""
        asked = _Asked(self._loop, len(commands))
        self._put(commands, asked, within_s)
        return asked.future

    def close(self) -> None:
        """Let go, at once; who still waits hears Silent."""
        self._transport.abort()

    def _put(self, commands: Sequence[Command], asked: _Asked, within_s: float) -> None:
        waited_s = self._loop.time() - self._asked[0].at_s if self._asked else 0.0
        if waited_s > within_s or self.lost.done() or self._transport.get_write_buffer_size() > UNSENT_MOST_BYTES:
            raise Silent
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent += [hiredis.pack_command(command) for command in commands]  # type: ignore[arg-type]  # of any length
        self._asked.append(asked)

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        self._transport.write(b"".join(unsent))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # neither a server's nor a datagram's

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not _MORE:
                if not self._asked:
                    # It says what nobody has asked.
                    return self._end(NotRedis())
                if self._asked[0].hear(reply):
                    self._asked.popleft()
        except NotRedis as error:
            self._end(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(Silent())

    def _end(self, error: Exception) -> None:
        self._transport.abort()
        for asked in self._asked:
            asked.fail(error)
        self._asked.clear()
        if not self.lost.done():
            self.lost.set_result(None)


class _Asked:
    """Commands whose replies belong together."""

    __slots__ = ("_left", "_replies", "at_s", "future", "timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, count: int) -> None:
        self.at_s = loop.time()
        self.future: asyncio.Future[list[Any]] = loop.create_future()
        self.timer: asyncio.TimerHandle | None = None
        self._left = count
        self._replies: list[Any] = []

    def hear(self, reply: Any) -> bool:
        """The next of the replies has come; whether it was the last."""
        self._left -= 1
        self._replies.append(reply)
        if self._left:
            return False
        if self.timer is not None:
            self.timer.cancel()
        if not self.future.done():
            refused = next((each for each in self._replies if isinstance(each, Refused)), None)
            if refused is None:
                self.future.set_result(self._replies)
            else:
                self.future.set_exception(refused)
        return True

    def be_late(self, loop: asyncio.AbstractEventLoop) -> None:
        """The time is over."""
        self.timer = loop.call_later(GRACE_S, self.fail, Silent())

    def fail(self, error: Exception) -> None:
        """There will be no reply, or none that is waited for."""
        if self.timer is not None:
            self.timer.cancel()
        if not self.future.done():
            self.future.set_exception(error)


def _introduction(address: Address) -> list[Command]:
    hello: list[Command] = []
    if address.password is not None:
        who = () if address.user is None else (address.user,)
        hello.append(("AUTH", *who, address.password))
    if address.database:
        hello.append(("SELECT", address.database))
    return hello
