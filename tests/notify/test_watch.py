"""What is worth telling is noted once: whoever looks, however often, whatever died in between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, update

from books import NOON, Books
from tollhouse import ids
from tollhouse.held import Held
from tollhouse.money.budgets import Budget, bucket_id
from tollhouse.notify.watch import Watch, has_reached, rearm_above
from tollhouse.store import alerts as sql
from tollhouse.store.engine import Store
from tollhouse.store.opening import open_store
from tollhouse.store.paging import Page
from tollhouse.store.tables import credential, user, workspace
from tollhouse.testing import ManualClock

USUAL = [0.5, 0.8, 1.0]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def books(store: Store, clock: ManualClock) -> Books:
    return Books(store, clock)


def watch_of(books: Books, store: Store | None = None, **options: Any) -> Watch:
    told: dict[str, Any] = {"channels": (), "credential_days": 90, "on_raised": lambda: None} | options
    held = {name: Held(told.pop(name)) for name in ("channels", "credential_days")}
    return Watch(store or books.store, books.clock, **held, **told)


async def budget_of(books: Books, limit: int = 100, alert_at: list[float] | None = None, **values: Any) -> Budget:
    budget = await books.budget(limit, **values)
    await books.change(budget, alert_at=USUAL if alert_at is None else alert_at)
    return budget


async def spend(books: Books, amount: int) -> None:
    await books.end(await books.hold(amount), "settle", usd=amount)


async def told(store: Store) -> list[tuple[str, float]]:
    """Period and threshold of every alert about budgets, in the order in which they were raised."""
    rows = await store.read(lambda tx: sql.alerts(tx, Page(descending=False), type_="budget.threshold"))
    return [(row["facts"]["period"], row["threshold"]) for row in rows]


async def test_each_threshold_is_noted_once_when_it_is_reached_and_not_before(books: Books) -> None:
    await budget_of(books)
    watch = watch_of(books)
    seen = []
    for amount in (49, 1, 29, 1, 19, 1):
        await spend(books, amount)
        await watch.look()
        await watch.look()
        seen.append([threshold for _, threshold in await told(books.store)])
    assert seen == [[], [0.5], [0.5], [0.5, 0.8], [0.5, 0.8], [0.5, 0.8, 1.0]]


async def test_several_thresholds_that_are_passed_at_once_are_all_noted(books: Books) -> None:
    await budget_of(books)
    await spend(books, 85)
    assert await watch_of(books).look() == 2
    assert await told(books.store) == [("total", 0.5), ("total", 0.8)]


async def test_an_alert_says_whose_budget_it_is_and_how_much_was_spent(books: Books) -> None:
    await add_user(books.store)
    budget = await budget_of(books, 20_000_000_000, [0.8], window="month", owner="usr_1")
    await spend(books, 17_500_000_000)
    await watch_of(books).look()
    ((row),) = await books.store.read(lambda tx: sql.alerts(tx, Page()))
    assert row["subject"] == bucket_id(budget, NOON)
    assert row["facts"] == {
        "budget": budget.id,
        "owner": "usr_1",
        "owner_name": "Ada",
        "model": None,
        "unit": "usd",
        "window": "month",
        "period": "2026-01",
        "threshold": 0.8,
        "spent": "17.5",
        "limit": "20",
    }


async def test_a_strict_budget_that_is_charged_more_than_was_set_aside_is_told_of_once_a_period(
    books: Books, clock: ManualClock
) -> None:
    budget = await budget_of(books, 1_000, [], window="day")
    await budget_of(books, 1_000, [], mode="estimate")
    watch = watch_of(books)
    for actual in (10, 13, 12):
        await books.end(await books.hold(10), "settle", usd=actual)
        await watch.look()
    (row,) = await books.store.read(lambda tx: sql.alerts(tx, Page()))
    assert (row["type"], row["subject"]) == ("budget.overage", bucket_id(budget, NOON))
    assert row["facts"]["overage"] == "0.000000003"
    clock.advance(days=1)
    await books.end(await books.hold(10), "settle", usd=11)
    assert await watch.look() == 1


async def test_what_is_only_set_aside_does_not_count_and_what_may_have_been_billed_does(books: Books) -> None:
    await budget_of(books)
    held = await books.hold(60)
    watch = watch_of(books)
    assert await watch.look() == 0
    await books.end(held, "expire")
    assert await watch.look() == 1


async def test_processes_that_look_at_the_same_moment_note_it_once_together(books: Books, database_url: str) -> None:
    await budget_of(books)
    stores = [await open_store(database_url=database_url, may_migrate=False) for _ in range(3)]
    try:
        for amount in (55, 30, 15):
            await spend(books, amount)
            raised = await asyncio.gather(*(watch_of(books, store).look() for store in stores for _ in range(2)))
            assert sum(raised) == 1
    finally:
        for store in stores:
            await store.aclose()
    assert [threshold for _, threshold in await told(books.store)] == USUAL


async def test_much_news_at_once_is_noted_in_several_transactions(books: Books) -> None:
    for number in range(50):
        await budget_of(books, alert_at=[1.0], window="month" if number % 2 else "day", model=f"acme/{number}")
    models = frozenset(f"acme/{number}" for number in range(50))
    await books.end(await books.hold(100, models=models), "settle", usd=100)
    watch = watch_of(books)
    assert [await watch.look() for _ in range(2)] == [50, 0]


async def test_what_crossed_in_a_process_that_died_is_noted_by_the_next_one(books: Books, clock: ManualClock) -> None:
    await budget_of(books, window="day")
    await spend(books, 80)
    clock.advance(days=2)
    assert await watch_of(books).look() == 2
    assert await told(books.store) == [("2026-01-15", 0.5), ("2026-01-15", 0.8)]


async def test_what_is_older_than_three_days_is_no_news(books: Books, clock: ManualClock) -> None:
    await budget_of(books, window="day")
    await spend(books, 80)
    clock.advance(days=5)
    assert await watch_of(books).look() == 0


async def test_what_is_settled_a_little_after_midnight_counts_for_the_day_of_its_hold(
    books: Books, clock: ManualClock
) -> None:
    await budget_of(books, window="day")
    clock.set(datetime(2026, 1, 15, 23, 59, tzinfo=UTC))
    watch = watch_of(books)
    held = await books.hold(90)
    await watch.look()
    clock.advance(minutes=2)
    await watch.look()
    await books.end(held, "settle", usd=90)
    assert await watch.look() == 2
    assert {period for period, _ in await told(books.store)} == {"2026-01-15"}


async def test_a_new_period_is_told_of_anew_by_the_calendar_of_its_time_zone(books: Books, clock: ManualClock) -> None:
    await budget_of(books, alert_at=[1.0], window="day", time_zone="Pacific/Auckland")
    watch = watch_of(books)
    for _ in range(2):
        await spend(books, 100)
        await watch.look()
        clock.advance(days=1)
    assert await told(books.store) == [("2026-01-16", 1.0), ("2026-01-17", 1.0)]


async def test_budgets_that_were_lifted_or_want_no_alerts_are_not_told_of(books: Books) -> None:
    lifted = await budget_of(books)
    await budget_of(books, alert_at=[], unit="requests", window="month")
    await spend(books, 100)
    await books.change(lifted, removed_at=NOON)
    assert await watch_of(books).look() == 0


async def test_a_raised_limit_lets_only_thresholds_above_the_new_share_be_told_again(books: Books) -> None:
    budget = await budget_of(books)
    watch = watch_of(books)
    await spend(books, 100)
    assert await watch.look() == 3
    await books.change(budget, amount=160)
    bucket = bucket_id(budget, NOON)
    await books.store.write(lambda tx: rearm_above(tx, bucket, limit=160, taken=100, now=NOON))
    assert await watch.look() == 0
    await spend(books, 60)
    assert await watch.look() == 2
    assert [threshold for _, threshold in await told(books.store)] == [0.5, 0.8, 1.0, 0.8, 1.0]


@pytest.mark.parametrize(
    ("taken", "limit", "threshold", "expected"),
    [
        (7, 100, 0.07, True),
        (6, 100, 0.07, False),
        (9_223_372_036_854_775_806, 9_223_372_036_854_775_807, 1.0, False),
        (9_223_372_036_854_775_807, 9_223_372_036_854_775_807, 1.0, True),
        (1, 3, 0.3333333333333333, True),
    ],
)
def test_thresholds_are_compared_exactly(taken: int, limit: int, threshold: float, expected: bool) -> None:
    assert has_reached(taken, limit, threshold) is expected


# --- credentials -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def key(store: Store, clock: ManualClock) -> str:
    """A user's credential, entered now."""
    await add_user(store)
    row = {
        "id": ids.new("cred"),
        "user_id": "usr_1",
        "provider": "openai",
        "role": "primary",
        "active": True,
        "origin": "https://api.openai.com:443",
        "fields": {},
        "last4": "1234",
        "fingerprint": "f",
        "created_at": clock.now(),
    }
    await store.write(lambda tx: tx.execute(insert(credential).values(**row)))
    return str(row["id"])


