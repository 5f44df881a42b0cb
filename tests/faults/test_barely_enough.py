"""A budget that is barely sufficient, under load that never pauses: nobody is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from gateways import Gateway, gateway_over
from tollhouse.admin.views import BudgetView
from tollhouse.testing import answer

CLIENTS = 16
CALLS_EACH = 12
NANODOLLAR = Decimal("0.000000001")


@pytest.fixture
async def gateway(tmp_path: Path, database_url: str) -> AsyncIterator[Gateway]:
    async with gateway_over(tmp_path / "data", database_url=database_url) as it:
        it.provider.always(answer("Hello.", usage=(12, 7)))
        yield it


async def test_nobody_is_refused_while_true_spend_and_open_holds_fit(gateway: Gateway):
    """At the worst moment all calls but the last of each client are settled, and those are open."""
    await gateway.budget("1")
    first = await gateway.chat(max_tokens=100)
    hold, cost = (Decimal(first.headers[f"x-tollhouse-{name}-usd"]) for name in ("hold", "cost"))
    await gateway.budget(str(cost + CLIENTS * (CALLS_EACH - 1) * cost + CLIENTS * hold))

    async def insist() -> list[int]:
        return [(await gateway.chat(max_tokens=100)).status_code for _ in range(CALLS_EACH)]

    clients = await asyncio.gather(*(insist() for _ in range(CLIENTS)))
    assert {code for codes in clients for code in codes} == {200}
    assert Decimal((await settled(gateway)).posted) == cost * (CLIENTS * CALLS_EACH + 1)


async def test_the_last_call_fits_to_the_nanodollar(gateway: Gateway):
    await gateway.budget("1")
    first = await gateway.chat(max_tokens=100)
    hold, cost = (Decimal(first.headers[f"x-tollhouse-{name}-usd"]) for name in ("hold", "cost"))
    await gateway.budget(str(cost + hold - NANODOLLAR))
    assert (await gateway.chat(max_tokens=100)).status_code == 429
    await gateway.budget(str(cost + hold))
    assert (await gateway.chat(max_tokens=100)).status_code == 200
    assert Decimal((await settled(gateway)).posted) == 2 * cost


async def settled(gateway: Gateway) -> BudgetView:
    """The budget when all that waited is written."""
    await gateway.house.store.join(lambda batch, items: items, None)
    return await gateway.balance()
