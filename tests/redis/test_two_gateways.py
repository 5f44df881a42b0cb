"""Two gateways with one PostgreSQL and one Redis are to their callers as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest

from gateways import CHAT, CONTEXT, asking
from houses import make_person, opened, served
from redises import RedisServer
from tollhouse.app import House

DEMO = {"model": "demo/echo", "temperature": 0}


@pytest.fixture
async def houses(tmp_path: Path, postgres_url: str, redis_server: RedisServer) -> AsyncIterator[list[House]]:
    toml = f'redis_url = "{redis_server.url}"\n[cache]\nmode = "exact"\n'
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(opened(tmp_path / "data", toml=toml, database_url=postgres_url, kind="web"))
            for _ in range(2)
        ]


async def test_what_was_used_in_one_is_refused_by_the_other_and_what_one_has_heard_both_know(
    houses: list[House],
) -> None:
    async with (
        served(houses[0]) as one,
        served(houses[1]) as other,
        httpx2.AsyncClient(verify=CONTEXT, trust_env=False, timeout=20) as client,
    ):
        person = await make_person(houses[0], without_limits=False)

        async def ask(url: str, text: str) -> httpx2.Response:
            body = asking(**DEMO, messages=[{"role": "user", "content": text}])
            return await client.post(url + CHAT, headers=person.headers, json=body)

        assert (await ask(one, "What do both know?")).status_code == 200
        async with asyncio.timeout(15):
            while (await ask(other, "What do both know?")).headers["x-tollhouse-cache"].partition(";")[0] != "hit":
                await asyncio.sleep(0.01)
        assert [await ask(one, f"question {number}") for number in range(20)][-1].status_code == 429
        told = []
        for _ in range(5):
            await asyncio.sleep(0.5)
            told.append((await ask(other, "one too many")).status_code)
        assert told[-1] == 429
