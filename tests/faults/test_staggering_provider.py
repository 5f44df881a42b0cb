"""F11: a provider that fails now and then is helped along, not run over, and asked again when it is well."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateways import Gateway, gateway_over, provider_table
from tollhouse.testing import ManualClock, WireProvider, answer
from tollhouse.upstream.breaker import OPEN_MOST_S, PROBES
from tollhouse.upstream.retry_budget import LEAST_RETRIES

CLIENTS = 20
REQUESTS = 400


@pytest.fixture
def clock() -> ManualClock:
    """Stands still, so that all happens within one moment: the worst for who must not be overrun."""
    return ManualClock()


@pytest.fixture
async def gateway(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Gateway]:
    async with WireProvider() as spare:
        spare.always(answer("From the spare"))
        extra = provider_table("spare", spare.base_url) + '[routes.smart]\ncandidates = ["acme/acme-1", "spare/m"]\n'
        async with gateway_over(tmp_path / "data", extra=extra, clock=clock) as it:
            it.provider.always(answer())
            yield it


async def load(gateway: Gateway, model: str = "acme/acme-1") -> Counter[int]:
    """What became of many requests of many clients at once."""

    async def insist() -> list[int]:
        return [(await gateway.chat(model=model)).status_code for _ in range(REQUESTS // CLIENTS)]

    clients = await asyncio.gather(*(insist() for _ in range(CLIENTS)))
    return Counter(code for codes in clients for code in codes)


async def test_of_a_provider_that_fails_now_and_then_the_caller_notices_nothing(gateway: Gateway) -> None:
    gateway.provider.faults(seed=1, rate=0.02, kinds=("error",))
    assert await load(gateway) == {200: REQUESTS}
    assert gateway.provider.asked == REQUESTS + len(gateway.provider.struck)


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.9])
async def test_a_provider_that_staggers_gets_a_fifth_more_calls_at_most(gateway: Gateway, rate: float) -> None:
    gateway.provider.faults(seed=1, rate=rate, kinds=("error",))
    outcomes = await load(gateway)
    assert set(outcomes) <= {200, 502, 503}
    assert gateway.provider.asked <= max(REQUESTS * 1.2, LEAST_RETRIES)
    assert (await gateway.house.store.read(gateway.house.ledger.held)) == 0


async def test_another_provider_answers_for_it_and_is_no_burden_to_it(gateway: Gateway) -> None:
    gateway.provider.faults(seed=1, rate=0.5, kinds=("error",))
    assert await load(gateway, "smart") == {200: REQUESTS}
    assert gateway.provider.asked <= REQUESTS


async def test_when_it_is_well_it_is_asked_again(gateway: Gateway, clock: ManualClock) -> None:
    gateway.provider.faults(seed=1, rate=1.0, kinds=("error",))
    assert 200 not in await load(gateway)
    before = gateway.provider.asked
    gateway.provider.faults(seed=1, rate=0.0, kinds=("error",))
    assert await load(gateway) == {503: REQUESTS}
    assert gateway.provider.asked == before
    clock.advance(seconds=OPEN_MOST_S)
    assert {(await gateway.chat()).status_code for _ in range(PROBES)} == {200}
    assert await load(gateway) == {200: REQUESTS}
