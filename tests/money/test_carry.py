"""Old entries of the ledger go, what they came to stays, and nobody else is to notice."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from books import Books, skeleton
from tollhouse.money import carry as carrying
from tollhouse.money.budgets import Budget
from tollhouse.money.carry import Drifted, carry
from tollhouse.store import requests
from tollhouse.store.engine import Store
from tollhouse.store.opening import open_store
from tollhouse.store.requests import Ending, Finished
from tollhouse.store.tables import carried, entry, hold
from tollhouse.store.types import to_micros

EVER_US = 2**62


@pytest.fixture
async def books(store: Store) -> Books:
    """Books of a process whose log tells of one request, younger than all that tests make."""
    books = Books(store)
    await books.begin_process()
    await books.store.join(requests.finish, Finished(skeleton("req_young"), Ending(status=400, outcome="failed")))
    return books


async def step(books: Books, before_us: int = EVER_US, most: int = 500) -> int:
    return await books.store.write(lambda tx: carry(tx, before_us, most))


async def counts(books: Books) -> tuple[int, int]:
    """How many entries and holds there are."""

    def query(tx: Any) -> tuple[int, int]:
        counted = [tx.execute(select(func.count()).select_from(table)).scalar_one() for table in (entry, hold)]
        return counted[0], counted[1]

    return await books.store.read(query)


async def sums(books: Books) -> dict[str, tuple[int, int, int]]:
    rows = await books.store.read(lambda tx: list(tx.execute(select(carried)).mappings()))
    return {row["bucket"]: (row["posted"], row["overage"], row["entries"]) for row in rows}


async def spend(books: Books, amount: int, usd: int, hold_id: str) -> None:
    await books.end(await books.hold(amount, hold_id), "settle", usd=usd)


async def last(books: Books) -> None:
    """One more, so that what was before is not the newest."""
    await books.hold(1, owner="usr_somebody_else")


async def one_of_everything(books: Books) -> Budget:
    """Below its hold, above it, given back, lost, late, released, under way, corrected both ways."""
    budget = await books.budget(10_000)
    await spend(books, 100, 70, "hold_a")
    await spend(books, 100, 130, "hold_b")
    await books.end(await books.hold(100, "hold_c"), "void")
    await books.end(await books.hold(100, "hold_d"), "expire")
    late = await books.hold(100, "hold_e")
    await books.end(late, "expire")
    await books.end(late, "settle", usd=90)
    released = await books.hold(100, "hold_f")
    await books.end(released, "expire")
    await books.end(released, "release")
    await books.hold(100, "hold_g")
    await books.correct(budget, 40)
    await books.correct(budget, -15)
    await last(books)
    return budget


async def test_what_has_ended_is_one_row_and_what_has_not_stays_as_it_was(books: Books) -> None:
    budget = await one_of_everything(books)
    before = await books.balance(budget)
    assert await step(books) == 17
    assert await books.differences() == []
    assert await books.balance(budget) == before
    assert await sums(books) == {f"{budget.id}:usd:total": (265, 45, 14)}
    # A hold and what became of it; one that is open; and the newest.
    assert await counts(books) == (4, 3)
    assert [await books.state(id_) for id_ in ("hold_a", "hold_d", "hold_g")] == [None, "unconfirmed", "open"]
    assert await step(books) == 0


async def test_what_ends_later_is_carried_forward_beside_what_was_before(books: Books) -> None:
    budget = await one_of_everything(books)
    await step(books)
    assert await books.end("hold_d", "settle", usd=120)
    assert await books.end("hold_g", "settle", usd=10)
    await spend(books, 100, 5, "hold_h")
    await last(books)
    before = await books.balance(budget)
    while await step(books, most=1):
        assert await books.differences() == []
    assert await books.balance(budget) == before
    assert await sums(books) == {f"{budget.id}:usd:total": (400, 65, 21)}
    assert await books.differences() == []


@pytest.mark.parametrize("deed", ["settle", "void", "expire", "release"])
async def test_an_end_that_comes_twice_changes_nothing_when_its_hold_is_gone(books: Books, deed: Any) -> None:
    budget = await one_of_everything(books)
    await step(books)
    before = await books.balance(budget)
    assert not await books.end("hold_a", deed, usd=70)
    assert await books.balance(budget) == before
    assert await books.differences() == []


async def test_the_newest_entry_stays_and_tells_what_time_it_was(books: Books) -> None:
    await books.budget(10_000)
    await spend(books, 100, 70, "hold_a")
    assert await step(books) == 1
    assert await step(books) == 0
    assert await counts(books) == (2, 1)
    await last(books)
    assert await step(books) == 1
    assert await counts(books) == (1, 1)


async def test_only_what_is_old_goes(books: Books) -> None:
    await books.budget(10_000)
    await spend(books, 100, 70, "hold_a")
    books.clock.advance(hours=1)  # type: ignore[attr-defined]
    between = to_micros(books.clock.now() - timedelta(minutes=1))
    await spend(books, 100, 60, "hold_b")
    await last(books)
    assert await step(books, between) == 2
    assert await step(books, between) == 0
    assert [await books.state(id_) for id_ in ("hold_a", "hold_b")] == [None, "settled"]


async def test_what_the_log_still_tells_of_stays_until_the_log_forgets_it(books: Books) -> None:
    budget = await books.budget(10_000)
    for name in "ab":
        await books.hold(100, f"hold_{name}", request_id=f"req_{name}")
        await books.finish(f"hold_{name}", f"req_{name}", 70)
    await last(books)
    assert await step(books) == 0
    await books.store.write(lambda tx: requests.drop_rows_beyond(tx, 2))
    assert await step(books) == 2
    assert await sums(books) == {f"{budget.id}:usd:total": (70, 0, 2)}
    assert await books.differences() == []
    await books.store.write(lambda tx: tx.execute(text("DELETE FROM request WHERE id = 'req_b'")))
    await books.store.write(lambda tx: tx.execute(text("DELETE FROM spend")))
    await step(books)
    assert await sums(books) == {f"{budget.id}:usd:total": (140, 0, 4)}


async def test_a_row_that_was_lost_is_still_missed(books: Books) -> None:
    await books.budget(10_000)
    for name in "abc":
        await books.hold(100, f"hold_{name}", request_id=f"req_{name}")
        await books.finish(f"hold_{name}", f"req_{name}", 70)
    await last(books)
    await books.store.write(lambda tx: tx.execute(text("DELETE FROM request WHERE id = 'req_b'")))
    await step(books)
    assert ("request req_b", "has holds but no row") in [(one.subject, one.what) for one in await books.differences()]


async def test_nothing_goes_without_any_log(books: Books) -> None:
    await books.budget(10_000)
    await spend(books, 100, 70, "hold_a")
    await last(books)
    await books.store.write(lambda tx: tx.execute(text("DELETE FROM request")))
    assert await step(books) == 0


async def test_a_request_that_goes_on_keeps_its_first_attempt(books: Books) -> None:
    await books.budget(10_000)
    await books.hold(100, "hold_a")
    await books.fail("hold_a", "void")
    await spend(books, 100, 70, "hold_b")
    await last(books)
    await step(books)
    assert [await books.state(id_) for id_ in ("hold_a", "hold_b")] == ["voided", "settled"]
    await books.ledger.request_ended(["hold_a"])
    await step(books)
    assert [await books.state(id_) for id_ in ("hold_a", "hold_b")] == [None, None]


NEW = "INSERT INTO ledger_entry (hold_id, kind, usd, moves, at) VALUES"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hold SET state = 'voided' WHERE id = 'hold_a'",
        "UPDATE ledger_entry SET usd = usd + 1 WHERE kind = 'settle' AND usd = 70",
        "UPDATE ledger_entry SET usd = -70 WHERE kind = 'settle' AND usd = 70",
        "DELETE FROM ledger_entry WHERE hold_id = 'hold_a' AND kind = 'hold'",
        "DELETE FROM hold WHERE id = 'hold_a'",
        "UPDATE ledger_entry SET moves = '' WHERE kind = 'credit'",
        f"{NEW} ('hold_c', 'settle', 0, '', 1)",
    ],
)
async def test_what_has_drifted_stays_and_is_seen(books: Books, statement: str) -> None:
    await one_of_everything(books)
    await books.store.write(lambda tx: tx.execute(text(statement)))
    await last(books)
    before = await counts(books), await sums(books), await books.differences()
    with pytest.raises(Drifted):
        await step(books)
    assert (await counts(books), await sums(books), await books.differences()) == before
    assert before[-1] != []


@pytest.mark.parametrize("at", ["earlier_entries", "sums", "replace_sums", "drop", "pass_on"])
async def test_a_step_that_breaks_off_changes_nothing(books: Books, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    budget = await one_of_everything(books)
    before = await counts(books), await books.balance(budget)
    whole = getattr(carrying.sql, at)

    def broken(*arguments: Any) -> Any:
        whole(*arguments)
        raise RuntimeError("the process is gone")

    monkeypatch.setattr(carrying.sql, at, broken)
    with pytest.raises(RuntimeError, match="is gone"):
        await step(books)
    monkeypatch.undo()
    assert (await counts(books), await books.balance(budget)) == before
    assert await sums(books) == {}
    assert await books.differences() == []
    assert await step(books) == 17


DOOMED = """
import asyncio, os, signal, sys
from tollhouse.money import carry
from tollhouse.store.opening import open_store

