"""A month of random calls: the balances are what plain sums over the calls come to, however they met in batches."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from books import Books, resolution
from tollhouse.money.budgets import Balance, Budget, bucket_id
from tollhouse.money.ledger import Deed
from tollhouse.store.opening import open_store
from tollhouse.testing import ManualClock

FIRST = datetime(2026, 2, 15, tzinfo=UTC)
CALLS = 1_500
DAYS = 31
AMPLE = 10**9


class Call(NamedTuple):
    """One call of the log: when it began, who made it, what was held and how it ended."""

    at: datetime
    owner: str
    held: int
    deed: Deed
    usd: int
    tokens: int


def month(seed: int) -> list[Call]:
    """Calls of four users over a month, in order of time; some cost more than was held."""
    chance = Random(seed)
    moments = sorted(chance.uniform(0, DAYS * 86_400) for _ in range(CALLS))
    return [
        Call(
            at=FIRST + timedelta(seconds=moment),
            owner=f"usr_{chance.randrange(4)}",
            held=chance.randrange(1, 1_000),
            deed=chance.choice(["settle", "settle", "settle", "void", "expire"]),
            usd=chance.randrange(1_200),
            tokens=chance.randrange(900),
        )
        for moment in moments
    ]


async def test_balances_are_the_sums_of_the_log(database_url: str):
    books = Books(await open_store(database_url=database_url, may_migrate=True))
    await books.begin_process()
    budgets = [budget for number in range(4) for budget in await some_budgets(books, f"usr_{number}")]
    expected = sums(await serve(books, month(7), Random(8)), budgets)
    for budget, moment, balance in expected.values():
        assert await books.balance(budget, moment) == balance
    assert len(expected) > 4 * DAYS
    assert await books.differences() == []
    await books.store.aclose()


async def some_budgets(books: Books, owner: str) -> list[Budget]:
    return [
        await books.budget(AMPLE, owner=owner, window="day", time_zone="America/New_York"),
        await books.budget(AMPLE, owner=owner, window="month", unit="tokens", mode="estimate"),
        await books.budget(AMPLE, owner=owner, window="total", unit="requests", mode="warn"),
    ]


async def serve(books: Books, log: list[Call], chance: Random) -> list[Call]:
    """Hold for some calls and end some that are under way, in one batch after the other; gives when each was held."""
    assert isinstance(books.clock, ManualClock)
    held: list[Call] = []
    open_: list[tuple[str, Call]] = []
    while len(held) < len(log) or open_:
        new = log[len(held) : len(held) + chance.choice([1, 1, 2, 5, 40])]
        if new:
            books.clock.set(new[0].at)
        chance.shuffle(open_)
        ending, open_ = open_[: len(open_) // 2 + 1], open_[len(open_) // 2 + 1 :]
        holds = [books.hold(call.held, owner=call.owner) for call in new]
        ends = [
            books.ledger.resolved(resolution(hold_id, call.deed, call.usd, call.tokens)) for hold_id, call in ending
        ]
        outcomes = await asyncio.gather(*holds, *ends)
        assert all(outcomes)
        new = [call._replace(at=books.clock.now()) for call in new]
        held += new
        open_ += [(hold.id, call) for hold, call in zip(outcomes, new, strict=False)]
    return held


def sums(log: list[Call], budgets: list[Budget]) -> dict[str, tuple[Budget, datetime, Balance]]:
    """What each bucket comes to, with its budget and a moment of its period."""
    found: dict[str, tuple[Budget, datetime, Balance]] = {}
    for call in log:
        for budget in budgets:
            if budget.owner != call.owner:
                continue
            _, _, balance = found.setdefault(bucket_id(budget, call.at), (budget, call.at, Balance()))
            # What a hold of `books.asked` sets aside: its price, 100 tokens of input and a cap of 500, one request.
            amount = {"usd": call.held, "tokens": 600, "requests": 1}[budget.unit]
            if call.deed == "expire":
                balance.unconfirmed += amount
            elif call.deed == "settle":
                actual = {"usd": call.usd, "tokens": call.tokens, "requests": 1}[budget.unit]
                balance.posted += actual
                balance.overage += max(0, actual - amount)
    return found
