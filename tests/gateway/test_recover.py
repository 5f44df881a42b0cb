"""What a dead process leaves is charged and logged, once, however often the clearing up is begun; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from books import BOOT, Books, skeleton
from tollhouse.admin.housekeeping import Housekeeping, Retention
from tollhouse.admin.in_force import InForce
from tollhouse.cache.memory import Memory
from tollhouse.errors import Unavailable
from tollhouse.gateway.identify import Identify
from tollhouse.gateway.keys import Keys
from tollhouse.gateway.recover import bury, recover, sweep
from tollhouse.held import Held
from tollhouse.money.budgets import Balance, Budget
from tollhouse.money.ledger import Ledger
from tollhouse.notify.watch import Watch
from tollhouse.settings import Settings
from tollhouse.store import machinery, requests
from tollhouse.store.engine import Store
from tollhouse.store.requests import Ending, Finished
from tollhouse.telemetry import Metrics
from tollhouse.testing import ManualClock
from tollhouse.vault import KeyRing, Vault

DEAD, ALIVE = "boot_dead", "boot_alive"


@pytest.fixture
async def books(store: Store) -> AsyncIterator[Books]:
    """Books of a living process, in order when the test is over."""
    kept = Books(store)
    await kept.begin_process()
    yield kept
    assert await kept.differences() == []


async def leave_behind(books: Books) -> Budget:
    """What a process leaves that dies with three requests under way: one in its first attempt, one in its second, one
    between two attempts; and one that had ended."""
    await books.begin_process(DEAD)
    budget = await books.budget(10_000)
    await books.hold(100, "hold_a", boot_id=DEAD, request_id="req_a")
    for hold_id, request_id, deed in (("hold_b.1", "req_b", "void"), ("hold_c.1", "req_c", "expire")):
        await books.hold(200, hold_id, boot_id=DEAD, request_id=request_id)
        await books.fail(hold_id, deed)
    await books.hold(300, "hold_b.2", boot_id=DEAD, request_id="req_b")
    await books.hold(400, "hold_d", boot_id=DEAD, request_id="req_d")
    await books.finish("hold_d", "req_d", usd=40)
    return budget


async def check_buried(books: Books, budget: Budget, posted: int = 40) -> None:
    assert await books.balance(budget) == Balance(posted=posted, unconfirmed=100 + 200 + 300)
    states = {hold: await books.state(hold) for hold in ("hold_a", "hold_b.1", "hold_b.2", "hold_c.1", "hold_d")}
    assert states == {
        "hold_a": "unconfirmed",
        "hold_b.1": "voided",
        "hold_b.2": "unconfirmed",
        "hold_c.1": "unconfirmed",
        "hold_d": "settled",
    }
    rows = [await books.row(f"req_{letter}") for letter in "abcd"]
    assert [row["outcome"] for row in rows] == [*["gateway_stopped"] * 3, "succeeded"]
    assert await books.store.read(lambda tx: books.ledger.pending(tx, [DEAD])) == []
    assert {row["boot_id"] for row in await books.store.read(machinery.processes)} == {BOOT}
    assert await books.differences() == []


async def test_holds_stay_charged_and_every_request_gets_its_row(books: Books):
    budget = await leave_behind(books)
    assert await bury(books.store, books.ledger, [DEAD]) == 4
    await check_buried(books, budget)


async def test_a_hold_whose_end_the_database_did_not_take_is_found_though_its_request_has_its_row(books: Books):
    assert isinstance(books.clock, ManualClock)
    budget = await books.budget(10_000)
    await books.begin_process(DEAD)
    for number, boot_id in enumerate((BOOT, DEAD)):
        await books.hold(100, f"hold_{number}.1", boot_id=boot_id, request_id=f"req_{number}")
        await books.hold(100, f"hold_{number}.2", boot_id=boot_id, request_id=f"req_{number}")
        # The first attempt has ended too, but that is still owed when its process is killed.
        await books.finish(f"hold_{number}.2", f"req_{number}", usd=7)
        await books.ledger.request_ended([f"hold_{number}.1"])
    await bury(books.store, books.ledger, [DEAD])
    assert await books.balance(budget) == Balance(posted=14, open=100, unconfirmed=100)
    books.clock.advance(seconds=601)
    assert await sweep(books.store, books.ledger) == 1
    assert await books.balance(budget) == Balance(posted=14, unconfirmed=200)
    assert {(await books.row(f"req_{number}"))["outcome"] for number in range(2)} == {"succeeded"}
    assert await books.store.read(lambda tx: books.ledger.pending(tx, [BOOT, DEAD])) == []


async def test_what_is_owed_may_come_after_the_requests_row(books: Books):
    await books.hold(100, "hold_1")
    await books.ledger.request_ended(["hold_1"])
    await books.fail("hold_1", "void")
    assert await books.store.read(lambda tx: books.ledger.pending(tx, [BOOT])) == []


async def test_burying_twice_changes_nothing(books: Books):
    budget = await leave_behind(books)
    await bury(books.store, books.ledger, [DEAD])
    assert await bury(books.store, books.ledger, [DEAD]) == 0
    await check_buried(books, budget)
    assert await books.entries("hold_a") == ["hold", "expire"]


async def test_several_processes_may_bury_the_same_at_once(books: Books):
    budget = await leave_behind(books)
    await asyncio.gather(*(bury(books.store, books.ledger, [DEAD]) for _ in range(3)))
    await check_buried(books, budget)


STEPS = 2 + 3 + 4 + 2 + 1
"""Two reads, three rows, the ends of four holds, of which two had ended before, and the process."""


@pytest.mark.parametrize("works", range(STEPS))
async def test_it_may_break_off_anywhere_and_be_done_again(books: Books, works: int):
    budget = await leave_behind(books)
    breaking = Breaking(books.store, works)
    with pytest.raises(Unavailable):
        await bury(breaking, Ledger(breaking, books.clock), [DEAD])
    await bury(books.store, books.ledger, [DEAD])
    await check_buried(books, budget)


async def test_it_does_not_break_off_by_itself(books: Books):
    budget = await leave_behind(books)
    whole = Breaking(books.store, STEPS)
    await bury(whole, Ledger(whole, books.clock), [DEAD])
    await check_buried(books, budget)


class Breaking(Store):
    """A store that works so many times, and no more."""

    def __init__(self, store: Store, works: int) -> None:
        self._store = store
        self._left = works

    def _use(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Unavailable("broken")

    async def read(self, query: Callable[..., Any]) -> Any:
        self._use()
        return await self._store.read(query)

    async def write(self, change: Callable[..., Any]) -> Any:
        self._use()
        return await self._store.write(change)

    def join(self, handler: Any, item: Any) -> asyncio.Future[Any]:
        self._use()
        return self._store.join(handler, item)

    def put(self, handler: Any, item: Any) -> None:
        self._use()
        self._store.put(handler, item)


# --- who is dead -----------------------------------------------------------------------------------------------------


async def test_a_process_is_dead_when_its_heart_has_not_beaten_for_fifteen_seconds(books: Books):
    assert isinstance(books.clock, ManualClock)
    await leave_behind(books)
    books.clock.advance(seconds=14)
    assert await recover(books.store, books.ledger, books.clock, boot_id=BOOT) == 0
    books.clock.advance(seconds=2)
    assert await recover(books.store, books.ledger, books.clock, boot_id=BOOT) == 4


async def test_the_only_web_process_knows_that_all_others_are_dead_whatever_the_clock_says(books: Books):
    assert isinstance(books.clock, ManualClock)
    await leave_behind(books)
    await books.begin_process("boot_worker", kind="worker")
    await books.hold(1, boot_id="boot_worker")
    books.clock.set(books.clock.now() - timedelta(hours=1))
    assert await recover(books.store, books.ledger, books.clock, boot_id=BOOT, kind="web") == 4


async def test_holds_of_a_process_that_is_known_no_more_are_resolved(books: Books):
    await leave_behind(books)
    await books.store.write(lambda tx: machinery.end_processes(tx, [DEAD]))
    assert await recover(books.store, books.ledger, books.clock, boot_id=BOOT) == 4


async def test_nobody_buries_themselves(books: Books):
    assert isinstance(books.clock, ManualClock)
    held = await books.hold(1)
    books.clock.advance(hours=1)
    await books.store.write(lambda tx: machinery.end_processes(tx, [BOOT]))
    assert await recover(books.store, books.ledger, books.clock, boot_id=BOOT, kind="web") == 0
    assert await books.state(held.id) == "open"
    await books.end(held, "void")


async def test_who_was_taken_for_dead_comes_back_and_the_truth_prevails(books: Books):
    """A machine slept: its gateway was buried by another one, wakes, and finishes what it had begun."""
    assert isinstance(books.clock, ManualClock)
    budget = await books.budget(1_000)
    await books.begin_process(DEAD)
    await books.hold(600, "hold_a", boot_id=DEAD, request_id="req_a")
    books.clock.advance(seconds=60)
    assert await recover(books.store, books.ledger, books.clock, boot_id=BOOT) == 1
    await housekeeping(books, DEAD).go_round()
    assert DEAD in {row["boot_id"] for row in await books.store.read(machinery.processes)}
    await books.finish("hold_a", "req_a", usd=70)
    assert await books.balance(budget) == Balance(posted=70)
    row = await books.row("req_a")
    assert (row["outcome"], row["status"], row["input_cost"]) == ("succeeded", 200, 70)
    assert await bury(books.store, books.ledger, [DEAD]) == 0
    assert (await books.row("req_a"))["outcome"] == "succeeded"


async def test_an_ending_of_whose_commit_nobody_heard_is_written_once(books: Books):
    await books.hold(600, "hold_a", request_id="req_a")
    await books.finish("hold_a", "req_a", usd=70)
    late = Ending(status=500, outcome="internal_error")
    await books.store.join(requests.finish, Finished(skeleton("req_a"), late, was_tried=True))
    assert (await books.row("req_a"))["outcome"] == "succeeded"


# --- past the deadline -----------------------------------------------------------------------------------------------


async def test_a_hold_past_its_deadline_is_charged_and_its_end_still_counts(books: Books):
    assert isinstance(books.clock, ManualClock)
    budget = await books.budget(1_000)
    await books.hold(600, "hold_a", request_id="req_a")
    books.clock.advance(minutes=5)
    await books.hold(300, "hold_b", request_id="req_b")
    books.clock.advance(minutes=6)
    assert await sweep(books.store, books.ledger) == 1
    assert await sweep(books.store, books.ledger) == 0
    assert await books.balance(budget) == Balance(open=300, unconfirmed=600)
    await books.finish("hold_a", "req_a", usd=50)
    await books.finish("hold_b", "req_b", usd=7)
    assert await books.balance(budget) == Balance(posted=57)


async def test_a_round_of_housekeeping_beats_and_clears_up(books: Books):
    assert isinstance(books.clock, ManualClock)
    budget = await leave_behind(books)
    await books.hold(1, "hold_e", request_id="req_e")
    books.clock.advance(minutes=11)
    await housekeeping(books, BOOT).go_round()
    assert await books.balance(budget) == Balance(posted=40, unconfirmed=601)
    await books.finish("hold_e", "req_e", usd=1)
    await check_buried(books, budget, posted=41)
    beats = {row["boot_id"]: row["beat_at"] for row in await books.store.read(machinery.processes)}
    assert beats == {BOOT: books.clock.time_ns() // 1_000}


async def test_a_step_that_fails_does_not_stop_the_heart(books: Books):
    assert isinstance(books.clock, ManualClock)
    books.clock.advance(seconds=30)
    broken = housekeeping(books, BOOT)
    broken._identify.used = {"tok_1": "never"}  # type: ignore[dict-item]
    await broken.go_round()
    (row,) = await books.store.read(machinery.processes)
    assert row["beat_at"] == books.clock.time_ns() // 1_000


def housekeeping(books: Books, boot_id: str) -> Housekeeping:
    return Housekeeping(
        store=books.store,
        ledger=books.ledger,
        clock=books.clock,
        boot_id=boot_id,
        kind="web",
        identify=Identify(books.store, books.clock, b"pepper"),
        keys=Keys(Vault(KeyRing.new(books.clock.now())), books.clock, lambda provider, fields: "", {}),
        watch=Watch(books.store, books.clock, channels=Held(()), credential_days=Held(None), on_raised=lambda: None),
        metrics=Metrics(version="1"),
        shelf=Memory(books.store, Held(1_000)),
        retention=Held(Retention(max_age_days=None, max_rows=None, max_bodies_bytes=None)),
        in_force=InForce(Settings(), books.store),
    )
