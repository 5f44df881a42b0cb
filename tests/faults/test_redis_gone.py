"""Whatever becomes of Redis, every request is answered in time, and charged to the nanodollar."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from gateways import Gateway, gateway_over
from redises import RedisServer
from tollhouse.store.tables import kept_answer
from tollhouse.testing import FaultProxy, answer

ON = '[cache]\nmode = "exact"\n'
CANARY = "a canary among questions"
PRICE = Decimal("0.0001475")
"""Of 19 tokens read and 10 written."""

IN_TIME_S = 4.0
"""For twenty requests: far more than they take, and less than if each waited until a silent Redis is given up."""


@asynccontextmanager
async def over(folder: Path, port: int, **options: Any) -> AsyncIterator[Gateway]:
    """A gateway that keeps house, with a Redis at a port; its provider answers whatever it is asked."""
    toml = f'redis_url = "redis://127.0.0.1:{port}"\n{ON}'
    async with gateway_over(folder, toml=toml, kind="web", **options) as gateway:
        gateway.provider.always(answer("Rome", usage=(19, 10)))
        yield gateway


async def ask(gateway: Gateway, text: str = CANARY) -> str:
    """Ask; gives what was made of it by the cache."""
    response = await gateway.chat(temperature=0, messages=[{"role": "user", "content": text}])
    assert response.status_code == 200
    return str(response.headers["x-tollhouse-cache"]).partition(";")[0]


async def found_again(gateway: Gateway) -> None:
    """What was asked before is found, as soon as this machine has the milliseconds for it."""
    async with asyncio.timeout(15):
        while await ask(gateway) != "hit":
            await asyncio.sleep(0.01)


async def metric(gateway: Gateway, name: str) -> float | None:
    lines = (await gateway.client.get("/metrics")).text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), None)


async def standing(gateway: Gateway, *, is_up: bool) -> None:
    """It has been noticed how Redis is, and is told wherever it should be."""
    async with asyncio.timeout(15):
        while (await metric(gateway, "tollhouse_redis_up")) != float(is_up):
            await asyncio.sleep(0.02)
    ready = await gateway.client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready"} | ({} if is_up else {"degraded": ["redis"]})


async def test_answers_lie_in_redis_alone_and_nobody_reads_them_there(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with over(tmp_path / "data", redis_server.port) as gateway:
        await standing(gateway, is_up=True)
        assert await ask(gateway) == "miss"
        await found_again(gateway)
        row = (await gateway.rows())[-1]
        assert (row["cache"], row["attempts"], row["input_cost"], row["output_cost"]) == ("hit", 0, 0, 0)
        assert await gateway.house.store.read(lambda tx: tx.execute(select(func.count(kept_answer.c.id))).scalar()) == 0
        keys = await redis_server.do("KEYS", "tollhouse:*:answer:*")
        assert len(keys) == 1
        held = repr(await redis_server.do("HGETALL", keys[0]))
        assert not [text for text in (CANARY, "Rome", gateway.person.token) if text in held]
        assert gateway.person.id in held


async def test_where_none_is_named_nothing_is_said_of_it(gateway: Gateway) -> None:
    assert (await gateway.client.get("/health/ready")).content == b'{"status":"ready"}'
    assert "redis" not in (await gateway.client.get("/metrics")).text


async def stop(server: RedisServer, proxy: FaultProxy) -> None:
    server.stop()


async def freeze(server: RedisServer, proxy: FaultProxy) -> None:
    server.freeze()


async def half_open(server: RedisServer, proxy: FaultProxy) -> None:
    proxy.half_open()


async def crawl(server: RedisServer, proxy: FaultProxy) -> None:
    proxy.delay_s = 2.0


async def fill(server: RedisServer, proxy: FaultProxy) -> None:
    await server.do("CONFIG", "SET", "maxmemory", "1")


async def demote(server: RedisServer, proxy: FaultProxy) -> None:
    await server.do("REPLICAOF", "127.0.0.1", "1")
    await server.do("CONFIG", "SET", "replica-serve-stale-data", "yes")


async def lock(server: RedisServer, proxy: FaultProxy) -> None:
    await server.do("ACL", "SETUSER", "default", "resetkeys")


async def mend(server: RedisServer, proxy: FaultProxy) -> None:
    """Undo any of them."""
    server.thaw()
    proxy.delay_s = 0.0
    proxy.carry()
    if not server.is_running:
        server.start()
    await server.do("REPLICAOF", "NO", "ONE")
    await server.do("CONFIG", "SET", "maxmemory", "0")
    await server.do("ACL", "SETUSER", "default", "allkeys")


Trouble = Callable[[RedisServer, FaultProxy], Any]


@pytest.mark.parametrize("trouble", [stop, freeze, half_open, crawl, fill, demote, lock], ids=lambda it: it.__name__)
async def test_an_outage_costs_nobody_an_answer_nor_a_cent(
    tmp_path: Path, redis_server: RedisServer, trouble: Trouble
) -> None:
    async with FaultProxy(redis_server.port) as proxy, over(tmp_path / "data", proxy.port) as gateway:
        await gateway.budget("1")
        await standing(gateway, is_up=True)
        await found_again(gateway)
        with capture_logs() as lines:
            await trouble(redis_server, proxy)
            began_s = time.monotonic()
            told = [await ask(gateway, f"question {number}") for number in range(20)]
            assert time.monotonic() - began_s < IN_TIME_S
            assert told == ["miss"] * 20
            await standing(gateway, is_up=False)
            told += [await ask(gateway, f"question {number}") for number in range(20)]
            assert told == ["miss"] * 40
            await mend(redis_server, proxy)
            await standing(gateway, is_up=True)
        assert [line["event"] for line in lines if line["log_level"] != "info"] == ["redis.lost"]
        await found_again(gateway)
        balance = await gateway.balance()
        assert Decimal(balance.posted) == len(gateway.provider.requests) * PRICE > 40 * PRICE
        assert Decimal(balance.open) == 0


async def test_a_redis_that_was_emptied_is_a_cache_that_was_emptied(tmp_path: Path, redis_server: RedisServer) -> None:
    async with over(tmp_path / "data", redis_server.port) as gateway:
        await standing(gateway, is_up=True)
        await found_again(gateway)
        await redis_server.do("FLUSHALL")
        assert await ask(gateway) == "miss"
        await found_again(gateway)


async def test_a_gateway_starts_without_its_redis_and_finds_it_later(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.stop()
    async with over(tmp_path / "data", redis_server.port) as gateway:
        assert [await ask(gateway) for _ in range(2)] == ["miss", "miss"]
        await standing(gateway, is_up=False)
        redis_server.start()
        await standing(gateway, is_up=True)
        await found_again(gateway)
