"""What any client of providers does on the wire, asked of both implementations: when all goes well."""

from __future__ import annotations

import asyncio

import pytest

from tollhouse.errors import InvalidRequest, UpstreamIncomplete
from tollhouse.upstream.base import Upstream
from upstream.conforming import BODY, KEY, all_of, body_of, call_to, pieces_of
from upstream.raw_server import (
    OK,
    STREAM,
    Peer,
    answering,
    once,
    serving,
)

# What goes out.


async def test_sends_the_call_and_nothing_of_its_own_but_what_framing_needs(client: Upstream) -> None:
    async with serving(answering(OK)) as server:
        await body_of(client, call_to(server))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    assert first == b"POST /v1/chat/completions HTTP/1.1"
    assert body == BODY
    assert sorted((name.lower(), value) for name, _, value in (field.partition(b": ") for field in fields)) == [
        (b"accept-encoding", b"identity"),
        (b"authorization", b"Bearer " + KEY),
        (b"content-length", b"%d" % len(BODY)),
        (b"content-type", b"application/json"),
        (b"host", b"127.0.0.1:%d" % server.port),
    ]


async def test_sends_a_get_without_a_body(client: Upstream) -> None:
    async with serving(answering(OK)) as server:
        await body_of(client, call_to(server, method=b"GET", body=b"", headers=()))
    assert b"content-length" not in server.requests[0].lower()


async def test_sends_a_target_as_it_was_written(client: Upstream) -> None:
    async with serving(answering(OK)) as server:
        await body_of(client, call_to(server, target=b"/v1/a%2Fb/..;x=%41:generate?alt=sse&q=a+b%20c"))
    assert server.requests[0].startswith(b"POST /v1/a%2Fb/..;x=%41:generate?alt=sse&q=a+b%20c HTTP/1.1\r\n")


async def test_sends_a_large_body_whole(client: Upstream) -> None:
    large = bytes(range(256)) * 20_000
    async with serving(answering(OK)) as server:
        await body_of(client, call_to(server, body=large))
    assert server.requests[0].endswith(b"\r\n\r\n" + large)


@pytest.mark.parametrize("value", [b"a\r\nx-evil: 1", b"a\nb", b"a\rb", b"a\0b"])
async def test_refuses_a_header_value_that_breaks_the_line_before_it_connects(client: Upstream, value: bytes) -> None:
    async with serving(answering(OK)) as server:
        with pytest.raises(InvalidRequest, match="authorization") as caught:
            await client.send(call_to(server, headers=((b"authorization", value),)))
    assert server.connections == 0
    assert "evil" not in caught.value.message


@pytest.mark.parametrize("name", [b"", b"a b", b"a:b", b"a\r\nb", b"Host", b"Content-Length", b"Transfer-Encoding"])
async def test_refuses_a_header_name_that_is_no_token_or_not_the_callers(client: Upstream, name: bytes) -> None:
    async with serving(answering(OK)) as server:
        with pytest.raises(InvalidRequest):
            await client.send(call_to(server, headers=((name, b"1"),)))
    assert server.connections == 0


@pytest.mark.parametrize("target", [b"", b"v1", b"/a b", b"/a\r\nx: y", b"/\xc3\xa9", b"http://evil/"])
async def test_refuses_a_target_that_is_no_plain_path(client: Upstream, target: bytes) -> None:
    async with serving(answering(OK)) as server:
        with pytest.raises(InvalidRequest):
            await client.send(call_to(server, target=target))
    assert server.connections == 0


