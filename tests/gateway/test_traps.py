"""Where gateways have leaked money and connections: requests cancelled, twice and by scopes, and clients that leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import msgspec
import pytest

from gateways import Gateway, asking
from raw_http import Connection, connected, request
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.api.application import Asgi
from tollhouse.api.http import Receive, Scope, Send
from tollhouse.api.live import Patience
from tollhouse.testing import answer, head, say, stall, usage
from tollhouse.testing.steps import Scripted

Open = Callable[..., Awaitable[Gateway]]

SOON = Patience(sweep_s=0.02, watch_after_s=0.02, hear_out_s=0)
"""Clients are missed at once and nothing is heard out, so that tests need not wait for seconds."""

HEARD_OUT = Patience(sweep_s=0.02, watch_after_s=0.02, hear_out_s=10)

PEERS = pytest.mark.parametrize("peer", ["hot", "asgi"])
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def chat_bytes(gateway: Gateway, **fields: Any) -> bytes:
    """A request for a completion, and no other on this connection."""
    body = msgspec.json.encode(asking(**fields))
    return request(body=body, token=gateway.person.token, extra=b"connection: close\r\n")


@asynccontextmanager
async def nothing_leaks(gateway: Gateway) -> AsyncIterator[None]:
    """Afterwards there are as many tasks as before, no call and no hold is open, and the only place is free again."""
    await access.set_limits(gateway.house.desk, COMMAND_LINE, gateway.person.id, concurrent=1)
    await gateway.budget("10")
    before = len(asyncio.all_tasks())
    yield
    await gateway.provider.until(lambda: gateway.provider.answering == 0)
    assert await gateway.in_flight() == 0
    async with asyncio.timeout(30):
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)
    await gateway.only_row()
    assert (await gateway.balance()).open == "0"
    gateway.provider.always(answer())
    assert (await gateway.chat()).status_code == 200


# --- cancelled -------------------------------------------------------------------------------------------------------


@PEERS
@STREAM
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_cancelled_request_is_resolved_however_often_it_is_cancelled(
    open_gateway: Open, peer: str, stream: bool, times: int
) -> None:
    gateway = await open_gateway(peer=peer)
    gateway.provider.always(*([say("Hel")] if stream else []), stall())
    async with nothing_leaks(gateway), connected(gateway.port) as client:
        await client.send(chat_bytes(gateway, stream=stream, max_tokens=100))
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        if stream:
            await client.head()
            await client.chunk()
        (task,) = gateway.server.server_state.tasks
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        row = await gateway.only_row()
        said = await client.rest()
    # Whoever cancelled, the client was there: it is told, and the row tells the same.
    assert b"shutting down" in said
    assert (row["status"], row["outcome"]) == (200 if stream else 503, "service_unavailable")
    (hold,) = await gateway.holds(row)
    assert hold["state"] == ("settled" if stream else "unconfirmed")


@STREAM
async def test_a_scope_that_cancels_every_await_does_not_come_between_an_answer_and_its_settlement(
    open_gateway: Open, stream: bool
) -> None:
    """Under anyio, as with Starlette's middleware, each `await` in a `finally` is cancelled again."""
    scopes: list[anyio.CancelScope] = []

    def wrap(app: Asgi) -> Asgi:
        async def within_a_scope(scope: Scope, receive: Receive, send: Send) -> None:
            with anyio.CancelScope() as cancels:
                scopes.append(cancels)
                await app(scope, receive, send)

        return within_a_scope

    gateway = await open_gateway(wrap=wrap)
    gateway.provider.always(*([say("Hel")] if stream else []), stall())
    async with nothing_leaks(gateway), connected(gateway.port) as client:
        await client.send(chat_bytes(gateway, stream=stream, max_tokens=100))
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        if stream:
            await client.head()
            await client.chunk()
        scopes[0].cancel()
        row = await gateway.only_row()
    (hold,) = await gateway.holds(row)
    assert hold["state"] == ("settled" if stream else "unconfirmed")


# --- the client leaves -----------------------------------------------------------------------------------------------


async def leave(client: Connection, how: str) -> None:
    if how == "reset":
        client.reset()
    else:
        client.hang_up()


