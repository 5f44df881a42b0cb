"""A manual clock moves when told, and at no other time."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tollhouse.clock import Clock
from tollhouse.testing.clock import ManualClock

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def test_stands_still_until_advanced():
    clock = ManualClock(NEW_YEAR)
    assert (clock.now(), clock.monotonic()) == (NEW_YEAR, 0)
    clock.advance(days=1, hours=1, minutes=1, seconds=0.5)
    assert clock.now() == datetime(2026, 1, 2, 1, 1, 0, 500_000, tzinfo=UTC)
    assert clock.monotonic() == 90_060.5
    assert clock.time_ns() == int(clock.now().timestamp() * 1000) * 1_000_000


def test_a_jump_of_the_wall_clock_is_no_passing_of_time():
    clock = ManualClock(NEW_YEAR)
    clock.advance(seconds=10)
    clock.set(NEW_YEAR - timedelta(days=1))
    assert clock.now() == datetime(2025, 12, 31, tzinfo=UTC)
    assert clock.monotonic() == 10


def test_shows_utc_whatever_zone_it_was_set_in():
    clock = ManualClock(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now() == NEW_YEAR
    assert clock.now().tzinfo is UTC


def test_refuses_a_moment_without_a_zone_and_time_that_runs_back():
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="backwards"):
        ManualClock().advance(seconds=-1)


async def test_sleepers_wake_in_the_order_of_their_alarms():
    clock = ManualClock()
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, seconds in [("late", 3), ("early", 1), ("twin", 3), ("later", 4)]:
            tasks.create_task(sleep(name, seconds))
        await asyncio.sleep(0)
        assert clock.sleepers == 4
        clock.advance(seconds=0.999)
        await asyncio.sleep(0)
        assert woken == []
        clock.advance(seconds=2.001)
        await asyncio.sleep(0)
        assert woken == ["early", "late", "twin"]
        clock.advance(seconds=1)
    assert woken[-1] == "later"


async def test_a_cancelled_sleeper_is_forgotten():
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert clock.sleepers == 0
    clock.advance(seconds=10)


async def test_sleeping_for_nothing_only_yields():
    await ManualClock().sleep(0)


def test_the_real_clock_agrees_with_itself():
    clock = Clock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now().timestamp() - clock.time_ns() / 1e9) < 5
    assert clock.monotonic() <= clock.monotonic()