async def add_user(store: Store) -> None:
    person = {"id": "usr_1", "workspace_id": "ws_1", "name": "Ada", "time_zone": "UTC", "created_at": NOON}

    def work(tx: Any) -> None:
        tx.execute(insert(workspace).values(id="ws_1", name="default", created_at=NOON))
        tx.execute(insert(user).values(**person))

    await store.write(work)


async def change(store: Store, key: str, **values: Any) -> None:
    await store.write(lambda tx: tx.execute(update(credential).where(credential.c.id == key).values(**values)))


async def types(store: Store) -> list[str]:
    return [row["type"] for row in await store.read(lambda tx: sql.alerts(tx, Page(descending=False)))]


async def test_a_credential_over_ninety_days_old_is_told_of_once(books: Books, clock: ManualClock, key: str) -> None:
    watch = watch_of(books)
    clock.advance(days=90)
    assert await watch.look() == 0
    clock.advance(seconds=1)
    assert [await watch.look() for _ in range(2)] == [1, 0]
    assert await types(books.store) == ["credential.aging"]


@pytest.mark.parametrize("exempt", [{"active": False}, {"reference": "env:KEY"}])
async def test_the_age_of_what_is_not_used_or_kept_elsewhere_tells_nothing(
    books: Books, clock: ManualClock, key: str, exempt: dict[str, Any]
) -> None:
    await change(books.store, key, **exempt)
    clock.advance(days=100)
    assert await watch_of(books).look() == 0
    assert await watch_of(books, credential_days=None).look() == 0


async def test_a_credential_that_fails_is_told_of_once_and_again_only_after_it_worked(
    books: Books, clock: ManualClock, key: str
) -> None:
    watch = watch_of(books)
    await change(books.store, key, last_error="provider_auth_failed", last_error_at=clock.now())
    assert [await watch.look() for _ in range(2)] == [1, 0]
    clock.advance(hours=25)
    await change(books.store, key, last_used_at=clock.now())
    assert await watch.look() == 0
    clock.advance(seconds=1)
    await change(books.store, key, last_error_at=clock.now())
    assert await watch.look() == 1
    assert await types(books.store) == ["credential.failing", "credential.failing"]


async def test_a_credential_that_fails_by_turns_is_told_of_once_a_day(
    books: Books, clock: ManualClock, key: str
) -> None:
    watch = watch_of(books)
    for _ in range(5):
        clock.advance(minutes=1)
        await change(books.store, key, last_error="provider_quota", last_error_at=clock.now())
        await watch.look()
        clock.advance(minutes=1)
        await change(books.store, key, last_used_at=clock.now())
        await watch.look()
    assert await types(books.store) == ["credential.failing"]
