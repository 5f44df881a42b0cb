"""Nobody is refused for a loose bound, and who may wait is not refused for money that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from httpx2 import Response

from gateways import Gateway
from tollhouse.testing import answer, stall, wait

Open = Callable[..., Awaitable[Gateway]]

OPENAI = """
[providers.openai]
base_url = "{base_url}"
allow_private_address = true
api_key = "sk-openai"
share = true
[providers.openai.models."gpt-4o-mini"]
input_usd_per_million = "1"
output_usd_per_million = "1"
"""
WORDS = "The quick brown fox jumps over the lazy dog, again and again. " * 100
"""6,200 bytes, and about a quarter as many tokens."""


async def test_a_call_that_fits_by_its_tokens_is_not_refused_for_its_bytes(open_gateway: Open):
    gateway = await open_gateway(extra=OPENAI)
    gateway.provider.always(answer(usage=(1_400, 10)))
    await gateway.budget("0.003")
    said = [{"role": "user", "content": WORDS}]
    response = await gateway.chat(model="openai/gpt-4o-mini", messages=said, max_tokens=100)
    assert response.status_code == 200
    assert float(response.headers["x-tollhouse-hold-usd"]) <= 0.003
    assert (await gateway.balance()).overage == "0"


async def test_a_call_that_does_not_even_fit_by_its_tokens_is_refused_with_their_number(open_gateway: Open):
    gateway = await open_gateway(extra=OPENAI)
    await gateway.budget("0.001")
    said = [{"role": "user", "content": WORDS}]
    response = await gateway.chat(model="openai/gpt-4o-mini", messages=said, max_tokens=100)
    assert response.status_code == 429
    assert 0.001 < float(response.json()["error"]["needed"]) < 0.002
    assert gateway.provider.asked == 0


async def test_who_waits_is_served_when_a_call_under_way_gives_money_back(gateway: Gateway):
    gateway.provider.script(stall(), answer(usage=(10, 10)))
    gateway.provider.always(answer(usage=(10, 10)))
    gateway.on_pause = lambda _: asyncio.sleep(0.01)
    await gateway.budget("0.02")
    first = asyncio.create_task(gateway.chat(max_tokens=1_500))
    await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    assert (await gateway.chat(max_tokens=1_500)).status_code == 429
    second = asyncio.create_task(gateway.chat(max_tokens=1_500, headers={"x-tollhouse-wait": "10"}))
    while not gateway.pauses:
        await asyncio.sleep(0.005)
    gateway.provider.release()
    assert ((await first).status_code, (await second).status_code) == (200, 200)
    assert gateway.pauses[0] == 0.05


async def test_who_has_waited_in_vain_is_refused(gateway: Gateway):
    gateway.on_pause = lambda _: asyncio.sleep(0.3)
    await gateway.budget("0.000001")
    response = await gateway.chat(max_tokens=1_500, headers={"x-tollhouse-wait": "1"})
    assert (response.status_code, response.json()["error"]["code"]) == (429, "insufficient_quota")


async def test_the_time_that_was_waited_is_the_requests_own(open_gateway: Open):
    gateway = await open_gateway(toml="[timeouts]\ntotal_s = 1\n")
    gateway.provider.always(wait(0.7), answer())
    await gateway.budget("0.000001")

    async def wait_long(_: float) -> None:
        await asyncio.sleep(0.7)
        await gateway.budget("1")

    gateway.on_pause = wait_long
    # Each is shorter than the request may take, both together are not: its hold would be swept under it.
    response = await gateway.chat(max_tokens=1_500, headers={"x-tollhouse-wait": "10"})
    assert (response.status_code, response.json()["error"]["code"]) == (504, "provider_timeout")


@pytest.mark.parametrize("seconds", ["soon", "-1", "301", "1.5"])
async def test_a_wait_that_is_none_is_refused(gateway: Gateway, seconds: str):
    assert (await gateway.chat(headers={"x-tollhouse-wait": seconds})).status_code == 400


async def test_a_model_that_cost_more_than_it_could_is_held_for_what_it_cost(gateway: Gateway):
    await gateway.budget("1")
    gateway.provider.script(answer(usage=(100, 300)))
    gateway.provider.always(answer(usage=(10, 10)))
    first = await gateway.chat(max_tokens=100)
    row = await gateway.row(first)
    held, cost = hold_of(first), row["input_cost"] + row["output_cost"]
    assert held < cost < 3 * held
    second = await gateway.chat(max_tokens=100)
    assert cost <= hold_of(second) <= cost + held // 100 + 1
    assert (await gateway.row(second))["output_cost"] == 10 * 10_000
    assert hold_of(await gateway.chat(max_tokens=100)) == hold_of(second)


async def test_without_a_cap_nothing_is_learned_of_a_model(gateway: Gateway):
    gateway.provider.script(answer(usage=(100, 300_000)))
    gateway.provider.always(answer(usage=(10, 10)))
    first, second = await gateway.chat(), await gateway.chat()
    assert hold_of(first) == hold_of(second)


def hold_of(response: Response) -> int:
    """What was set aside, in nanodollars."""
    return int(Decimal(response.headers["x-tollhouse-hold-usd"]) * 10**9)
