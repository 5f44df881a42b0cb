"""Sixty-four clients at once on a strict budget of exactly ten holds: ten calls are sent, every time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from gateways import CHAT, Gateway, asking, gateway_over
from houses import Person, make_person
from tollhouse.admin import budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.testing import answer, stall

CLIENTS = 64
FIT = 10
RUNS = 20
USAGE = (12, 7)


@pytest.fixture
async def gateway(tmp_path: Path, database_url: str) -> AsyncIterator[Gateway]:
    """Its provider is silent until it is released, so that no call gives money back to another."""
    async with gateway_over(tmp_path / "data", database_url=database_url) as it:
        it.provider.always(stall(), answer("Hello.", usage=USAGE))
        yield it


async def test_exactly_as_many_calls_are_sent_as_holds_fit(gateway: Gateway):
    hold = await one_hold(gateway)
    for run in range(RUNS):
        person = await make_person(gateway.house, f"run {run}")
        limit = str(FIT * hold)
        await budgets.set_budget(
            gateway.house.desk,
            COMMAND_LINE,
            owner_kind="user",
            owner_id=person.id,
            unit="usd",
            window="total",
            limit=limit,
        )
        before = gateway.provider.asked
        responses = await everybody(gateway, person)
        assert Counter(response.status_code for response in responses) == {200: FIT, 429: CLIENTS - FIT}
        assert gateway.provider.asked - before == FIT
        assert {Decimal(one.headers["x-tollhouse-hold-usd"]) for one in responses if one.status_code == 200} == {hold}
        await gateway.house.store.join(lambda batch, items: items, None)
        (budget,) = await budgets.list_budgets(gateway.house.desk, owner=person.id)
        costs = sum(Decimal(one.headers.get("x-tollhouse-cost-usd", "0")) for one in responses)
        assert (Decimal(budget.posted), budget.open, budget.unconfirmed) == (costs, "0", "0")


async def one_hold(gateway: Gateway) -> Decimal:
    """What one of these calls sets aside under a strict budget."""
    await gateway.budget("1")
    asked = asyncio.create_task(gateway.chat(max_tokens=100))
    await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    gateway.provider.release()
    return Decimal((await asked).headers["x-tollhouse-hold-usd"])


async def everybody(gateway: Gateway, person: Person) -> list[httpx2.Response]:
    """All ask at once; the provider answers when everyone else has been refused."""
    body = asking(max_tokens=100)
    asked = [asyncio.create_task(gateway.client.post(CHAT, headers=person.headers, json=body)) for _ in range(CLIENTS)]
    async with asyncio.timeout(30):
        while sum(one.done() for one in asked) + gateway.provider.stalled < CLIENTS:
            await asyncio.sleep(0.005)
    gateway.provider.release()
    return await asyncio.gather(*asked)
