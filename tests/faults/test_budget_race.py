"""Fifty clients at once, one dollar: never a nanodollar more is spent, and nobody is refused who could be served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from random import Random

import httpx2
import pytest

from gateways import Gateway, gateway_over
from tollhouse.admin.views import BudgetView
from tollhouse.store.statements import Batch
from tollhouse.testing import answer, wait

CLIENTS = 50
LIMIT = Decimal(1)
TOKENS = 1_000
"""What every answer has, and what a client's own cap allows."""


@pytest.fixture
async def gateway(tmp_path: Path, database_url: str) -> AsyncIterator[Gateway]:
    """A caller with one dollar for ever, and a provider that fails in one answer of five; on both databases."""
    async with gateway_over(tmp_path / "data", database_url=database_url) as it:
        await it.budget("1", mode="strict")
        it.provider.always(wait(0.02), *answer("Hello there", usage=(12, TOKENS)))
        yield it


async def taken(gateway: Gateway) -> Decimal:
    """Everything that is spent, held or unconfirmed, in dollars, when all that waited is written."""
    await gateway.house.store.join(nothing, None)
    budget = await gateway.balance()
    return sum((Decimal(amount) for amount in (budget.posted, budget.open, budget.unconfirmed)), Decimal(0))


def nothing(batch: Batch, items: list[None]) -> list[None]:
    return items


async def watch(gateway: Gateway) -> Decimal:
    """Look at the budget again and again until cancelled; gives the most that was ever taken of it."""
    most = Decimal(0)
    try:
        while True:
            most = max(most, await taken(gateway))
            await asyncio.sleep(0.005)
    except asyncio.CancelledError:
        return most


async def ask(gateway: Gateway, chance: Random) -> httpx2.Response:
    """Streamed or not, with a cap of the client's own or the one that the gateway writes."""
    return await gateway.chat(stream=chance.random() < 0.5, max_tokens=TOKENS if chance.random() < 0.8 else None)


async def test_a_strict_dollar_is_never_overspent(gateway: Gateway):
    gateway.provider.faults(seed=7, rate=0.2, kinds=("lost", "error", "cut", "slow"))
    chance = Random(7)
    watching = asyncio.create_task(watch(gateway))

    async def insist() -> list[httpx2.Response]:
        return [await ask(gateway, chance) for _ in range(3)]

    responses = [each for client in await asyncio.gather(*(insist() for _ in range(CLIENTS))) for each in client]
    watching.cancel()
    assert 0 < await watching <= LIMIT
    budget = await gateway.balance()
    assert (Decimal(budget.open), Decimal(budget.overage)) == (0, 0)
    assert LIMIT / 2 < await taken(gateway) <= LIMIT
    refused = [response for response in responses if response.status_code == 429]
    assert refused
    for response in refused:
        check_refusal(response, budget)
    assert any(response.status_code == 200 for response in responses)


def check_refusal(response: httpx2.Response, budget: BudgetView) -> None:
    """It says that waiting will not help: a total has no next period."""
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert response.headers["x-should-retry"] == "false"
    assert "retry-after" not in response.headers
    assert (error["budget"], "resets_at" in error) == (budget.id, False)
    assert Decimal(error["needed"]) > Decimal(error["available"]) >= 0


async def test_one_after_another_is_served_as_long_as_it_fits(gateway: Gateway):
    costs = set()
    while True:
        available = LIMIT - await taken(gateway)
        response = await gateway.chat(max_tokens=TOKENS)
        if response.status_code == 429:
            break
        assert response.status_code == 200
        held = Decimal(response.headers["x-tollhouse-hold-usd"])
        assert held <= available
        costs.add(Decimal(response.headers["x-tollhouse-cost-usd"]))
    error = response.json()["error"]
    assert (Decimal(error["available"]), Decimal(error["needed"])) == (available, held)
    assert available < held
    # A body with a smaller number in it is a byte shorter, and its bound a quarter of a token's price lower.
    affordable = error["affordable_max_tokens"]
    assert (await gateway.chat(max_tokens=affordable + 2)).status_code == 429
    assert await taken(gateway) == LIMIT - available
    assert (await gateway.chat(max_tokens=affordable)).status_code == 200
    assert len(costs) == 1
