"""What a command sets is taken over by gateways that run, without a restart, on both databases."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from command_line import Ended, started

Command = Callable[..., Ended]


@pytest.mark.parametrize(("kind", "gateways"), [("sqlite", 1), ("postgresql", 2)])
def test_gateways_that_run_take_over_what_a_command_sets(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    kind: str,
    gateways: int,
) -> None:
    data = tmp_path / "data"
    if kind == "postgresql":
        monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", request.getfixturevalue("postgres_url"))
    env = {name: value for name, value in os.environ.items() if name == "TOLLHOUSE_DATABASE_URL"}
    with ExitStack() as stack:
        first = stack.enter_context(started(data, env=env))
        running = [first, *(stack.enter_context(started(data, verb="serve", env=env)) for _ in range(gateways - 1))]
        token = first.served["api_key"]

        def statuses() -> list[int]:
            return [gateway.chat(token=token)[0] for gateway in running]

        def until(wanted: int) -> None:
            began_s = time.monotonic()
            while set(statuses()) != {wanted}:
                assert time.monotonic() - began_s < 30
                time.sleep(0.1)

        assert set(statuses()) == {200}
        assert command("config", "set", "guards.input.deny", "hello", "--data", str(data)).status == 0
        assert command("config", "set", "guards.input.mode", "enforce", "--data", str(data)).status == 0
        until(400)
        assert command("config", "unset", "guards.input.mode", "--data", str(data)).status == 0
        until(200)
