"""What a command sets or orders is taken over by gateways that run, without a restart, on both databases."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from command_line import Ended, Gateway, started

Command = Callable[..., Ended]


class Running:
    """Gateways over one database, one or more of them."""

    def __init__(self, data: Path, gateways: list[Gateway]) -> None:
        self.data = data
        self._gateways = gateways
        self._token = gateways[0].served["api_key"]

    def answers(self) -> list[tuple[int, bytes]]:
        """What each says to a small request."""
        return [gateway.chat(token=self._token) for gateway in self._gateways]

    def statuses(self) -> set[int]:
        return {status for status, _ in self.answers()}

    def until(self, wanted: int, *, within_s: float = 30) -> None:
        """Wait until all answer with this status."""
        began_s = time.monotonic()
        while self.statuses() != {wanted}:
            assert time.monotonic() - began_s < within_s
            time.sleep(0.1)


@pytest.fixture(params=[("sqlite", 1), ("postgresql", 2)], ids=["sqlite", "postgresql"])
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Running]:
    kind, gateways = request.param
    data = tmp_path / "data"
    if kind == "postgresql":
        monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", request.getfixturevalue("postgres_url"))
    env = {name: value for name, value in os.environ.items() if name == "TOLLHOUSE_DATABASE_URL"}
    with ExitStack() as stack:
        first = stack.enter_context(started(data, env=env))
        more = [stack.enter_context(started(data, verb="serve", env=env)) for _ in range(gateways - 1)]
        yield Running(data, [first, *more])


def test_gateways_that_run_take_over_what_a_command_sets(command: Command, running: Running) -> None:
    assert running.statuses() == {200}
    assert command("config", "set", "guards.input.deny", "hello", "--data", str(running.data)).status == 0
    assert command("config", "set", "guards.input.mode", "enforce", "--data", str(running.data)).status == 0
    running.until(400)
    assert command("config", "unset", "guards.input.mode", "--data", str(running.data)).status == 0
    running.until(200)


def test_gateways_that_run_obey_within_five_seconds_when_a_provider_is_paused(
    command: Command, running: Running
) -> None:
    place = ("--data", str(running.data))
    paused = command("providers", "pause", "demo", "--reason", "Repairs", *place, "--json")
    assert (paused.json["paused"]["by"], paused.json["paused"]["reason"]) == ("command line", "Repairs")
    running.until(503, within_s=5)
    assert all(b"demo is paused by the operator: Repairs" in body for _, body in running.answers())
    explained = command("routes", "explain", "demo/echo", *place)
    assert "not asked, because it is paused: Repairs" in explained.out
    assert "providers resume demo" in command("doctor", *place).out
    assert command("providers", "resume", "demo", *place, "--json").json["paused"] is None
    running.until(200, within_s=5)
    assert command("providers", "reset", "demo", *place).status == 0
    assert command("providers", "pause", "demon", *place).status == 1
