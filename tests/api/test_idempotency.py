"""`Idempotency-Key`: done once, answered as often as asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from sqlalchemy import update

from gateways import Gateway, asking, over_both_peers
from houses import make_admin, make_person
from raw_http import connected, request
from tollhouse.api.live import Patience
from tollhouse.store.tables import repeat
from tollhouse.testing import answer, stall, status

KEY = {"idempotency-key": "order-66"}


@over_both_peers
async def test_what_is_asked_twice_is_called_once_and_charged_once(gateway: Gateway):
    gateway.provider.script(answer("Hello", usage=(12, 7)))
    first = await gateway.chat(headers=KEY)
    second = await gateway.chat(headers=KEY)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert ("idempotency-replayed" in first.headers, second.headers["idempotency-replayed"]) == (False, "true")
    assert second.headers["content-type"] == first.headers["content-type"]
    row = await gateway.row(second)
    assert (row["outcome"], row["cache"], row["attempts"], row["input_cost"]) == ("succeeded", "replayed", 0, None)
    assert gateway.provider.asked == 1


@over_both_peers
async def test_something_else_under_the_same_key_is_refused(gateway: Gateway):
    gateway.provider.always(answer())
    await gateway.chat(headers=KEY)
    other = await gateway.chat(headers=KEY, temperature=0.5)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")


async def test_a_key_belongs_to_its_token_and_route(gateway: Gateway):
    gateway.provider.always(answer())
    await gateway.chat(headers=KEY)
    bob = await make_person(gateway.house, "bob")
    theirs = await gateway.client.post("/v1/chat/completions", headers=bob.headers | KEY, json=asking())
    assert "idempotency-replayed" not in theirs.headers
    elsewhere = await gateway.client.post("/api/chat", headers=gateway.person.headers | KEY, json=asking())
    assert "idempotency-replayed" not in elsewhere.headers
    assert gateway.provider.asked == 3


async def test_while_the_first_is_being_answered_the_second_is_told_so(gateway: Gateway):
    gateway.provider.always(stall(), answer())
    first = asyncio.create_task(gateway.chat(headers=KEY))
    await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    second = await gateway.chat(headers=KEY)
    assert (second.status_code, second.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert second.headers["retry-after"] == "1"
    gateway.provider.release()
    assert (await first).status_code == 200
    assert (await gateway.chat(headers=KEY)).headers["idempotency-replayed"] == "true"


async def test_what_a_dead_process_was_doing_may_be_done_by_another(gateway: Gateway):
    gateway.provider.script(stall(), answer())
    gateway.provider.script(answer())
    first = asyncio.create_task(gateway.chat(headers=KEY))
    await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    await gateway.house.store.write(lambda tx: tx.execute(update(repeat).values(boot_id="boot_of_the_dead")))
    assert (await gateway.chat(headers=KEY)).status_code == 200
    gateway.provider.release()
    assert (await first).status_code == 200
    assert gateway.provider.asked == 2


async def test_after_a_failure_it_is_tried_anew(gateway: Gateway):
    gateway.provider.script(status(400))
    gateway.provider.script(answer())
    assert (await gateway.chat(headers=KEY)).status_code == 400
    again = await gateway.chat(headers=KEY)
    assert (again.status_code, "idempotency-replayed" in again.headers) == (200, False)


async def test_an_answer_that_its_client_did_not_wait_for_is_there_when_it_asks_again(
    open_gateway: Callable[..., Awaitable[Gateway]],
):
    gateway = await open_gateway(patience=Patience(sweep_s=0.02, watch_after_s=0.02, hear_out_s=10))
    gateway.provider.always(stall(), answer("Hello"))
    body = msgspec.json.encode(asking())
    async with connected(gateway.port) as client:
        await client.send(request(body=body, token=gateway.person.token, extra=b"idempotency-key: order-66\r\n"))
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    while gateway.server.server_state.connections:
        await asyncio.sleep(0.01)
    gateway.provider.release()
    await gateway.only_row()
    again = await gateway.post(body, **KEY, **{"content-type": "application/json"})
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["choices"][0]["message"]["content"] == "Hello"


async def test_a_stream_is_not_kept(gateway: Gateway):
    gateway.provider.always(answer())
    for _ in range(2):
        assert (await gateway.chat(headers=KEY, stream=True)).status_code == 200
    assert gateway.provider.asked == 2


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "snö"])
async def test_a_key_that_is_none_is_refused(gateway: Gateway, key: str):
    refused = await gateway.client.post(
        "/v1/chat/completions",
        headers=[*gateway.person.headers.items(), (b"idempotency-key", key.encode())],
        json=asking(),
    )
    assert refused.status_code == 400


async def test_a_thing_that_is_made_twice_under_one_key_is_one(gateway: Gateway):
    root = await make_admin(gateway.house)
    made = [
        await gateway.client.post("/api/users", headers=root.headers | KEY, json={"name": "carol"}) for _ in range(2)
    ]
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert made[1].headers["idempotency-replayed"] == "true"
    token = [
        await gateway.client.post(
            f"/api/users/{made[0].json()['id']}/tokens", headers=root.headers | KEY, json={"name": "t"}
        )
        for _ in range(2)
    ]
    assert token[0].json()["token"] == token[1].json()["token"]
    stored = (gateway.house.settings.data / "tollhouse.db").read_bytes()
    stored += (gateway.house.settings.data / "tollhouse.db-wal").read_bytes()
    assert token[0].json()["token"].encode() not in stored
