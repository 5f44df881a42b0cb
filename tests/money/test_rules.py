"""A remembered budget is as true as one that was just read; on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from books import Books
from tollhouse.errors import BudgetExhausted
from tollhouse.money import rules
from tollhouse.money.budgets import Balance
from tollhouse.store import ledger as sql
from tollhouse.store.engine import Store, Writing
from tollhouse.store.opening import open_store
from tollhouse.testing import ManualClock


@pytest.fixture
async def books(store: Store) -> AsyncIterator[Books]:
    kept = Books(store)
    await kept.begin_process()
    yield kept
    assert await kept.differences() == []


async def test_a_budget_that_another_process_lifts_binds_nobody_any_more(books: Books, database_url: str):
    budget = await books.budget(100)
    with pytest.raises(BudgetExhausted):
        await books.hold(101)
    store = await open_store(database_url=database_url, may_migrate=False)
    await Books(store, books.clock).change(budget, removed_at=books.clock.now())
    await store.aclose()
    await books.hold(101)
    assert await books.balance(budget) == Balance()


async def test_a_change_that_was_undone_is_not_remembered(books: Books):
    budget = await books.budget(100)
    await books.hold(1)

    def change_and_fail(tx: Writing) -> None:
        sql.change_budget(tx, budget.id, {"amount": 10_000})
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await books.store.write(change_and_fail)
    with pytest.raises(BudgetExhausted):
        await books.hold(100)


async def test_a_day_that_comes_back_because_the_clock_was_wrong_has_no_second_allowance(books: Books):
    clock = books.clock
    assert isinstance(clock, ManualClock)
    today = clock.now()
    budget = await books.budget(100, window="day")
    await books.hold(100)
    clock.set(today + timedelta(days=1))
    await books.hold(100)
    clock.set(today)
    with pytest.raises(BudgetExhausted):
        await books.hold(1)
    assert await books.balance(budget) == Balance(open=100)


async def test_a_budget_for_one_model_binds_calls_of_no_other(books: Books):
    await books.budget(100, model="acme/acme-1")
    await books.hold(101, models=frozenset({"acme/acme-2"}))
    with pytest.raises(BudgetExhausted):
        await books.hold(101, models=frozenset({"acme/acme-1", "smart"}))


async def test_whose_budgets_are_forgotten_has_them_read_again(books: Books, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "OWNERS_MOST", 2)
    owners = [f"usr_{number}" for number in range(6)]
    budgets = [await books.budget(100, owner=owner) for owner in owners]
    for _ in range(2):
        for owner in owners:
            await books.hold(50, owner=owner)
    for owner, budget in zip(owners, budgets, strict=True):
        with pytest.raises(BudgetExhausted):
            await books.hold(1, owner=owner)
        assert await books.balance(budget) == Balance(open=100)
