"""Providers that say what a call costs: that is what is charged, whatever our own price."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from gateways import Gateway
from tollhouse.admin import reports, request_log
from tollhouse.testing import reply

Open = Callable[..., Awaitable[Gateway]]

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "acme-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29, "cost": 0.0004970133333333333},
}
UNPRICED = '[providers.acme.models."new"]\ncontext_tokens = 1000\n'


async def open_telling(open_gateway: Open, says: str = "true") -> Gateway:
    return await open_gateway(extra=UNPRICED, of_provider=f"tells_cost = {says}\n")


async def test_what_the_provider_says_that_it_costs_is_charged(open_gateway: Open) -> None:
    gateway = await open_telling(open_gateway)
    await gateway.budget("1")
    gateway.provider.script(reply(json=ANSWER))
    response = await gateway.chat(max_tokens=1_000)
    row = await gateway.row(response)
    assert (row["input_cost"] + row["output_cost"], row["cost_status"]) == (497_014, "exact")
    assert response.headers["x-tollhouse-cost-usd"] == "0.000497014"
    assert await gateway.settled(row) == [497_014]
    assert (await gateway.balance()).posted == "0.000497014"


async def test_a_model_without_a_price_is_charged_by_what_the_provider_says(open_gateway: Open) -> None:
    gateway = await open_telling(open_gateway)
    await gateway.budget("1", mode="estimate")
    gateway.provider.script(reply(json=ANSWER))
    row = await gateway.row(await gateway.chat(model="acme/new"))
    assert (row["cost_status"], await gateway.settled(row)) == ("exact", [497_014])
    assert (await gateway.balance()).posted == "0.000497014"


async def test_more_than_was_held_is_charged_too_and_told_as_overage(open_gateway: Open) -> None:
    gateway = await open_telling(open_gateway)
    await gateway.budget("10")
    gateway.provider.script(reply(json=ANSWER | {"usage": ANSWER["usage"] | {"cost": 3.5}}))
    row = await gateway.row(await gateway.chat(max_tokens=10))
    (hold,) = await gateway.holds(row)
    balance = await gateway.balance()
    assert balance.posted == "3.5"
    assert balance.overage == f"{(3_500_000_000 - hold['usd']) / 10**9:.9f}".rstrip("0")


@pytest.mark.parametrize("nonsense", [-1, "free", 10**12, {"total_cost": None}])
async def test_a_cost_that_cannot_be_true_leaves_it_to_the_price(open_gateway: Open, nonsense: object) -> None:
    gateway = await open_telling(open_gateway)
    gateway.provider.script(reply(json=ANSWER | {"usage": ANSWER["usage"] | {"cost": nonsense}}))
    row = await gateway.row(await gateway.chat())
    assert (row["input_cost"] + row["output_cost"], row["cost_status"]) == (147_500, "exact")


async def test_a_provider_is_not_believed_unless_it_is_said_to_be_paid_so(open_gateway: Open) -> None:
    gateway = await open_telling(open_gateway, says="false")
    gateway.provider.script(reply(json=ANSWER))
    priced = await gateway.row(await gateway.chat())
    gateway.provider.script(reply(json=ANSWER))
    unpriced = await gateway.row(await gateway.chat(model="acme/new"))
    assert priced["input_cost"] + priced["output_cost"] == 147_500
    assert (unpriced["input_cost"], unpriced["output_cost"], unpriced["cost_status"]) == (None, None, "unpriced")
    (spent,) = [one for one in await reports.spend(gateway.house.desk, "model") if one.model == "new"]
    assert (spent.unpriced_requests, spent.cost_usd) == (1, "0")
    listed = await request_log.list_requests(gateway.house.desk, cost_status="unpriced")
    assert [(one.id, one.cost_usd) for one in listed] == [(unpriced["id"], None)]


async def test_parts_that_are_more_than_their_whole_are_charged_and_called_estimated(open_gateway: Open) -> None:
    gateway = await open_telling(open_gateway, says="false")
    lying = {"prompt_tokens": 7, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 161}}
    gateway.provider.script(reply(json=ANSWER | {"usage": lying}))
    row = await gateway.row(await gateway.chat())
    assert (row["input_tokens"], row["input_cached_tokens"], row["cost_status"]) == (168, 161, "estimated")
    assert await gateway.settled(row) == [168 * 2_500 + 10_000]
