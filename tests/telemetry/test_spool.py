"""The way to a collector: nobody waits for it, whatever it does."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from finished_rows import finished_row
from tollhouse.store.requests import Finished
from tollhouse.telemetry import Journey, Tried, configure_logs
from tollhouse.telemetry.spool import AT_ONCE_MOST, Spool
from tollhouse.telemetry.traces import SETTLED, Trace

TRIED = Tried(
    number=1,
    provider="acme",
    model="acme-1",
    outcome="succeeded",
    provider_status=None,
    began_us=1,
    first_us=2,
    ended_us=3,
)


class Way:
    """Takes what it is sent, or fails as `answers` says; while `is_open` is cleared, it takes its time."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[Trace] = []
        self.sizes: list[int] = []
        self.is_taking = threading.Event()
        self.is_open = threading.Event()
        self.is_open.set()

    def send(self, traces: Sequence[Trace]) -> str | None:
        self.is_taking.set()
        self.is_open.wait()
        self.sizes.append(len(traces))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            self.sent.extend(traces)
        return answer

    def close(self) -> None:
        self.is_open.set()


class Slow(Way):
    """Takes each message, after so many seconds."""

    def __init__(self, after_s: float) -> None:
        super().__init__()
        self.after_s = after_s

    def send(self, traces: Sequence[Trace]) -> str | None:
        time.sleep(self.after_s)
        return super().send(traces)


@pytest.fixture
def lines() -> Callable[[], list[dict[str, Any]]]:
    """What is logged, so far."""
    stream = io.StringIO()
    configure_logs(stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def spool_to(way: Way, **options: Any) -> Spool:
    return Spool(way, SETTLED, **{"gathering_s": 0.0, **options})


def row(number: int = 0) -> Finished:
    """A request with one attempt, and so with two spans."""
    made = finished_row()
    return Finished(
        replace(made.skeleton, id=f"req_{number}"), made.ending, Journey(traceparent=None, attempts=(TRIED,))
    )


def test_everything_put_is_sent_in_order_and_in_messages_of_bounded_size():
    way = Way()
    spool = spool_to(way)
    spool.put([row(number) for number in range(3 * AT_ONCE_MOST + 1)])
    spool.close()
    sent = [trace.server.attributes["tollhouse.request.id"] for trace in way.sent]
    assert sent == [f"req_{number}" for number in range(3 * AT_ONCE_MOST + 1)]
    assert max(way.sizes) == AT_ONCE_MOST
    assert spool.dropped == 0


def test_what_does_not_fit_is_dropped_and_counted_while_the_collector_is_slow(lines: Callable[[], Any]):
    way = Way()
    way.is_open.clear()
    spool = spool_to(way, waiting_most=10)
    spool.put([row()])
    way.is_taking.wait()
    spool.put([row(number) for number in range(12)])
    assert spool.dropped == 4
    way.is_open.set()
    spool.close()
    assert len(way.sent) == 11
    (line,) = lines()
    assert (line["event"], line["level"], line["dropped"]) == ("spans.dropped", "warning", 4)
    assert "slow" in line["error"]


def test_what_a_collector_does_not_take_is_dropped_and_counted(lines: Callable[[], Any]):
    way = Way("HTTP 503")
    spool = spool_to(way)
    spool.put([row()])
    spool.close()
    assert way.sent == []
    assert spool.dropped == 2
    (line,) = lines()
    assert (line["dropped"], line["error"]) == (2, "HTTP 503")


def test_the_log_says_so_once_a_minute_with_all_since_then(lines: Callable[[], Any]):
    now_s = 1_000.0
    way = Way(*["ConnectionError"] * 4)
    spool = spool_to(way, clock=lambda: now_s)
    for moment_s in (1_000.0, 1_001.0, 1_059.0, 1_060.0):
        now_s = moment_s
        sizes = len(way.sizes)
        spool.put([row()])
        while len(way.sizes) == sizes or spool.dropped < 2 * len(way.sizes):
            time.sleep(0.001)
    spool.close()
    assert [line["dropped"] for line in lines()] == [2, 6]


def test_a_fault_of_ours_is_told_and_the_next_are_sent(lines: Callable[[], Any]):
    way = Way(RuntimeError("a fault"))
    spool = spool_to(way)
    spool.put([row(number) for number in range(AT_ONCE_MOST + 1)])
    spool.close()
    assert len(way.sent) == 1
    assert spool.dropped == 2 * AT_ONCE_MOST
    (line,) = lines()
    assert line["error"] == "RuntimeError"
    assert "a fault" in line["exception"]


def test_the_end_waits_for_a_collector_no_longer_than_it_is_told_to(lines: Callable[[], Any]):
    way = Way()
    way.is_open.clear()
    spool = spool_to(way)
    spool.put([row(number) for number in range(AT_ONCE_MOST + 3)])
    way.is_taking.wait()
    began_s = time.monotonic()
    spool.close(flush_s=0.1)
    assert time.monotonic() - began_s < 5
    assert [line["dropped"] for line in lines()] == [2 * (AT_ONCE_MOST + 3)]


def test_the_end_does_not_wait_long_for_a_collector_that_takes_nothing(lines: Callable[[], Any]):
    way = Way(*["ConnectionError"] * 3)
    way.is_open.clear()
    spool = spool_to(way)
    spool.put([row(number) for number in range(AT_ONCE_MOST + 3)])
    way.is_taking.wait()
    began_s = time.monotonic()
    spool.close(flush_s=30.0, patience_s=0.1)
    assert time.monotonic() - began_s < 5
    while spool.dropped < 2 * (AT_ONCE_MOST + 3):
        time.sleep(0.001)
    assert [line["dropped"] for line in lines()] == [2 * (AT_ONCE_MOST + 3)]


def test_the_end_waits_for_a_collector_that_is_slow_and_takes_it_all():
    way = Slow(0.02)
    spool = spool_to(way)
    spool.put([row(number) for number in range(10 * AT_ONCE_MOST)])
    spool.close(flush_s=30.0, patience_s=0.1)
    assert len(way.sent) == 10 * AT_ONCE_MOST
    assert spool.dropped == 0