STAGES: dict[str, tuple[bool, Scripted, str]] = {
    "before the head": (False, stall(), "unconfirmed"),
    "before the stream's head": (True, stall(), "unconfirmed"),
    "before the first event": (True, (head(), stall()), "unconfirmed"),
    "after the greeting": (True, (say(""), stall()), "unconfirmed"),
    "in the middle": (True, (say("Hel"), stall()), "settled"),
}


@PEERS
@pytest.mark.parametrize("how", ["hangs up", "reset"])
@pytest.mark.parametrize("stage", STAGES)
async def test_a_client_that_leaves_is_missed_and_nothing_goes_on_without_it(
    open_gateway: Open, peer: str, how: str, stage: str
) -> None:
    stream, scripted, state = STAGES[stage]
    gateway = await open_gateway(peer=peer, patience=SOON)
    gateway.provider.always(scripted)
    async with nothing_leaks(gateway), connected(gateway.port) as client:
        await client.send(chat_bytes(gateway, stream=stream, max_tokens=100))
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        if stage == "in the middle":
            await client.head()
            await client.chunk()
        await leave(client, how)
        row = await gateway.only_row()
    assert (row["status"], row["outcome"]) == (200 if state == "settled" else 499, "client_left")
    (hold,) = await gateway.holds(row)
    assert (hold["state"], hold["skeleton"]) == (state, None)


@PEERS
async def test_what_was_said_before_the_client_left_is_charged(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, patience=SOON)
    gateway.provider.always(say("Hello"), stall())
    async with nothing_leaks(gateway), connected(gateway.port) as client:
        await client.send(chat_bytes(gateway, stream=True, max_tokens=100))
        await client.head()
        await client.chunk()
        client.hang_up()
        row = await gateway.only_row()
    assert row["cost_status"] == "estimated"
    assert row["output_tokens"] >= len("Hello") // 4
    assert await gateway.settled(row) == [row["input_cost"] + row["output_cost"]]
    (billed,) = gateway.provider.billed[:1]
    assert row["output_tokens"] >= billed.usage.output_tokens


async def test_a_count_on_the_way_is_no_bill_when_the_client_leaves(open_gateway: Open) -> None:
    gateway = await open_gateway(patience=SOON)
    gateway.provider.always(say("Hel"), usage(19, 1), say("lo, you."), stall())
    async with connected(gateway.port) as client:
        await client.send(chat_bytes(gateway, stream=True, max_tokens=100))
        await client.head()
        while b"you." not in await client.chunk():
            pass
        client.hang_up()
        row = await gateway.only_row()
    assert (row["cost_status"], row["input_tokens"], row["output_tokens"]) == ("estimated", 19, len("Hello, you."))
    assert await gateway.settled(row) == [row["input_cost"] + row["output_cost"]]


@PEERS
@STREAM
async def test_an_answer_whose_client_has_left_is_heard_out_and_charged_exactly(
    open_gateway: Open, peer: str, stream: bool
) -> None:
    gateway = await open_gateway(peer=peer, patience=HEARD_OUT)
    gateway.provider.always(stall(), answer("Hello, you.", usage=(12, 7)))
    async with nothing_leaks(gateway), connected(gateway.port) as client:
        await client.send(chat_bytes(gateway, stream=stream, max_tokens=100))
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        client.hang_up()
        while gateway.server.server_state.connections:
            await asyncio.sleep(0.01)
        await asyncio.sleep(5 * HEARD_OUT.sweep_s)
        gateway.provider.release()
        row = await gateway.only_row()
    assert (row["outcome"], row["cost_status"]) == ("client_left", "exact")
    assert (row["input_tokens"], row["output_tokens"]) == (12, 7)
    assert await gateway.settled(row) == [row["input_cost"] + row["output_cost"]]


@PEERS
@STREAM
async def test_a_client_that_leaves_with_the_last_byte_has_been_answered(
    open_gateway: Open, peer: str, stream: bool
) -> None:
    gateway = await open_gateway(peer=peer, patience=SOON)
    gateway.provider.always(answer())
    async with nothing_leaks(gateway), connected(gateway.port) as client:
        await client.send(chat_bytes(gateway, stream=stream))
        assert await client.response() is not None
        client.reset()
        row = await gateway.only_row()
    assert (row["status"], row["outcome"]) == (200, "succeeded")


