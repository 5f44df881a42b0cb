"""Who keeps failing is left alone: others are asked instead, or the caller hears at once when to come back."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from math import ceil

import httpx2
import pytest

from gateways import Gateway, provider_table
from tollhouse.admin import credentials
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.testing import ManualClock, answer, expect, reset, say, stall, status
from tollhouse.testing.steps import Scripted
from tollhouse.upstream.breaker import LEAST_CALLS, OPEN_LEAST_S, OPEN_MOST_S, PROBE_S, PROBES

Open = Callable[..., Awaitable[Gateway]]

ONE_ATTEMPT = "attempts = 1\n"
TWO = (
    '\n[providers.acme.models."acme-2"]\ninput_usd_per_million = "1"\noutput_usd_per_million = "2"\n'
    '[routes.smart]\ncandidates = ["acme/acme-1", "acme/acme-2"]\n'
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def broken(gateway: Gateway, scripted: Scripted = (), **asked: object) -> httpx2.Response:
    """Let the provider fail until it is left alone; gives the first refusal."""
    gateway.provider.always(scripted or status(500))
    for _ in range(LEAST_CALLS):
        assert (await gateway.chat(**asked)).status_code != 503
    refusal = await gateway.chat(**asked)
    assert gateway.provider.asked == LEAST_CALLS
    return refusal


@pytest.mark.parametrize("stream", [False, True])
async def test_who_fails_again_and_again_is_not_asked_for_a_while(
    open_gateway: Open, clock: ManualClock, stream: bool
) -> None:
    gateway = await open_gateway(toml=ONE_ATTEMPT, clock=clock)
    response = await broken(gateway, stream=stream)
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["code"]) == (503, "provider_error", "provider_unavailable")
    assert "acme" in error["message"]
    assert OPEN_LEAST_S <= int(response.headers["retry-after"]) <= ceil(2 * OPEN_LEAST_S)
    row = await gateway.row(response)
    assert (row["outcome"], row["status"], row["attempts"]) == ("provider_unavailable", 503, 0)
    assert await gateway.holds(row) == []


async def test_attempts_of_one_request_count_once(open_gateway: Open, clock: ManualClock) -> None:
    gateway = await open_gateway(clock=clock)
    gateway.provider.always(status(500))
    statuses = []
    for _ in range(LEAST_CALLS + 1):
        statuses.append((await gateway.chat()).status_code)
        # Until there may be retries again.
        clock.advance(seconds=3)
    assert statuses == [502] * LEAST_CALLS + [503]
    assert gateway.provider.asked == 3 * LEAST_CALLS


async def test_a_provider_that_works_when_it_is_asked_again_is_not_left_alone(
    open_gateway: Open, clock: ManualClock
) -> None:
    gateway = await open_gateway(clock=clock)
    for _ in range(2 * LEAST_CALLS):
        gateway.provider.script(status(500))
        gateway.provider.script(status(500))
        gateway.provider.script(answer())
        assert (await gateway.chat()).status_code == 200
        clock.advance(seconds=3)


async def test_the_other_candidate_is_asked_at_once(open_gateway: Open, clock: ManualClock) -> None:
    gateway = await open_gateway(toml=ONE_ATTEMPT, extra=TWO, clock=clock)
    assert (await broken(gateway)).status_code == 503
    gateway.provider.script(expect(model="acme-2"), answer())
    response = await gateway.chat(model="smart")
    assert (response.status_code, response.headers["x-tollhouse-attempts"]) == (200, "1")
    row = await gateway.row(response)
    assert [hold["model"] for hold in await gateway.holds(row)] == ["acme-2"]


async def test_who_is_left_alone_is_not_asked_though_the_others_fail(open_gateway: Open, clock: ManualClock) -> None:
    gateway = await open_gateway(extra=TWO, clock=clock)
    gateway.provider.always(status(500))
    while (await gateway.chat()).status_code != 503:
        pass
    # Until there may be retries again.
    clock.advance(seconds=3)
    for _ in range(3):
        gateway.provider.script(expect(model="acme-2"), status(500))
    response = await gateway.chat(model="smart")
    assert (response.status_code, (await gateway.row(response))["attempts"]) == (502, 3)


async def test_it_recovers_by_one_probe_at_a_time(open_gateway: Open, clock: ManualClock) -> None:
    gateway = await open_gateway(toml=ONE_ATTEMPT, clock=clock)
    response = await broken(gateway)
    clock.advance(seconds=int(response.headers["retry-after"]) - 2)
    assert (await gateway.chat()).status_code == 503
    clock.advance(seconds=2)
    asked = gateway.provider.asked
    gateway.provider.always(stall(), *answer())
    for number in range(1, PROBES + 1):
        many = [asyncio.create_task(gateway.chat()) for _ in range(10)]
        async with asyncio.timeout(30):
            while sum(each.done() for each in many) < len(many) - 1:
                await asyncio.sleep(0.01)
        (probe,) = [each for each in many if not each.done()]
        refused = [each.result() for each in many if each.done()]
        assert {response.status_code for response in refused} == {503}
        assert {int(response.headers["retry-after"]) for response in refused} == {int(PROBE_S)}
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        assert gateway.provider.asked == asked + number
        gateway.provider.release()
        assert (await probe).status_code == 200
    gateway.provider.always(answer())
    assert {response.status_code for response in await asyncio.gather(*(gateway.chat() for _ in range(10)))} == {200}


async def test_a_probe_that_fails_keeps_it_shut_for_longer(open_gateway: Open, clock: ManualClock) -> None:
    gateway = await open_gateway(toml=ONE_ATTEMPT, clock=clock)
    await broken(gateway)
    waits = []
    for _ in range(6):
        clock.advance(seconds=OPEN_MOST_S)
        assert (await gateway.chat()).status_code == 502
        waits.append(int((await gateway.chat()).headers["retry-after"]))
    assert waits == sorted(waits)
    assert waits[0] > 2 * OPEN_LEAST_S - 1
    assert waits[-1] == OPEN_MOST_S


async def test_a_caller_without_money_does_not_take_the_probes_place(open_gateway: Open, clock: ManualClock) -> None:
    gateway = await open_gateway(toml=ONE_ATTEMPT, clock=clock)
    await broken(gateway)
    clock.advance(seconds=OPEN_MOST_S)
    await gateway.budget("0.0000001")
    assert (await gateway.chat(max_tokens=10)).json()["error"]["code"] == "insufficient_quota"
    await gateway.budget("1")
    gateway.provider.always(answer())
    assert (await gateway.chat(max_tokens=10)).status_code == 200


async def test_how_a_model_stands_is_on_the_page_of_metrics(open_gateway: Open, clock: ManualClock) -> None:
    gateway = await open_gateway(toml=ONE_ATTEMPT, clock=clock)

    async def shown() -> str | None:
        page = (await gateway.client.get("/metrics")).text
        found = re.search(r'^tollhouse_breaker_state\{model="acme-1",provider="acme"\} (.*)$', page, re.MULTILINE)
        return found and found[1]

    assert await shown() is None
    await broken(gateway)
    assert await shown() == "2.0"
    clock.advance(seconds=OPEN_MOST_S)
    assert await shown() == "1.0"
    gateway.provider.always(answer())
    for _ in range(PROBES):
        await gateway.chat()
    assert await shown() == "0.0"


@pytest.mark.parametrize("number", [400, 401, 402, 404, 422])
async def test_what_is_not_the_providers_fault_never_counts(open_gateway: Open, number: int) -> None:
    gateway = await open_gateway(toml=ONE_ATTEMPT)
    gateway.provider.always(status(number))
    assert 503 not in [(await gateway.chat()).status_code for _ in range(3 * LEAST_CALLS)]
    assert gateway.provider.asked == 3 * LEAST_CALLS


async def test_a_first_byte_that_does_not_come_counts(open_gateway: Open) -> None:
    """F3, F4"""
    gateway = await open_gateway(toml=ONE_ATTEMPT + "[timeouts]\nfirst_byte_s = 0.02\n")
    assert (await broken(gateway, stall())).status_code == 503


async def test_streams_that_break_off_in_the_middle_count(open_gateway: Open) -> None:
    """F6"""
    gateway = await open_gateway(toml=ONE_ATTEMPT)
    gateway.provider.always(say("Hel"), reset())
    statuses = [(await gateway.chat(stream=True)).status_code for _ in range(2 * LEAST_CALLS)]
    assert statuses[0] == 200
    assert statuses[-1] == 503


async def test_nobody_there_is_asked_no_more(open_gateway: Open) -> None:
    """F1"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    gateway = await open_gateway(
        toml="attempts = 2\n",
        extra=provider_table("gone", f"http://127.0.0.1:{closed}/v1")
        + '[routes.smart]\ncandidates = ["gone/m", "acme/acme-1"]\n',
    )
    gateway.provider.always(answer())
    responses = [await gateway.chat(model="smart") for _ in range(LEAST_CALLS + 5)]
    assert {response.status_code for response in responses} == {200}
    attempts = [int(response.headers["x-tollhouse-attempts"]) for response in responses]
    assert attempts == [2] * LEAST_CALLS + [1] * 5


