"""SQLite's WAL stays small, however long somebody writes and others read without a pause."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tollhouse.store import machinery, writer
from tollhouse.store.engine import Store
from tollhouse.store.opening import open_store

PAGE_BYTES = 4_096 + 24
AT_ONCE, TIMES, PAGES = 4, 400, 4
"""Who writes, how often each, and the pages that each time takes at least."""
WRITTEN = AT_ONCE * TIMES * PAGES


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    monkeypatch.setattr(writer, "CHECKPOINT_EVERY_S", 0.01)
    monkeypatch.setattr(writer, "WAL_PAGES_MOST", 100)
    store = await open_store(database_url=f"sqlite:///{tmp_path}/a.db", may_migrate=True)
    yield store
    await store.aclose()


async def write(store: Store, times: int = TIMES) -> None:
    async def one(number: int) -> None:
        for turn in range(times):
            await store.write(lambda tx, turn=turn: machinery.set_fact(tx, f"{number}", f"{turn:{PAGES * 4_000}}"))  # type: ignore[misc]

    await asyncio.gather(*map(one, range(AT_ONCE)))


def pages(tmp_path: Path) -> int:
    return (tmp_path / "a.db-wal").stat().st_size // PAGE_BYTES


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Somebody always reads something that is a little old: several readers, each for a moment."""
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM fact").fetchone()
            is_over.wait(0.005)
            connection.close()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        yield
    finally:
        is_over.set()
        for reader in readers:
            reader.join()


async def test_it_begins_anew_while_somebody_reads_all_the_time(store: Store, tmp_path: Path) -> None:
    with reading(tmp_path / "a.db"):
        await write(store)
    assert pages(tmp_path) < WRITTEN / 8


async def test_a_reader_that_stays_stops_nobody_from_writing(store: Store, tmp_path: Path) -> None:
    reader = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM fact").fetchone()
    await asyncio.wait_for(write(store, 20), 60)
    assert await store.read(lambda tx: len(machinery.get_fact(tx, "0"))) == PAGES * 4_000
    reader.close()
