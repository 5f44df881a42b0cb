"""Limits: in no sixty seconds more than allowed, nothing withheld for longer, and everything given back once."""

from contextlib import suppress
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.errors import Busy, TooLarge
from tollhouse.limits import Admission, Allowance, CallerLimits, Quota, Window

SLOT_S = 60 / 240
# Eighths of a second are exact in binary, so that the laws need no tolerance.
STEPS_S = st.one_of(
    st.sampled_from([0.0, 0.125, SLOT_S, 30.0, 59.875, 60.0, 60.125]),
    st.integers(0, 600).map(lambda eighths: eighths / 8),
)
SCHEDULES = st.lists(st.tuples(STEPS_S, st.integers(1, 5)), max_size=80)


def unlimited_but(**limits: int) -> Allowance:
    return Allowance(**{"requests_per_minute": None, "tokens_per_minute": None, "concurrent": None} | limits)


# --- a window --------------------------------------------------------------------------------------------------------


@given(st.integers(5, 12), SCHEDULES)
def test_no_sixty_seconds_ever_hold_more_than_the_limit(limit: int, schedule):
    counted = _run(Window(limit), schedule)
    for start_s, _ in counted:
        assert sum(amount for at_s, amount in counted if start_s <= at_s < start_s + 60) <= limit


def test_a_request_that_began_earlier_than_the_latest_is_counted_with_it():
    window = Window(5)
    window.count(10.0, 4)
    window.count(9.0, 1)
    assert window.quota(9.0) == Quota(5, 0, 60.0)
    assert window.wait_s(69.9, 5) == pytest.approx(0.1)


def test_what_shares_a_slot_leaves_the_window_with_the_last_of_it():
    window = Window(5)
    window.count(0.0, 1)
    window.count(0.2, 4)
    assert window.wait_s(60.1, 1) == pytest.approx(0.1)
    assert window.wait_s(60.2, 5) == 0


@given(st.integers(5, 12), SCHEDULES)
def test_nothing_is_refused_for_what_is_older_than_a_window_and_a_slot(limit: int, schedule):
    window = Window(limit)
    counted: list[tuple[float, int]] = []
    for now_s, amount in _moments(schedule):
        recent = sum(earlier for at_s, earlier in counted if at_s > now_s - 60 - SLOT_S)
        if window.wait_s(now_s, amount) == 0:
            window.count(now_s, amount)
            counted.append((now_s, amount))
        else:
            assert recent + amount > limit


@given(st.integers(5, 12), SCHEDULES, st.integers(1, 5))
def test_the_wait_is_as_long_as_needed_and_no_longer(limit: int, schedule, amount: int):
    window = Window(limit)
    _run(window, schedule)
    now_s = _moments(schedule)[-1][0] if schedule else 0.0
    wait_s = window.wait_s(now_s, amount)
    assert 0 <= wait_s <= 60
    if wait_s:
        assert window.wait_s(now_s + wait_s - 1 / 8, amount) > 0
        assert window.wait_s(now_s + wait_s, amount) == 0


@given(st.integers(5, 12), SCHEDULES, st.data())
def test_giving_back_never_leaves_more_than_the_limit_nor_less_than_was_used(limit: int, schedule, data):
    window = Window(limit)
    slots = []
    for now_s, amount in _moments(schedule):
        if window.wait_s(now_s, amount) == 0:
            slots.append(window.count(now_s, amount))
        if slots and data.draw(st.booleans()):
            window.give_back(data.draw(st.sampled_from(slots)), data.draw(st.integers(0, 9)))
        assert 0 <= window.used <= limit
        assert window.quota(now_s).remaining == limit - window.used


@given(st.integers(5, 12), SCHEDULES, STEPS_S)
def test_time_alone_only_adds_to_what_remains(limit: int, schedule, later_s: float):
    window = Window(limit)
    _run(window, schedule)
    now_s = _moments(schedule)[-1][0] if schedule else 0.0
    before = window.quota(now_s)
    after = window.quota(now_s + later_s)
    assert after.remaining >= before.remaining
    assert window.quota(now_s + later_s + after.reset_s).remaining == limit


