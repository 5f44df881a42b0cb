"""A database that breaks under the ledger: nothing that was granted is lost, nothing is sent without a hold."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import make_url

from books import Books, resolution, skeleton
from tollhouse import ids
from tollhouse.errors import Unavailable
from tollhouse.money.budgets import Balance
from tollhouse.store import requests
from tollhouse.store.opening import open_store
from tollhouse.store.owed import AGAIN_AFTER_S
from tollhouse.store.postgres import connect_asyncpg
from tollhouse.store.requests import Ending, Finished

LIMIT = 10**9


class Spender:
    """Holds and settles, and remembers what the ledger told."""

    def __init__(self, books: Books, chance: Random) -> None:
        self.books = books
        self.chance = chance
        self.settled: dict[str, int] = {}
        self.refused: list[str] = []

    async def spend(self, rounds: int) -> None:
        """Make calls one after another, as a client does that comes again after a 503."""
        for _ in range(rounds):
            hold_id = ids.new("hold")
            try:
                await self.books.hold(1_000, hold_id)
            except Unavailable:
                self.refused.append(hold_id)
                continue
            await asyncio.sleep(self.chance.random() * 0.004)
            self.settled[hold_id] = usd = self.chance.randint(1, 1_000)
            self.finish(hold_id, usd)

    def finish(self, hold_id: str, usd: int) -> None:
        """As the gateway does: nobody waits."""
        self.books.ledger.resolve(resolution(hold_id, "settle", usd=usd))
        ending = Ending(status=200, outcome="succeeded", input_cost=usd, output_cost=0, attempts=1)
        self.books.store.put(requests.finish, Finished(skeleton(f"req_{hold_id}"), ending))


async def kill_backends(url: str, over: asyncio.Event, chance: Random) -> int:
    """Terminate every other connection again and again, at any moment of a batch; gives how many were."""
    connection = await connect_asyncpg(make_url(url))
    killed = 0
    while not over.is_set():
        await asyncio.sleep(chance.random() * 0.05)
        killed += await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await connection.close()
    return killed


async def test_killed_connections_lose_no_settlement_and_leave_no_hold_open(postgres_url: str):
    books = Books(await open_store(database_url=postgres_url, may_migrate=False))
    await books.begin_process()
    budget = await books.budget(LIMIT)
    chance, over = Random(20260115), asyncio.Event()
    killer = asyncio.create_task(kill_backends(postgres_url, over, chance))
    spenders = [Spender(books, chance) for _ in range(8)]
    await asyncio.gather(*(spender.spend(60) for spender in spenders))
    over.set()
    assert await killer > 5
    await books.store.aclose()

    books = Books(await open_store(database_url=postgres_url, may_migrate=False), books.clock)
    settled = {hold_id: usd for spender in spenders for hold_id, usd in spender.settled.items()}
    assert settled
    assert await books.balance(budget) == Balance(posted=sum(settled.values()))
    assert {await books.state(hold_id) for hold_id in settled} == {"settled"}
    assert {await books.state(hold_id) for spender in spenders for hold_id in spender.refused} <= {None, "voided"}
    assert {(await books.row(f"req_{hold_id}"))["outcome"] for hold_id in settled} == {"succeeded"}
    assert await books.differences() == []
    await books.store.aclose()


async def test_while_the_file_is_locked_nothing_is_granted_and_what_ended_is_settled_after(tmp_path: Path):
    books = Books(await open_store(database_url=f"sqlite:///{tmp_path}/t.db", may_migrate=True))
    await books.begin_process()
    budget = await books.budget(LIMIT)
    spender = Spender(books, Random(1))
    await books.hold(1_000, "hold_before")
    other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    spender.finish("hold_before", 7)
    await spender.spend(1)
    assert (spender.settled, len(spender.refused)) == ({}, 1)
    assert await books.balance(budget) == Balance(open=1_000)
    other.close()
    await spender.spend(1)
    await books.store.aclose()

    books = Books(await open_store(database_url=f"sqlite:///{tmp_path}/t.db", may_migrate=False), books.clock)
    assert await books.balance(budget) == Balance(posted=7 + sum(spender.settled.values()))
    assert (await books.row("req_hold_before"))["outcome"] == "succeeded"
    assert await books.differences() == []
    await books.store.aclose()


class DeafProxy:
    """Stands before PostgreSQL's socket. When it is told to be deaf, the next commit happens and nobody hears of it."""

    def __init__(self, server: Path, folder: Path) -> None:
        self.server = server / ".s.PGSQL.5432"
        self.path = folder / ".s.PGSQL.5432"
        self.is_deaf = False
        self.commits_unheard = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_unix_connection(self.server)
        answering = asyncio.create_task(self.copy(answers, writer))
        while said := await reader.read(65_536):
            if self.is_deaf and b"COMMIT" in said:
                self.is_deaf = False
                answering.cancel()
                await asyncio.wait([answering])
                questions.write(said)
                await answers.read(1)
                self.commits_unheard += 1
                break
            questions.write(said)
        answering.cancel()
        for line in (questions, writer):
            line.close()
            await line.wait_closed()

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65_536):
            writer.write(said)
        writer.close()


@pytest.fixture
async def deaf(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[DeafProxy, Books]]:
    """Books behind the proxy."""
    url = make_url(postgres_url)
    proxy = DeafProxy(Path(str(url.query["host"])), tmp_path_factory.mktemp("deaf"))
    server = await asyncio.start_unix_server(proxy.serve, proxy.path)
    behind = url.set(query={"host": str(proxy.path.parent)}).render_as_string(hide_password=False)
    books = Books(await open_store(database_url=behind, may_migrate=False))
    await books.begin_process()
    yield proxy, books
    await books.store.aclose()
    server.close()


async def test_a_hold_that_was_written_and_never_confirmed_is_given_back(deaf: tuple[DeafProxy, Books]):
    proxy, books = deaf
    budget = await books.budget(LIMIT)
    await books.hold(1)
    proxy.is_deaf = True
    with pytest.raises(Unavailable):
        await books.hold(1_000, "hold_unheard")
    assert proxy.commits_unheard == 1
    await books.end("hold_nobody", "void")
    assert await books.entries("hold_unheard") == ["hold", "void"]
    assert await books.balance(budget) == Balance(open=1)


async def test_a_settlement_that_was_written_and_never_confirmed_counts_once(deaf: tuple[DeafProxy, Books]):
    proxy, books = deaf
    budget = await books.budget(LIMIT)
    await books.hold(1_000, "hold_1")
    proxy.is_deaf = True
    Spender(books, Random(1)).finish("hold_1", 70)
    async with asyncio.timeout(30):
        while await books.state("hold_1") != "settled" or not proxy.commits_unheard:
            await asyncio.sleep(0.02)
    await asyncio.sleep(AGAIN_AFTER_S + 0.1)
    await books.end("hold_nobody", "void")
    assert await books.entries("hold_1") == ["hold", "settle"]
    assert await books.balance(budget) == Balance(posted=70)
    assert (await books.row("req_hold_1"))["input_cost"] == 70
    assert await books.differences() == []