drop = carry.sql.drop

def die(*arguments):
    drop(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    store = await open_store(database_url=sys.argv[1], may_migrate=False)
    carry.sql.drop = die
    await store.write(lambda tx: carry.carry(tx, 2**62))

asyncio.run(main())
"""


async def test_a_process_that_is_killed_in_the_middle_changes_nothing(books: Books, database_url: str) -> None:
    budget = await one_of_everything(books)
    before = await counts(books), await books.balance(budget)
    doomed = await asyncio.create_subprocess_exec(sys.executable, "-c", DOOMED, database_url)
    assert await doomed.wait() == -signal.SIGKILL
    assert (await counts(books), await books.balance(budget)) == before
    assert await sums(books) == {}
    assert await books.differences() == []
    assert await step(books) == 17


async def test_several_processes_may_do_it_at_once_beside_the_traffic(books: Books, database_url: str) -> None:
    budget = await books.budget(10**9)
    other = Books(await open_store(database_url=database_url, may_migrate=False), books.clock)

    async def trade(books: Books, name: str) -> None:
        for number in range(60):
            await spend(books, 100, number % 130, f"hold_{name}{number:03}")

    async def carry_on(books: Books) -> None:
        for _ in range(40):
            await step(books, most=7)
            await asyncio.sleep(0.001)

    try:
        await asyncio.gather(trade(books, "a"), trade(other, "b"), carry_on(books), carry_on(other))
        while await step(other):
            pass
        assert await books.differences() == []
        assert (await books.balance(budget)).posted == 2 * sum(number % 130 for number in range(60))
        assert (await counts(books))[1] <= 1
    finally:
        await other.store.aclose()


Deeds = st.lists(
    st.tuples(
        st.integers(1, 300),
        st.sampled_from(["settle", "void", "expire", "late", "release", "open"]),
        st.integers(0, 400),
        st.sampled_from([0, 0, 5, 11]),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=25,
)


@given(deeds=Deeds, most=st.integers(1, 30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_books_that_were_carried_forward_go_on_like_those_that_were_not(tmp_path_factory: Any, deeds: Any, most: int):
    """The same happens in two installations, and in one of them old entries go in between."""

    async def happen(folder: Any, *, carries: bool) -> tuple[Any, ...]:
        books = Books(await open_store(database_url=f"sqlite:///{folder}/tollhouse.db", may_migrate=True))
        try:
            await books.begin_process()
            young = Finished(skeleton("req_young"), Ending(status=400, outcome="failed"))
            await books.store.join(requests.finish, young)
            total = await books.budget(2_000, id="bud_1")
            day = await books.budget(900, id="bud_2", window="day")
            answers = []
            for number, (amount, deed, usd, hours, when) in enumerate(deeds):
                books.clock.advance(hours=hours)  # type: ignore[attr-defined]
                hold_id = f"hold_{number:03}"
                try:
                    held = await books.hold(amount, hold_id)
                    answers.append((held.usd, held.remaining_usd, held.available_usd))
                except Exception as error:
                    answers.append(str(error))
                    continue
                for one in {"late": ["expire", "settle"], "release": ["expire", "release"], "open": []}.get(
                    deed, [deed]
                ):
                    answers.append(await books.end(hold_id, one, usd=usd))  # noqa: PERF401
                if carries and when < 5:
                    await step(books, most=most)
                    assert await books.differences() == []
            return answers, await books.balance(total), await books.balance(day), await books.differences()
        finally:
            await books.store.aclose()

    async def both() -> None:
        one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
        assert await happen(one, carries=True) == await happen(two, carries=False)

    asyncio.run(both())
