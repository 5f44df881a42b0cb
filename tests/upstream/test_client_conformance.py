"""What any client of providers does on the wire, asked of both implementations."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
import trustme
import uvloop

from tollhouse.errors import InvalidRequest, UpstreamDown, UpstreamError, UpstreamIncomplete, UpstreamTimeout
from tollhouse.upstream.base import Bounds, Call, Origin, Reply, Timeouts, Upstream
from tollhouse.upstream.client import Client
from tollhouse.upstream.proxied import ProxiedClient
from upstream.raw_server import (
    OK,
    STREAM,
    Peer,
    RawServer,
    Tunnel,
    answering,
    black_hole,
    once,
    serving,
    silent,
    tunnelling,
)

BODY = b'{"model":"acme-1","messages":[]}'
KEY = b"sk-live-0123456789"
PATIENT = Timeouts(connect_s=5, first_byte_s=10, idle_s=10, total_s=20)

MakeClient = Callable[..., Upstream]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(params=["direct", "proxied"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def client(kind: str, trust: ssl.SSLContext) -> AsyncIterator[Upstream]:
    async def loopback(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with AsyncExitStack() as stack:
        if kind == "direct":
            made: Client | ProxiedClient = Client(resolver=loopback, ssl_context=trust)
        else:
            tunnel = await stack.enter_async_context(tunnelling(Tunnel()))
            made = ProxiedClient(f"http://127.0.0.1:{tunnel.port}", ssl_context=trust)
        yield made
        await made.aclose()


def call_to(server: RawServer | int, *, scheme: str = "http", host: str = "127.0.0.1", **more: object) -> Call:
    port = server if isinstance(server, int) else server.port
    values: dict[str, object] = {
        "target": b"/v1/chat/completions",
        "headers": ((b"authorization", b"Bearer " + KEY), (b"content-type", b"application/json")),
        "body": BODY,
        "timeouts": PATIENT,
    }
    return Call(origin=Origin(scheme, host, port, allow_private_address=True), **(values | more))  # type: ignore[arg-type]


async def body_of(client: Upstream, call: Call) -> bytes:
    reply = await client.send(call)
    return await reply.read()


async def pieces_of(client: Upstream, call: Call) -> tuple[bytes, UpstreamError | None]:
    """All that came, and how it ended."""
    reply = await client.send(call)
    came = b""
    try:
        while piece := await reply.next():
            came += piece
    except UpstreamError as error:
        return came, error
    return came, None


async def all_of(reply: Reply) -> int:
    came = 0
    while piece := await reply.next():
        came += len(piece)
    return came


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
        await asyncio.wait_for(server.left.wait(), 5)


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
        await asyncio.wait_for(server.left.wait(), 5)


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


# What goes wrong.


async def test_a_closed_port_is_down_and_billed_nothing(client: Upstream) -> None:
    async with serving(silent) as server:
        port = server.port
    with pytest.raises(UpstreamDown) as caught:
        await client.send(call_to(port))
    assert not caught.value.may_have_billed
    assert caught.value.message == "127.0.0.1: could not be reached."


async def test_no_connection_in_time(client: Upstream, kind: str) -> None:
    if kind == "proxied":
        pytest.skip("the loopback side of the tunnel would wait, not the client; see test_proxied.py")
    with black_hole() as port, pytest.raises(UpstreamTimeout, match=r"no connection within 0\.1 s") as caught:
        await client.send(call_to(port, timeouts=Timeouts(connect_s=0.1)))
    assert not caught.value.may_have_billed


async def test_no_answer_in_time(client: Upstream) -> None:
    async with serving(silent) as server:
        with pytest.raises(UpstreamTimeout, match=r"^127\.0\.0\.1: no answer within 0\.1 s\.$") as caught:
            await client.send(call_to(server, timeouts=Timeouts(first_byte_s=0.1)))
        assert caught.value.may_have_billed
        await asyncio.wait_for(server.left.wait(), 5)


async def test_half_a_head_is_no_answer(client: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(b"HTTP/1.1 200 OK\r\nx-slow: ")
        await peer.is_left()

    async with serving(script) as server:
        with pytest.raises(UpstreamTimeout, match="no answer within"):
            await client.send(call_to(server, timeouts=Timeouts(first_byte_s=0.1)))


@pytest.mark.parametrize("how", ["read", "next"])
async def test_an_answer_that_stops(client: Upstream, how: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(STREAM)
        for _ in range(4):
            await peer.say(b"3\r\none\r\n")
            await asyncio.sleep(0.04)
        await peer.is_left()

    async with serving(script) as server:
        call = call_to(server, timeouts=Timeouts(idle_s=0.15))
        if how == "next":
            came, error = await pieces_of(client, call)
            assert came == b"one" * 4
        else:
            with pytest.raises(UpstreamTimeout) as caught:
                await body_of(client, call)
            error = caught.value
        assert isinstance(error, UpstreamTimeout)
        assert "the answer stopped for 0.15 s" in error.message
        assert error.may_have_billed
        await asyncio.wait_for(server.left.wait(), 5)


@pytest.mark.parametrize("head", [STREAM, b""])
async def test_the_total_deadline_holds_however_much_comes(client: Upstream, head: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(head)
        while True:
            if head:
                await peer.say(b"3\r\none\r\n")
            await asyncio.sleep(0.02)

    async with serving(script) as server:
        with pytest.raises(UpstreamTimeout, match=r"no complete answer within 0\.2 s") as caught:
            await body_of(client, call_to(server, timeouts=Timeouts(total_s=0.2)))
        assert caught.value.may_have_billed


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", b"abc", id="content-length"),
        pytest.param(STREAM + b"3\r\nabc\r\n", b"abc", id="between chunks"),
        pytest.param(STREAM + b"9\r\nabc", b"abc", id="within a chunk"),
        pytest.param(STREAM + b"3\r\nabc\r\n0\r\n", b"abc", id="before the last empty line"),
        pytest.param(STREAM + b"3\r\nabc\r\nzz\r\n", b"abc", id="bad chunk size"),
    ],
)
async def test_a_truncated_answer_is_incomplete_and_what_came_is_given_first(
    client: Upstream, kind: str, answer: bytes, came: bytes
) -> None:
    if kind == "proxied" and b"zz" in answer:
        pytest.skip("aiohttp drops what came in the same read as a malformed chunk")
    async with serving(once(answer)) as server:
        pieces, error = await pieces_of(client, call_to(server))
        assert pieces == came
        assert isinstance(error, UpstreamIncomplete)
        assert error.may_have_billed
        with pytest.raises(UpstreamIncomplete):
            await body_of(client, call_to(server))


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nx: y\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_an_end_before_the_answer_is_incomplete_and_not_tried_again(
    client: Upstream, answer: bytes, how: str
) -> None:
    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(answer)
        if how == "rst":
            peer.reset()

    async with serving(script) as server:
        with pytest.raises(UpstreamIncomplete, match="ended before the answer") as caught:
            await client.send(call_to(server))
        assert caught.value.may_have_billed
    assert len(server.requests) == 1


async def test_an_end_on_a_connection_used_before_is_not_tried_again_either(client: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(OK)
        await peer.hear()

    async with serving(script) as server:
        assert await body_of(client, call_to(server)) == b"ok"
        with pytest.raises(UpstreamIncomplete):
            await client.send(call_to(server))
    assert len(server.requests) == 2


async def test_a_reset_in_mid_stream_is_incomplete(client: Upstream) -> None:
    was_read = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(STREAM + b"3\r\none\r\n")
        await was_read.wait()
        peer.reset()

    async with serving(script) as server:
        reply = await client.send(call_to(server))
        assert await reply.next() == b"one"
        was_read.set()
        with pytest.raises(UpstreamIncomplete, match="in the midst of") as caught:
            await reply.next()
        assert caught.value.may_have_billed


FORGIVEN_BY_AIOHTTP = {"bare line feed", "folded header", "space before the colon", "response splitting"}


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("not HTTP", b"<html>nginx</html>\r\n\r\n"),
        ("content-length and transfer-encoding", STREAM[:-2] + b"content-length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ("two lengths", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!"),
        ("negative length", b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok"),
        ("signed length", b"HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok"),
        ("bad status", b"HTTP/1.1 2OO OK\r\ncontent-length: 2\r\n\r\nok"),
        ("bad version", b"HTTP/9.9 200 OK\r\ncontent-length: 2\r\n\r\nok"),
        ("status 999", b"HTTP/1.1 999 OK\r\ncontent-length: 2\r\n\r\nok"),
        ("switching protocols", b"HTTP/1.1 101 Switch\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\nok"),
        ("bare line feed", b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok"),
        ("response splitting", b"HTTP/1.1 200 OK\r\nx: a\nset-cookie: b\r\ncontent-length: 2\r\n\r\nok"),
        ("folded header", b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 2\r\n\r\nok"),
        ("space before the colon", b"HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\nok"),
        ("NUL in a header", b"HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 2\r\n\r\nok"),
    ],
)
async def test_malformed_answers_are_refused(client: Upstream, kind: str, what: str, answer: bytes) -> None:
    if kind == "proxied" and what in FORGIVEN_BY_AIOHTTP:
        pytest.skip("aiohttp turns its parser's leniencies on and offers no way to turn them off")
    async with serving(once(answer)) as server:
        with pytest.raises((UpstreamDown, UpstreamIncomplete)) as caught:
            await body_of(client, call_to(server))
    assert caught.value.may_have_billed
    assert caught.value.message.startswith("127.0.0.1: ")


@pytest.mark.parametrize(
    "field", [b"content-encoding: gzip", b"Content-Encoding: br", b"transfer-encoding: gzip, chunked"]
)
async def test_a_compressed_answer_is_refused(client: Upstream, kind: str, field: bytes) -> None:
    if kind == "proxied" and field.startswith(b"transfer"):
        pytest.skip("aiohttp drops transfer codings before chunked without telling")
    async with serving(once(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n\x1f\x8b" % field)) as server:
        with pytest.raises(UpstreamDown, match="coding") as caught:
            await client.send(call_to(server))
    assert caught.value.may_have_billed


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 200_000 + b"\r\n\r\n", id="one long header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x-many: %b\r\n" % (b"a" * 400) * 100 + b"\r\n", id="many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx-endless: " + b"a" * 200_000, id="no end of a header"),
    ],
)
async def test_the_head_is_bounded(client: Upstream, head: bytes) -> None:
    async with serving(once(head)) as server:
        with pytest.raises(UpstreamDown) as caught:
            await client.send(call_to(server, bounds=Bounds(head_bytes=16 * 1024)))
    assert caught.value.may_have_billed


@pytest.mark.parametrize("how", ["read", "next"])
async def test_the_body_is_bounded(client: Upstream, how: str) -> None:
    async def endless(peer: Peer) -> None:
        await peer.hear()
        await peer.say(STREAM)
        while True:
            await peer.say(b"1000\r\n" + b"a" * 4096 + b"\r\n")

    async with serving(endless) as server:
        reply = await client.send(call_to(server, bounds=Bounds(body_bytes=100_000)))
        with pytest.raises(UpstreamIncomplete, match="larger than 100000 bytes") as caught:
            await (reply.read() if how == "read" else all_of(reply))
        assert caught.value.may_have_billed
        await asyncio.wait_for(server.left.wait(), 5)


# TLS.


def server_context(issued: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


async def test_speaks_tls_to_a_name_its_trust_store_vouches_for(client: Upstream, authority: trustme.CA) -> None:
    names: list[str | None] = []
    tls = server_context(authority.issue_cert("api.example.test"))
    tls.sni_callback = lambda _, name, __: names.append(name)
    async with serving(answering(OK), tls) as server:
        call = call_to(server, scheme="https", host="api.example.test")
        assert await body_of(client, call) == b"ok"
        assert await body_of(client, call) == b"ok"
    assert names == ["api.example.test"]
    assert server.connections == 1
    assert b"host: api.example.test:%d\r\n" % server.port in server.requests[0].lower()


async def test_streams_over_tls(client: Upstream, authority: trustme.CA) -> None:
    async with serving(once(STREAM + b"3\r\nabc\r\n"), server_context(authority.issue_cert("a.test"))) as server:
        came, error = await pieces_of(client, call_to(server, scheme="https", host="a.test"))
    assert came == b"abc"
    assert isinstance(error, UpstreamIncomplete)


@pytest.mark.parametrize("fault", ["wrong name", "unknown authority", "expired"])
async def test_no_request_goes_to_a_server_that_cannot_prove_its_name(
    client: Upstream, authority: trustme.CA, fault: str
) -> None:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    tls = {
        "wrong name": lambda: server_context(authority.issue_cert("other.example.test")),
        "unknown authority": lambda: server_context(trustme.CA().issue_cert("api.example.test")),
        "expired": lambda: server_context(authority.issue_cert("api.example.test", not_after=yesterday)),
    }[fault]()
    async with serving(once(OK), tls) as server:
        with pytest.raises(UpstreamDown, match=r"^api\.example\.test: ") as caught:
            await client.send(call_to(server, scheme="https", host="api.example.test"))
    assert not caught.value.may_have_billed
    assert server.requests == []


async def test_a_server_that_speaks_no_tls_is_down(client: Upstream) -> None:
    async def chatty(peer: Peer) -> None:
        await peer.say(OK)
        await peer.is_left()

    async with serving(chatty) as server:
        with pytest.raises(UpstreamDown, match=r"^a\.test: ") as caught:
            await client.send(call_to(server, scheme="https", host="a.test"))
    assert not caught.value.may_have_billed


async def test_the_time_to_connect_includes_tls(client: Upstream, kind: str) -> None:
    if kind == "proxied" and not isinstance(asyncio.get_running_loop(), uvloop.Loop):
        pytest.skip("python-socks waits for a transport in mid-handshake to close, which asyncio's own loop never does")

    async def mute(peer: Peer) -> None:
        await peer.is_left()

    async with serving(mute) as server:
        call = call_to(server, scheme="https", host="a.test", timeouts=Timeouts(connect_s=0.2))
        with pytest.raises(UpstreamTimeout, match=r"no connection within 0\.2 s") as caught:
            await client.send(call)
    assert not caught.value.may_have_billed


def test_a_context_that_does_not_verify_is_refused(kind: str) -> None:
    lax = ssl.create_default_context()
    lax.check_hostname = False
    lax.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="verify"):
        Client(ssl_context=lax) if kind == "direct" else ProxiedClient("http://127.0.0.1:1", ssl_context=lax)