# --- 429 -------------------------------------------------------------------------------------------------------------


async def test_the_only_one_there_is_says_itself_how_long_its_pause_lasts(open_gateway: Open) -> None:
    """F10"""
    gateway = await open_gateway()
    gateway.provider.script(status(429, "Slow down", retry_after=30))
    gateway.provider.script(status(429, "Slow down", retry_after=20))
    gateway.provider.script(answer())
    responses = [await gateway.chat() for _ in range(3)]
    assert [response.status_code for response in responses] == [429, 429, 200]
    assert [response.headers.get("retry-after") for response in responses] == ["30", "20", None]


async def test_while_one_pauses_another_is_asked(open_gateway: Open, clock: ManualClock) -> None:
    gateway = await open_gateway(extra=TWO, clock=clock)
    gateway.provider.script(expect(model="acme-1"), status(429, retry_after=30))
    for _ in range(3):
        gateway.provider.script(expect(model="acme-2"), answer())
    responses = [await gateway.chat(model="smart") for _ in range(3)]
    assert [response.headers["x-tollhouse-attempts"] for response in responses] == ["2", "1", "1"]
    clock.advance(seconds=30)
    gateway.provider.script(expect(model="acme-1"), answer())
    assert (await gateway.chat(model="smart")).status_code == 200


