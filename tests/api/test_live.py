"""Streams that are silent: the head goes out with a ping, and what fails after that is told in the stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from gateways import Gateway, asking
from raw_http import Connection, connected, request
from tollhouse.api.live import Patience
from tollhouse.dialects.sse import PING
from tollhouse.testing import answer, done, finish, say, stall, status, usage

Open = Callable[..., Awaitable[Gateway]]

PEERS = pytest.mark.parametrize("peer", ["hot", "asgi"])
NEVER_S = 1_000.0


def patience(**seconds: float) -> dict[str, object]:
    """Options of a gateway that waits for so long, and does nothing else by itself."""
    nothing = {"sweep_s": 0.01, "watch_after_s": NEVER_S, "commit_after_s": NEVER_S, "ping_every_s": NEVER_S}
    return {"patience": Patience(**(nothing | seconds))}


async def ask(client: Connection, gateway: Gateway, *, stream: bool = True) -> None:
    body = msgspec.json.encode(asking(stream=stream))
    await client.send(request(body=body, token=gateway.person.token, extra=b"connection: close\r\n"))


async def events(client: Connection) -> list[bytes]:
    """What is left of a stream, chunk by chunk."""
    chunks = []
    while chunk := await client.chunk():
        chunks.append(chunk)
    return chunks


@PEERS
async def test_a_silent_stream_is_pinged_until_it_speaks_again(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, **patience(ping_every_s=0.05))
    gateway.provider.script(say("Hel"), stall(), say("lo"), finish(), usage(3, 2), done())
    async with connected(gateway.port) as client:
        await ask(client, gateway)
        await client.head()
        assert b'"Hel"' in await client.chunk()
        for _ in range(3):
            assert await client.chunk() == PING
        gateway.provider.release()
        said = [chunk for chunk in await events(client) if chunk != PING]
    assert b'"lo"' in said[0]
    assert said[-1].endswith(b"data: [DONE]\n\n")


@PEERS
async def test_a_stream_that_speaks_is_not_pinged(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, **patience(ping_every_s=5))
    gateway.provider.script(answer(" ".join("x" * 50)))
    assert PING not in (await gateway.chat(stream=True)).content


@PEERS
async def test_after_a_long_silence_the_head_goes_out_and_another_candidate_may_still_answer(
    open_gateway: Open, peer: str
) -> None:
    gateway = await open_gateway(peer=peer, **patience(commit_after_s=0.5))
    gateway.provider.script(stall(), status(503))
    gateway.provider.script(answer("Here I am"))
    async with connected(gateway.port) as client:
        await ask(client, gateway)
        head = await client.head()
        assert head is not None
        assert head[0] == 200
        assert head[1][b"content-type"].startswith(b"text/event-stream")
        assert head[1][b"x-request-id"].startswith(b"req_")
        assert float(head[1][b"x-tollhouse-overhead-ms"]) < 500, "silence is the provider's time"
        assert await client.chunk() == PING
        gateway.provider.release()
        said = b"".join([chunk for chunk in await events(client) if chunk != PING])
    assert b'"Here "' in said
    assert said.endswith(b"data: [DONE]\n\n")
    (row,) = await gateway.rows()
    assert (row["status"], row["outcome"], row["attempts"]) == (200, "succeeded", 2)


@PEERS
async def test_what_fails_after_the_head_went_out_is_an_error_event(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, **patience(commit_after_s=0.05))
    gateway.provider.script(stall(), status(400, "Not like this", code="bad_thing"))
    async with connected(gateway.port) as client:
        await ask(client, gateway)
        await client.head()
        assert await client.chunk() == PING
        gateway.provider.release()
        (last,) = [chunk for chunk in await events(client) if chunk != PING]
        assert await client.rest() == b""
    assert last.startswith(b"data: ")
    assert last.endswith(b"\n\n")
    error = msgspec.json.decode(last[6:])["error"]
    assert (error["message"], error["code"]) == ("Not like this", "bad_thing")
    (row,) = await gateway.rows()
    assert (row["status"], row["outcome"]) == (200, "bad_thing")
    assert [hold["state"] for hold in await gateway.holds(row)] == ["voided"]


@PEERS
async def test_before_that_a_failure_is_a_status(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, **patience())
    gateway.provider.script(stall(), status(400, "Not like this"))
    async with connected(gateway.port) as client:
        await ask(client, gateway)
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        gateway.provider.release()
        response = await client.response()
    assert response is not None
    assert response.status == 400


@PEERS
async def test_who_waits_for_a_whole_answer_hears_no_ping(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, **patience(commit_after_s=0.02, ping_every_s=0.02))
    gateway.provider.script(stall(), answer())
    async with connected(gateway.port) as client:
        await ask(client, gateway, stream=False)
        await gateway.provider.until(lambda: gateway.provider.stalled == 1)
        async with connected(gateway.port) as other:
            # A sweep or more goes by: another stream is pinged.
            gateway.provider.script(stall(), answer())
            await ask(other, gateway)
            await other.head()
            assert await other.chunk() == PING
            await gateway.provider.until(lambda: gateway.provider.stalled == 2)
            gateway.provider.release()
            await events(other)
        response = await client.response()
    assert response is not None
    assert response.status == 200
    assert PING not in response.body


@PEERS
async def test_the_next_answer_on_the_connection_begins_with_its_head(open_gateway: Open, peer: str) -> None:
    """Pings end with their answer, whenever they were due."""
    gateway = await open_gateway(peer=peer, **patience(sweep_s=0.001, commit_after_s=0.002, ping_every_s=0.001))
    gateway.provider.always(answer("a b c"))
    body = msgspec.json.encode(asking(stream=True))
    async with connected(gateway.port) as client:
        for _ in range(100):
            await client.send(request(body=body, token=gateway.person.token))
            response = await client.response()
            assert response is not None
            assert response.status == 200
            assert response.body.endswith(b"data: [DONE]\n\n")
