"""The writer keeps what it confirmed, whatever happens to the process or the database around it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from tollhouse.errors import CannotStart, NotFound, Unavailable
from tollhouse.store import machinery, opening
from tollhouse.store.engine import Store
from tollhouse.store.opening import open_store
from tollhouse.store.schema import SERVES_FACT
from tollhouse.store.statements import Batch, Query, inserting
from tollhouse.store.tables import fact

PUT = inserting(fact, ("name", "value"))
GET = Query("SELECT name, value FROM fact WHERE name IN (?) /*pg*/ ORDER BY name FOR UPDATE")


def put(batch: Batch, items: list[str]) -> Sequence[str]:
    if "poison" in items:
        raise ValueError("poison")
    batch.run(PUT, [(item, "1") for item in items])
    return [item.upper() for item in items]


async def names(store: Store) -> set[str]:
    """The facts that a test has set."""
    names = await store.read(lambda tx: tx.execute(text("SELECT name FROM fact")).scalars().all())
    return {*names} - {SERVES_FACT}


async def test_a_change_is_readable_once_it_is_confirmed(store: Store) -> None:
    await store.write(lambda tx: machinery.set_fact(tx, "colour", {"is": "blue"}))
    assert await store.read(lambda tx: machinery.get_fact(tx, "colour")) == {"is": "blue"}


async def test_what_is_joined_in_one_turn_is_one_batch_with_an_outcome_each(store: Store) -> None:
    sizes = []

    def count(batch: Batch, items: list[str]) -> Sequence[str]:
        sizes.append(len(items))
        return put(batch, items)

    outcomes = await asyncio.gather(*(store.join(count, f"n{number}") for number in range(50)))
    assert outcomes == [f"N{number}" for number in range(50)]
    assert sizes == [50]
    assert len(await names(store)) == 50


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_under_load_several_turns_share_a_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollhouse.store.writer.COMPANY_S", 0.5)
    sizes = []

    def count(batch: Batch, items: list[str]) -> Sequence[str]:
        sizes.append(len(items))
        return put(batch, items)

    await store.join(count, "alone")
    await store.join(count, "alone too")
    assert sizes == [1, 1]
    await asyncio.gather(*(store.join(count, f"crowd {number}") for number in range(4)))
    turns = []
    for number in range(3):
        turns.append(store.join(count, f"turn {number}"))
        await asyncio.sleep(0)
    assert await asyncio.gather(*turns) == ["TURN 0", "TURN 1", "TURN 2"]
    assert sizes == [1, 1, 4, 3]


async def test_what_was_put_before_is_written_before_what_goes_along_with_a_change(store: Store) -> None:
    """A process that dies between the two may leave the first alone, never the second."""
    written = []

    def note(batch: Batch, items: list[str]) -> Sequence[str]:
        written.extend(items)
        return put(batch, items)

    store.put(note, "before")
    await store.write(lambda tx: machinery.set_fact(tx, "change", 1), [(note, "along"), (note, "behind")])
    assert written == ["before", "along", "behind"]
    assert await names(store) == {"before", "change", "along", "behind"}


async def test_nothing_goes_along_with_a_change_that_fails(store: Store) -> None:
    def bad(tx: object) -> None:
        raise NotFound("no")

    with pytest.raises(NotFound):
        await store.write(bad, [(put, "along")])
    with pytest.raises(ValueError, match="poison"):
        await store.write(lambda tx: machinery.set_fact(tx, "change", 1), [(put, "along"), (put, "poison")])
    assert await names(store) == set()


async def test_what_is_joined_is_written_in_one_order_however_it_came(store: Store) -> None:
    written = []

    def a_first(batch: Batch, items: list[str]) -> Sequence[str]:
        written.extend(items)
        return items

    def b_second(batch: Batch, items: list[str]) -> Sequence[str]:
        written.extend(items)
        return items

    await asyncio.gather(store.join(b_second, "b"), store.join(a_first, "a"))
    assert written == ["a", "b"]


async def test_a_change_that_fails_is_undone_alone(store: Store) -> None:
    def bad(tx: object) -> None:
        machinery.set_fact(tx, "half", 1)  # type: ignore[arg-type]
        raise NotFound("no")

    results = await asyncio.gather(
        store.write(lambda tx: machinery.set_fact(tx, "a", 1)),
        store.write(bad),
        store.write(lambda tx: machinery.set_fact(tx, "b", 1)),
        return_exceptions=True,
    )
    assert isinstance(results[1], NotFound)
    assert await names(store) == {"a", "b"}


async def test_one_poisoned_item_fails_alone_and_its_batch_mates_are_written(store: Store) -> None:
    results = await asyncio.gather(
        *(store.join(put, name) for name in ("a", "poison", "b")),
        store.write(lambda tx: machinery.set_fact(tx, "c", 1)),
        return_exceptions=True,
    )
    assert results[0] == "A"
    assert isinstance(results[1], ValueError)
    assert results[2] == "B"
    assert await names(store) == {"a", "b", "c"}


async def test_hot_statements_fetch_by_a_list_of_keys(store: Store) -> None:
    await asyncio.gather(*(store.join(put, f"k{number}") for number in range(5)))

    def fetch(batch: Batch, items: list[list[str]]) -> list[list[str]]:
        return [[row[0] for row in batch.fetch(GET, keys)] for keys in items]

    assert await store.join(fetch, ["k1", "k3", "nobody"]) == ["k1", "k3"]


async def test_those_who_stopped_waiting_do_not_disturb_the_batch(store: Store) -> None:
    first, second = store.join(put, "first"), store.join(put, "second")
    first.cancel()
    assert await second == "SECOND"
    assert await names(store) == {"first", "second"}


async def test_a_closed_store_refuses_work(store: Store) -> None:
    await store.aclose()
    with pytest.raises(Unavailable):
        await store.join(put, "late")


async def test_a_short_lock_by_another_process_is_waited_for_without_blocking_the_loop(tmp_path: Path) -> None:
    store = await open_store(database_url=f"sqlite:///{tmp_path}/t.db", may_migrate=True)
    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.ensure_future(store.write(lambda tx: machinery.set_fact(tx, "late", 1)))
    turns = 0
    while turns < 20:
        await asyncio.sleep(0.002)
        turns += 1
    assert not writing.done()
    other.execute("ROLLBACK")
    other.close()
    await writing
    assert await names(store) == {"late"}
    await store.aclose()


async def test_a_start_waits_for_another_process_that_writes(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    other.execute("CREATE TABLE theirs (id)")
    other.execute("BEGIN EXCLUSIVE")
    opening_it = asyncio.ensure_future(open_store(database_url=f"sqlite:///{tmp_path}/t.db", may_migrate=True))
    await asyncio.sleep(3 * opening.PAUSE_S)
    assert not opening_it.done()
    other.execute("DROP TABLE theirs")
    other.execute("COMMIT")
    other.close()
    store = await opening_it
    assert await store.join(put, "kept") == "KEPT"
    await store.aclose()


async def test_a_start_says_what_to_do_about_one_that_does_not_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PATIENCE_S", 0.1)
    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    other.execute("CREATE TABLE theirs (id)")
    for held in ("BEGIN EXCLUSIVE", "PRAGMA journal_mode=WAL", "BEGIN IMMEDIATE"):
        other.execute(held)
        if held.startswith("BEGIN"):
            with pytest.raises(CannotStart, match=r"another process writes to .*t\.db.*`fuser "):
                await open_store(database_url=f"sqlite:///{tmp_path}/t.db", may_migrate=True)
            other.execute("ROLLBACK")
    other.close()


async def test_a_long_lock_is_503_and_nothing_is_written(tmp_path: Path) -> None:
    store = await open_store(database_url=f"sqlite:///{tmp_path}/t.db", may_migrate=True)
    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="locked") as caught:
        await store.join(put, "lost")
    assert caught.value.retry_after_s
    other.close()
    assert await store.join(put, "kept") == "KEPT"
    assert await names(store) == {"kept"}
    await store.aclose()


async def test_a_postgres_backend_that_is_killed_costs_one_batch_and_heals(postgres_url: str) -> None:
    store = await open_store(database_url=postgres_url, may_migrate=False)
    await store.join(put, "before")
    kill = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await store.read(lambda tx: tx.execute(kill).scalar_one())
    try:
        await store.join(put, "during")
    except Unavailable:
        pass
    else:
        assert "during" in await names(store)
    assert await store.join(put, "after") == "AFTER"
    assert {"before", "after"} <= await names(store)
    await store.aclose()


CHILD = """
import asyncio, sys
from tollhouse.store.opening import open_store
from tollhouse.store.statements import inserting
from tollhouse.store.tables import fact
PUT = inserting(fact, ("name", "value"))
def put(batch, items):
    batch.run(PUT, [(item, "1") for item in items])
    return items
async def main(url, round):
    store = await open_store(database_url=url, may_migrate=False)
    async def spend(worker):
        number = 0
        while True:
            done = await store.join(put, f"{round}-{worker}-{number}")
            sys.stdout.write(done + "\\n"); sys.stdout.flush()
            number += 1
    await asyncio.gather(*(spend(worker) for worker in range(8)))
asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


@pytest.mark.parametrize("rounds", [5])
async def test_everything_confirmed_survives_kill_9(database_url: str, rounds: int) -> None:
    await (await open_store(database_url=database_url, may_migrate=True)).aclose()
    confirmed: set[str] = set()
    for number in range(rounds):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, database_url, str(number)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(100 + 37 * number)]
        os.kill(child.pid, signal.SIGKILL)
        lines += child.stdout.readlines()
        child.wait()
        child.stdout.close()
        confirmed.update(line.strip() for line in lines if line.endswith("\n"))
    store = await open_store(database_url=database_url, may_migrate=False)
    kept = await names(store)
    await store.aclose()
    assert len(confirmed) > 100 * rounds
    assert confirmed <= kept
