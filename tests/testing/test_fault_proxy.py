"""The proxy carries bytes faithfully, and fails in exactly the way it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tollhouse.testing import FaultProxy


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of a server that says everything again."""

    async def say_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(say_again, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@asynccontextmanager
async def client(proxy: FaultProxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def test_carries_every_byte_both_ways_and_the_end_as_well(echo: int):
    said = bytes(range(256)) * 2_000
    async with FaultProxy(echo) as proxy, client(proxy) as (reader, writer):
        writer.write(said)
        writer.write_eof()
        assert await reader.read(-1) == said
        assert proxy.accepted == 1


async def test_carries_byte_by_byte_when_told_to(echo: int):
    async with FaultProxy(echo) as proxy, client(proxy) as (reader, writer):
        proxy.piece_bytes = 1
        writer.write("grüß dich".encode())
        assert await reader.readexactly(11) == "grüß dich".encode()


async def test_delays_each_way(echo: int):
    async with FaultProxy(echo) as proxy, client(proxy) as (reader, writer):
        proxy.delay_s = 0.05
        before = asyncio.get_running_loop().time()
        writer.write(b"ping")
        await reader.readexactly(4)
        assert asyncio.get_running_loop().time() - before >= 0.1


async def test_a_cut_is_an_end_without_an_error(echo: int):
    async with FaultProxy(echo) as proxy, client(proxy) as (reader, writer):
        writer.write(b"ping")
        await reader.readexactly(4)
        proxy.cut()
        assert await reader.read() == b""


async def test_a_reset_is_an_error(echo: int):
    async with FaultProxy(echo) as proxy, client(proxy) as (reader, writer):
        writer.write(b"ping")
        await reader.readexactly(4)
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_cuts_after_so_many_bytes_of_answer_and_is_whole_for_the_next(echo: int):
    async with FaultProxy(echo) as proxy:
        proxy.cut_after(3)
        async with client(proxy) as (reader, writer):
            writer.write(b"abcdef")
            assert await reader.read(-1) == b"abc"
        async with client(proxy) as (reader, writer):
            writer.write(b"abcdef")
            assert await reader.readexactly(6) == b"abcdef"


async def test_half_open_is_silent_until_it_carries_again(echo: int):
    async with FaultProxy(echo) as proxy, client(proxy) as (reader, writer):
        proxy.half_open()
        writer.write(b"ping")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        proxy.carry()
        assert await reader.readexactly(4) == b"ping"


async def test_a_half_open_connection_can_still_be_reset(echo: int):
    async with FaultProxy(echo) as proxy, client(proxy) as (reader, writer):
        writer.write(b"ping")
        await reader.readexactly(4)
        proxy.half_open()
        writer.write(b"lost")
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_closes_in_the_middle_of_a_silence(echo: int):
    async with FaultProxy(echo) as proxy:
        proxy.half_open()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"ping")
        await asyncio.sleep(0.01)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_refuses_new_connections_and_listens_again_on_the_same_port(echo: int):
    async with FaultProxy(echo) as proxy, client(proxy) as (reader, writer):
        writer.write(b"first")
        await reader.readexactly(5)
        await proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        await proxy.listen()
        async with client(proxy) as (again, more):
            more.write(b"again")
            assert await again.readexactly(5) == b"again"


async def test_a_target_that_is_down_ends_the_connection(unused_tcp_port: int):
    async with FaultProxy(unused_tcp_port) as proxy, client(proxy) as (reader, _):
        assert await reader.read() == b""
