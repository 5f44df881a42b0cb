"""SIGTERM: readiness first, answers under way last, and an exit status that says all was well."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from http.client import RemoteDisconnected
from pathlib import Path

import pytest

from command_line import Ended, Gateway, ask, started

SLOW = "demo/slow"
"""Streams for about four seconds."""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of its own: these tests end it."""
    with started(tmp_path / "data") as running:
        yield running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_gateway_ends_at_once_with_0(gateway: Gateway, number: int):
    gateway.stop(number)
    assert gateway.wait() == 0
    events = [json.loads(line)["event"] for line in gateway.log().splitlines()]
    assert [event for event in events if event.startswith("server.")] == [
        "server.started",
        "server.draining",
        "server.stopped",
    ]


def test_a_stream_under_way_ends_as_it_should_while_probes_and_new_work_hear_503(
    gateway: Gateway, command: Callable[..., Ended]
):
    with gateway.connected() as connection:
        stream = ask(connection, gateway.served["api_key"], SLOW, stream=True)
        stream.readline()
        gateway.stop()
        until(lambda: is_draining(gateway))
        assert gateway.get("/health/live")[0] == 200
        assert gateway.chat()[0] == 503
        assert stream.read().endswith(b"data: [DONE]\n\n")
    assert gateway.wait() == 0
    assert_books_are_right(gateway, command, outcome="succeeded")


def test_a_second_signal_ends_the_waiting(gateway: Gateway, command: Callable[..., Ended]):
    with gateway.connected() as connection:
        stream = ask(connection, gateway.served["api_key"], SLOW, stream=True)
        stream.readline()
        gateway.stop()
        until(lambda: is_draining(gateway))
        gateway.stop()
        assert "shutting down" in last_event(stream.read())["error"]["message"]
    assert gateway.wait() == 0
    assert_books_are_right(gateway, command)


@pytest.mark.parametrize("is_streaming", [False, True])
def test_a_second_signal_ends_the_waiting_for_what_is_done_in_the_background_too(
    gateway: Gateway, command: Callable[..., Ended], is_streaming: bool
):
    run = begin_run(gateway)
    with gateway.connected() as connection:
        if is_streaming:
            ask(connection, gateway.served["api_key"], SLOW, stream=True).readline()
        gateway.stop()
        until(lambda: is_draining(gateway))
        gateway.stop()
        assert gateway.wait() == 0
    (left,) = command("jobs", "list", "--data", gateway.served["data"], "--json").json["data"]
    assert left["id"] == run
    assert left["status"] != "succeeded"


def test_what_outlasts_the_drain_hears_so_in_its_own_dialect(tmp_path: Path, command: Callable[..., Ended]):
    with (
        started(tmp_path / "data", env={"TOLLHOUSE_DRAIN_SECONDS": "0.2"}) as gateway,
        gateway.connected() as connection,
    ):
        stream = ask(connection, gateway.served["api_key"], SLOW, stream=True)
        stream.readline()
        gateway.stop()
        assert last_event(stream.read())["error"]["code"] == "service_unavailable"
        assert gateway.wait() == 0
    assert_books_are_right(gateway, command)


def test_what_a_killed_gateway_left_is_charged_until_an_operator_releases_it(
    gateway: Gateway, command: Callable[..., Ended]
):
    data = gateway.served["data"]
    with gateway.connected() as connection:
        ask(connection, gateway.served["api_key"], SLOW, stream=True).readline()
        gateway.process.kill()
        gateway.wait()
    assert command("verify", "--data", data).status == 0
    with started(Path(data)) as again:
        [hold] = command("budgets", "release", "--data", data, "--json").json["data"]
        assert command("doctor", "--data", data).out.count("warning  holds: 1 are unconfirmed") == 1
        assert command("budgets", "release", hold["id"], "--data", data).status == 0
        again.stop()
        assert again.wait() == 0
    assert_books_are_right(gateway, command, outcome="gateway_stopped")


def begin_run(gateway: Gateway) -> str:
    """A turn in the background, which is under way; gives its run."""
    conversation = json.loads(gateway.call("POST", "/api/conversations", {"model": SLOW}))["id"]
    body = {"message": "Hello", "background": True}
    run = json.loads(gateway.call("POST", f"/api/conversations/{conversation}/messages", body))["run"]
    until(lambda: json.loads(gateway.call("GET", f"/api/runs/{run}"))["status"] == "running")
    return str(run)


def assert_books_are_right(gateway: Gateway, command: Callable[..., Ended], outcome: str | None = None) -> None:
    data = gateway.served["data"]
    row = command("requests", "list", "--data", data, "--json").json["data"][0]
    assert row["asked_model"] == SLOW
    assert outcome in (None, row["outcome"])
    assert command("verify", "--data", data).status == 0


def last_event(stream: bytes) -> dict[str, dict[str, str]]:
    events = [line.removeprefix(b"data: ") for line in stream.splitlines() if line.startswith(b"data: ")]
    return dict(json.loads(events[-1]))


def is_draining(gateway: Gateway) -> bool:
    """Whether probes hear so; one that connects in the moment of the signal hears nothing, and asks again."""
    try:
        return gateway.get("/health/ready")[0] == 503
    except RemoteDisconnected:
        return False


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
