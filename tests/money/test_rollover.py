"""A hold across the end of a day or a month settles where it was held, wherever the calendar is strange."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from books import Books
from tollhouse.errors import BudgetExhausted
from tollhouse.money.budgets import Balance, Window
from tollhouse.store.opening import open_store
from tollhouse.testing import ManualClock

TICK = timedelta(microseconds=1)

EDGES: list[tuple[str, Window, str]] = [
    ("UTC", "day", "2026-11-23T00:00:00Z"),
    ("UTC", "month", "2027-01-01T00:00:00Z"),
    ("UTC", "day", "2028-02-29T00:00:00Z"),
    ("UTC", "month", "2028-03-01T00:00:00Z"),
    # Berlin's days of 23 and 25 hours begin at an hour that others do not share; Cairo's has no midnight.
    ("Europe/Berlin", "day", "2026-03-29T22:00:00Z"),
    ("Europe/Berlin", "day", "2026-10-25T23:00:00Z"),
    ("Africa/Cairo", "day", "2026-04-23T22:00:00Z"),
    ("America/Los_Angeles", "month", "2026-12-01T08:00:00Z"),
    ("Pacific/Kiritimati", "day", "2026-06-01T10:00:00Z"),
    # Three quarters of an hour; half an hour, and summer besides; a summer of half an hour.
    ("Asia/Kathmandu", "month", "2026-11-30T18:15:00Z"),
    ("Australia/Adelaide", "day", "2026-10-04T13:30:00Z"),
    ("Australia/Lord_Howe", "day", "2026-04-05T13:30:00Z"),
]


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    it = Books(await open_store(database_url=database_url, may_migrate=True))
    await it.begin_process()
    yield it
    await it.store.aclose()


async def test_a_hold_settles_in_the_period_in_which_it_was_held(books: Books):
    for number, (zone, window, edge) in enumerate(EDGES):
        await cross(books, f"usr_{number}", zone, window, datetime.fromisoformat(edge).astimezone(UTC))
    assert await books.differences() == []


async def cross(books: Books, owner: str, zone: str, window: Window, edge: datetime) -> None:
    """Fill the old period to its last microsecond, use the new one from its first, and end both beyond the edge."""
    assert isinstance(books.clock, ManualClock)
    before = edge - TICK
    books.clock.set(before)
    budget = await books.budget(1_000, owner=owner, window=window, time_zone=zone)
    total = await books.budget(5_000, owner=owner, window="total", time_zone=zone)
    settled, lost = await books.hold(600, owner=owner), await books.hold(400, owner=owner)
    with pytest.raises(BudgetExhausted) as refused:
        await books.hold(1, owner=owner)
    assert refused.value.details["resets_at"] == edge.strftime("%Y-%m-%dT%H:%M:%SZ")
    books.clock.set(edge)
    anew = await books.hold(1_000, owner=owner)
    assert await books.balance(budget, before) == Balance(open=1_000)
    await books.end(settled, "settle", usd=7)
    await books.end(lost, "expire")
    assert await books.balance(budget, before) == Balance(posted=7, unconfirmed=400)
    assert await books.balance(budget) == Balance(open=1_000)
    # A clock that is set back finds the old period as it was left.
    books.clock.set(before)
    assert (await books.hold(593, owner=owner)).remaining_usd == 0
    await books.end(lost, "settle", usd=1)
    await books.end(anew, "void")
    assert await books.balance(budget, before) == Balance(posted=8, open=593)
    assert await books.balance(budget, edge) == Balance()
    assert await books.balance(total) == Balance(posted=8, open=593)
