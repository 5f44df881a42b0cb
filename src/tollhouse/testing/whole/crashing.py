"""A Tollhouse that dies once and comes back, at each moment in turn."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Final, TypeVar

import httpx2

from tollhouse.client.calls import Call
from tollhouse.client.errors import Conflict, NotReached, Unavailable, refusal
from tollhouse.store.writer import SqliteStore
from tollhouse.testing.faking.fake import AiFake
from tollhouse.testing.whole.fuse import Fuse
from tollhouse.testing.whole.running import running_as
from tollhouse.testing.whole.tollhouse import LOOK_EVERY_S, Caller, Tollhouse

T = TypeVar("T")

INSISTED_S: Final = 30.0
LAST_TRIES_S: Final = 0.5


class Crashing(Tollhouse):
    """Dies at one point as a killed process does, and is served again from what it has written, at the same address."""

    _fuse: Fuse | None = None
    _point = 0
    _trouble: BaseException | None = None
    _reviving: asyncio.Task[None] | None = None

    @property
    def died(self) -> str | None:
        """At which moment, in words; None when it has not."""
        if self._fuse is None or not self._fuse.has_burnt:
            return None
        number, is_after = (self._point + 1) // 2, self._point % 2 == 0
        return f"{'after' if is_after else 'before'} commit {number}"

    def arm(self, point: int) -> None:
        """Die at a point of `Fuse`, counted from now on."""
        self._point = point
        self._alive = threading.Event()
        self._alive.set()
        self._keys = count(1)
        self._fuse = fuse = Fuse(point, self._die)

        async def lay() -> None:
            store = self._house.store
            if not isinstance(store, SqliteStore):
                raise TypeError("only a Tollhouse over SQLite can be let die")
            fuse.lay(store)

        self._run(lay())

    def disarm(self) -> None:
        """From now on it lives."""
        if self._fuse is not None:
            self._fuse.put_out()
            self._await_life()

    def insist(self, send: Callable[[str], T]) -> T:
        """What an application hears that tries until it is answered, under one idempotency key, which `send` is given.

        Raises:
            ClientError: it was refused, or not answered in half a minute.
        """
        key = f"insisted-{next(self._keys)}"
        until_s = time.monotonic() + INSISTED_S
        while True:
            try:
                return send(key)
            except (NotReached, Conflict, Unavailable, httpx2.TransportError):
                if time.monotonic() > until_s:
                    raise
            time.sleep(LOOK_EVERY_S)
            self._await_life()

    def _send(self, person: Caller, call: Call[T]) -> T:
        return self.insist(lambda key: person.client.send(call, idempotency_key=key))

    def _get(self, person: Caller, path: str) -> httpx2.Response:
        def get(_: str) -> httpx2.Response:
            response = super(Crashing, self)._get(person, path)
            if response.is_server_error:
                raise refusal(response.status_code, response.headers, response.content)
            return response

        return self.insist(get)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            self._await_life()
        except AssertionError:
            work.close()
            raise
        return super()._run(work)

    def _await_life(self) -> None:
        if self._fuse is None:
            return
        self._alive.wait()
        if self._trouble is not None:
            raise AssertionError(f"it died {self.died}, and did not come back") from self._trouble

    # --- in its event loop ---

    async def _drain(self) -> list[Any]:
        while True:
            reviving = self._reviving
            try:
                return await super()._drain()
            except Exception:
                # What was asked of the dead is asked of who comes after it.
                if self._reviving is reviving or self._reviving is None:
                    raise
            await self._reviving

    def _die(self) -> None:
        self._alive.clear()
        for connection in tuple(self._server.server_state.connections):
            connection.transport.abort()
        self._reviving = asyncio.get_running_loop().create_task(self._revive(), name="tollhouse-revival")

    async def _revive(self) -> None:
        try:
            dead = self._house.store
            # It cannot write any more, and complains; what tries again is not waited for.
            with suppress(Exception):
                async with asyncio.timeout(LAST_TRIES_S):
                    await self.running.stop()
            if isinstance(dead, SqliteStore):
                await dead._let_go()
            self._house = await self.running.start()
            self._server = self.running.server
        except BaseException as error:
            self._trouble = error
            raise
        finally:
            self._alive.set()


class CrashPoints:
    """Calling it gives one Tollhouse after another; `now` is the one that is alive, or was when a test failed."""

    def __init__(self, ai: AiFake, *, toml: str = "") -> None:
        """Every one of them asks `ai`, and has `toml` for more of its configuration."""
        self._ai = ai
        self._toml = toml
        self.now: Crashing | None = None

    def __call__(self) -> Iterator[Crashing]:
        """Each over an empty file; each dies a moment later than the one before, and the last one does not.

        What was asked of the fake in one life is remembered in the next.

        Raises:
            AssertionError: when one is over, its books are not right.
        """
        for point in count(1):
            with running_as(Crashing, self._ai, toml=self._toml) as tollhouse:
                self.now = tollhouse
                tollhouse.arm(point)
                yield tollhouse
                tollhouse.disarm()
                if tollhouse.died is None:
                    return
