"""The ledger against a model of thirty lines: any order of holds, ends, replays, changed limits and stepped clocks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import uvloop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from books import Books, resolution, skeleton
from tollhouse import ids
from tollhouse.errors import BudgetExhausted, Conflict
from tollhouse.money.budgets import Balance, Budget, bucket_id
from tollhouse.money.carry import carry
from tollhouse.money.ledger import Deed, Held
from tollhouse.store import ledger as sql
from tollhouse.store import requests
from tollhouse.store.opening import open_store
from tollhouse.store.requests import Ending, Finished
from tollhouse.testing import ManualClock

FOR_EVER_US = 2**62

INPUT, CAP = 100, 500
"""What `books.asked` estimates, in tokens."""


@dataclass
class Model:
    """What should be in the books.

    Attributes:
        buckets: key -> posted, open, unconfirmed, overage.
        holds: id -> its state, and what it took from which bucket.
    """

    budgets: dict[str, Budget]
    limits: dict[str, int]
    buckets: dict[str, list[int]] = field(default_factory=dict)
    holds: dict[str, tuple[str, dict[str, int]]] = field(default_factory=dict)

    def hold(self, hold_id: str, usd: int, now: datetime) -> bool:
        units = {"usd": usd, "tokens": INPUT + CAP, "requests": 1}
        amounts = {bucket_id(budget, now): units[budget.unit] for budget in self.budgets.values()}
        for budget in self.budgets.values():
            key = bucket_id(budget, now)
            posted, open_, unconfirmed, _ = self.buckets.setdefault(key, [0, 0, 0, 0])
            if budget.mode != "warn" and posted + open_ + unconfirmed + amounts[key] > self.limits[budget.id]:
                return False
        for key, amount in amounts.items():
            self.buckets[key][1] += amount
        self.holds[hold_id] = ("open", amounts)
        return True

    def end(self, hold_id: str, deed: Deed, usd: int, tokens: int) -> bool:
        state, amounts = self.holds[hold_id]
        if deed not in {"open": ("settle", "void", "expire"), "unconfirmed": ("settle", "void", "release")}.get(
            state, ()
        ):
            return False
        for key, held in amounts.items():
            bucket, actual = self.buckets[key], {"usd": usd, "tokens": tokens}.get(key.split(":")[1], held)
            bucket[1 if state == "open" else 2] -= held
            bucket[0] += actual if deed == "settle" else 0
            bucket[2] += held if deed == "expire" else 0
            bucket[3] += max(0, actual - held) if deed == "settle" else 0
        self.holds[hold_id] = ("unconfirmed" if deed == "expire" else "ended", amounts)
        return True

    def correct(self, key: str, amount: int) -> bool:
        bucket = self.buckets.setdefault(key, [0, 0, 0, 0])
        if amount > bucket[0]:
            return False
        bucket[0] -= amount
        bucket[3] += max(0, -amount)
        return True


dollars = st.integers(1, 600)
deeds = st.sampled_from(["settle", "settle", "void", "expire", "release"])


class LedgerMachine(RuleBasedStateMachine):
    """One user of a store that many share. Subclasses have a runner, and books that are open in its loop."""

    runner: asyncio.Runner
    books: Books
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.owner = ids.new("usr")
        self.clock.set(datetime.fromisoformat("2026-03-28T20:00:00Z"))
        self.model = self.runner.run(self.set_budgets())
        self.ends: list[tuple[str, Deed, int, int]] = []

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.books.clock, ManualClock)
        return self.books.clock

    async def set_budgets(self) -> Model:
        budgets = [
            await self.books.budget(1_000, owner=self.owner, window="day", time_zone="Europe/Berlin"),
            await self.books.budget(3_000, owner=self.owner, window="total"),
            await self.books.budget(4_000, owner=self.owner, window="day", unit="tokens", mode="estimate"),
            await self.books.budget(2, owner=self.owner, window="month", unit="requests", mode="warn"),
        ]
        return Model({budget.id: budget for budget in budgets}, {budget.id: budget.limit for budget in budgets})

    @rule(target=holds, amounts=st.lists(dollars, min_size=1, max_size=4))
    def hold(self, amounts: list[int]) -> object:
        return multiple(*self.together(amounts, []))

    @rule(hold_id=holds, deed=deeds, usd=st.integers(0, 700), tokens=st.integers(0, 700))
    def end(self, hold_id: str, deed: Deed, usd: int, tokens: int) -> None:
        self.together([], [(hold_id, deed, usd, tokens)])

    @rule(target=holds, hold_id=consumes(holds), deed=deeds, amounts=st.lists(dollars, max_size=3))
    def hold_and_end_in_one_batch(self, hold_id: str, deed: Deed, amounts: list[int]) -> object:
        return multiple(*self.together(amounts, [(hold_id, deed, 50, 60), (hold_id, "settle", 70, 80)]))

    def together(self, amounts: list[int], ends: list[tuple[str, Deed, int, int]]) -> list[str]:
        """Ask for all of it in one turn of the loop. What ends comes before what begins."""
        new = {ids.new("hold"): amount for amount in amounts}
        ended = [self.model.end(*end) for end in ends]
        granted = [self.model.hold(hold_id, amount, self.clock.now()) for hold_id, amount in new.items()]
        self.ends += ends

        async def ask() -> list[object]:
            holds = [self.books.hold(amount, hold_id, owner=self.owner) for hold_id, amount in new.items()]
            resolutions = [
                self.books.ledger.resolved(resolution(hold_id, deed, usd, tokens))
                for hold_id, deed, usd, tokens in ends
            ]
            return await asyncio.gather(*holds, *resolutions, return_exceptions=True)

        outcomes = self.runner.run(ask())
        kinds = [Held if is_granted else BudgetExhausted for is_granted in granted]
        assert [type(outcome) for outcome in outcomes[: len(new)]] == kinds
        assert outcomes[len(new) :] == ended
        return [hold_id for hold_id, is_granted in zip(new, granted, strict=True) if is_granted]

    @rule(chance=st.randoms(use_true_random=False))
    def replay(self, chance: object) -> None:
        if self.ends:
            self.together([], [chance.choice(self.ends)])  # type: ignore[attr-defined]

    @rule(limit=st.integers(0, 4_000), which=st.integers(0, 3))
    def change_limit(self, limit: int, which: int) -> None:
        budget = list(self.model.budgets.values())[which]
        self.model.limits[budget.id] = limit
        self.runner.run(self.books.change(budget, amount=limit))

    @rule(amount=st.integers(-300, 300).filter(bool), which=st.integers(0, 3))
    def correct(self, amount: int, which: int) -> None:
        budget = list(self.model.budgets.values())[which]
        is_possible = self.model.correct(bucket_id(budget, self.clock.now()), amount)
        try:
            self.runner.run(self.books.correct(budget, amount))
            assert is_possible
        except Conflict:
            assert not is_possible

    @rule(most=st.integers(1, 12))
    def carry(self, most: int) -> None:
        """Old entries go, and nothing else is to be noticed of it."""
        self.runner.run(self.books.store.write(lambda tx: carry(tx, FOR_EVER_US, most)))

    @rule(hours=st.sampled_from([-1, 1, 4, 13, 24, 24 * 31]))
    def step_clock(self, hours: int) -> None:
        if hours > 0:
            self.clock.advance(hours=hours)
        else:
            self.clock.set(
                datetime.fromtimestamp(self.clock.time_ns() / 1e9 + hours * 3600, tz=self.clock.now().tzinfo)
            )

    @invariant()
    def the_buckets_are_as_the_model_says(self) -> None:
        keys = list(self.model.buckets)
        rows = self.runner.run(self.books.store.read(lambda tx: sql.balances(tx, keys)))
        columns = Balance.__struct_fields__
        found = {key: [row[column] for column in columns] for key, row in rows.items()}
        assert found == {key: bucket for key, bucket in self.model.buckets.items() if key in found or any(bucket)}

    def teardown(self) -> None:
        assert self.runner.run(self.books.differences()) == []
        while self.runner.run(self.books.store.write(lambda tx: carry(tx, FOR_EVER_US))):
            assert self.runner.run(self.books.differences()) == []


def test_the_ledger_does_what_the_model_says(database_url: str):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        books = runner.run(open_books(database_url))
        try:
            run_state_machine_as_test(
                type("Machine", (LedgerMachine,), {"runner": runner, "books": books}),
                settings=settings(max_examples=30, stateful_step_count=30, deadline=None),
            )
        finally:
            runner.run(books.store.aclose())


async def open_books(url: str) -> Books:
    books = Books(await open_store(database_url=url, may_migrate=True))
    await books.begin_process()
    # The log tells of a request that is younger than all of theirs.
    await books.store.join(requests.finish, Finished(skeleton("req_young"), Ending(status=400, outcome="failed")))
    return books
