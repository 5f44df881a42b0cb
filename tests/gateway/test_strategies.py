"""Routes by weight, price, speed and load: who is asked first, who after them, and what is held for whom."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

import msgspec
import pytest

from gateways import Gateway, asking
from raw_http import connected, request
from tollhouse.admin import catalog
from tollhouse.api.live import Patience
from tollhouse.testing import ManualClock, answer, expect, say, stall, status
from tollhouse.upstream.breaker import LEAST_CALLS

Open = Callable[..., Awaitable[Gateway]]

MODELS = (
    '\n[providers.acme.models."dear"]\ninput_usd_per_million = "10"\noutput_usd_per_million = "40"\n'
    '\n[providers.acme.models."cheap"]\ninput_usd_per_million = "1"\noutput_usd_per_million = "2"\n'
    '\n[providers.acme.models."unpriced"]\ncontext_tokens = 1000\n'
)


def routed(strategy: str, *candidates: str) -> str:
    """The models, and a route over some of them; `cheap*3` weighs three."""
    told = []
    for one in candidates:
        model, _, weight = one.partition("*")
        told.append(f'{{ model = "acme/{model}", weight = {weight or 1} }}' if weight else f'"acme/{model}"')
    return MODELS + f'[routes.smart]\nstrategy = "{strategy}"\ncandidates = [{", ".join(told)}]\n'


async def asked(gateway: Gateway, times: int) -> list[str]:
    """Which models answered so many requests."""
    return [(await gateway.chat(model="smart")).headers["x-tollhouse-model"] for _ in range(times)]


async def why(gateway: Gateway) -> Mapping[str, str]:
    """What the route is explained by: model -> why, in order."""
    explained = await catalog.explain(gateway.house.desk, gateway.person.id, "smart")
    return {one.model: one.why.partition("; ")[2] for one in explained.candidates}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


# --- weighted --------------------------------------------------------------------------------------------------------


async def test_by_weight_each_is_asked_as_often_as_it_weighs(open_gateway: Open) -> None:
    gateway = await open_gateway(extra=routed("weighted", "dear", "cheap*3"))
    gateway.chance = Random(7).random
    gateway.provider.always(answer())
    firsts = Counter(await asked(gateway, 200))
    assert firsts["cheap"] / 200 == pytest.approx(0.75, abs=0.1)
    assert firsts["dear"] + firsts["cheap"] == 200
    assert await why(gateway) == {
        "dear": "asked first by 1 of 4 requests",
        "cheap": "asked first by 3 of 4 requests",
    }


async def test_the_others_follow_as_they_are_written(open_gateway: Open) -> None:
    gateway = await open_gateway(extra=routed("weighted", "dear", "cheap", "acme-1*100"))
    gateway.chance = lambda: 0.5
    for model in ("acme-1", "dear"):
        gateway.provider.script(expect(model=model), status(500))
    gateway.provider.script(expect(model="cheap"), answer(usage=(10, 5)))
    response = await gateway.chat(model="smart")
    row = await gateway.row(response)
    holds = await gateway.holds(row)
    assert [hold["model"] for hold in holds] == ["acme-1", "dear", "cheap"]
    # Each is held for at its own price.
    assert len({hold["usd"] for hold in holds}) == 3
    assert await gateway.settled(row) == [10 * 1_000 + 5 * 2_000]


async def test_who_is_left_alone_is_not_chosen(open_gateway: Open) -> None:
    gateway = await open_gateway(toml="attempts = 1\n", extra=routed("weighted", "dear", "cheap*1000"))
    gateway.provider.always(status(500))
    for _ in range(LEAST_CALLS):
        await gateway.chat(model="acme/cheap")
    gateway.provider.always(answer())
    assert await asked(gateway, 20) == ["dear"] * 20
    (first, second) = (await why(gateway)).items()
    assert first == ("dear", "asked first by 1 of 1001 requests")
    assert second[0] == "cheap"
    assert "not asked for another" in second[1]


# --- cheapest --------------------------------------------------------------------------------------------------------


async def test_by_price_the_cheapest_is_asked_and_an_unknown_price_last(open_gateway: Open) -> None:
    gateway = await open_gateway(extra=routed("cheapest", "unpriced", "dear", "cheap"))
    for model in ("cheap", "unpriced", "dear"):
        gateway.provider.script(expect(model=model), answer() if model == "dear" else status(500))
    assert (await gateway.chat(model="smart")).headers["x-tollhouse-attempts"] == "3"
    assert await why(gateway) == {
        "cheap": "$0.002 for a typical request",
        "unpriced": "an unknown price for a typical request",
        "dear": "$0.03 for a typical request",
    }


LONG_OR_SHORT = (
    '\n[providers.acme.models."reads"]\ninput_usd_per_million = "1"\noutput_usd_per_million = "100"\n'
    '\n[providers.acme.models."writes"]\ninput_usd_per_million = "10"\noutput_usd_per_million = "10"\n'
    '[routes.smart]\nstrategy = "cheapest"\ncandidates = ["acme/reads", "acme/writes"]\n'
)


@pytest.mark.parametrize(("words", "cap", "cheapest"), [(4, None, "writes"), (40_000, 10, "reads")])
async def test_what_is_cheapest_depends_on_what_is_asked(
    open_gateway: Open, words: int, cap: int | None, cheapest: str
) -> None:
    gateway = await open_gateway(extra=LONG_OR_SHORT)
    gateway.provider.always(answer())
    messages = [{"role": "user", "content": "word " * words}]
    response = await gateway.chat(model="smart", messages=messages, max_tokens=cap)
    assert response.headers["x-tollhouse-model"] == cheapest


# --- fastest ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
async def test_by_speed_the_one_that_begins_soonest_is_asked(
    open_gateway: Open, clock: ManualClock, stream: bool
) -> None:
    gateway = await open_gateway(extra=routed("fastest", "dear", "cheap"), clock=clock)
    assert await why(gateway) == dict.fromkeys(("dear", "cheap"), "not measured by this process")

    async def answered_after(seconds: float, model: str) -> None:
        gateway.provider.script(expect(model=model), stall(), answer())
        asking = asyncio.create_task(gateway.chat(model="smart", stream=stream))
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        clock.advance(seconds=seconds)
        gateway.provider.release()
        assert (await asking).status_code == 200

    await answered_after(2.0, "dear")
    gateway.chance = lambda: 0.0
    await answered_after(0.5, "cheap")
    gateway.chance = lambda: 1.0
    for _ in range(3):
        await answered_after(0.5, "cheap")
    # It slows down, and the other is found to be faster.
    await answered_after(20.0, "cheap")
    await answered_after(2.0, "dear")
    if stream:
        assert await why(gateway) == {"dear": "begins after 2.00 s", "cheap": "begins after 4.40 s"}


async def test_one_that_is_waited_for_in_vain_is_slow(open_gateway: Open) -> None:
    gateway = await open_gateway(toml="[timeouts]\nfirst_byte_s = 0.05\n", extra=routed("fastest", "dear", "cheap"))
    gateway.chance = lambda: 1.0
    gateway.provider.script(expect(model="dear"), stall())
    assert (await gateway.chat(model="smart")).status_code == 504
    gateway.chance = lambda: 0.0
    for _ in range(2):
        gateway.provider.script(expect(model="cheap"), answer())
        assert (await gateway.chat(model="smart")).status_code == 200
        gateway.chance = lambda: 1.0


# --- least busy ------------------------------------------------------------------------------------------------------

SOON = Patience(sweep_s=0.02, watch_after_s=0.02, hear_out_s=0)


async def test_by_load_each_is_as_busy_as_the_others(open_gateway: Open) -> None:
    gateway = await open_gateway(extra=routed("least_busy", "dear", "cheap", "acme-1"))
    gateway.provider.always(stall(), answer())
    under_way = []
    for number in range(1, 10):
        under_way.append(asyncio.create_task(gateway.chat(model="smart", stream=number % 2 == 0)))
        await gateway.provider.until(lambda: gateway.provider.stalled == len(under_way))
    models = Counter(each.json["model"] for each in gateway.provider.requests)
    assert models == {"dear": 3, "cheap": 3, "acme-1": 3}
    gateway.provider.release()
    assert {response.status_code for response in await asyncio.gather(*under_way)} == {200}
    assert set((await why(gateway)).values()) == {"0 calls of this process under way"}


ENDINGS: Mapping[str, Any] = {
    "it answers": answer(),
    "it refuses": status(400),
    "it fails": status(500),
    "it breaks off": say("Hel"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("ending", ENDINGS)
async def test_no_call_is_counted_as_under_way_for_ever(open_gateway: Open, ending: str, stream: bool) -> None:
    gateway = await open_gateway(extra=routed("least_busy", "dear", "cheap"))
    gateway.provider.always(ENDINGS[ending])
    await gateway.row(await gateway.chat(model="smart", stream=stream))
    assert set((await why(gateway)).values()) == {"0 calls of this process under way"}


async def test_nor_is_one_whose_client_has_left(open_gateway: Open) -> None:
    gateway = await open_gateway(extra=routed("least_busy", "dear", "cheap"), patience=SOON)
    gateway.provider.always(stall())
    async with connected(gateway.port) as client:
        await client.send(request(body=msgspec.json.encode(asking(model="smart")), token=gateway.person.token))
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        assert (await why(gateway))["dear"] == "1 calls of this process under way"
        client.reset()
        await gateway.only_row()
    assert set((await why(gateway)).values()) == {"0 calls of this process under way"}


async def test_what_no_route_asks_for_is_not_measured(open_gateway: Open) -> None:
    gateway = await open_gateway(extra=routed("cheapest", "dear", "cheap"))
    assert gateway.house.steps.calling.standing.pace is None


# --- conversations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("strategy", "status_of_long"), [("fallback", 201), ("least_busy", 413)])
async def test_a_conversation_must_fit_into_every_model_that_may_be_first(
    open_gateway: Open, strategy: str, status_of_long: int
) -> None:
    gateway = await open_gateway(extra=routed(strategy, "acme-1", "unpriced"))
    gateway.provider.always(answer())
    headers = gateway.person.headers
    made = await gateway.client.post("/api/conversations", headers=headers, json={"model": "smart"})
    place = f"/api/conversations/{made.json()['id']}/messages"
    long = await gateway.client.post(place, headers=headers, json={"message": "word " * 2_000})
    assert long.status_code == status_of_long