async def test_ignores_the_proxies_of_the_environment(client: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(answering(OK)) as server:
        assert await body_of(client, call_to(server)) == b"ok"


async def test_keeps_no_cookies(client: Upstream) -> None:
    baked = b"HTTP/1.1 200 OK\r\nset-cookie: id=1; Path=/\r\ncontent-length: 2\r\n\r\nok"
    async with serving(answering(baked)) as server:
        await body_of(client, call_to(server))
        await body_of(client, call_to(server))
    assert not any(b"cookie" in request.lower() for request in server.requests)


# What comes back.


async def test_gives_status_headers_and_body_as_they_came(client: Upstream) -> None:
    answer = (
        b"HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\nX-Twice: a\r\nx-twice: b\r\nContent-Length: 4\r\n\r\n\x00\xff\r\n"
    )
    async with serving(answering(answer)) as server:
        reply = await client.send(call_to(server))
        assert reply.status == 429
        assert reply.headers == (
            (b"retry-after", b"7"),
            (b"x-twice", b"a"),
            (b"x-twice", b"b"),
            (b"content-length", b"4"),
        )
        assert await reply.read() == b"\x00\xff\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(STREAM + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", id="chunked"),
        pytest.param(STREAM + b"5\r\nabcde\r\n0\r\nx-trailer: 1\r\n\r\n", id="chunked with a trailer"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde", id="content-length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabcde", id="until close"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nabcde", id="HTTP/1.0"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 5\r\n\r\nabcde", id="identity"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde",
            id="after interim replies",
        ),
    ],
)
@pytest.mark.parametrize("how", ["read", "next"])
async def test_reads_each_kind_of_framing(client: Upstream, answer: bytes, how: str) -> None:
    async with serving(once(answer)) as server:
        if how == "read":
            assert await body_of(client, call_to(server)) == b"abcde"
        else:
            assert await pieces_of(client, call_to(server)) == (b"abcde", None)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\netag: 1\r\n\r\n"]
)
async def test_takes_replies_that_have_no_body_and_goes_on(client: Upstream, answer: bytes) -> None:
    async with serving(answering(answer, OK)) as server:
        assert await body_of(client, call_to(server)) == b""
        assert await body_of(client, call_to(server)) == b"ok"
    assert server.connections == 1


async def test_the_end_is_said_as_often_as_it_is_asked_for(client: Upstream) -> None:
    async with serving(answering(OK)) as server:
        reply = await client.send(call_to(server))
        assert await reply.next() == b"ok"
        assert await reply.next() == b""
        assert await reply.next() == b""
        reply.close()
        reply.close()


async def test_gives_the_first_bytes_before_the_rest_is_sent(client: Upstream) -> None:
    was_read = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(STREAM + b"3\r\none\r\n")
        await was_read.wait()
        await peer.say(b"3\r\ntwo\r\n0\r\n\r\n")

    async with serving(script) as server:
        reply = await client.send(call_to(server))
        assert await reply.next() == b"one"
        was_read.set()
        assert await reply.next() == b"two"
        assert await reply.next() == b""


async def test_a_read_that_brings_nothing_of_the_body_is_not_its_end(client: Upstream) -> None:
    async def in_bits(peer: Peer) -> None:
        await peer.hear()
        for bit in (STREAM, b"3\r\n", b"one", b"\r\n", b"3\r\n", b"two\r\n0\r\n\r\n"):
            await peer.say(bit)
            await asyncio.sleep(0.02)

    async with serving(in_bits) as server:
        reply = await client.send(call_to(server))
        assert [await reply.next() for _ in range(3)] == [b"one", b"two", b""]


async def test_what_a_taker_takes_is_not_given_again_and_nothing_is_lost(client: Upstream) -> None:
    pieces = [b"%d," % number for number in range(60)]

    async def dripping(peer: Peer) -> None:
        await peer.hear()
        await peer.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in pieces:
            await peer.say(b"%x\r\n%b\r\n" % (len(piece), piece))
            await asyncio.sleep(0.001)
        await peer.say(b"0\r\n\r\n")

    heard: list[bytes] = []

    def taker(piece: bytes) -> bool:
        if b"5" in piece:
            return False
        heard.append(piece)
        return True

    async with serving(dripping) as server:
        reply = await client.send(call_to(server))
        while piece := await reply.next(taker):
            heard.append(piece)
    assert b"".join(heard) == b"".join(pieces)