def test_what_has_left_the_window_cannot_be_given_back():
    window = Window(10)
    old = window.count(0.0, 10)
    assert window.wait_s(60.0, 10) == 0
    window.count(60.0, 10)
    window.give_back(old, 10)
    assert window.used == 10


def test_an_amount_over_the_limit_will_never_fit():
    with pytest.raises(ValueError, match="never"):
        Window(10).wait_s(0.0, 11)


def test_a_busy_window_needs_no_more_memory_than_its_slots():
    window = Window(10**9)
    for step in range(200_000):
        window.wait_s(step / 1_000)
        window.count(step / 1_000)
    assert len(window._slots) <= 242
    assert window.used == pytest.approx(60_000, abs=300)


# --- a caller --------------------------------------------------------------------------------------------------------


def test_a_new_user_has_twenty_requests_a_minute_and_the_next_is_refused():
    limits = CallerLimits(Allowance())
    for request in range(20):
        limits.admit(float(request)).finish(float(request), 0)
    with pytest.raises(Busy) as caught:
        limits.admit(20.0)
    assert caught.value.status == 429
    assert caught.value.retry_after_s == 40.0
    assert caught.value.details == {"limit": "requests_per_minute", "allowed": 20}
    assert caught.value.message == "You have reached your limit of 20 requests per minute. Try again in 40 s."
    limits.admit(60.0)


def test_twenty_requests_at_the_end_of_a_minute_leave_none_for_the_start_of_the_next():
    limits = CallerLimits(Allowance())
    for _ in range(20):
        limits.admit(59.9)
    for now_s in (60.0, 61.0, 119.0):
        with pytest.raises(Busy):
            limits.admit(now_s)
    limits.admit(119.9 + SLOT_S)


def test_tokens_are_counted_at_their_most_and_given_back_when_unused():
    limits = CallerLimits(unlimited_but(tokens_per_minute=1_000))
    first = limits.admit(0.0, 800)
    with pytest.raises(Busy, match="1,000 tokens per minute"):
        limits.admit(1.0, 300)
    first.finish(2.0, 100)
    assert _remaining_tokens(limits, 2.0) == 900
    limits.admit(2.0, 900)


def test_tokens_used_beyond_what_was_asked_for_count_too():
    limits = CallerLimits(unlimited_but(tokens_per_minute=1_000))
    limits.admit(0.0, 100).finish(5.0, 1_500)
    assert _remaining_tokens(limits, 5.0) == 0
    with pytest.raises(Busy) as caught:
        limits.admit(6.0, 1)
    assert caught.value.retry_after_s == 59.0


def test_a_request_that_can_never_fit_is_not_told_to_wait():
    limits = CallerLimits(Allowance(tokens_per_minute=1_000))
    with pytest.raises(TooLarge, match="1,001 tokens") as caught:
        limits.admit(0.0, 1_001)
    assert caught.value.retry_after_s is None
    assert limits.active == 0


def test_what_one_limit_refuses_is_not_counted_by_another():
    limits = CallerLimits(Allowance(requests_per_minute=2, tokens_per_minute=10, concurrent=2))
    limits.admit(0.0, 10)
    for _ in range(5):
        with pytest.raises(Busy):
            limits.admit(1.0, 1)
    snapshot = limits.snapshot(1.0)
    assert snapshot.requests is not None
    assert snapshot.requests.remaining == 1
    assert limits.active == 1


def test_the_wait_told_is_the_longest_of_all_limits_that_refuse():
    limits = CallerLimits(Allowance(requests_per_minute=2, tokens_per_minute=10, concurrent=1))
    limits.admit(0.0, 0).finish(0.0, 0)
    limits.admit(30.0, 10)
    with pytest.raises(Busy) as caught:
        limits.admit(40.0, 5)
    assert caught.value.details["limit"] == "tokens_per_minute"
    assert caught.value.retry_after_s == 50.0


