"""Who is next: nobody's many, and nobody's urgent, come before another's first."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from tollhouse.jobs.fairness import Waiting, fairly
from tollhouse.store import queue
from tollhouse.store.conversation_tables import conversation, message, run
from tollhouse.store.engine import Store, Writing
from tollhouse.store.postgres import POOL_SIZE, PostgresStore, connect_asyncpg
from tollhouse.store.tables import user, workspace


def waiting(workspace: str, number: int, priority: int = 5) -> Waiting:
    return Waiting(id=f"run_{workspace}{number:06}", workspace_id=workspace, priority=priority, attempt=1)


def test_the_urgent_goes_before_a_thousand_that_wait_longer():
    """J6."""
    crowd = [waiting("a", number) for number in range(1_000)]
    urgent = waiting("a", 1_000, priority=9)
    assert fairly([*crowd, urgent], {}, free=2, firsts=0) == [urgent, crowd[0]]


def test_ten_thousand_of_one_do_not_delay_the_first_of_another():
    """J6: not even when they are called urgent, and fill every place."""
    crowd = [waiting("a", number, priority=9) for number in range(10_000)]
    first = waiting("b", 0)
    assert first in fairly([*crowd, first], {"a": 0}, free=2, firsts=0)
    assert fairly([*crowd, first], {"a": 32}, free=0, firsts=32) == [first]
    assert fairly([*crowd, waiting("b", 1)], {"a": 32, "b": 1}, free=0, firsts=31) == []


WAITING = st.lists(
    st.builds(waiting, st.sampled_from("abcd"), st.integers(0, 999), st.integers(0, 9)),
    unique_by=lambda it: it.id,
    max_size=60,
)


@given(WAITING, st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9)), st.integers(0, 20), st.integers(0, 5))
def test_no_place_stays_free_and_nobody_has_two_more_than_another_who_waits(
    lists: list[Waiting], running: dict[str, int], free: int, firsts: int
):
    chosen = fairly(lists, running, free=free, firsts=firsts)
    assert len(chosen) >= min(free, len(lists))
    assert len(chosen) <= free + firsts
    taken, left = Counter(one.workspace_id for one in chosen), Counter(one.workspace_id for one in lists)
    for one in taken:
        for other in left:
            if left[other] > taken[other]:
                assert running.get(one, 0) + taken[one] <= max(running.get(other, 0) + taken[other] + 1, 1)
    for one, other in ((a, b) for a in chosen for b in lists if b not in chosen):
        if one.workspace_id == other.workspace_id:
            assert (-one.priority, one.id) < (-other.priority, other.id)


# --- the queue itself ------------------------------------------------------------------------------------------------

AT = datetime(2026, 11, 22, tzinfo=UTC)
RUN = {"status": "queued", "attempt": 1, "failures": 0, "losses": 0, "background": True, "model": "m", "settings": {}}


def crowd(tx: Writing, runs: dict[str, list[int]]) -> None:
    """Runs that wait, of each workspace with these priorities."""
    for one in runs:
        tx.execute(insert(workspace).values(id=one, name=one, created_at=AT))
        tx.execute(insert(user).values(id=one, workspace_id=one, name=one, time_zone="UTC", created_at=AT))
        talk = {"settings": {}, "metadata": {}, "pinned": False, "active_at": AT, "created_at": AT}
        tx.execute(insert(conversation).values(id=one, user_id=one, workspace_id=one, **talk))
        said = {"role": "user", "parts": "[]", "tokens": 1, "tokens_estimated": True, "pinned": False, "created_at": AT}
        tx.execute(insert(message).values(id=one, conversation_id=one, user_id=one, seq=1, **said))
    tx.execute(
        insert(run),
        [
            {**RUN, **owned(one), "id": f"run_{one}{number:06}", "priority": priority, "origin": {}, "created_at": AT}
            for one, priorities in runs.items()
            for number, priority in enumerate(priorities)
        ],
    )


def owned(one: str) -> dict[str, Any]:
    return {"conversation_id": one, "user_id": one, "workspace_id": one, "token_id": one, "message_id": one}


async def test_a_look_finds_the_first_of_each_workspace_however_many_wait(store: Store):
    await store.write(lambda tx: crowd(tx, {"a": [5] * 500 + [9], "b": [0], "c": [1, 3, 2]}))
    found = await store.read(lambda tx: queue.due(tx, AT, 2))
    order = sorted(found, key=lambda it: (it["workspace_id"], -it["priority"], it["id"]))
    assert [row["id"] for row in order] == ["run_a000500", "run_a000000", "run_b000000", "run_c000001", "run_c000002"]
    await store.write(lambda tx: queue.claim(tx, {"run_a000500": "one", "run_b000000": "two"}, "boot_a"))
    found = await store.read(lambda tx: queue.due(tx, AT, 1))
    assert {row["id"] for row in found} == {"run_a000000", "run_c000001"}


async def test_a_look_reads_no_more_than_it_gives(store: Store):
    """Or the more one of them has waiting, the later every look is over, and the first of another begins."""
    await store.write(lambda tx: crowd(tx, {"a": [5] * 3_000, "b": [5]}))
    plans: list[str] = []

    class Explaining:
        """A reader that tells how the database would go about it."""

        def __init__(self, tx: Any) -> None:
            self.tx = tx

        def execute(self, query: Any) -> Any:
            said = query.compile(self.tx, compile_kwargs={"literal_binds": True})
            how = "EXPLAIN QUERY PLAN" if store.dialect == "sqlite" else "EXPLAIN"
            plans.append("\n".join(str(row[-1]) for row in self.tx.execute(text(f"{how} {said}"))))
            return self.tx.execute(query)

    assert len(await store.read(lambda tx: queue.due(Explaining(tx), AT, 4))) == 5  # type: ignore[arg-type]
    assert "ix_run_waiting" in plans[0]
    for reads_all in ("Seq Scan", "Sort", "ORDER BY", "DISTINCT", "SCAN other", "SCAN run"):
        assert reads_all not in plans[0], plans[0]


async def test_two_who_take_at_once_take_different_ones_and_neither_waits(store: Store):
    await store.write(lambda tx: crowd(tx, {"a": [5] * 4}))
    jobs = {f"run_a{number:06}": f"job_{number}" for number in range(4)}
    first, second = await asyncio.gather(
        store.write(lambda tx: queue.claim(tx, jobs, "boot_a")),
        store.write(lambda tx: queue.claim(tx, jobs, "boot_b")),
    )
    assert sorted([*first, *second]) == sorted(jobs)
    assert await store.read(queue.under_way) == {"a": 4}


async def test_who_takes_passes_over_what_another_is_about_to_take(postgres_url: str):
    store = PostgresStore(postgres_url)
    other = await connect_asyncpg(store.url)
    try:
        await store.write(lambda tx: crowd(tx, {"a": [5] * 3}))
        jobs = {f"run_a{number:06}": f"job_{number}" for number in range(3)}
        async with other.transaction():
            await other.execute("SELECT 1 FROM run WHERE id = 'run_a000000' FOR UPDATE")
            taken = await store.write(lambda tx: queue.claim(tx, jobs, "boot_b"))
        assert taken == [*jobs][1:]
    finally:
        await other.close()
        await store.aclose()


async def test_those_who_keep_order_do_not_wait_for_a_connection_behind_the_rest(postgres_url: str):
    store = PostgresStore(postgres_url)
    other = await connect_asyncpg(store.url)
    stuck = text("SELECT pg_advisory_xact_lock_shared(7)")
    try:
        await other.execute("SELECT pg_advisory_lock(7)")
        waiting_ones = [asyncio.create_task(store.read(lambda tx: tx.execute(stuck))) for _ in range(POOL_SIZE)]
        await asyncio.sleep(0)
        assert await store.aside.read(lambda tx: tx.execute(text("SELECT 1")).scalar_one()) == 1
        assert not any(one.done() for one in waiting_ones)
        await other.execute("SELECT pg_advisory_unlock(7)")
        await asyncio.gather(*waiting_ones)
    finally:
        await other.close()
        await store.aclose()
