"""What any client does on the wire, asked of both implementations: when something goes wrong, and over TLS."""

from __future__ import annotations

import asyncio
import datetime
import ssl

import pytest
import trustme
import uvloop

from tollhouse.errors import UpstreamDown, UpstreamIncomplete, UpstreamTimeout
from tollhouse.upstream.base import Bounds, Timeouts, Upstream
from tollhouse.upstream.client import Client
from tollhouse.upstream.proxied import ProxiedClient
from upstream.conforming import all_of, body_of, call_to, pieces_of
from upstream.raw_server import (
    OK,
    STREAM,
    Peer,
    answering,
    black_hole,
    once,
    serving,
    silent,
)

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
        await asyncio.wait_for(server.left.wait(), 30)


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
        await asyncio.wait_for(server.left.wait(), 30)


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
        await asyncio.wait_for(server.left.wait(), 30)


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
