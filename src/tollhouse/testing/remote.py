"""A wire provider in another process, scripted and read as if it were here."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from tollhouse.testing.billing import Billed
from tollhouse.testing.control import PREFIX, FaultOrder, Order, State
from tollhouse.testing.faults import KINDS, Kind
from tollhouse.testing.request import Expectation, Request
from tollhouse.testing.script import expect
from tollhouse.testing.steps import Scripted, steps_of
from tollhouse.testing.wire import ScriptNotFollowed

T = TypeVar("T")


class RemoteScenes:
    """Scenes of a remote provider, for some requests or for all."""

    def __init__(self, port: int, when: Expectation | None = None) -> None:
        self._port = port
        self._when = when

    def script(self, *steps: Scripted) -> None:
        """Add one exchange. Functions cannot travel: TypeError."""
        self._order(steps, always=False)

    def always(self, *steps: Scripted) -> None:
        """Answer so whenever no scripted exchange is waiting."""
        self._order(steps, always=True)

    def _order(self, steps: Scripted, *, always: bool) -> None:
        self._send("script", Order(steps=steps_of(steps, None), when=self._when, always=always))

    def _send(self, endpoint: str, order: object = None) -> None:
        self._exchange("POST", endpoint, msgspec.json.encode(order))

    def _read(self, endpoint: str, shape: type[T]) -> T:
        return msgspec.json.decode(self._exchange("GET", endpoint), type=shape)

    def _exchange(self, method: str, endpoint: str, body: bytes | None = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, PREFIX + endpoint, body, {"connection": "close"})
            response = connection.getresponse()
            told = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(f"the wire provider refused {method} {PREFIX}{endpoint}: {told.decode()}")
        return told


class RemoteProvider(RemoteScenes):
    """Has the methods of `WireProvider`; each is one HTTP request to it."""

    def __init__(self, port: int) -> None:
        """For the provider that listens on this port of the loopback address."""
        super().__init__(port)
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self.port = port

    def when(
        self,
        *,
        method: str | None = None,
        path: str | None = None,
        model: str | None = None,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        stream: bool | None = None,
    ) -> RemoteScenes:
        """Scenes for requests like this; conditions are those of `expect`."""
        conditions = expect(method=method, path=path, model=model, json=json, headers=headers, stream=stream)
        return RemoteScenes(self.port, conditions)

    def faults(self, seed: int, *, rate: float = 0.2, kinds: tuple[Kind, ...] = KINDS) -> None:
        """Strike a share of the exchanges of `always` at random."""
        self._send("faults", FaultOrder(seed=seed, rate=rate, kinds=kinds))

    def release(self) -> None:
        """Let every exchange that is stalled now go on."""
        self._send("release")

    @property
    def requests(self) -> list[Request]:
        """What was asked, in order of arrival."""
        return self._read("requests", list[Request])

    @property
    def billed(self) -> list[Billed]:
        """What a real provider would bill."""
        return self._read("billed", list[Billed])

    @property
    def state(self) -> State:
        """What goes on at this moment."""
        return self._read("state", State)

    def until(self, condition: Callable[[State], bool], *, timeout_s: float = 30.0) -> None:
        """Wait for a state, asking every 10 ms: `provider.until(lambda state: state.answering == 0)`.

        Raises:
            TimeoutError: it did not come.
        """
        deadline = time.monotonic() + timeout_s
        while not condition(self.state):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the wire provider is still in {self.state}")
            time.sleep(0.01)

    def verify(self) -> None:
        """Nothing unexpected was asked, and every step of every `script` happened.

        Raises:
            ScriptNotFollowed: something is amiss.
        """
        if findings := self.state.findings:
            raise ScriptNotFollowed("\n".join(findings))
