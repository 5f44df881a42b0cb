"""What only the direct client does: resolving, judging addresses, pooling."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from tollhouse.errors import UpstreamDown, UpstreamTimeout
from tollhouse.upstream.base import Call, Origin, Timeouts
from tollhouse.upstream.client import Client
from tollhouse.upstream.connect import resolve
from upstream.raw_server import OK, Peer, answering, black_hole, once, serving, silent

UNREACHABLE = "could not be reached."


class Names:
    """A resolver that gives the scripted answers in turn, the last one again and again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
async def make() -> AsyncIterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(**options: object) -> Client:
        made.append(Client(**options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        await client.aclose()
        assert client.stats.connections == 0


def call_to(port: int, host: str = "a.test", *, private: bool = True, **more: object) -> Call:
    return Call(origin=Origin("http", host, port, allow_private_address=private), target=b"/", body=b"{}", **more)  # type: ignore[arg-type]


async def ask(client: Client, call: Call) -> bytes:
    reply = await client.send(call)
    return await reply.read()


async def refusal(client: Client, call: Call) -> str:
    with pytest.raises(UpstreamDown) as caught:
        await client.send(call)
    assert not caught.value.may_have_billed
    return caught.value.message


# Addresses.


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"])
async def test_no_form_of_loopback_is_reached_without_permission(make: Callable[..., Client], host: str) -> None:
    async with serving(answering(OK)) as server:
        assert await refusal(make(), call_to(server.port, host, private=False)) == f"{host}: {UNREACHABLE}"
    assert server.connections == 0


@pytest.mark.parametrize("address", ["169.254.169.254", "168.63.129.16", "fd00:ec2::254", "224.0.0.1", "0.0.0.0", "::"])
async def test_metadata_and_reserved_addresses_are_never_reached(make: Callable[..., Client], address: str) -> None:
    assert await refusal(make(resolver=Names([address])), call_to(80)) == f"a.test: {UNREACHABLE}"


async def test_one_private_address_among_public_ones_condemns_the_name(make: Callable[..., Client]) -> None:
    async with serving(answering(OK)) as server:
        for answer in (["8.8.8.8", "127.0.0.1"], ["2606:4700::1", "::ffff:10.0.0.1"], ["127.0.0.1", "8.8.8.8"]):
            call = call_to(server.port, private=False, timeouts=Timeouts(connect_s=0.1))
            assert await refusal(make(resolver=Names(answer)), call) == f"a.test: {UNREACHABLE}"
    assert server.connections == 0


async def test_a_name_that_turns_private_is_refused_at_its_next_connection(make: Callable[..., Client]) -> None:
    names = Names(["100.100.100.200"], ["127.0.0.1"], ["169.254.169.254"])
    client = make(resolver=names)
    async with serving(once(OK)) as server:
        assert await refusal(client, call_to(server.port)) == f"a.test: {UNREACHABLE}"
        assert await ask(client, call_to(server.port)) == b"ok"
        await server.left.wait()
        await asyncio.sleep(0.05)
        assert await refusal(client, call_to(server.port)) == f"a.test: {UNREACHABLE}"
    assert names.asked == [("a.test", server.port)] * 3
    assert server.connections == 1


async def test_every_refusal_reads_the_same(make: Callable[..., Client]) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        refusals = {
            await refusal(make(resolver=Names(["127.0.0.1"])), call_to(port)),
            await refusal(make(resolver=Names(["127.0.0.1"])), call_to(port, private=False)),
            await refusal(make(resolver=Names([])), call_to(port)),
            await refusal(make(resolver=unknown), call_to(port)),
        }
    assert refusals == {f"a.test: {UNREACHABLE}"}


async def test_tries_the_next_address_when_one_refuses_or_is_silent(make: Callable[..., Client]) -> None:
    async with serving(answering(OK)) as server:
        client = make(resolver=Names(["127.0.0.2", "127.0.0.3", "127.0.0.1"]))
        assert await ask(client, call_to(server.port)) == b"ok"
    with black_hole() as port:
        async with serving(answering(OK), host="127.0.0.2", port=port) as server:
            client = make(resolver=Names(["127.0.0.1", "127.0.0.2"]))
            assert await ask(client, call_to(port, timeouts=Timeouts(connect_s=0.5))) == b"ok"


async def test_a_resolver_that_never_answers_is_given_up(make: Callable[..., Client]) -> None:
    async def mute(host: str, port: int) -> list[str]:
        return await asyncio.get_running_loop().create_future()

    with pytest.raises(UpstreamTimeout) as caught:
        await make(resolver=mute, dns_timeout_s=0.05).send(call_to(80))
    assert not caught.value.may_have_billed


async def test_the_system_resolver_knows_localhost() -> None:
    assert set(await resolve("localhost", 80)) <= {"127.0.0.1", "::1"}


# The pool.


async def test_counts_its_connections(make: Callable[..., Client]) -> None:
    async def script(peer: Peer) -> None:
        while b"hang" not in await peer.hear():
            await peer.say(OK)
        await peer.is_left()

    client = make(resolver=Names(["127.0.0.1"]))
    async with serving(script) as server:
        await ask(client, call_to(server.port))
        server.heard.clear()
        task = asyncio.create_task(client.send(call_to(server.port, headers=((b"x", b"hang"),))))
        await server.heard.wait()
        await ask(client, call_to(server.port))
        stats = client.stats
        assert (stats.connections, stats.idle, stats.in_flight) == (2, 1, 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(server.left.wait(), 30)
        stats = client.stats
        assert (stats.connections, stats.idle, stats.in_flight) == (1, 1, 0)


async def test_keeps_no_more_idle_connections_than_it_may(make: Callable[..., Client]) -> None:
    client = make(resolver=Names(["127.0.0.1"]), max_idle_per_origin=2)
    async with serving(answering(OK)) as server:
        await asyncio.gather(*(ask(client, call_to(server.port)) for _ in range(6)))
        await asyncio.sleep(0.05)
        assert client.stats.idle == client.stats.connections == 2


async def test_closes_what_was_idle_for_long_and_then_rests(make: Callable[..., Client]) -> None:
    client = make(resolver=Names(["127.0.0.1"]), idle_timeout_s=0.1)
    async with serving(answering(OK)) as server:
        await ask(client, call_to(server.port))
        await asyncio.wait_for(server.left.wait(), 30)
        assert client.stats.connections == 0
        assert await ask(client, call_to(server.port)) == b"ok"
    assert server.connections == 2


async def test_origins_that_differ_share_no_connection(make: Callable[..., Client]) -> None:
    client = make(resolver=Names(["127.0.0.1"]))
    async with serving(answering(OK)) as server:
        await ask(client, call_to(server.port, "a.test"))
        await ask(client, call_to(server.port, "b.test"))
        assert server.connections == 2
        await ask(client, call_to(server.port, "a.test"))
        assert server.connections == 2


async def test_a_request_that_provably_never_left_goes_out_on_another_connection(make: Callable[..., Client]) -> None:
    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.say(OK)
        if server.connections == 1:
            await may_reset.wait()
            peer.reset()
            did_reset.set()

    may_reset, did_reset = asyncio.Event(), asyncio.Event()
    client = make(resolver=Names(["127.0.0.1"]))
    async with serving(script) as server:
        assert await ask(client, call_to(server.port)) == b"ok"
        may_reset.set()
        await did_reset.wait()
        # The reset is in the kernel, and the client writes before its loop has told it so.
        assert await ask(client, call_to(server.port)) == b"ok"
    assert server.connections == 2
    assert len(server.requests) == 2


async def test_a_closed_client_opens_nothing(make: Callable[..., Client]) -> None:
    client = make(resolver=Names(["127.0.0.1"]))
    await client.aclose()
    async with serving(silent) as server:
        with pytest.raises(UpstreamDown) as caught:
            await client.send(call_to(server.port))
        assert not caught.value.may_have_billed
        assert server.requests == []


# Giving up.


async def test_a_call_cancelled_at_any_moment_leaves_no_connection_behind(make: Callable[..., Client]) -> None:
    """Also in the one in which the connection came about; closing the client would wait for it for ever."""
    client = make()
    async with serving(silent) as server:
        for turns in range(40):
            calls = [asyncio.create_task(client.send(call_to(server.port, "127.0.0.1"))) for _ in range(5)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        async with asyncio.timeout(30):
            while client.stats.connections:
                await asyncio.sleep(0.01)
