"""What has moved since a look is all that the next one looks at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from books import NOON, Books
from tollhouse.money.budgets import bucket_id
from tollhouse.money.ledger import Correction
from tollhouse.notify.moved import ALL_EVERY, Mark, moved
from tollhouse.store.engine import Store
from tollhouse.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def books(store: Store, clock: ManualClock) -> Books:
    return Books(store, clock)


async def look(books: Books, mark: Mark | None) -> tuple[set[str] | None, Mark]:
    return await books.store.read(lambda tx: moved(tx, mark, books.clock.now()))


async def settled(books: Books, amount: int = 1) -> None:
    await books.end(await books.hold(amount), "settle", usd=amount)


async def test_the_first_look_is_at_everything(books: Books):
    await books.budget(100)
    await settled(books)
    assert (await look(books, None))[0] is None


async def test_after_a_quiet_minute_nothing_is_looked_at(books: Books, clock: ManualClock):
    await books.budget(100)
    await settled(books)
    _, mark = await look(books, None)
    clock.advance(seconds=61)
    _, mark = await look(books, mark)
    assert (await look(books, mark))[0] == set()


@pytest.mark.parametrize("end", ["settle", "expire", "charge"])
async def test_whatever_makes_a_budget_fuller_is_looked_at(books: Books, clock: ManualClock, end: str):
    budget = await books.budget(100)
    bucket = bucket_id(budget, NOON)
    held = await books.hold(5)
    clock.advance(minutes=10)
    _, mark = await look(books, None)
    if end == "charge":
        await books.ledger.correct(Correction(id="cor_1", bucket=bucket, amount=-5))
    else:
        await books.end(held, end, usd=5)
    found, mark = await look(books, mark)
    assert found == {bucket}
    clock.advance(seconds=61)
    _, mark = await look(books, mark)
    assert (await look(books, mark))[0] == set()


async def test_every_bucket_that_an_entry_names_is_found(books: Books):
    budgets = [await books.budget(100, window=window) for window in ("day", "month", "total")]
    budgets.append(await books.budget(10_000, unit="tokens"))
    _, mark = await look(books, None)
    await settled(books)
    await settled(books, 2)
    assert (await look(books, mark))[0] == {bucket_id(budget, NOON) for budget in budgets}


async def test_who_has_no_budget_moves_nothing(books: Books):
    await books.budget(100)
    _, mark = await look(books, None)
    held = await books.hold(5, owner="usr_2")
    await books.end(held, "settle", usd=5)
    await books.end(await books.hold(5, owner="usr_2"), "expire")
    assert (await look(books, mark))[0] == set()


@pytest.mark.parametrize("ago_s", [0, 19])
async def test_an_entry_that_appears_behind_a_later_one_is_found(books: Books, clock: ManualClock, ago_s: float):
    """As on PostgreSQL, where the transaction that took the lower number may commit later."""
    budget = await books.budget(100)
    await settled(books)
    clock.advance(seconds=ago_s)
    _, mark = await look(books, None)
    if books.store.dialect == "postgresql":
        found, _ = await look(books, mark)
        assert found == {bucket_id(budget, NOON)}
    else:
        assert (await look(books, mark))[0] == set()


async def test_what_was_only_held_or_given_back_is_not_looked_at(books: Books):
    await books.budget(100)
    _, mark = await look(books, None)
    await books.end(await books.hold(5), "void")
    assert (await look(books, mark))[0] == set()


async def test_a_changed_budget_makes_the_next_look_one_at_everything(books: Books):
    budget = await books.budget(100)
    _, mark = await look(books, None)
    await books.change(budget, amount=50)
    found, mark = await look(books, mark)
    assert found is None
    await books.budget(100, model="acme/other")
    found, mark = await look(books, mark)
    assert found is None
    assert (await look(books, mark))[0] == set()


@pytest.mark.parametrize("step", [[ALL_EVERY], [timedelta(minutes=-1)]])
async def test_everything_is_looked_at_now_and_then_and_when_the_clock_goes_back(
    books: Books, clock: ManualClock, step: Sequence[timedelta]
):
    _, mark = await look(books, None)
    clock.set(clock.now() + step[0])
    assert (await look(books, mark))[0] is None
