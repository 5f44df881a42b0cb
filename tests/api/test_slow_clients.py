"""Clients that are too slow, on purpose or not, lose their connection and nothing else. Time is turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command_line import started
from gateways import Gateway, asking
from raw_http import Connection, Response, connected, request
from tollhouse.api.paced_http import PacedHttp
from tollhouse.testing import answer, wait

BODY = msgspec.json.encode(asking())
HEALTH = request("/health/live", method="GET")
PATHS = pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/completions?x"], ids=["hot", "asgi"])


def look(gateway: Gateway, now_s: float) -> None:
    """What the server does once a second."""
    gateway.server.look_after_clients(now_s)


def only(gateway: Gateway) -> PacedHttp:
    (connection,) = connections(gateway)
    assert isinstance(connection, PacedHttp)
    return connection


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.002)


async def send(gateway: Gateway, client: Connection, data: bytes) -> None:
    """Send, and wait until the server has read it."""
    await until(lambda: len(connections(gateway)) == 1)
    connection = only(gateway)
    before = connection.requests, connection.request_bytes
    await client.send(data)
    await until(lambda: (connection.requests, connection.request_bytes) != before)


async def assert_given_up(gateway: Gateway, client: Connection) -> None:
    """It was told that it is too slow, and nothing else happened."""
    response = await client.response()
    assert response is not None
    assert (response.status, response.error["code"]) == (408, "request_timeout")
    assert response.headers[b"connection"] == b"close"
    assert response.headers[b"x-request-id"].decode() == response.error["request_id"]
    assert await client.rest() == b""
    await until(lambda: not connections(gateway))
    assert gateway.provider.asked == 0
    assert await gateway.rows() == []


async def test_a_head_must_end_within_its_time_however_it_trickles(gateway: Gateway) -> None:
    async with connected(gateway.port) as client:
        for second in range(10):
            await send(gateway, client, HEALTH[second : second + 1])
            look(gateway, second)
        look(gateway, 9.9)
        assert not only(gateway).transport.is_closing()
        look(gateway, 10)
        await assert_given_up(gateway, client)


async def test_the_head_of_a_later_request_has_a_time_of_its_own(gateway: Gateway) -> None:
    async with connected(gateway.port) as client:
        look(gateway, 0)
        await client.send(HEALTH)
        assert_live(await client.response())
        look(gateway, 60)
        await send(gateway, client, HEALTH[:20])
        look(gateway, 61)
        look(gateway, 70.9)
        await client.send(HEALTH[20:])
        assert_live(await client.response())
        await send(gateway, client, HEALTH[:20])
        look(gateway, 71)
        assert not only(gateway).transport.is_closing()
        look(gateway, 81)
        await assert_given_up(gateway, client)


@PATHS
async def test_a_body_may_not_stall(gateway: Gateway, path: str) -> None:
    whole = request(path, BODY, token=gateway.person.token)
    async with connected(gateway.port) as client:
        await send(gateway, client, whole[:-20])
        look(gateway, 0)
        look(gateway, 29.9)
        await send(gateway, client, whole[-20:-19])
        look(gateway, 30)
        look(gateway, 59.9)
        assert not only(gateway).transport.is_closing()
        look(gateway, 60)
        await assert_given_up(gateway, client)


@PATHS
async def test_a_body_must_end_within_its_time_however_it_trickles(gateway: Gateway, path: str) -> None:
    whole = request(path, BODY, token=gateway.person.token)
    async with connected(gateway.port) as client:
        await send(gateway, client, whole[:-40])
        for turn in range(30):
            look(gateway, turn * 20)
            await send(gateway, client, whole[turn - 40 : turn - 39])
        look(gateway, 599.9)
        assert not only(gateway).transport.is_closing()
        look(gateway, 600)
        await assert_given_up(gateway, client)


@PATHS
@pytest.mark.parametrize("stream", [False, True])
async def test_who_waits_for_an_answer_may_wait(gateway: Gateway, path: str, stream: bool) -> None:
    gateway.provider.always(wait(0.2), answer("Here it is"))
    body = msgspec.json.encode(asking(stream=stream))
    async with connected(gateway.port) as client:
        await client.send(request(path, body, token=gateway.person.token))
        await until(lambda: gateway.provider.asked == 1)
        for now_s in range(0, 10_000, 100):
            look(gateway, now_s)
        response = await client.response()
        assert response is not None
        assert response.status == 200


async def test_a_client_is_not_blamed_for_what_we_do_not_read(gateway: Gateway) -> None:
    gateway.provider.always(wait(0.2), answer())
    whole = request(body=BODY, token=gateway.person.token)
    async with connected(gateway.port) as client:
        # The second waits for its turn, and its body with it.
        await client.send(whole + whole[:-20])
        await until(lambda: gateway.provider.asked == 1 and only(gateway).flow.read_paused)
        for now_s in range(0, 10_000, 100):
            look(gateway, now_s)
        await client.send(whole[-20:])
        for _ in range(2):
            response = await client.response()
            assert response is not None
            assert response.status == 200


async def test_an_answer_ends_before_the_slow_head_behind_it_is_given_up(gateway: Gateway) -> None:
    gateway.provider.always(wait(0.2), answer())
    async with connected(gateway.port) as client:
        await client.send(request(body=BODY, token=gateway.person.token) + HEALTH[:20])
        await until(lambda: gateway.provider.asked == 1)
        look(gateway, 0)
        look(gateway, 10)
        look(gateway, 11)
        response = await client.response()
        assert response is not None
        assert response.status == 200
        assert await client.rest() == b""


@pytest.mark.parametrize("path", ["/v1/nothing", "/api/nothing"], ids=["hot", "asgi"])
async def test_a_body_that_nobody_waits_for_may_not_stall_either(gateway: Gateway, path: str) -> None:
    async with connected(gateway.port) as client:
        await client.send(request(path, BODY, token=gateway.person.token)[:-20])
        response = await client.response()
        assert response is not None
        assert response.status == 404
        look(gateway, 0)
        look(gateway, 30)
        # It has its answer: nothing more is said.
        assert await client.rest() == b""


@pytest.mark.parametrize("data", [b"", b"\r\n", HEALTH], ids=["unused", "blank", "used"])
async def test_an_idle_connection_is_closed_without_a_word(gateway: Gateway, data: bytes) -> None:
    async with connected(gateway.port) as client:
        if data:
            await send(gateway, client, data)
        if data == HEALTH:
            assert_live(await client.response())
        await until(lambda: len(connections(gateway)) == 1)
        look(gateway, 0)
        look(gateway, 74.9)
        assert not only(gateway).transport.is_closing()
        look(gateway, 75)
        assert await client.rest() == b""


@PATHS
async def test_an_answer_that_nobody_takes_is_dropped(gateway: Gateway, path: str) -> None:
    gateway.provider.always(answer("x" * 8_000_000))
    async with connected(gateway.port, receive_bytes=4096) as client:
        await client.send(request(path, BODY, token=gateway.person.token))
        connection = only(gateway)
        await until(lambda: connection.answering is not None and connection.transport.get_write_buffer_size() > 0)
        look(gateway, 0)
        look(gateway, 29.9)
        # Whoever takes a little may go on.
        unsent = connection.transport.get_write_buffer_size()
        await client.response(to_head=True)
        await read_until(client, lambda: connection.transport.get_write_buffer_size() < unsent)
        look(gateway, 30)
        look(gateway, 59.9)
        assert not connection.transport.is_closing()
        look(gateway, 60)
        await until(lambda: not connections(gateway))
    (row,) = await gateway.rows()
    assert row["outcome"] == "succeeded"


async def test_many_slow_clients_do_not_keep_others_waiting(gateway: Gateway) -> None:
    beginnings = [b"", HEALTH[:10], request(body=BODY, token=gateway.person.token)[:-20]]
    async with AsyncExitStack() as stack:
        for number in range(150):
            client = await stack.enter_async_context(connected(gateway.port))
            await client.send(beginnings[number % 3])
        await until(
            lambda: len(connections(gateway)) == 150 and sum(one.requests for one in connections(gateway)) == 100
        )
        look(gateway, 0)
        async with connected(gateway.port) as quick:
            await quick.send(HEALTH)
            assert_live(await quick.response())
        look(gateway, 75)
        await until(lambda: not connections(gateway))


def test_a_server_looks_by_itself_and_keeps_the_pace_that_is_set(tmp_path: Path) -> None:
    with started(tmp_path / "data", env={"TOLLHOUSE_CLIENTS__HEAD_S": "0.1"}) as server:
        response = asyncio.run(beginning(int(server.url.rpartition(":")[2])))
    assert response is not None
    assert response.status == 408


async def beginning(port: int) -> Response | None:
    """What a client hears that only begins."""
    async with connected(port) as client:
        await client.send(HEALTH[:20])
        return await client.response()


async def read_until(client: Connection, is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await client.take(4096)


def connections(gateway: Gateway) -> set[Any]:
    connections: set[Any] = gateway.server.server_state.connections
    return connections


def assert_live(response: Response | None) -> None:
    assert response is not None
    assert response.body == b'{"status":"live"}'
