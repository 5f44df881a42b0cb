"""`verify` finds nothing in books that the ledger wrote, and names whatever was altered in them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from tollhouse.errors import BudgetExhausted
from tollhouse.money.budgets import Ask
from tollhouse.money.ledger import Correction, Ledger, NewHold, Resolution
from tollhouse.money.prices import Price
from tollhouse.money.verify import Checked, differences
from tollhouse.store import ledger as sql
from tollhouse.store import machinery, requests
from tollhouse.store.machinery import Note
from tollhouse.store.opening import open_store
from tollhouse.store.requests import Ending, Finished, Skeleton
from tollhouse.store.types import to_micros
from tollhouse.testing import ManualClock

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
MICROS = to_micros(NOW)
PRICE = Price(input=1_000, output=2_000, version="test")
USD, TOKENS, REQUESTS = "bud_1:usd:total", "bud_2:tokens:total", "bud_3:requests:total"


class Books:
    """A store with three budgets, written to as the gateway does."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.ledger = Ledger(store, ManualClock(NOW))

    async def open(self) -> None:
        await self.store.write(lambda tx: machinery.begin_process(tx, boot_id="boot_1", kind="web", pid=1, now=NOW))
        for number, (unit, mode) in enumerate((("usd", "strict"), ("tokens", "estimate"), ("requests", "strict")), 1):
            budget = {
                "id": f"bud_{number}",
                "owner": "usr_1",
                "unit": unit,
                "window": "total",
                "mode": mode,
                "time_zone": "UTC",
                "amount": 1_000_000_000,
                "min_output_tokens": 1,
                "alert_at": [],
                "created_at": NOW,
            }
            await self.store.write(lambda tx, budget=budget: sql.add_budget(tx, budget))

    async def hold(self, request: str, attempt: int = 1) -> str:
        hold_id = f"hold_{request}.{attempt}"
        ask = Ask(
            owners=("usr_1",),
            models=frozenset({"m"}),
            price=PRICE,
            input_bound=1_000,
            input_estimate=500,
            cap=1_000,
            requests=1 if attempt == 1 else 0,
        )
        await self.ledger.hold(
            NewHold(
                id=hold_id,
                request_id=f"req_{request}",
                boot_id="boot_1",
                provider="p",
                model="m",
                price_version="test",
                deadline=MICROS + 600_000_000,
                ask=ask,
                skeleton="{}",
            )
        )
        return hold_id

    async def resolve(self, hold_id: str, deed: Any, usd: int = 0, tokens: int = 0, *, ends: bool = True) -> None:
        assert await self.ledger.resolved(
            Resolution(hold_id=hold_id, deed=deed, usd=usd, tokens=tokens, ends_request=ends)
        )

    async def end(self, request: str, cost: int | None) -> None:
        skeleton = Skeleton(
            id=f"req_{request}",
            created_at=MICROS,
            user_id="usr_1",
            workspace_id="ws_1",
            token_id="tok_1",
            boot_id="boot_1",
            surface="chat.completions",
            asked_model="m",
            stream=False,
            ip=None,
            user_agent=None,
            client_request_id=None,
            tag=None,
        )
        input_cost = None if cost is None else cost // 3
        output_cost = None if cost is None or input_cost is None else cost - input_cost
        ending = Ending(status=200, outcome="succeeded", input_cost=input_cost, output_cost=output_cost)
        await self.store.join(requests.finish, Finished(skeleton, ending))

    async def alter(self, statement: str) -> None:
        await self.store.write(lambda tx: tx.execute(text(statement)))

    async def differences(self) -> list[tuple[str, str]]:
        query = lambda tx: [(one.subject, one.what) for one in differences(tx, NOW, Checked())]  # noqa: E731
        return await self.store.read(query)


