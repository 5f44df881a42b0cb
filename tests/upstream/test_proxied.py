"""What only the client behind a proxy does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tollhouse.errors import ConfigurationError, UpstreamDown, UpstreamTimeout
from tollhouse.upstream.base import Call, Origin, Timeouts
from tollhouse.upstream.proxied import ProxiedClient
from upstream.raw_server import OK, Peer, RawServer, Tunnel, answering, serving, tunnelling


def call_to(port: int, **more: object) -> Call:
    return Call(origin=Origin("http", "provider.invalid", port), target=b"/", body=b"{}", **more)  # type: ignore[arg-type]


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[ProxiedClient]:
    client = ProxiedClient(url)
    try:
        yield client
    finally:
        await client.aclose()


async def test_asks_an_http_proxy_for_a_tunnel_to_the_name_with_its_password() -> None:
    async with (
        serving(answering(OK)) as server,
        tunnelling(Tunnel()) as tunnel,
        client_of(f"http://user:pass@127.0.0.1:{tunnel.port}") as client,
    ):
        reply = await client.send(call_to(server.port))
        assert await reply.read() == b"ok"
    assert tunnel.asked[0].startswith(b"CONNECT provider.invalid:%d HTTP/1.1\r\n" % server.port)
    assert b"\r\nproxy-authorization: basic dXNlcjpwYXNz\r\n".lower() in tunnel.asked[0].lower()
    assert b"proxy-authorization" not in server.requests[0].lower()


async def test_gives_a_socks_proxy_the_name_to_resolve() -> None:
    async def socks(peer: Peer) -> None:
        await peer.hear_exactly(3)
        await peer.say(b"\x05\x00")
        asked.append(await peer.hear_exactly(4 + 1 + len("provider.invalid") + 2))
        await peer.say(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        await peer.hear()
        await peer.say(OK)

    asked: list[bytes] = []
    async with serving(socks) as proxy, client_of(f"socks5://127.0.0.1:{proxy.port}") as client:
        reply = await client.send(call_to(8080))
        assert await reply.read() == b"ok"
    assert asked == [b"\x05\x01\x00\x03\x10provider.invalid\x1f\x90"]


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"HTTP/1.1 502 Bad\r\n\r\n", b"", b"nonsense\r\n\r\n"]
)
async def test_a_proxy_that_opens_no_tunnel_reads_like_any_other_refusal(answer: bytes) -> None:
    async with tunnelling(Tunnel(answer)) as tunnel, client_of(f"http://u:secret@127.0.0.1:{tunnel.port}") as client:
        with pytest.raises(UpstreamDown) as caught:
            await client.send(call_to(80))
    assert caught.value.message == "provider.invalid: could not be reached."
    assert not caught.value.may_have_billed


async def test_a_proxy_that_never_answers_is_given_up() -> None:
    async def mute(peer: Peer) -> None:
        await peer.is_left()

    async with serving(mute) as proxy, client_of(f"http://127.0.0.1:{proxy.port}") as client:
        with pytest.raises(UpstreamTimeout, match=r"no connection within 0\.1 s") as caught:
            await client.send(call_to(80, timeouts=Timeouts(connect_s=0.1)))
    assert not caught.value.may_have_billed


async def test_no_proxy_means_no_connection_never_a_direct_one() -> None:
    async with serving(answering(OK)) as server:
        stopped = RawServer(answering(OK))
        listener = await asyncio.start_server(stopped.accept, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        listener.close()
        await listener.wait_closed()
        async with client_of(f"http://127.0.0.1:{port}") as client:
            with pytest.raises(UpstreamDown):
                await client.send(Call(origin=Origin("http", "127.0.0.1", server.port, True), target=b"/"))
    assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:3128",
        "ftp://u:secret@a:1",
        "http://u:secret@a",
        "https://a:1",
        "http://u:secret",
        "http://[secret",
        "http://:1",
    ],
)
def test_refuses_a_proxy_url_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="the proxy must be") as caught:
        ProxiedClient(url)
    assert "secret" not in str(caught.value)