# --- credentials -----------------------------------------------------------------------------------------------------

PRIMARY, FALLBACK = "sk-primary-canary-0123456789abcdef", "sk-fallback-canary-fedcba9876543210"


@pytest.fixture
async def with_two_keys(open_gateway: Open, clock: ManualClock) -> Gateway:
    gateway = await open_gateway(clock=clock)
    for role, key in (("primary", PRIMARY), ("fallback", FALLBACK)):
        await credentials.add_credential(
            gateway.house.desk, COMMAND_LINE, gateway.person.id, provider="acme", api_key=key, role=role
        )
    return gateway


def asked_with(key: str, *scripted: Scripted) -> tuple[Scripted, ...]:
    return expect(headers={"authorization": f"Bearer {key}"}), *scripted


@pytest.mark.parametrize("number", [401, 402])
async def test_a_credential_that_was_rejected_is_asked_last_for_a_minute(
    with_two_keys: Gateway, clock: ManualClock, number: int
) -> None:
    """F12"""
    gateway = with_two_keys
    gateway.provider.script(*asked_with(PRIMARY, status(number)))
    for _ in range(3):
        gateway.provider.script(*asked_with(FALLBACK, answer()))
    responses = [await gateway.chat() for _ in range(3)]
    assert [response.headers["x-tollhouse-attempts"] for response in responses] == ["2", "1", "1"]
    clock.advance(seconds=61)
    gateway.provider.script(*asked_with(PRIMARY, answer()))
    assert (await gateway.chat()).headers["x-tollhouse-attempts"] == "1"


async def test_a_credential_that_works_again_is_no_longer_last(with_two_keys: Gateway) -> None:
    gateway = with_two_keys
    gateway.provider.script(*asked_with(PRIMARY, status(401)))
    gateway.provider.script(*asked_with(FALLBACK, status(401)))
    assert (await gateway.chat()).json()["error"]["code"] == "provider_auth_failed"
    gateway.provider.script(*asked_with(PRIMARY, answer()))
    gateway.provider.script(*asked_with(PRIMARY, answer()))
    assert [(await gateway.chat()).status_code for _ in range(2)] == [200, 200]


async def test_one_credential_that_is_held_back_says_nothing_of_another(with_two_keys: Gateway) -> None:
    gateway = with_two_keys
    gateway.provider.script(*asked_with(PRIMARY, status(429, retry_after=30)))
    for _ in range(2):
        gateway.provider.script(*asked_with(FALLBACK, answer()))
    responses = [await gateway.chat() for _ in range(2)]
    assert [response.headers["x-tollhouse-attempts"] for response in responses] == ["2", "1"]
