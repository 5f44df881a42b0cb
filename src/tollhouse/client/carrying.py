"""The two clients, which carry calls to a Tollhouse and answers back: `Client` blocks, `AsyncClient` is awaited."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx2
import msgspec

from tollhouse.client.answers import Event
from tollhouse.client.calls import Call
from tollhouse.client.errors import ClientError, NotReached, refusal
from tollhouse.client.retrying import ATTEMPTS, pause_s
from tollhouse.client.telling import END, Reader

T = TypeVar("T")

TIMEOUT_S: Final = 600.0
CONNECT_S: Final = 5.0


class Client:
    """A Tollhouse, for code that blocks. Close it, or use it in a `with`."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Open nothing yet.

        Args:
            base_url: what `tollhouse up` prints, without `/v1`.
            timeout_s: how long the network may be silent.
            attempts: tries in all.
            transport: another way than the network.
            sleep, chance: how to wait, and a number in [0, 1).
        """
        self._http = httpx2.Client(**_common(base_url, token, timeout_s), transport=transport)
        self._attempts, self._sleep, self._chance = attempts, sleep, chance

    def send(self, call: Call[T], *, idempotency_key: str | None = None, tag: str | None = None) -> T:
        """The answer to a call, tried again while that may help.

        Args:
            idempotency_key: under which it is done once, also when another process asks. Unless told it is a new one,
                and for vectors none.
            tag: a word under which its spending is reported, of letters, digits and `._:/-`, 64 at most.

        Raises:
            ClientError: of a class that says what to do.
        """
        sending = _Sending(call, self._attempts, self._chance, idempotency_key, tag)
        while True:
            try:
                answer = self._http.request(**sending.request)
            except httpx2.TransportError as error:
                self._sleep(sending.pause_s(_not_reached(error)))
                continue
            heard = sending.refused(answer)
            if heard is None:
                return call.read(answer.headers, answer.content)
            self._sleep(heard)

    def follow(self, run: str, *, after: str | None = None) -> Iterator[Event]:
        """What a run tells until its end, live or later; begun anew after the last event when the line is cut.

        Args:
            after: the id of an event.
        """
        following = _Following(run, after, self._attempts, self._chance)
        while not following.is_over:
            try:
                with self._http.stream(**following.request) as answer:
                    if answer.is_error:
                        answer.read()
                    following.heard(answer)
                    for line in answer.iter_lines():
                        yield from following.events(line)
            except httpx2.TransportError as error:
                following.cut(error)
            if not following.is_over:
                self._sleep(following.pause_s())

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient:
    """The same, for code that awaits. Close it, or use it in an `async with`."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Open nothing yet; the arguments are those of `Client`. `httpx2.ASGITransport` reaches a house in-process."""
        self._http = httpx2.AsyncClient(**_common(base_url, token, timeout_s), transport=transport)
        self._attempts, self._sleep, self._chance = attempts, sleep, chance

    async def send(self, call: Call[T], *, idempotency_key: str | None = None, tag: str | None = None) -> T:
        """As `Client.send`."""
        sending = _Sending(call, self._attempts, self._chance, idempotency_key, tag)
        while True:
            try:
                answer = await self._http.request(**sending.request)
            except httpx2.TransportError as error:
                await self._sleep(sending.pause_s(_not_reached(error)))
                continue
            heard = sending.refused(answer)
            if heard is None:
                return call.read(answer.headers, answer.content)
            await self._sleep(heard)

    async def follow(self, run: str, *, after: str | None = None) -> AsyncIterator[Event]:
        """As `Client.follow`."""
        following = _Following(run, after, self._attempts, self._chance)
        while not following.is_over:
            try:
                async with self._http.stream(**following.request) as answer:
                    if answer.is_error:
                        await answer.aread()
                    following.heard(answer)
                    async for line in answer.aiter_lines():
                        for event in following.events(line):
                            yield event
            except httpx2.TransportError as error:
                following.cut(error)
            if not following.is_over:
                await self._sleep(following.pause_s())

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _Sending:
    """One call on its way: what is sent, and what an answer means for another try."""

    def __init__(
        self, call: Call[Any], attempts: int, chance: Callable[[], float], key: str | None, tag: str | None
    ) -> None:
        headers = {} if tag is None else {"x-tollhouse-tag": tag}
        if key is not None or call.is_done_once:
            headers["idempotency-key"] = key or uuid.uuid4().hex
        said = call.body()
        if said is not None:
            headers["content-type"] = "application/json"
        self.request: dict[str, Any] = {
            "method": call.method,
            "url": call.path(),
            "headers": headers,
            "content": None if said is None else msgspec.json.encode(said),
        }
        self._attempts, self._chance, self._failed = attempts, chance, 0

    def refused(self, answer: httpx2.Response) -> float | None:
        """None for a success, else the pause. Raises the refusal when no other try may help."""
        if answer.is_success:
            return None
        error = refusal(answer.status_code, answer.headers, answer.content)
        return self.pause_s(error, answer.headers.get("x-should-retry"))

    def pause_s(self, error: ClientError, should_retry: str | None = None) -> float:
        """Seconds until another try. Raises the error when there is none."""
        self._failed += 1
        pause = pause_s(
            error, attempt=self._failed, attempts=self._attempts, should_retry=should_retry, chance=self._chance()
        )
        if pause is None:
            raise error
        return pause


@dataclass
class _Following:
    """One run that is followed, over as many connections as it takes."""

    run: str
    after: str | None
    attempts: int
    chance: Callable[[], float]
    is_over: bool = False
    _failed: int = 0
    _trouble: ClientError | None = None
    _reader: Reader = field(default_factory=Reader)

    @property
    def request(self) -> dict[str, Any]:
        headers = {"accept": "text/event-stream"}
        if self.after is not None:
            headers["last-event-id"] = self.after
        self._reader = Reader()
        return {"method": "GET", "url": f"/api/runs/{self.run}/events", "headers": headers}

    def heard(self, answer: httpx2.Response) -> None:
        self._trouble = None
        if answer.is_error:
            self._trouble = refusal(answer.status_code, answer.headers, answer.content)

    def cut(self, error: httpx2.TransportError) -> None:
        self._trouble = _not_reached(error)

    def events(self, line: str) -> Iterator[Event]:
        if self._trouble is not None:
            return
        event = self._reader.feed(line)
        if event is not None:
            self.after, self._failed = event.id, 0
            self.is_over = event.name in END
            yield event

    def pause_s(self) -> float:
        """Seconds until the next connection. Raises what keeps going wrong."""
        self._failed += 1
        trouble = self._trouble or NotReached("The run's events broke off.")
        pause = pause_s(trouble, attempt=self._failed, attempts=self.attempts, should_retry=None, chance=self.chance())
        if pause is None:
            raise trouble
        return pause


def _common(base_url: str, token: str, timeout_s: float) -> dict[str, Any]:
    if not base_url.startswith(("http://", "https://")):
        raise ValueError("base_url begins with http:// or https://, as `tollhouse up` prints it")
    return {
        "base_url": base_url.rstrip("/").removesuffix("/v1"),
        "headers": {"authorization": f"Bearer {token}", "accept": "application/json"},
        "timeout": httpx2.Timeout(timeout_s, connect=CONNECT_S),
    }


def _not_reached(error: httpx2.TransportError) -> NotReached:
    return NotReached(f"Tollhouse did not answer ({type(error).__name__}): see that it runs, and where.")
