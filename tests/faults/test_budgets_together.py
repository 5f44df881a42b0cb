"""A workspace, a user, a token and a model have budgets: a call is held in all of them together, or in none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from gateways import Gateway, gateway_over
from tollhouse.admin import budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.views import BudgetView
from tollhouse.testing import answer

AMPLE = "1"


@pytest.fixture
async def gateway(tmp_path: Path, database_url: str) -> AsyncIterator[Gateway]:
    async with gateway_over(tmp_path / "data", database_url=database_url) as it:
        it.provider.always(answer("Hello.", usage=(12, 7)))
        yield it


async def set_budget(gateway: Gateway, kind: str, limit: str, model: str | None = None) -> BudgetView:
    """A strict budget of dollars of one of the caller's owners."""
    person = gateway.person
    owner = {"workspace": person.workspace, "user": person.id, "token": person.token_id}[kind]
    return await budgets.set_budget(
        gateway.house.desk,
        COMMAND_LINE,
        owner_kind=kind,
        owner_id=owner,
        unit="usd",
        window="total",
        limit=limit,
        model=model,
    )


async def balances(gateway: Gateway) -> set[tuple[str, str, str]]:
    """What is posted, open and unconfirmed in each budget, without repeats."""
    await gateway.house.store.join(lambda batch, items: items, None)
    listed = await budgets.list_budgets(gateway.house.desk)
    return {(one.posted, one.open, one.unconfirmed) for one in listed}  # type: ignore[misc]


FOUR: list[tuple[str, str | None]] = [
    ("workspace", None),
    ("user", None),
    ("token", None),
    ("user", "acme/acme-1"),
]


@pytest.mark.parametrize("tight", range(len(FOUR)), ids=["workspace", "user", "token", "model"])
async def test_the_tightest_decides_and_then_nothing_is_held_anywhere(gateway: Gateway, tight: int):
    made = [await set_budget(gateway, kind, AMPLE, model) for kind, model in FOUR]
    first = await gateway.chat(max_tokens=100)
    hold, cost = (Decimal(first.headers[f"x-tollhouse-{name}-usd"]) for name in ("hold", "cost"))
    spent = {(str(cost), "0", "0")}
    assert await balances(gateway) == spent

    kind, model = FOUR[tight]
    await set_budget(gateway, kind, str(cost + hold - Decimal("0.000000001")), model)
    refused = await gateway.chat(max_tokens=100)
    assert (refused.status_code, refused.json()["error"]["budget"]) == (429, made[tight].id)
    assert await balances(gateway) == spent

    await set_budget(gateway, kind, str(cost + hold), model)
    assert (await gateway.chat(max_tokens=100)).status_code == 200
    assert await balances(gateway) == {(str(2 * cost), "0", "0")}


async def test_a_budget_of_a_model_leaves_other_models_alone(gateway: Gateway):
    await set_budget(gateway, "user", "0", "acme/other")
    assert (await gateway.chat(max_tokens=100)).status_code == 200
    assert await balances(gateway) == {("0", "0", "0")}
