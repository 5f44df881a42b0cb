"""The way to Redis: one connection for the whole process, made anew when it breaks.

Whoever asks says how long they wait. While nobody answers they hear so at once: a request is never held up by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from tollhouse.errors import CannotStart, ConfigurationError, RedisFailed
from tollhouse.redis.address import Address, read_address
from tollhouse.redis.reasons import NotRedis, Refused, Silent, reason_of
from tollhouse.telemetry import Event, log

if TYPE_CHECKING:
    # hiredis is an extra, and only imported where a connection is made.
    from tollhouse.redis.connection import Command, Connection

CONNECT_S: Final = 2.0
"""Until a connection stands, TLS and password included."""

RETRY_S: Final = 0.5
"""Between two attempts."""

BEAT_S: Final = 1.0
"""How often it is asked to keep something, which a full one, or a replica, does not."""

TELL_AGAIN_S: Final = 60.0
"""An outage that follows another so soon is not logged as a new one."""

_LOOK_S: Final = 2.0
_KEPT_MS: Final = 60_000


def open_link(url: str, ca_file: Path | None, house: str) -> Link:
    """A link to the Redis at a URL; nothing is sent before somebody asks. The caller closes it.

    Args:
        house: tells this installation's keys from those of others in the same Redis.

    Raises:
        ConfigurationError: the URL is none, or the file is not there.
        CannotStart: the library is missing.
    """
    address = read_address(url)
    if ca_file is not None and not ca_file.is_file():
        raise ConfigurationError(f"redis_ca_file: there is no file {ca_file}")
    if find_spec("hiredis") is None:
        raise CannotStart("redis_url needs an extra: pip install 'tollhouse[redis]'")
    return Link(address, ca_file, house)


class Link:
    """Asks Redis, on one event loop.

    Attributes:
        trouble: what has been the matter since the last beat that went well; None when nothing is.
        failures: questions that were not answered, so far.
        epoch: another number with every connection: what was seen before it may be there no more.
    """

    def __init__(
        self, address: Address, ca_file: Path | None, house: str, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._address = address
        self._ca_file = ca_file
        self._house = house
        self._clock = clock
        self._connection: Connection | None = None
        self._has_tried = asyncio.Event()
        self._mending: asyncio.Task[None] | None = None
        self._since_s = 0.0
        self._told_at_s = float("-inf")
        self.trouble: str | None = None
        self.failures = 0
        self.epoch = 0

    @property
    def is_up(self) -> bool:
        """It answers, and keeps what it is given."""
        return self._connection is not None and self.trouble is None

    def standing(self) -> tuple[bool, int]:
        """Whether it is up, and how many questions were not answered so far."""
        return self.is_up, self.failures

    def key(self, *names: str) -> str:
        """A key of ours."""
        return ":".join(("tollhouse", self._house, *names))

    async def ask(self, *commands: Command, within_s: float) -> list[Any]:
        """The replies to some commands, which reach Redis together and in order.

        Raises:
            RedisFailed: one of them was refused, or the replies did not come in time.
        """
        self._begin()
        if not self._has_tried.is_set():
            # The first connection is being made; later ones nobody waits for.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_tried.wait(), within_s)
        if self._connection is None:
            raise self._failed(self.trouble or "does not answer")
        try:
            return await self._connection.ask(commands, within_s)
        except Refused as error:
            # It is the same for the next who asks, until a beat goes well.
            self._suffer(reason_of(error))
            raise self._failed(reason_of(error)) from None
        except (NotRedis, Silent) as error:
            raise self._failed(reason_of(error)) from None

    def tell(self, *commands: Command, within_s: float) -> None:
        """The same, when nobody needs the replies; what cannot be told in time is not told."""
        self._begin()
        if self._connection is None:
            self.failures += 1
            return
        try:
            self._connection.tell(commands, within_s).add_done_callback(self._told)
        except Silent:
            self.failures += 1

    async def look(self) -> str:
        """Who it is, in words, after it has answered and kept something. Raises RedisFailed."""
        began_s = self._clock()
        hello, _ = await self.ask(("HELLO",), self._beat(), within_s=_LOOK_S)
        facts = dict(zip(hello[::2], hello[1::2], strict=False))
        name, version = (facts.get(fact, b"?").decode() for fact in (b"server", b"version"))
        return f"{name} {version} at {self._address} answers within {(self._clock() - began_s) * 1e3:.1f} ms"

    async def aclose(self) -> None:
        """Let go."""
        mending, self._mending = self._mending, None
        if mending is not None:
            mending.cancel()
            await asyncio.gather(mending, return_exceptions=True)

    def _begin(self) -> None:
        if self._mending is None:
            self._mending = asyncio.create_task(self._mend(), name="tollhouse-redis")

    async def _mend(self) -> None:
        """Have a connection, until cancelled."""
        # Late import: the library is an extra, needed only where Redis is named.
        from tollhouse.redis.connection import connect

        while True:
            try:
                await self._stay(await connect(self._address, self._ca_file, CONNECT_S))
            except Exception as error:
                # Whatever it is, it is told, and tried again.
                self._suffer(reason_of(error))
            self._has_tried.set()
            await asyncio.sleep(RETRY_S)

    async def _stay(self, connection: Connection) -> None:
        """Be connected, for as long as it answers in time."""
        try:
            while await self._beats(connection):
                if self._connection is None:
                    self.epoch += 1
                    self._connection = connection
                    self._has_tried.set()
                await asyncio.wait((connection.lost,), timeout=BEAT_S)
        finally:
            self._connection = None
            connection.close()

    async def _beats(self, connection: Connection) -> bool:
        """Whether it answers. One that does not keep what it is given may still give what it has."""
        try:
            await connection.ask([self._beat()], BEAT_S)
        except Refused as error:
            self._suffer(reason_of(error))
        except (NotRedis, Silent) as error:
            self._suffer(reason_of(error))
            return False
        else:
            self._recover()
        return True

    def _beat(self) -> Command:
        return ("SET", self.key("beat"), 1, "PX", _KEPT_MS)

    def _told(self, telling: asyncio.Future[list[Any]]) -> None:
        error = telling.exception()
        if error is not None:
            self.failures += 1
        if isinstance(error, Refused):
            self._suffer(reason_of(error))

    def _failed(self, reason: str) -> RedisFailed:
        self.failures += 1
        return RedisFailed(f"Redis {reason}.")

    def _suffer(self, reason: str) -> None:
        """An outage begins, or goes on; told once."""
        now_s = self._clock()
        if self.trouble is None:
            self._since_s = now_s
            if now_s - self._told_at_s >= TELL_AGAIN_S:
                self._told_at_s = now_s
                log.warning(Event.REDIS_LOST, reason=f"Redis {reason}")
        self.trouble = reason

    def _recover(self) -> None:
        if self.trouble is not None:
            log.info(Event.REDIS_BACK, after_s=round(self._clock() - self._since_s, 1), failures=self.failures)
        self.trouble = None