async def test_does_not_follow_redirects(client: Upstream) -> None:
    moved = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with serving(answering(moved)) as server:
        reply = await client.send(call_to(server))
        assert reply.status == 307
        assert await reply.read() == b""
    assert len(server.requests) == 1


async def test_two_hundred_calls_at_once_each_get_their_own_reply(client: Upstream) -> None:
    async def echo(peer: Peer) -> None:
        while True:
            body = (await peer.hear()).partition(b"\r\n\r\n")[2]
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    async with serving(echo) as server:
        asked = [b"question %d" % n for n in range(200)]
        assert await asyncio.gather(*(body_of(client, call_to(server, body=body)) for body in asked)) == asked


async def test_holds_the_server_back_while_nobody_reads(client: Upstream) -> None:
    size = 50 * 1024 * 1024

    async def flood(peer: Peer) -> None:
        await peer.hear()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + bytes(size))
        await peer.is_left()

    async with serving(flood) as server:
        reply = await client.send(call_to(server))
        said = -1
        while server.said_bytes != said:
            said = server.said_bytes
            await asyncio.sleep(0.1)
        # What the kernel's and the tunnel's buffers hold is theirs; the client's share is less than one MiB.
        assert said < 24 * 1024 * 1024
        first = await reply.next()
        assert len(first) <= 1024 * 1024
        assert len(first) + await all_of(reply) == size


# Connections.


async def test_uses_a_connection_again(client: Upstream) -> None:
    async with serving(answering(OK, STREAM + b"2\r\nok\r\n0\r\n\r\n", OK)) as server:
        for _ in range(4):
            assert await body_of(client, call_to(server)) == b"ok"
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", id="connection: close"),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", id="HTTP/1.0"),
        pytest.param(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", id="a reply too many"),
        pytest.param(OK + b"x", id="a byte too many"),
    ],
)
async def test_does_not_use_a_connection_again_after(client: Upstream, kind: str, answer: bytes) -> None:
    if kind == "proxied" and answer.endswith(b"x"):
        pytest.skip("aiohttp refuses a reply for a byte that comes after it in the same read")
    async with serving(answering(answer)) as server:
        assert await body_of(client, call_to(server)) == b"ok"
        assert await body_of(client, call_to(server)) == b"ok"
    assert server.connections == 2


async def test_a_connection_the_server_closed_while_idle_costs_no_call(client: Upstream) -> None:
    async with serving(once(OK)) as server:
        for _ in range(3):
            assert await body_of(client, call_to(server)) == b"ok"
            await server.left.wait()
            await asyncio.sleep(0.05)  # until the FIN, perhaps by way of the tunnel, is here
    assert server.connections == 3


async def test_closing_a_reply_before_its_end_cuts_the_connection(client: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(STREAM + b"3\r\none\r\n")
        await peer.is_left()

    async with serving(script) as server:
        reply = await client.send(call_to(server))
        assert await reply.next() == b"one"
        reply.close()
        await asyncio.wait_for(server.left.wait(), 30)


@pytest.mark.parametrize("during", ["send", "read", "next"])
async def test_cancelling_cuts_the_connection(client: Upstream, during: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.hear()
        if during != "send":
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")
        await peer.is_left()

    async def ask() -> None:
        reply = await client.send(call_to(server))
        await (reply.read() if during == "read" else reply.next())

    async with serving(script) as server:
        task = asyncio.create_task(ask())
        await server.heard.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.left.wait(), 30)


async def test_closing_the_client_closes_idle_connections_and_fails_calls_in_flight(client: Upstream) -> None:
    async def script(peer: Peer) -> None:
        while b"hang" not in await peer.hear():
            await peer.say(OK)
        await peer.is_left()

    async with serving(script) as server:
        await body_of(client, call_to(server))
        await asyncio.gather(*(body_of(client, call_to(server)) for _ in range(3)))
        server.heard.clear()
        task = asyncio.create_task(body_of(client, call_to(server, body=b"hang")))
        await server.heard.wait()
        await client.aclose()
        with pytest.raises(UpstreamIncomplete) as caught:
            await task
        assert caught.value.may_have_billed