def test_requests_at_once_are_limited_until_one_has_finished():
    limits = CallerLimits(unlimited_but(concurrent=3))
    admitted = [limits.admit(0.0) for _ in range(3)]
    with pytest.raises(Busy, match="3 requests at once") as caught:
        limits.admit(0.0)
    assert caught.value.retry_after_s == 1.0
    admitted[1].finish(0.0, 0)
    limits.admit(0.0)


def test_finishing_twice_is_finishing_once():
    limits = CallerLimits(unlimited_but(tokens_per_minute=100, concurrent=5))
    limits.admit(0.0, 50)
    twice = limits.admit(0.0, 50)
    for _ in range(2):
        twice.finish(1.0, 0)
    assert limits.active == 1
    assert _remaining_tokens(limits, 1.0) == 50


def test_a_caller_without_limits_is_always_admitted_and_has_no_quotas():
    limits = CallerLimits(unlimited_but())
    admitted = [limits.admit(0.0, 10**12) for _ in range(1_000)]
    for admission in admitted:
        admission.finish(1.0, 10**12)
    assert limits.snapshot(1.0).requests is None
    assert limits.snapshot(1.0).tokens is None
    assert limits.active == 0


def test_other_limits_apply_at_once_and_what_was_used_still_counts():
    limits = CallerLimits(Allowance(requests_per_minute=20))
    for _ in range(10):
        limits.admit(0.0)
    limits.change(Allowance(requests_per_minute=5, tokens_per_minute=100))
    with pytest.raises(Busy):
        limits.admit(1.0)
    limits.change(Allowance(requests_per_minute=11))
    limits.admit(2.0)
    with pytest.raises(Busy):
        limits.admit(2.0)


def test_a_request_admitted_before_a_change_finishes_after_it():
    limits = CallerLimits(Allowance(tokens_per_minute=100))
    before = limits.admit(0.0, 60)
    limits.change(unlimited_but())
    before.finish(1.0, 10)
    assert limits.active == 0


@pytest.mark.parametrize("limit", ["requests_per_minute", "tokens_per_minute", "concurrent"])
def test_a_limit_below_one_is_refused(limit: str):
    with pytest.raises(ValueError, match="at least 1"):
        Allowance(**{limit: 0})


@given(
    st.integers(1, 6),
    st.integers(10, 40),
    st.integers(1, 4),
    st.lists(st.tuples(STEPS_S, st.integers(0, 10), st.integers(0, 10), st.booleans()), max_size=60),
)
def test_every_limit_holds_at_once_and_all_is_free_again_in_the_end(requests, tokens, concurrent, schedule):
    limits = CallerLimits(Allowance(requests_per_minute=requests, tokens_per_minute=tokens, concurrent=concurrent))
    open_: list[tuple[Admission, int]] = []
    now_s = 0.0
    for step_s, asked, used, ends_one in schedule:
        now_s += step_s
        if ends_one and open_:
            admission, most = open_.pop(0)
            admission.finish(now_s, min(used, most))
        with suppress(Busy):
            open_.append((limits.admit(now_s, asked), asked))
        assert limits.active == len(open_) <= concurrent
        snapshot = limits.snapshot(now_s)
        assert snapshot.requests is not None
        assert snapshot.tokens is not None
        assert 0 <= snapshot.requests.remaining <= requests
        assert 0 <= snapshot.tokens.remaining <= tokens
    for admission, most in open_:
        admission.finish(now_s, most)
    end = limits.snapshot(now_s + 60)
    assert (limits.active, end.requests.remaining, end.tokens.remaining) == (0, requests, tokens)


def _moments(schedule) -> list[tuple[float, int]]:
    """Steps and amounts as moments and amounts."""
    return list(zip(accumulate(step_s for step_s, _ in schedule), (amount for _, amount in schedule), strict=True))


def _run(window: Window, schedule) -> list[tuple[float, int]]:
    counted = []
    for now_s, amount in _moments(schedule):
        if window.wait_s(now_s, amount) == 0:
            window.count(now_s, amount)
            counted.append((now_s, amount))
    return counted


def _remaining_tokens(limits: CallerLimits, now_s: float) -> int:
    tokens = limits.snapshot(now_s).tokens
    assert tokens is not None
    return tokens.remaining
