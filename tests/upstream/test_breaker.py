"""The breaker: when a way opens, whom it lets through then, and that it forgets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tollhouse.errors import (
    UpstreamAuthFailed,
    UpstreamDown,
    UpstreamError,
    UpstreamIncomplete,
    UpstreamQuota,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
)
from tollhouse.upstream import breaker
from tollhouse.upstream.breaker import LEAST_CALLS, OPEN_LEAST_S, OPEN_MOST_S, PROBE_S, PROBES, Breaker, State, Way

WAY: Way = ("acme", "acme-1", "cred_1")
DOWN = UpstreamDown("down")


@pytest.fixture
def it() -> Breaker:
    return Breaker()


def fail(it: Breaker, times: int, now_s: float = 0.0, chance: float = 0.0, error: UpstreamError = DOWN) -> None:
    for _ in range(times):
        it.failed(WAY, error, now_s, chance)


def opened(it: Breaker, now_s: float = 0.0) -> float:
    """Open the way; gives when it is half-open."""
    fail(it, LEAST_CALLS, now_s)
    assert it.state(WAY, now_s) is State.OPEN
    return now_s + it.wait_s(WAY, now_s)


def test_few_failures_tell_nothing(it: Breaker):
    fail(it, LEAST_CALLS - 1)
    assert (it.state(WAY, 0.0), it.wait_s(WAY, 0.0)) == (State.CLOSED, 0.0)


def test_a_way_opens_when_half_of_its_calls_fail(it: Breaker):
    for _ in range(LEAST_CALLS // 2):
        it.failed(WAY, DOWN, 0.0, 0.0)
        it.worked(WAY, 0.0)
    assert it.state(WAY, 0.0) is State.CLOSED
    it.failed(WAY, DOWN, 0.0, 0.0)
    assert it.state(WAY, 0.0) is State.OPEN


def test_a_way_of_which_a_third_fails_stays_closed(it: Breaker):
    for _ in range(500):
        it.failed(WAY, DOWN, 0.0, 0.0)
        it.worked(WAY, 0.0)
        it.worked(WAY, 0.0)
    assert it.state(WAY, 0.0) is State.CLOSED


def test_failures_of_before_a_quiet_time_do_not_count(it: Breaker):
    fail(it, LEAST_CALLS - 1)
    fail(it, 1, now_s=breaker.QUIET_S + 1)
    assert it.state(WAY, breaker.QUIET_S + 1) is State.CLOSED


@pytest.mark.parametrize(
    "error",
    [
        DOWN,
        UpstreamIncomplete("broke off"),
        UpstreamTimeout("no first byte", may_have_billed=True),
        UpstreamRateLimited("slow down"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_faults_of_the_provider_open(it: Breaker, error: UpstreamError):
    fail(it, LEAST_CALLS, error=error)
    assert it.state(WAY, 0.0) is State.OPEN


@pytest.mark.parametrize(
    "error", [UpstreamRefused("400"), UpstreamAuthFailed("401"), UpstreamQuota("402")], ids=lambda error: error.message
)
def test_what_is_the_callers_or_the_credentials_fault_never_counts(it: Breaker, error: UpstreamError):
    fail(it, 1_000, error=error)
    assert it.circuits == {}


def test_one_way_that_is_open_says_nothing_of_others(it: Breaker):
    opened(it)
    assert it.state(("acme", "acme-1", "cred_2"), 0.0) is State.CLOSED
    assert it.state(("acme", "acme-2", "cred_1"), 0.0) is State.CLOSED


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_it_stays_open_longer_each_time_that_a_probe_fails_within_bounds(it: Breaker, chance: float):
    now_s, waits = 0.0, []
    fail(it, LEAST_CALLS, now_s, chance)
    for _ in range(20):
        waits.append(it.wait_s(WAY, now_s))
        now_s += waits[-1]
        it.enter(WAY, now_s)
        it.failed(WAY, DOWN, now_s, chance)
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(OPEN_LEAST_S * (1 + chance))
    assert waits[-1] == pytest.approx(OPEN_MOST_S)


def test_one_probe_at_a_time_is_let_through_and_some_that_work_close_it(it: Breaker):
    now_s = opened(it)
    for _ in range(PROBES):
        assert it.wait_s(WAY, now_s) == 0
        it.enter(WAY, now_s)
        assert it.state(WAY, now_s) is State.HALF_OPEN
        assert it.wait_s(WAY, now_s) > 0
        it.worked(WAY, now_s)
    assert it.circuits == {}


def test_a_probe_that_is_not_heard_of_does_not_keep_the_way_shut(it: Breaker):
    now_s = opened(it)
    it.enter(WAY, now_s)
    assert it.wait_s(WAY, now_s + PROBE_S) == 0


def test_a_probe_that_tells_nothing_gives_its_place_back(it: Breaker):
    now_s = opened(it)
    for told_nothing in (UpstreamRefused("400"), UpstreamAuthFailed("401")):
        it.enter(WAY, now_s)
        it.failed(WAY, told_nothing, now_s, 0.0)
        assert it.wait_s(WAY, now_s) == 0
    it.enter(WAY, now_s)
    it.told_nothing(WAY, now_s)
    assert it.wait_s(WAY, now_s) == 0


def test_calls_that_began_before_it_opened_change_nothing_when_they_end(it: Breaker):
    until_s = opened(it)
    it.worked(WAY, 1.0)
    it.failed(WAY, DOWN, 1.0, 1.0)
    assert it.wait_s(WAY, 1.0) == pytest.approx(until_s - 1.0)


def test_who_asks_for_a_pause_comes_last_at_once_for_as_long_and_no_longer(it: Breaker):
    it.failed(WAY, UpstreamRateLimited("slow down", retry_after_s=3), 0.0, 1.0)
    assert (it.state(WAY, 0.0), it.is_limited(WAY, 0.0), it.wait_s(WAY, 0.0)) == (State.OPEN, True, 0.0)
    assert (it.state(WAY, 3.0), it.is_limited(WAY, 3.0)) == (State.CLOSED, False)
    it.worked(WAY, 3.0)
    assert it.circuits == {}


def test_nobody_comes_last_for_a_day_because_it_says_so(it: Breaker):
    it.failed(WAY, UpstreamRateLimited("slow down", retry_after_s=86_400), 0.0, 1.0)
    assert it.is_limited(WAY, OPEN_MOST_S - 0.1)
    assert not it.is_limited(WAY, OPEN_MOST_S)


@pytest.mark.parametrize("told_s", [0, -3])
def test_a_pause_of_nothing_is_none(it: Breaker, told_s: int):
    it.failed(WAY, UpstreamRateLimited("slow down", retry_after_s=told_s), 0.0, 1.0)
    assert (it.state(WAY, 0.0), it.is_limited(WAY, 0.0)) == (State.CLOSED, False)


def test_the_refusal_tells_of_the_first_that_may_be_called_again(it: Breaker):
    other: Way = ("other", "m", None)
    opened(it)
    for _ in range(LEAST_CALLS):
        it.failed(other, DOWN, 1.0, 0.0)
    refusal = it.refusal([other, WAY], 1.0)
    assert (type(refusal), refusal.status, refusal.code) == (UpstreamDown, 503, "provider_unavailable")
    assert refusal.retry_after_s == pytest.approx(OPEN_LEAST_S - 1.0)
    assert "acme" in refusal.message
    assert "cred_1" not in refusal.message


def test_no_more_than_so_many_are_remembered(it: Breaker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(breaker, "KEPT_MOST", 10)
    for number in range(100):
        it.failed(("acme", f"made-up-{number}", None), DOWN, 0.0, 0.0)
    assert [way[1] for way in it.circuits] == [f"made-up-{number}" for number in range(90, 100)]


@given(st.lists(st.booleans(), max_size=300))
def test_it_opens_just_when_at_least_half_of_the_last_calls_since_the_first_failure_failed(calls: list[bool]):
    it, window = Breaker(), list[bool]()
    for works in calls:
        if works:
            it.worked(WAY, 0.0)
        else:
            it.failed(WAY, DOWN, 0.0, 0.0)
        if window or not works:
            window = [*window, works][-breaker.WINDOW_CALLS :]
        if all(window):
            window = []
        should_be_open = not works and len(window) >= LEAST_CALLS and window.count(False) * 2 >= len(window)
        assert (it.state(WAY, 0.0) is State.OPEN) is should_be_open
        if should_be_open:
            return
        assert bool(it.circuits) is bool(window)


class Calls(RuleBasedStateMachine):
    """Calls begin and end in any order while time passes; nobody calls while there is something to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.it = Breaker()
        self.now_s = 0.0
        self.under_way = 0

    @rule(seconds=st.floats(0, 30))
    def passes(self, seconds: float) -> None:
        self.now_s += seconds

    @precondition(lambda self: self.it.wait_s(WAY, self.now_s) == 0)
    @rule()
    def begins(self) -> None:
        is_probe = self.it.state(WAY, self.now_s) is State.HALF_OPEN
        self.it.enter(WAY, self.now_s)
        self.under_way += 1
        # No second one comes through the same gap.
        assert not is_probe or self.it.wait_s(WAY, self.now_s) > 0

    @precondition(lambda self: self.under_way)
    @rule(times=st.integers(1, 30))
    def works(self, times: int) -> None:
        for _ in range(min(times, self.under_way)):
            self.under_way -= 1
            self.it.worked(WAY, self.now_s)

    @precondition(lambda self: self.it.wait_s(WAY, self.now_s) == 0)
    @rule(times=st.integers(1, 30), chance=st.floats(0, 1))
    def many_fail(self, times: int, chance: float) -> None:
        for _ in range(times):
            self.it.enter(WAY, self.now_s)
            self.it.failed(WAY, DOWN, self.now_s, chance)

    @precondition(lambda self: self.under_way)
    @rule(chance=st.floats(0, 1), retry_after_s=st.none() | st.floats(-10, 1_000))
    def fails(self, chance: float, retry_after_s: float | None) -> None:
        self.under_way -= 1
        error = DOWN if retry_after_s is None else UpstreamRateLimited("slow down", retry_after_s=retry_after_s)
        self.it.failed(WAY, error, self.now_s, chance)

    @precondition(lambda self: self.under_way)
    @rule()
    def is_refused(self) -> None:
        self.under_way -= 1
        self.it.failed(WAY, UpstreamRefused("400"), self.now_s, 0.0)

    @invariant()
    def nobody_waits_for_longer_than_a_minute(self) -> None:
        assert 0 <= self.it.wait_s(WAY, self.now_s) <= OPEN_MOST_S + 1e-6

    @invariant()
    def who_is_closed_lets_everybody_through_and_who_is_open_nobody(self) -> None:
        state, wait_s = self.it.state(WAY, self.now_s), self.it.wait_s(WAY, self.now_s)
        assert state is not State.CLOSED or wait_s == 0
        assert state is not State.OPEN or wait_s > 0 or self.it.is_limited(WAY, self.now_s)

    @invariant()
    def only_one_is_remembered(self) -> None:
        assert len(self.it.circuits) <= 1


TestCalls = Calls.TestCase
