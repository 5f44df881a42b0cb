"""Again, or elsewhere: which failure leads to another attempt, of whom, and after which pause."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from gateways import Gateway, provider_table
from tollhouse.admin import credentials
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.store import ledger
from tollhouse.testing import answer, expect, reply, reset, say, status
from tollhouse.testing.steps import Scripted

Open = Callable[..., Awaitable[Gateway]]

HTML = reply(200, body=b"<html>Welcome</html>", headers={"content-type": "text/html"})
SECOND = (
    '\n[providers.acme.models."acme-2"]\ninput_usd_per_million = "1"\noutput_usd_per_million = "2"\n'
    '[routes.smart]\ncandidates = ["acme/acme-1", "acme/acme-2"]\n'
)


@pytest.mark.parametrize("stream", [False, True])
async def test_waits_longer_each_time_before_it_asks_again(gateway: Gateway, stream: bool) -> None:
    gateway.provider.script(status(500))
    gateway.provider.script(status(500))
    gateway.provider.script(answer())
    response = await gateway.chat(stream=stream)
    assert response.status_code == 200
    assert response.headers["x-tollhouse-attempts"] == "3"
    assert gateway.pauses == [0.25, 0.5]
    row = await gateway.row(response)
    assert [hold["state"] for hold in await gateway.holds(row)] == ["voided", "voided", "settled"]


async def test_waits_as_long_as_it_is_told(gateway: Gateway) -> None:
    gateway.provider.script(status(429, retry_after=3))
    gateway.provider.script(answer())
    assert (await gateway.chat()).status_code == 200
    assert gateway.pauses == [3.0]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "first", [status(500), status(429), status(401), status(402), reset(), HTML], ids=lambda step: str(step)[:30]
)
async def test_the_next_candidate_of_a_route_answers_at_once(open_gateway: Open, first: Scripted, stream: bool) -> None:
    gateway = await open_gateway(extra=SECOND)
    gateway.provider.script(expect(model="acme-1"), first)
    gateway.provider.script(expect(model="acme-2"), answer("From the second"))
    response = await gateway.chat(model="smart", stream=stream)
    assert response.status_code == 200
    assert response.headers["x-tollhouse-model"] == "acme-2"
    assert gateway.pauses == []
    row = await gateway.row(response)
    assert (row["asked_model"], row["model"], row["attempts"]) == ("smart", "acme-2", 2)
    # The second candidate's own price: ten tokens in and five out.
    assert await gateway.settled(row) == [10 * 1_000 + 5 * 2_000]


async def test_a_request_that_is_refused_is_not_tried_elsewhere(open_gateway: Open) -> None:
    gateway = await open_gateway(extra=SECOND)
    gateway.provider.script(status(400, "Bad field"))
    assert (await gateway.chat(model="smart")).status_code == 400


async def test_a_stream_that_has_begun_is_not_continued_by_another_candidate(open_gateway: Open) -> None:
    gateway = await open_gateway(extra=SECOND)
    gateway.provider.script(say("Hel"), reset())
    response = await gateway.chat(model="smart", stream=True)
    assert b"provider_incomplete" in response.content


async def test_a_connection_that_cannot_be_made_in_time_is_tried_elsewhere(open_gateway: Open) -> None:
    # A full backlog: the kernel drops what comes, as a black hole does.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        await asyncio.sleep(0.05)
        gateway = await open_gateway(
            toml="[timeouts]\nconnect_s = 0.2\n\n",
            extra=provider_table("full", f"http://127.0.0.1:{full.getsockname()[1]}/v1")
            + '[routes.smart]\ncandidates = ["full/m", "acme/acme-1"]\n',
        )
        gateway.provider.script(answer())
        response = await gateway.chat(model="smart")
        for one in waiting:
            one.close()
    assert (response.status_code, response.headers["x-tollhouse-provider"]) == (200, "acme")
    row = await gateway.row(response)
    assert [hold["state"] for hold in await gateway.holds(row)] == ["voided", "settled"]


PRIMARY, FALLBACK = "sk-primary-canary-0123456789abcdef", "sk-fallback-canary-fedcba9876543210"


async def with_two_keys(gateway: Gateway) -> tuple[str, str]:
    """Give the caller two keys for acme; their credentials' ids."""
    made = [
        await credentials.add_credential(
            gateway.house.desk, COMMAND_LINE, gateway.person.id, provider="acme", api_key=key, role=role, label=role
        )
        for role, key in (("primary", PRIMARY), ("fallback", FALLBACK))
    ]
    return made[0].id, made[1].id


@pytest.mark.parametrize("number", [401, 402, 403, 429])
async def test_the_fallback_credential_answers_when_the_primary_is_no_good(gateway: Gateway, number: int) -> None:
    _, fallback = await with_two_keys(gateway)
    gateway.provider.script(expect(headers={"authorization": f"Bearer {PRIMARY}"}), status(number))
    gateway.provider.script(expect(headers={"authorization": f"Bearer {FALLBACK}"}), answer())
    response = await gateway.chat()
    assert response.status_code == 200
    row = await gateway.row(response)
    assert (row["credential_id"], row["attempts"]) == (fallback, 2)


async def test_a_fault_of_the_provider_is_no_reason_to_use_another_credential(gateway: Gateway) -> None:
    await with_two_keys(gateway)
    for _ in range(3):
        gateway.provider.script(expect(headers={"authorization": f"Bearer {PRIMARY}"}), status(500))
    assert (await gateway.chat()).status_code == 502


async def test_the_caller_learns_which_credential_was_rejected_and_nothing_of_it(gateway: Gateway) -> None:
    _, fallback = await with_two_keys(gateway)
    gateway.provider.always(status(401, "no"))
    error = (await gateway.chat()).json()["error"]
    assert fallback in error["message"]
    assert "fallback" in error["message"]
    assert FALLBACK[-4:] in error["message"]
    assert FALLBACK[:12] not in error["message"]


async def test_while_it_waits_to_ask_again_the_request_can_still_be_recovered(gateway: Gateway) -> None:
    """A process that is killed between two attempts must leave a row: the first hold keeps the skeleton."""
    seen: list[int] = []

    async def look(_: float) -> None:
        await gateway.house.store.write(lambda tx: None)
        pending = await gateway.house.store.read(lambda tx: ledger.pending_holds(tx, [gateway.house.boot_id]))
        seen.append(len(pending))

    gateway.on_pause = look
    gateway.provider.script(status(500))
    gateway.provider.script(answer())
    row = await gateway.row(await gateway.chat())
    assert seen == [1]
    assert [hold["skeleton"] for hold in await gateway.holds(row)] == [None, None]
