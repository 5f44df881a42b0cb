"""What nobody waits for is written too: after a lock, after a broken connection, beside an item that is bad."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, text

from tollhouse.store.engine import Store
from tollhouse.store.opening import open_store
from tollhouse.store.postgres import connect_asyncpg
from tollhouse.store.statements import Batch, inserting
from tollhouse.store.tables import process

PUT = inserting(process, ("boot_id", "kind", "pid", "started_at", "beat_at"))
KILL = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

KILL_WHO_WAITS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def put(batch: Batch, items: list[tuple[str, int]]) -> Sequence[None]:
    batch.run(PUT, [(boot_id, "web", pid, 0, 0) for boot_id, pid in items])
    return [None] * len(items)


async def names(store: Store) -> set[str]:
    return set(await store.read(lambda tx: tx.execute(text("SELECT boot_id FROM process")).scalars().all()))


async def until(is_so: Callable[[], Any], timeout_s: float = 30.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not await is_so():
            await asyncio.sleep(0.02)


async def test_what_a_locked_file_could_not_take_is_written_when_the_lock_is_gone(tmp_path: Path):
    store = await open_store(database_url=f"sqlite:///{tmp_path}/t.db", may_migrate=True)
    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store.put(put, ("late", 1))
    failed = store.join(put, ("refused", 1))
    await asyncio.wait([failed])
    assert failed.exception() is not None
    other.close()
    await until(lambda: names(store))
    assert await names(store) == {"late"}
    await store.aclose()


async def test_what_is_owed_is_written_before_the_store_closes(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/t.db"
    store = await open_store(database_url=url, may_migrate=True)
    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store.put(put, ("late", 1))
    await asyncio.wait([store.join(put, ("refused", 1))])
    other.close()
    await store.aclose()
    again = await open_store(database_url=url, may_migrate=False)
    assert await names(again) == {"late"}
    await again.aclose()


async def test_what_a_broken_connection_lost_is_written_on_the_next(postgres_url: str):
    store = await open_store(database_url=postgres_url, may_migrate=False)
    await store.join(put, ("before", 1))
    await store.read(lambda tx: tx.execute(KILL).scalar_one())
    for number in range(20):
        store.put(put, (f"n{number}", number))
    await until(lambda: is_there(store, "n19"))
    assert await names(store) == {"before", *(f"n{number}" for number in range(20))}
    await store.aclose()


async def test_what_waits_is_written_before_the_store_closes_though_its_connection_dies(postgres_url: str):
    store = await open_store(database_url=postgres_url, may_migrate=False)
    other = await connect_asyncpg(make_url(postgres_url))
    lock = other.transaction()
    await lock.start()
    await other.execute("LOCK TABLE process IN ACCESS EXCLUSIVE MODE")
    store.put(put, ("last", 1))
    closing = asyncio.create_task(store.aclose())
    # Not from within the transaction, where what others do looks as it did at the first look.
    killer = await connect_asyncpg(make_url(postgres_url))
    await until(lambda: killer.fetchval(KILL_WHO_WAITS))
    await killer.close()
    await lock.rollback()
    await other.close()
    await closing
    again = await open_store(database_url=postgres_url, may_migrate=False)
    assert await names(again) == {"last"}
    await again.aclose()


async def is_there(store: Store, name: str) -> bool:
    return name in await names(store)


async def test_one_bad_item_is_let_go_and_the_others_are_written(store: Store):
    for item in (("a", 1), ("bad", object()), ("b", 2**31 - 1)):
        store.put(put, item)
    await store.join(put, ("last", 1))
    assert await names(store) == {"a", "b", "last"}
    await store.join(put, ("afterwards", 1))
    assert "bad" not in await names(store)


async def test_a_number_too_large_for_its_column_harms_no_other_item(store: Store):
    outcomes = await asyncio.gather(
        *(store.join(put, item) for item in (("a", 1), ("huge", 2**80), ("b", 2))), return_exceptions=True
    )
    assert [isinstance(outcome, BaseException) for outcome in outcomes] == [False, True, False]
    assert await names(store) == {"a", "b"}


async def test_a_listener_that_fails_stops_nobody(store: Store):
    heard = []

    def listen(items: list[Any]) -> None:
        heard.append(len(items))
        raise OSError("the log's disk is full")

    store.on_commit[put] = listen
    await store.join(put, ("a", 1))
    await asyncio.gather(*(store.join(put, (name, 1)) for name in "bc"))
    assert await names(store) == {"a", "b", "c"}
    assert heard == [1, 2]
