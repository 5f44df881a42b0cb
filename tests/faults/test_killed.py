"""`kill -9` at any moment: every call that the provider saw has its row, and at least what it billed is charged."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update

from command_line import Gateway, started
from houses import Person, acme_toml, make_person, opened
from tollhouse.admin import budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.money import verify
from tollhouse.money.amounts import price_from_usd_per_million
from tollhouse.money.prices import Price, cost_of
from tollhouse.store.engine import Reading
from tollhouse.store.tables import hold, process, request
from tollhouse.testing import answer, wait
from tollhouse.testing.process import spawn
from tollhouse.testing.remote import RemoteProvider

pytestmark = pytest.mark.slow

CLIENTS = 16
PRICE = Price(input=price_from_usd_per_million("2.50"), output=price_from_usd_per_million("10.00"))
SCRIPT = [part for step in answer("One two three four five six seven.", usage=(12, 7)) for part in (step, wait(0.004))]


@dataclass
class Called:
    """One request as all sides saw it."""

    billed: int = 0
    settled: int = 0
    unconfirmed: int = 0
    outcome: str | None = None


@dataclass
class Trial:
    """A provider that fails now and then, an installation that is killed again and again, and clients that insist."""

    folder: Path
    provider: RemoteProvider
    chance: Random
    person: Person
    database_url: str | None
    answered: set[str] = field(default_factory=set)
    asked: int = 0

    def start(self) -> Any:
        env = {"TOLLHOUSE_CONFIG": str(self.folder / "tollhouse.toml")}
        if self.database_url is not None:
            env["TOLLHOUSE_DATABASE_URL"] = self.database_url
        return started(self.folder, env=env)

    async def insist(self, gateways: list[Gateway], victim: Gateway) -> None:
        """Ask from all sides until the victim is killed, at some moment within the first second."""
        over = asyncio.Event()

        def kill() -> None:
            victim.process.kill()
            over.set()

        asyncio.get_running_loop().call_later(self.chance.uniform(0.05, 0.9), kill)
        asking = [asyncio.create_task(self.ask(gateways[n % len(gateways)], over)) for n in range(CLIENTS)]
        await over.wait()
        # Another gateway answers on, for those who have the patience.
        _, impatient = await asyncio.wait(asking, timeout=0.3)
        for task in impatient:
            task.cancel()
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]

    async def ask(self, gateway: Gateway, over: asyncio.Event) -> None:
        port = int(gateway.url.rpartition(":")[2])
        while not over.is_set():
            self.asked += 1
            name = f"call-{self.asked}"
            try:
                said = await exchange(port, self.written(name))
            except OSError:
                return
            if said.startswith(b"HTTP/1.1 200") and (b"\ndata: [DONE]" in said or said.endswith(b"}")):
                self.answered.add(name)

    def written(self, name: str) -> bytes:
        """A request that both ends can be found by: the row by its id, the call by its prompt."""
        body: dict[str, Any] = {"model": "acme/acme-1", "messages": [{"role": "user", "content": name}]}
        body["stream"] = self.chance.random() < 0.5
        if self.chance.random() < 0.7:
            body["max_tokens"] = 64
        content = json.dumps(body).encode()
        return (
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n"
            b"content-type: application/json\r\nauthorization: Bearer %s\r\nx-request-id: %s\r\n"
            b"content-length: %d\r\n\r\n%s"
        ) % (self.person.token.encode(), name.encode(), len(content), content)

    async def check(self) -> None:
        """Nothing drifted, nothing is open, nothing the provider saw is unknown or charged for less than it billed."""
        async with opened(self.folder, toml=self.toml, database_url=self.database_url) as house:
            now = house.clock.now()
            checked = verify.Checked()
            assert await house.store.read(lambda tx: [*verify.differences(tx, now, checked)]) == []
            called = await house.store.read(self.read_books)
        for number, name in self.names():
            assert name in called, f"the provider saw request {number}, {name}, which has no row"
        for name, usd in self.bills():
            called[name].billed += usd
        for name, call in called.items():
            assert call.billed <= call.settled + call.unconfirmed, name
            assert call.outcome != "succeeded" or call.settled <= call.billed, name
        assert {called[name].outcome for name in self.answered} <= {"succeeded", "gateway_stopped"}

    @property
    def toml(self) -> str:
        return (self.folder / "tollhouse.toml").read_text()

    def names(self) -> Iterator[tuple[int, str]]:
        for asked in self.provider.requests:
            yield asked.number, asked.json["messages"][0]["content"]

    def bills(self) -> Iterator[tuple[str, int]]:
        names = dict(self.names())
        for billed in self.provider.billed:
            yield names[billed.request], cost_of(billed.usage, PRICE)

    def read_books(self, tx: Reading) -> dict[str, Called]:
        calls: defaultdict[str, Called] = defaultdict(Called)
        names: dict[str, str] = {}
        for row in tx.execute(select(request)).mappings():
            names[row["id"]] = row["client_request_id"]
            calls[row["client_request_id"]].outcome = row["outcome"]
            calls[row["client_request_id"]].settled = (row["input_cost"] or 0) + (row["output_cost"] or 0)
        for row in tx.execute(select(hold)).mappings():
            assert row["state"] != "open"
            if row["state"] == "unconfirmed":
                calls[names[row["request_id"]]].unconfirmed += row["usd"]
        return dict(calls)


async def exchange(port: int, written: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(written)
        return await reader.read()
    finally:
        writer.close()


async def prepare(folder: Path, provider: RemoteProvider, database_url: str | None, seed: int) -> Trial:
    """A user who may spend a hundred dollars and not one more."""
    provider.always(*SCRIPT)
    provider.faults(seed, rate=0.25)
    toml = acme_toml(provider.base_url, api_key="sk-acme", share=True)
    async with opened(folder, toml=toml, database_url=database_url) as house:
        person = await make_person(house)
        await set_budget(house, person)
    return Trial(folder=folder, provider=provider, chance=Random(seed), person=person, database_url=database_url)


async def set_budget(house: House, person: Person) -> None:
    await budgets.set_budget(
        house.desk, COMMAND_LINE, owner_kind="user", owner_id=person.id, unit="usd", window="total", limit="100"
    )


def test_a_gateway_on_sqlite_that_is_killed_twenty_times_is_always_right_about_the_money(tmp_path: Path):
    with spawn(keep_requests=100_000, verify=False) as provider:
        trial = asyncio.run(prepare(tmp_path / "data", provider, None, seed=1))
        for _ in range(20):
            with trial.start() as gateway:
                asyncio.run(trial.insist([gateway], gateway))
        with trial.start():
            asyncio.run(trial.check())
        assert len(trial.answered) > 20


def test_two_gateways_on_postgres_of_which_one_is_killed_are_always_right_about_the_money(
    tmp_path: Path, postgres_url: str
):
    with spawn(keep_requests=100_000, verify=False) as provider, ExitStack() as stack:
        trial = asyncio.run(prepare(tmp_path / "data", provider, postgres_url, seed=2))
        survivor = stack.enter_context(trial.start())
        for _ in range(4):
            with trial.start() as victim:
                asyncio.run(trial.insist([survivor, victim], victim))
            asyncio.run(let_heartbeat_lapse(trial, victim.process.pid))
        survivor.stop()
        assert survivor.wait() == 0
        with trial.start():
            asyncio.run(trial.check())
        assert len(trial.answered) > 10


async def let_heartbeat_lapse(trial: Trial, pid: int) -> None:
    """As if fifteen seconds had passed: whoever looks next finds it dead."""
    async with opened(trial.folder, toml=trial.toml, database_url=trial.database_url) as house:
        await house.store.write(lambda tx: tx.execute(update(process).where(process.c.pid == pid).values(beat_at=0)))