@pytest.fixture
async def books(store: Any) -> Books:
    """One of everything: settled above and below its hold, voided, unconfirmed, settled late, released, and open;
    a credit and a charge."""
    books = Books(store)
    await books.open()
    await books.resolve(await books.hold("a"), "settle", usd=2, tokens=30)
    await books.end("a", 2)
    await books.resolve(await books.hold("b"), "void", ends=False)
    await books.resolve(await books.hold("b", 2), "settle", usd=700, tokens=5_000)
    books.ledger.end_request(["hold_b.1"])
    await books.end("b", 700)
    await books.resolve(await books.hold("c"), "expire")
    await books.end("c", None)
    late = await books.hold("d")
    await books.resolve(late, "expire")
    await books.resolve(late, "settle", usd=1, tokens=10)
    await books.end("d", 1)
    given_back = await books.hold("e")
    await books.resolve(given_back, "expire")
    await books.ledger.release(given_back)
    await books.end("e", None)
    await books.hold("f")
    await books.ledger.correct(Correction(id="cor_1", bucket=USD, amount=50))
    await books.ledger.correct(Correction(id="cor_2", bucket=TOKENS, amount=-7))
    return books


async def test_books_that_the_ledger_wrote_are_right(books: Books):
    assert await books.differences() == []


async def test_what_is_compared_is_counted(books: Books):
    checked = Checked()
    await books.store.read(lambda tx: list(differences(tx, NOW, checked)))
    assert checked == Checked(entries=17, buckets=3, holds=7, requests=5)


async def test_a_refused_call_leaves_the_books_right(books: Books):
    await books.store.write(lambda tx: sql.change_budget(tx, "bud_2", {"amount": 1}))
    with pytest.raises(BudgetExhausted):
        await books.hold("g")
    assert await books.differences() == []


@pytest.mark.parametrize("column", ["posted", "open", "unconfirmed", "overage"])
@pytest.mark.parametrize("bucket", [USD, TOKENS, REQUESTS])
async def test_an_altered_balance_is_named(books: Books, bucket: str, column: str):
    await books.alter(f"UPDATE bucket SET {column} = {column} + 1 WHERE id = '{bucket}'")
    [(subject, what)] = await books.differences()
    assert subject == f"bucket {bucket}"
    assert what.startswith(f"{column} is ")


NEW_ENTRY = "INSERT INTO ledger_entry (hold_id, kind, usd, moves, at) VALUES"

ALTERED = [
    ("UPDATE hold SET state = 'voided' WHERE id = 'hold_a.1'", "hold hold_a.1: is voided, but its entries say settled"),
    ("UPDATE hold SET state = 'open' WHERE id = 'hold_a.1'", "hold hold_a.1: is open, but its entries say resolved"),
    ("UPDATE hold SET state = 'settled' WHERE id = 'hold_c.1'", "hold hold_c.1: is resolved, but its entries say unc"),
    ("UPDATE hold SET usd = usd + 1 WHERE id = 'hold_f.1'", "hold hold_f.1: holds "),
    ("UPDATE hold SET boot_id = 'boot_0' WHERE id = 'hold_f.1'", "hold hold_f.1: is open, but its process is gone"),
    ("UPDATE hold SET deadline = 0 WHERE id = 'hold_f.1'", "hold hold_f.1: is open past its deadline"),
    ("DELETE FROM hold WHERE id = 'hold_f.1'", "hold hold_f.1: has a hold entry but no row"),
    ("DELETE FROM ledger_entry WHERE hold_id = 'hold_f.1'", "hold hold_f.1: has a row but no entry"),
    ("DELETE FROM ledger_entry WHERE kind = 'void'", "hold hold_b.1: is resolved, but its entries say open"),
    (f"{NEW_ENTRY} ('hold_a.1', 'void', 0, '', 1)", "hold hold_a.1: has a void entry when it was already resolved"),
    (f"{NEW_ENTRY} ('hold_c.1', 'refund', 0, '', 1)", "hold hold_c.1: has an entry of an unknown kind, refund"),
    ("UPDATE ledger_entry SET usd = 3 WHERE kind = 'settle' AND usd = 2", "hold hold_a.1: holds "),
    ("UPDATE ledger_entry SET usd = -2 WHERE kind = 'settle' AND usd = 2", "hold hold_a.1: has a settle entry of less"),
    ("UPDATE ledger_entry SET moves = '' WHERE kind = 'credit'", "correction cor_1: is a credit of ''"),
    ("UPDATE ledger_entry SET usd = 49 WHERE kind = 'credit'", "correction cor_1: moves 'bud_1:usd:total=50', but 49"),
    (
        "UPDATE ledger_entry SET usd = 9000, moves = 'bud_1:usd:total=9000' WHERE kind = 'credit'",
        "bucket bud_1:usd:total: cor_1 gave back $0.000008297 too much",
    ),
    ("DELETE FROM ledger_entry WHERE kind = 'charge'", "bucket bud_2:tokens:total: posted is 5047 tokens, but its"),
    ("UPDATE request SET output_cost = output_cost + 1 WHERE id = 'req_b'", "request req_b: its row says $0.000000701"),
    ("DELETE FROM request WHERE id = 'req_b'", "request req_b: has holds but no row"),
    ("DELETE FROM bucket WHERE id = 'bud_2:tokens:total'", "bucket bud_2:tokens:total: has entries but no row"),
    (
        "UPDATE budget SET amount = 2 WHERE id = 'bud_3'",
        "bucket bud_3:requests:total: 3 requests were taken of a strict 2 requests with hold_d.1",
    ),
]


