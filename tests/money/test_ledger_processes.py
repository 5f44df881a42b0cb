"""Several processes keep one ledger: nobody waits in a circle, and nobody gets what is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.util import await_only, greenlet_spawn

from books import Books
from tollhouse.errors import BudgetExhausted
from tollhouse.money.budgets import Balance, bucket_id
from tollhouse.money.ledger import Held
from tollhouse.store import ledger as sql
from tollhouse.store.engine import Store
from tollhouse.store.opening import open_store
from tollhouse.store.postgres import PostgresBatch, connect_asyncpg
from tollhouse.store.statements import Write


@pytest.fixture
async def books(store: Store) -> AsyncIterator[Books]:
    """Books that are in order when the test is over."""
    kept = Books(store)
    await kept.begin_process()
    yield kept
    assert await kept.differences() == []


@pytest.fixture
async def other(database_url: str, books: Books) -> AsyncIterator[Books]:
    """Another process's books over the same database."""
    store = await open_store(database_url=database_url, may_migrate=False)
    yield Books(store, books.clock)
    await store.aclose()


async def test_a_budget_set_by_another_process_binds_the_next_hold(books: Books, other: Books):
    await books.hold(5_000)
    budget = await other.budget(1_000)
    with pytest.raises(BudgetExhausted):
        await books.hold(1_001)
    await other.change(budget, amount=1_001)
    assert (await books.hold(1_001)).remaining_usd == 0


async def test_what_was_charged_in_the_absence_of_its_process_is_given_back_when_that_knows_it_was_not_billed(
    books: Books, other: Books
):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    await other.end(held, "expire")
    assert await books.end(held, "void")
    assert await books.balance(budget) == Balance()
    assert await books.entries(held.id) == ["hold", "expire", "void"]


async def test_another_process_may_end_a_hold(books: Books, other: Books):
    budget = await books.budget(1_000)
    held = await books.hold(600)
    ends = [each.end(held, "settle", usd=usd) for each, usd in ((books, 1), (other, 2))]
    assert sorted(await asyncio.gather(*ends)) == [False, True]
    assert (await books.balance(budget)).posted in (1, 2)


@pytest.mark.parametrize(("spenders", "fits"), [(2, 1), (8, 3), (64, 40)])
async def test_exactly_what_fits_is_granted_to_any_number_of_spenders(
    books: Books, other: Books, spenders: int, fits: int
):
    for number in range(5):
        owner = f"usr_{number}"
        budget = await books.budget(fits * 100 + 99, owner=owner)
        daily = await books.budget(10**6, owner=owner, window="day", unit="tokens", mode="estimate")
        outcomes = await asyncio.gather(
            *((books, other)[each % 2].hold(100, owner=owner) for each in range(spenders)), return_exceptions=True
        )
        granted = [outcome for outcome in outcomes if isinstance(outcome, Held)]
        assert {type(outcome) for outcome in outcomes} == {Held, BudgetExhausted}
        assert len(granted) == fits
        assert await books.balance(budget) == Balance(open=fits * 100)
        assert await other.balance(daily) == Balance(open=fits * 600)


async def test_nobody_is_refused_while_there_is_room(books: Books, other: Books):
    """Eight spenders who settle for less than they held: 800 under way at most, 4,000 spent at the end."""
    budget = await books.budget(4_800)

    async def spend(each: Books, rounds: int) -> None:
        for _ in range(rounds):
            held = await each.hold(100)
            await each.end(held, "settle", usd=50)

    await asyncio.gather(*(spend((books, other)[each % 2], 10) for each in range(8)))
    assert await books.balance(budget) == Balance(posted=4_000)


# --- locks ------------------------------------------------------------------------------------------------------------


async def test_a_lock_on_one_users_bucket_does_not_stop_another(postgres_url: str):
    store = await open_store(database_url=postgres_url, may_migrate=False)
    books = Books(store)
    budget = await books.budget(1_000)
    await books.hold(1)
    locked, unlock = asyncio.Event(), asyncio.Event()
    locking = asyncio.create_task(lock_bucket(postgres_url, bucket_id(budget, books.clock.now()), locked, unlock))
    await locked.wait()
    await asyncio.wait_for(books.hold(1, owner="usr_2"), 30)
    mine = asyncio.create_task(books.hold(1))
    await asyncio.sleep(0.05)
    assert not mine.done()
    unlock.set()
    await asyncio.wait_for(asyncio.gather(mine, locking), 30)
    await store.aclose()


async def test_rows_are_looked_up_by_their_keys_however_empty_the_tables_were_at_first(postgres_url: str):
    store = await open_store(database_url=postgres_url, may_migrate=False)
    books = Books(store)
    await books.budget(10**9)
    for _ in range(8):
        await books.end(await books.hold(1), "settle", usd=1)
    await store.aclose()
    connection = await connect_asyncpg(make_url(postgres_url))
    query = "SELECT relname, seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname IN ('hold', 'bucket')"
    # The statistics of a process are published when it ends, a moment after its connection was closed.
    for _ in range(200):
        scans = {name: (whole, by_key) for name, whole, by_key in await connection.fetch(query)}
        if scans["hold"][1]:
            break
        await asyncio.sleep(0.05)
    await connection.close()
    assert {name: whole for name, (whole, _) in scans.items()} == {"hold": 0, "bucket": 0}
    assert all(by_key >= 8 for _, by_key in scans.values())


async def lock_bucket(url: str, bucket: str, locked: asyncio.Event, unlock: asyncio.Event) -> None:
    connection = await connect_asyncpg(make_url(url))
    async with connection.transaction():
        await connection.execute("SELECT id FROM bucket WHERE id = $1 FOR UPDATE", bucket)
        locked.set()
        await unlock.wait()
    await connection.close()


async def test_gateways_that_begin_a_period_at_the_same_moment_do_not_wait_in_a_circle(postgres_url: str):
    store = await open_store(database_url=postgres_url, may_migrate=False)
    await Books(store).budget(1_000)
    first, second, third = [await connect_asyncpg(make_url(postgres_url)) for _ in range(3)]
    both = {"a": "bud_a", "b": "bud_b"}
    await third.execute("INSERT INTO bucket VALUES ('b', 'bud_b', 0, 0, 0, 0)")
    others: list[asyncio.Task[None]] = []

    async def lock_both() -> None:
        async with second.transaction():
            await greenlet_spawn(sql.lock_buckets, PostgresBatch(second), both)
            await asyncio.sleep(0.05)

    async def come_between() -> None:
        """Before the first gateway writes what it has missed, somebody else did, and a third one locks it all."""
        await third.execute("INSERT INTO bucket VALUES ('a', 'bud_a', 0, 0, 0, 0)")
        others.append(asyncio.create_task(lock_both()))
        await asyncio.sleep(0.05)

    class Late(PostgresBatch):
        def run(self, write: Write, rows: list[tuple[Any, ...]]) -> None:
            await_only(come_between())
            super().run(write, rows)

    async with first.transaction():
        rows = await greenlet_spawn(sql.lock_buckets, Late(first), both)
    assert [row[0] for row in rows] == list(both)
    await others[0]
    for connection in (first, second, third):
        await connection.close()
    await store.aclose()
