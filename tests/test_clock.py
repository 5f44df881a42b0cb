"""A clock that several processes agree on, whatever happens to their machines' clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.clock import STAND_STILL_NS, SteadyClock
from tollhouse.testing import ManualClock

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
LITTLE = timedelta(minutes=3)


def follow(clock: SteadyClock, told: datetime, *, within_s: float = 0.0) -> float:
    now_s = clock.monotonic()
    return clock.follow(told, asked_s=now_s - within_s, heard_s=now_s + within_s)


def test_it_is_the_systems_clock_as_long_as_that_goes_on():
    system = ManualClock(MIDNIGHT)
    clock = SteadyClock(system)
    system.advance(hours=1)
    assert clock.now() == system.now() == MIDNIGHT + timedelta(hours=1)
    assert (clock.time_ns(), clock.monotonic(), clock.step()) == (system.time_ns(), 3600.0, 0.0)


def test_a_small_correction_does_not_bring_yesterday_back():
    system = ManualClock(MIDNIGHT)
    clock = SteadyClock(system)
    clock.now()
    system.set(MIDNIGHT - LITTLE)
    assert clock.now() == MIDNIGHT
    system.advance(minutes=2)
    assert clock.now() == MIDNIGHT
    system.advance(minutes=2)
    assert clock.now() == MIDNIGHT + timedelta(minutes=1)


def test_a_year_ahead_for_a_moment_does_not_stop_the_calendar():
    system = ManualClock(MIDNIGHT)
    clock = SteadyClock(system)
    system.set(MIDNIGHT + timedelta(days=365))
    clock.now()
    system.set(MIDNIGHT)
    assert clock.now() == MIDNIGHT


@pytest.mark.parametrize("wrong", [timedelta(days=-3), timedelta(0), timedelta(seconds=30), timedelta(days=3)])
def test_it_follows_a_clock_that_it_was_told(wrong: timedelta):
    clock = SteadyClock(ManualClock(MIDNIGHT + wrong))
    assert follow(clock, MIDNIGHT) == -wrong.total_seconds()
    assert clock.now() == MIDNIGHT
    assert follow(clock, MIDNIGHT) == 0.0


def test_a_clock_that_was_a_little_ahead_of_the_one_it_follows_stands_still_until_then():
    system = ManualClock(MIDNIGHT + LITTLE)
    clock = SteadyClock(system)
    clock.now()
    assert [follow(clock, MIDNIGHT), follow(clock, MIDNIGHT)] == [-LITTLE.total_seconds(), 0.0]
    assert clock.now() == MIDNIGHT + LITTLE
    system.advance(minutes=4)
    assert clock.now() == MIDNIGHT + timedelta(minutes=4)


def test_nobody_who_sets_the_machines_clock_changes_the_day():
    system = ManualClock(MIDNIGHT)
    clock = SteadyClock(system)
    follow(clock, MIDNIGHT)
    system.set(MIDNIGHT + timedelta(days=40))
    system.advance(seconds=5)
    assert clock.now() == MIDNIGHT + timedelta(seconds=5)


def test_an_answer_that_took_long_proves_nothing_within_that_time():
    clock = SteadyClock(ManualClock(MIDNIGHT))
    assert follow(clock, MIDNIGHT + timedelta(seconds=2), within_s=3) == 0.0
    assert clock.now() == MIDNIGHT
    assert follow(clock, MIDNIGHT + timedelta(seconds=9), within_s=3) == 9.0


def test_what_somebody_has_seen_has_been():
    clock = SteadyClock(ManualClock(MIDNIGHT))
    assert clock.not_before(MIDNIGHT - LITTLE) == 0.0
    assert clock.not_before(MIDNIGHT + LITTLE) == LITTLE.total_seconds()
    assert clock.now() == MIDNIGHT + LITTLE
    far = SteadyClock(ManualClock(MIDNIGHT))
    assert far.not_before(MIDNIGHT + timedelta(days=1)) == 86_400.0
    assert far.now() == MIDNIGHT


def test_a_step_is_told_once():
    system = ManualClock(MIDNIGHT)
    clock = SteadyClock(system)
    system.set(MIDNIGHT + timedelta(hours=8))
    assert [clock.step(), clock.step()] == [8 * 3600.0, 0.0]


@given(st.lists(st.integers(-(10**6), 10**6), max_size=20))
def test_time_goes_back_only_by_more_than_it_would_stand_still(jumps_s: list[int]):
    system = ManualClock(MIDNIGHT)
    clock = SteadyClock(system)
    before = clock.time_ns()
    for jump_s in jumps_s:
        system.set(system.now() + timedelta(seconds=jump_s))
        now = clock.time_ns()
        assert now >= before or before - now > STAND_STILL_NS
        before = now
