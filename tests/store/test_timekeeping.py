"""Whose clock counts: the database's where it has one, and what it has seen where it has none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from books import Books
from houses import make_person, opened
from tollhouse.admin import budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.clock import SteadyClock
from tollhouse.store.engine import Store
from tollhouse.store.timekeeping import find_time, keep_time
from tollhouse.testing import ManualClock

DAYS = timedelta(days=3)


def wrong_by(days: timedelta) -> ManualClock:
    return ManualClock(datetime.now(UTC) + days)


@pytest.mark.parametrize("wrong", [DAYS, -DAYS])
async def test_on_postgresql_a_gateway_whose_clock_is_wrong_counts_by_the_databases_day(
    tmp_path: Path, postgres_url: str, wrong: timedelta
):
    before = datetime.now(UTC)
    async with opened(tmp_path, database_url=postgres_url, clock=SteadyClock(wrong_by(wrong))) as house:
        person = await make_person(house)
        owner = {"owner_kind": "user", "owner_id": person.id, "unit": "usd", "window": "day"}
        view = await budgets.set_budget(house.desk, COMMAND_LINE, limit="1", **owner)
        assert view.period in {f"{before:%Y-%m-%d}", f"{datetime.now(UTC):%Y-%m-%d}"}
        assert abs(house.clock.now() - datetime.now(UTC)) < timedelta(minutes=5)


async def test_on_sqlite_a_restart_does_not_fall_behind_what_was_written(tmp_path: Path, store: Store):
    if store.dialect != "sqlite":
        pytest.skip("PostgreSQL has a clock")
    system = ManualClock(datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC))
    books = Books(store, system)
    await books.budget(100)
    await books.hold(1)
    system.set(system.now() - timedelta(seconds=4))
    again = SteadyClock(system)
    with capture_logs() as logs:
        await find_time(store, again)
    assert again.now() == datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC)
    assert [(line["event"], line["seconds"]) for line in logs] == [("clock.stepped", -4.0)]


async def test_a_step_is_told_to_whoever_reads_the_log(store: Store):
    system = ManualClock(datetime.now(UTC))
    clock = SteadyClock(system)
    await find_time(store, clock)
    system.set(system.now() + DAYS)
    with capture_logs() as logs:
        await keep_time(store, clock)
        await keep_time(store, clock)
    steps = [line["seconds"] for line in logs if line["event"] == "clock.stepped"]
    assert steps == ([DAYS.total_seconds()] if store.dialect == "sqlite" else [])
