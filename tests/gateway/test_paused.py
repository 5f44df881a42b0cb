"""A provider that an operator has paused is passed over everywhere, until it is resumed; and breakers can be closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gateways import Gateway, asking, provider_table
from houses import opened
from tollhouse.admin import audit, catalog, providers
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.errors import NotFound, Unprocessable, UpstreamDown
from tollhouse.store.paging import Page
from tollhouse.testing import WireProvider, answer, reset, stall, status
from tollhouse.upstream.breaker import LEAST_CALLS

Open = Callable[..., Awaitable[Gateway]]

WHY = "Their status page says so."


@pytest.fixture
async def other() -> AsyncIterator[WireProvider]:
    async with WireProvider() as it:
        it.always(answer("Hello"))
        yield it


def two(other: WireProvider) -> str:
    """A second provider, and a route over both."""
    return provider_table("other", other.base_url) + '[routes.smart]\ncandidates = ["acme/acme-1", "other/m"]\n'


@asynccontextmanager
async def beside(house: House) -> AsyncIterator[House]:
    """Another process over the same store, by the same file."""
    folder = house.settings.data
    async with opened(folder, toml=(folder / "tollhouse.toml").read_text()) as it:
        yield it


async def pause(house: House, provider: str = "acme", reason: str | None = WHY) -> None:
    await providers.pause_provider(house.desk, COMMAND_LINE, provider, reason=reason)


async def test_a_route_passes_over_who_is_paused(open_gateway: Open, other: WireProvider) -> None:
    gateway = await open_gateway(extra=two(other))
    await pause(gateway.house)
    response = await gateway.chat(model="smart")
    assert (response.status_code, response.headers["x-tollhouse-provider"]) == (200, "other")
    assert (response.headers["x-tollhouse-attempts"], gateway.provider.asked) == ("1", 0)


async def test_who_asks_for_its_model_is_told_so_at_once_and_nothing_is_held(open_gateway: Open) -> None:
    gateway = await open_gateway()
    await pause(gateway.house)
    response = await gateway.chat()
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["code"]) == (503, "provider_error", "provider_paused")
    assert error["message"] == f"acme is paused by the operator: {WHY} Ask for another model, or again later."
    # The official clients would ask again at once otherwise.
    assert (response.headers["x-should-retry"], response.headers["retry-after"]) == ("false", "60")
    row = await gateway.row(response)
    assert (row["outcome"], row["attempts"], await gateway.holds(row)) == ("provider_paused", 0, [])
    assert gateway.provider.asked == 0


async def test_it_is_asked_again_once_it_is_resumed(open_gateway: Open) -> None:
    gateway = await open_gateway()
    gateway.provider.always(answer("Hello"))
    await pause(gateway.house, reason=None)
    assert (await gateway.chat()).json()["error"]["message"].startswith("acme is paused by the operator. ")
    resumed = await providers.resume_provider(gateway.house.desk, COMMAND_LINE, "acme")
    assert resumed.paused is None
    assert (await gateway.chat()).status_code == 200


async def test_a_request_that_is_under_way_does_not_go_on_to_who_was_paused_meanwhile(
    open_gateway: Open, other: WireProvider
) -> None:
    gateway = await open_gateway(extra=two(other))
    gateway.provider.script(stall(), reset())
    gateway.provider.always(status(500))
    asking = asyncio.create_task(gateway.chat(model="smart"))
    await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    await pause(gateway.house, "other")
    gateway.provider.release()
    assert ((await asking).status_code, other.asked) == (502, 0)


async def test_another_process_obeys_when_it_looks_and_one_that_starts_at_once(open_gateway: Open) -> None:
    gateway = await open_gateway()
    async with beside(gateway.house) as already:
        await pause(gateway.house)
        assert not already.steps.calling.standing.paused
        await already.desk.orders.look()
        assert already.steps.calling.standing.paused["acme"].reason == WHY
        async with beside(gateway.house) as later:
            assert later.steps.calling.standing.paused == already.steps.calling.standing.paused
        await providers.resume_provider(already.desk, COMMAND_LINE, "acme")
    await gateway.house.desk.orders.look()
    assert not gateway.house.steps.calling.standing.paused


async def test_a_route_is_explained_by_who_is_paused(open_gateway: Open, other: WireProvider) -> None:
    gateway = await open_gateway(extra=two(other))
    await pause(gateway.house)
    explained = await catalog.explain(gateway.house.desk, gateway.person.id, "smart")
    assert [one.provider for one in explained.candidates] == ["other", "acme"]
    assert explained.candidates[1].why.endswith(f"; not asked, because it is paused: {WHY}")
    # Whom nobody asks has no place, and is shown none the less.
    await pause(gateway.house, "other", reason=None)
    explained = await catalog.explain(gateway.house.desk, gateway.person.id, "smart")
    assert explained.candidates[1].why.endswith("; not asked, because it is paused")


async def test_tokens_are_not_counted_by_who_is_paused(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="anthropic_messages")
    await pause(gateway.house)
    response = await gateway.client.post(
        "/v1/messages/count_tokens", headers=gateway.person.headers, json=asking(max_tokens=None)
    )
    assert (response.status_code, gateway.provider.asked) == (200, 0)


async def test_whoever_fails_beside_one_that_is_paused_says_when_to_ask_again(
    open_gateway: Open, other: WireProvider
) -> None:
    gateway = await open_gateway(toml="attempts = 1\n", extra=two(other))
    other.always(status(500))
    await pause(gateway.house)
    for _ in range(LEAST_CALLS):
        await gateway.chat(model="smart")
    response = await gateway.chat(model="smart")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "provider_unavailable")
    assert int(response.headers["retry-after"]) <= 10


async def test_what_was_ordered_is_in_the_audit(open_gateway: Open) -> None:
    desk = (await open_gateway()).house.desk
    await providers.pause_provider(desk, COMMAND_LINE, "acme", reason=WHY)
    for _ in range(2):
        await providers.resume_provider(desk, COMMAND_LINE, "acme")
    await providers.reset_breakers(desk, COMMAND_LINE, "acme")
    told = [(deed.deed, deed.subject, deed.facts) for deed in await audit.list_deeds(desk, Page(limit=3))]
    assert told[::-1] == [
        ("provider.pause", "acme", {"reason": WHY}),
        ("provider.resume", "acme", {}),
        ("provider.reset", "acme", {}),
    ]


async def test_what_is_no_provider_or_no_reason_is_refused(open_gateway: Open) -> None:
    desk = (await open_gateway()).house.desk
    with pytest.raises(NotFound, match="no provider 'acne'"):
        await providers.pause_provider(desk, COMMAND_LINE, "acne")
    with pytest.raises(Unprocessable, match="`reason`"):
        await providers.pause_provider(desk, COMMAND_LINE, "acme", reason="\n")


# --- breakers --------------------------------------------------------------------------------------------------------


async def test_breakers_that_are_reset_are_closed_in_every_process(open_gateway: Open) -> None:
    gateway = await open_gateway(toml="attempts = 1\n")
    gateway.provider.always(status(500))
    async with beside(gateway.house) as already:
        breaker, now_s = already.steps.calling.standing.breaker, already.clock.monotonic()
        way = ("acme", "acme-1", None)
        for _ in range(LEAST_CALLS):
            await gateway.chat()
            breaker.failed(way, UpstreamDown("down"), now_s, 1.0)
        assert (await gateway.chat()).status_code == 503
        assert breaker.wait_s(way, now_s) > 0
        gateway.provider.always(answer("Hello"))
        view = await providers.reset_breakers(gateway.house.desk, COMMAND_LINE, "acme")
        assert view.breaker == "closed"
        assert (await gateway.chat()).status_code == 200
        await already.desk.orders.look()
        assert breaker.wait_s(way, now_s) == 0


async def test_a_reset_closes_what_was_open_then_and_nothing_later(open_gateway: Open) -> None:
    gateway = await open_gateway(toml="attempts = 1\n")
    gateway.provider.always(status(500))
    await providers.reset_breakers(gateway.house.desk, COMMAND_LINE, "acme")
    for _ in range(LEAST_CALLS):
        await gateway.chat()
    await gateway.house.desk.orders.look()
    assert (await gateway.chat()).status_code == 503
    await providers.reset_breakers(gateway.house.desk, COMMAND_LINE, "demo")
    assert (await gateway.chat()).status_code == 503