@pytest.mark.parametrize(("statement", "finding"), ALTERED, ids=[finding for _, finding in ALTERED])
async def test_whatever_was_altered_is_named(books: Books, statement: str, finding: str):
    await books.alter(statement)
    told = [f"{subject}: {what}" for subject, what in await books.differences()]
    assert [line for line in told if line.startswith(finding)], told


async def test_an_open_hold_of_a_request_that_ended_is_named(books: Books):
    await books.end("f", None)
    assert await books.differences() == [("hold hold_f.1", "is open, but request req_f has ended")]


async def test_what_was_added_up_otherwise_than_logged_is_named(books: Books):
    await books.alter("UPDATE spend SET cost = cost + 1, requests = requests - 1")
    ((subject, requests_are), (_, cost_is)) = await books.differences()
    assert subject.startswith("spend of ")
    assert requests_are.startswith("requests is ")
    assert cost_is.startswith("cost is ")


async def test_a_limit_that_was_lowered_is_no_drift(books: Books):
    await books.alter("UPDATE budget SET amount = 2 WHERE id = 'bud_3'")
    await books.store.write(
        lambda tx: machinery.note_deed(tx, Note("deed_1", to_micros(NOW), "somebody", "budget.change", "bud_3", "{}"))
    )
    assert await books.differences() == []


async def test_rows_that_retention_dropped_are_not_missed(books: Books):
    await books.store.write(lambda tx: requests.drop_rows_beyond(tx, 2))
    assert await books.differences() == []


async def test_it_sees_one_moment_while_others_write(books: Books, database_url: str):
    await books.alter("UPDATE bucket SET posted = posted + 1 WHERE id = 'bud_1:usd:total'")

    def query(tx: Any) -> list[str]:
        found = differences(tx, NOW, Checked())
        first = next(found)
        # All entries were read, and one bucket: what is written now must not show in what is read next.
        writer = Thread(target=lambda: asyncio.run(write_elsewhere(database_url)))
        writer.start()
        writer.join()
        return [first.subject, *(one.subject for one in found)]

    assert await books.store.read(query) == ["bucket bud_1:usd:total"]
    assert len(await books.differences()) == 1


async def write_elsewhere(database_url: str) -> None:
    store = await open_store(database_url=database_url, may_migrate=False)
    books = Books(store)
    await books.resolve(await books.hold("z"), "settle", usd=9, tokens=9)
    await books.end("z", 9)
    await store.aclose()