@PEERS
async def test_a_client_that_leaves_in_the_midst_of_its_own_request_leaves_nothing(
    open_gateway: Open, peer: str
) -> None:
    gateway = await open_gateway(peer=peer)
    before = len(asyncio.all_tasks())
    async with connected(gateway.port) as client:
        await client.send(chat_bytes(gateway)[:-10])
        await client_is_heard(gateway)
        client.hang_up()
    async with asyncio.timeout(30):
        while gateway.server.server_state.tasks or len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)
    assert await gateway.rows() == []
    assert gateway.provider.asked == 0


async def client_is_heard(gateway: Gateway) -> None:
    async with asyncio.timeout(30):
        while not gateway.server.server_state.tasks:
            await asyncio.sleep(0.01)


@PEERS
async def test_a_stalled_client_that_hangs_up_is_missed_by_the_next_look(open_gateway: Open, peer: str) -> None:
    """The generator waits in a write that will never be taken: only the connection's end can tell it."""
    gateway = await open_gateway(peer=peer, patience=Patience(hear_out_s=0, ping_every_s=600))
    gateway.provider.always([say("x" * 50_000) for _ in range(400)], stall())
    async with nothing_leaks(gateway), connected(gateway.port, receive_bytes=4_096) as client:
        await client.send(chat_bytes(gateway, stream=True, max_tokens=100))
        await client.head()
        await asyncio.sleep(0.3)
        # It does not read, so neither do we: the provider is held back.
        assert gateway.provider.answering == 1
        assert gateway.provider.stalled == 0
        client.hang_up()
        row = await gateway.only_row()
        await gateway.provider.until(lambda: gateway.provider.open_connections == 0)
    assert (row["outcome"], row["status"]) == ("client_left", 200)
    (hold,) = await gateway.holds(row)
    assert hold["state"] == "settled"


@PEERS
async def test_a_client_that_never_reads_is_given_up(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, patience=msgspec.structs.replace(SOON, ping_every_s=0.2))
    gateway.provider.always([say("x" * 50_000) for _ in range(400)], stall())
    async with nothing_leaks(gateway), connected(gateway.port, receive_bytes=4_096) as client:
        await client.send(chat_bytes(gateway, stream=True, max_tokens=100))
        await client.head()
        row = await gateway.only_row()
    assert row["outcome"] == "client_left"


async def test_a_client_that_leaves_with_requests_waiting_in_its_pipeline_is_missed(open_gateway: Open) -> None:
    # Pipelining pauses the reading, so that only a write tells: a ping.
    gateway = await open_gateway(patience=msgspec.structs.replace(SOON, ping_every_s=0.1))
    gateway.provider.always(say("Hel"), stall())
    async with nothing_leaks(gateway), connected(gateway.port) as client:
        body = msgspec.json.encode(asking(stream=True, max_tokens=100))
        await client.send(request(body=body, token=gateway.person.token))
        await client.head()
        await client.chunk()
        await client.send(request("/v1/models", method="GET", token=gateway.person.token))
        await client.send(request("/openapi.json", method="GET"))
        await asyncio.sleep(0.05)
        client.hang_up()
        row = await gateway.only_row()
    assert row["outcome"] == "client_left"


@PEERS
async def test_many_clients_that_leave_at_any_moment_leave_nothing(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, patience=SOON)
    gateway.provider.always(answer(" ".join("x" * 40)))
    await gateway.budget("10")
    before = len(asyncio.all_tasks())

    async def visit(number: int) -> None:
        async with connected(gateway.port) as client:
            await client.send(chat_bytes(gateway, stream=number % 2 == 0, max_tokens=100))
            await asyncio.sleep(number / 2_000)
            await leave(client, "reset" if number % 3 else "hangs up")

    await asyncio.gather(*[visit(number) for number in range(60)])
    async with asyncio.timeout(30):
        while gateway.server.server_state.tasks or len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.02)
    assert await gateway.in_flight() == 0
    balance = await gateway.balance()
    assert balance.open == "0"
    rows = await gateway.rows()
    assert {row["outcome"] for row in rows} <= {"succeeded", "client_left"}
    states = [hold["state"] for row in rows for hold in await gateway.holds(row)]
    assert "open" not in states
