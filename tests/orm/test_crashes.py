"""Processes that are killed, before a real gateway: nothing is lost, and what was answered is not paid twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blogs import Blog, Letter, Post
from gateways import Gateway
from tollhouse.client import AsyncClient
from tollhouse.clock import Clock
from tollhouse.testing import answer, stall

DOOMED = Path(__file__).parent / "doomed.py"
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(gateway.url, gateway.person.token) as made:
        yield made


async def doomed(database_url: str, gateway: Gateway, when: str) -> asyncio.subprocess.Process:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}/src:{ROOT}/tests"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(DOOMED), database_url, gateway.url, gateway.person.token, when),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )


async def until_filled(blog: Blog, kind: type, key: int, field: str) -> None:
    async with asyncio.timeout(20):
        while getattr(blog.get(kind, key), field) is None:
            await blog.worker().drain()
            await asyncio.sleep(0.05)


async def test_a_process_that_dies_between_commit_and_filling_loses_nothing(
    database_url: str, gateway: Gateway, client: AsyncClient
):
    process = await doomed(database_url, gateway, "committed")
    assert process.stdout is not None
    assert await process.stdout.readline() == b"committed\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    blog = Blog(database_url, client, Clock())
    await blog.worker().drain()
    assert "Long" in blog.get(Post, 1).summary
    assert blog.rows() == {("[1]", "summary"): "fresh", ("[1]", "vec"): "fresh"}
    blog.engine.dispose()


async def test_an_answer_that_died_with_its_worker_is_given_again_and_paid_once(
    database_url: str, gateway: Gateway, client: AsyncClient
):
    blog = Blog(database_url, client, Clock())
    blog.add(Letter(id=1, body="Long"))
    gateway.provider.script(answer("Short.", usage=(19, 10)))
    process = await doomed(database_url, gateway, "answered")
    assert await process.wait() == -signal.SIGKILL
    assert blog.get(Letter, 1).summary is None
    await until_filled(blog, Letter, 1, "summary")
    assert blog.get(Letter, 1).summary == "Short."
    assert len(gateway.provider.requests) == 1
    blog.engine.dispose()


async def test_a_worker_that_dies_while_it_asks_is_followed_by_another(
    database_url: str, gateway: Gateway, client: AsyncClient
):
    blog = Blog(database_url, client, Clock())
    blog.add(Letter(id=1, body="Long"))
    gateway.provider.script(stall(), answer("Short.", usage=(19, 10)))
    process = await doomed(database_url, gateway, "asking")
    await gateway.provider.until(lambda: gateway.provider.stalled == 1)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    gateway.provider.release()
    await until_filled(blog, Letter, 1, "summary")
    assert blog.get(Letter, 1).summary == "Short."
    assert {*blog.rows().values()} == {"fresh"}
    blog.engine.dispose()
