"""Tests of the wire run on both event loops: the one of production, and the one that is there without it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack

import pytest
import trustme
import uvloop

from tollhouse.upstream.base import Upstream
from tollhouse.upstream.client import Client
from tollhouse.upstream.proxied import ProxiedClient
from upstream.raw_server import Tunnel, tunnelling

_ON_BOTH_LOOPS = {"test_client.py", "test_client_conformance.py", "test_client_failures.py"}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.name in _ON_BOTH_LOOPS:
        return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}
    return {"uvloop": uvloop.new_event_loop}


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
