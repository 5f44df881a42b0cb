"""Columns filled by a real Tollhouse: over HTTP, blocking or awaited, and in the same process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from blogs import Blog, Letter, Post
from gateways import Gateway
from tollhouse.app import application
from tollhouse.client import AsyncClient, Client
from tollhouse.clock import Clock
from tollhouse.money.amounts import Nanodollars
from tollhouse.orm import Sender, Threaded
from tollhouse.testing import answer, status


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(gateway.url, gateway.person.token) as made:
        yield made


def blog_of(folder: Path, sender: Sender) -> Blog:
    return Blog(f"sqlite:///{folder}/blog.db", sender, Clock())  # type: ignore[arg-type]


async def test_a_cost_is_that_of_the_request_to_the_nanodollar(tmp_path: Path, gateway: Gateway, client: AsyncClient):
    gateway.provider.script(answer("Short.", usage=(19, 10)))
    blog = blog_of(tmp_path, client)
    blog.add(Letter(id=1, body="Long"))
    await blog.worker().drain()
    state = await blog.kit.state(blog.get(Letter, 1), "summary")
    assert state is not None
    row = await gateway.only_row()
    assert (state.spent, state.request_id) == (Nanodollars(147_500), row["id"])
    assert row["tag"] == "letters.summary"


async def test_a_client_that_blocks_is_asked_in_threads(tmp_path: Path, gateway: Gateway):
    with Client(gateway.url, gateway.person.token) as client:
        blog = blog_of(tmp_path, Threaded(client))
        blog.add(*(Post(id=number, body=f"Body {number}") for number in range(5)))
        await blog.worker().drain()
        assert {*blog.rows().values()} == {"fresh"}
        assert "Body 3" in blog.get(Post, 3).summary


async def test_a_house_in_the_same_process_needs_no_network(tmp_path: Path, gateway: Gateway):
    transport = httpx2.ASGITransport(app=application(gateway.house, is_ready=lambda: True))
    async with AsyncClient("http://house", gateway.person.token, transport=transport) as client:
        blog = blog_of(tmp_path, client)
        blog.add(Post(id=1, body="Long"))
        await blog.worker().drain()
        assert {*blog.rows().values()} == {"fresh"}


async def test_what_the_provider_refuses_is_on_the_failed_list(tmp_path: Path, gateway: Gateway, client: AsyncClient):
    gateway.provider.script(status(400, "No such thing."))
    blog = blog_of(tmp_path, client)
    blog.add(Letter(id=1, body="Long"))
    await blog.worker().drain()
    (failure,) = await blog.kit.failed()
    assert "No such thing." in failure.message


async def test_a_spent_budget_leaves_columns_pending_with_the_reason(
    tmp_path: Path, gateway: Gateway, client: AsyncClient
):
    await gateway.budget("0.000001")
    blog = blog_of(tmp_path, client)
    blog.add(Letter(id=1, body="Long"))
    await blog.worker().drain()
    state = await blog.kit.state(blog.get(Letter, 1), "summary")
    assert state is not None
    assert (state.status, state.error_code, state.attempts) == ("pending", "insufficient_quota", 0)
    assert gateway.provider.requests == []
