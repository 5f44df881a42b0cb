"""The way to a real Redis: nobody waits longer than they say, one outage is one warning, and it mends itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from structlog.testing import capture_logs

from redises import RedisServer
from tollhouse.errors import ConfigurationError, RedisFailed
from tollhouse.redis.link import Link, open_link
from tollhouse.testing import FaultProxy

Start = Callable[..., RedisServer]

SOON_S = 0.2


@asynccontextmanager
async def linked(url: str, ca_file: Path | None = None) -> AsyncIterator[Link]:
    link = open_link(url, ca_file, "house")
    try:
        yield link
    finally:
        await link.aclose()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not is_so():
            await asyncio.sleep(0.01)


async def ping(link: Link, within_s: float = 2.0) -> bytes:
    (reply,) = await link.ask(("ECHO", "here"), within_s=within_s)
    return bytes(reply)


async def reason(link: Link) -> str:
    with pytest.raises(RedisFailed) as failed:
        await ping(link)
    return failed.value.message


async def test_what_is_asked_together_is_answered_in_order(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as link:
        told = await asyncio.gather(*(link.ask(("ECHO", n), ("ECHO", -n), within_s=5) for n in range(500)))
        assert told == [[b"%d" % n, b"%d" % -n] for n in range(500)]
        assert link.is_up


async def test_where_the_network_cuts_does_not_matter(redis_server: RedisServer) -> None:
    await redis_server.do("SET", "long", b"\r\n$-1\xff" * 20)
    async with FaultProxy(redis_server.port) as proxy, linked(f"redis://127.0.0.1:{proxy.port}") as link:
        proxy.piece_bytes = 1
        assert await link.ask(("ECHO", 1), ("GET", "long"), ("GET", "none"), ("TYPE", "long"), within_s=5) == [
            b"1",
            b"\r\n$-1\xff" * 20,
            None,
            b"string",
        ]


async def test_one_turn_of_the_loop_is_one_write(redis_server: RedisServer) -> None:
    async with FaultProxy(redis_server.port) as proxy, linked(f"redis://127.0.0.1:{proxy.port}") as link:
        await ping(link)
        written: list[bytes] = []
        connection = link._connection
        assert connection is not None
        write = connection._transport.write

        class Counted:
            def __getattr__(self, name: str) -> object:
                return getattr(transport, name)

            def write(self, data: bytes) -> None:
                written.append(data)
                write(data)

        transport, connection._transport = connection._transport, Counted()  # type: ignore[assignment]
        await asyncio.gather(*(ping(link) for _ in range(50)))
        assert len(written) == 1


async def test_nobody_hears_what_another_has_asked_who_gave_up(redis_server: RedisServer) -> None:
    async with FaultProxy(redis_server.port) as proxy, linked(f"redis://127.0.0.1:{proxy.port}") as link:
        await ping(link)
        proxy.delay_s = 0.1
        with pytest.raises(RedisFailed):
            await link.ask(("ECHO", "mine"), within_s=0.005)
        leaving = asyncio.create_task(link.ask(("ECHO", "left"), within_s=5))
        await asyncio.sleep(0.001)
        leaving.cancel()
        assert await link.ask(("ECHO", "yours"), within_s=5) == [b"yours"]


async def test_while_it_is_silent_those_who_come_later_do_not_wait(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as link:
        await ping(link)
        redis_server.freeze()
        with pytest.raises(RedisFailed):
            await ping(link, within_s=0.02)
        began_s = time.monotonic()
        for _ in range(1_000):
            with pytest.raises(RedisFailed):
                await ping(link, within_s=0.005)
        assert time.monotonic() - began_s < SOON_S
        await until(lambda: link.trouble is not None)
        assert await reason(link) == "Redis does not answer."
        redis_server.thaw()
        await until(lambda: link.is_up)
        assert await ping(link) == b"here"


async def test_an_outage_is_one_warning_and_its_end_is_told(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as link:
        await ping(link)
        with capture_logs() as lines:
            redis_server.stop()
            await until(lambda: link.trouble is not None)
            for _ in range(100):
                with pytest.raises(RedisFailed):
                    await ping(link)
            await asyncio.sleep(1.2)
            redis_server.start()
            await until(lambda: link.is_up)
        assert [(line["event"], line["log_level"]) for line in lines] == [
            ("redis.lost", "warning"),
            ("redis.back", "info"),
        ]
        assert link.failures == 100
        assert link.epoch == 2
        assert await ping(link) == b"here"


async def test_a_redis_that_is_never_there_is_told_once_and_waited_for(redis_server: RedisServer) -> None:
    redis_server.stop()
    with capture_logs() as lines:
        async with linked(redis_server.url) as link:
            assert "cannot be reached" in await reason(link)
            await asyncio.sleep(1.2)
            redis_server.start()
            await until(lambda: link.is_up)
    assert [line["event"] for line in lines] == ["redis.lost", "redis.back"]


@pytest.mark.parametrize("trouble", ["cut", "reset", "refuse"])
async def test_a_line_that_breaks_is_mended(redis_server: RedisServer, trouble: str) -> None:
    async with FaultProxy(redis_server.port) as proxy, linked(f"redis://127.0.0.1:{proxy.port}") as link:
        await ping(link)
        if trouble == "refuse":
            await proxy.refuse()
            proxy.cut()
        else:
            getattr(proxy, trouble)()
        await until(lambda: not link.is_up)
        with pytest.raises(RedisFailed):
            await ping(link)
        await proxy.listen()
        await until(lambda: link.is_up)
        assert await ping(link) == b"here"


@pytest.mark.parametrize("cut", [1, 5, 12, 20])
async def test_a_reply_that_breaks_off_is_no_reply(redis_server: RedisServer, cut: int) -> None:
    async with FaultProxy(redis_server.port) as proxy, linked(f"redis://127.0.0.1:{proxy.port}") as link:
        await ping(link)
        await redis_server.do("SET", "long", "x" * 30)
        proxy.cut_after(cut)
        with pytest.raises(RedisFailed):
            await link.ask(("GET", "long"), within_s=2)


async def test_a_full_one_still_gives_what_it_has_and_takes_again_when_there_is_room(redis_server: RedisServer) -> None:
    await redis_server.do("SET", "old", "kept")
    async with linked(redis_server.url) as link:
        await ping(link)
        await redis_server.do("CONFIG", "SET", "maxmemory", "1")
        with capture_logs() as lines:
            with pytest.raises(RedisFailed, match=r"is full \(OOM\): raise its maxmemory"):
                await link.ask(("SET", "new", "x"), within_s=2)
            assert not link.is_up
            assert await link.ask(("GET", "old"), within_s=2) == [b"kept"]
            await asyncio.sleep(1.5)
            assert not link.is_up
            await redis_server.do("CONFIG", "SET", "maxmemory", "0")
            await until(lambda: link.is_up)
        assert [line["event"] for line in lines] == ["redis.lost", "redis.back"]


async def test_a_full_one_is_noticed_though_nothing_is_written(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as link:
        await ping(link)
        await redis_server.do("CONFIG", "SET", "maxmemory", "1")
        await until(lambda: link.trouble is not None)


async def test_a_replica_gives_what_it_has_and_says_that_it_takes_nothing(
    redis_server: RedisServer, start_redis: Start
) -> None:
    await redis_server.do("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    replica = start_redis("--replicaof", "127.0.0.1", str(redis_server.port))
    await redis_server.do("SET", "old", "kept")
    async with asyncio.timeout(15):
        while await replica.do("GET", "old") != b"kept":
            await asyncio.sleep(0.05)
    async with linked(replica.url) as link:
        assert await link.ask(("GET", "old"), within_s=2) == [b"kept"]
        assert "READONLY" in (link.trouble or "")


async def test_what_is_told_is_there_for_who_asks_next(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as link:
        await ping(link)
        link.tell(("SET", "said", "so"), within_s=2)
        assert await link.ask(("GET", "said"), within_s=2) == [b"so"]


async def test_what_is_told_and_refused_is_trouble_all_the_same(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as link:
        await ping(link)
        await redis_server.do("CONFIG", "SET", "maxmemory", "1")
        link.tell(("SET", "said", "so"), within_s=2)
        await until(lambda: link.trouble is not None)
        assert link.failures == 1


async def test_users_with_passwords_and_databases_are_theirs_and_no_password_is_told(redis_server: RedisServer) -> None:
    await redis_server.do(
        "ACL", "SETUSER", "toll", "on", ">p@ss/canary", "~tollhouse:*", "+@all", "-@dangerous", "+echo"
    )
    url = f"redis://toll:p%40ss%2Fcanary@127.0.0.1:{redis_server.port}/3"
    async with linked(url) as link:
        link.tell(("SET", link.key("x"), 1), within_s=2)
        assert f"at 127.0.0.1:{redis_server.port} answers" in await link.look()
        clients = (await redis_server.do("CLIENT", "LIST")).splitlines()
        assert [b" db=3 " in client for client in clients if b" user=toll" in client] == [True]
    with capture_logs() as lines:
        async with linked(url.replace("canary", "canary-no")) as link:
            told = await reason(link)
            assert "WRONGPASS" in told
            assert "canary" not in told + repr(lines) + repr(link._address)


async def test_a_missing_password_is_asked_for(start_redis: Start) -> None:
    server = start_redis("--requirepass", "canary")
    async with linked(server.url) as link:
        assert "wants a password (NOAUTH)" in await reason(link)
    async with linked(f"redis://:canary@127.0.0.1:{server.port}") as link:
        assert await ping(link) == b"here"


@pytest.mark.parametrize("url", ["redis://:canary@127.0.0.1:{port}", "redis://127.0.0.1:{port}/99"])
async def test_what_it_does_not_have_is_not_asked_for(redis_server: RedisServer, url: str) -> None:
    async with linked(url.format(port=redis_server.port)) as link:
        assert "does not let us in: look at the user, the password and the database" in await reason(link)


async def test_a_command_that_it_does_not_know_makes_it_too_old(redis_server: RedisServer) -> None:
    async with linked(redis_server.url) as link:
        with pytest.raises(RedisFailed, match=r"refuses \(ERR\): Redis 6.2 or newer is needed"):
            await link.ask(("NEWEST",), within_s=2)


async def test_a_socket_is_enough(redis_server: RedisServer) -> None:
    async with linked(f"unix://{redis_server.socket}?db=2") as link:
        (info,) = await link.ask(("CLIENT", "INFO"), within_s=2)
        assert b"db=2" in info


async def test_by_tls_it_must_prove_who_it_is(start_redis: Start, tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("localhost")
    key, chain, trusted, wrong = (tmp_path / name for name in ("key", "chain", "ca", "other"))
    certificate.private_key_pem.write_to_path(key)
    certificate.cert_chain_pems[0].write_to_path(chain)
    authority.cert_pem.write_to_path(trusted)
    other.cert_pem.write_to_path(wrong)
    tls = start_redis()
    port = tls.port
    if not await tls.do("CONFIG", "GET", "tls-port"):
        pytest.skip("this redis-server is built without TLS")
    await tls.do("CONFIG", "SET", "tls-key-file", str(key), "tls-cert-file", str(chain), "tls-auth-clients", "no")
    await tls.do("CONFIG", "SET", "port", "0", "tls-port", str(port))
    async with linked(f"rediss://localhost:{port}", trusted) as link:
        assert await ping(link) == b"here"
    async with linked(f"rediss://127.0.0.1:{port}", trusted) as link:
        assert "cannot prove who it is" in await reason(link)
    async with linked(f"rediss://localhost:{port}", wrong) as link:
        assert "cannot prove who it is" in await reason(link)
    async with linked(f"redis://localhost:{port}") as link:
        assert (await reason(link)).startswith("Redis ")


async def test_who_does_not_speak_its_protocol_is_none() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, linked(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}") as link:
        assert "does not speak Redis's protocol" in await reason(link)


async def test_a_server_that_quotes_what_it_was_sent_is_not_repeated() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"-ERR unknown command 'AUTH', with args beginning with: 'canary'\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with capture_logs() as lines:
        async with server, linked(f"redis://:canary@127.0.0.1:{port}") as link:
            told = await reason(link)
    assert "does not let us in" in told
    assert "canary" not in told + repr(lines)


def test_a_file_of_authorities_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="redis_ca_file: there is no file"):
        open_link("rediss://localhost", tmp_path / "none.pem", "house")


async def test_a_name_that_is_no_host_is_told_like_any_other_trouble() -> None:
    async with linked(f"redis://{'x' * 70}.example") as link:
        assert (await reason(link)).startswith("Redis cannot be ")


def test_a_url_that_is_none_is_refused_without_being_repeated() -> None:
    for url in (
        "http://canary@localhost",
        "redis://:canary@localhost:port",
        "redis://:canary@localhost/name",
        "redis://:canary@localhost/0?ssl_cert_reqs=none",
        "unix://",
        "redis://:canary@[::1/0",
    ):
        with pytest.raises(ConfigurationError) as refused:
            open_link(url, None, "house")
        assert "canary" not in str(refused.value)
        assert refused.value.__cause__ is None
