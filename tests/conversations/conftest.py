"""These tests run on the event loop of production, on both databases, over a real server and a scripted provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from houses import acme_toml, make_person, opened, served
from production_loop import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
from talks import Talk
from tollhouse.app import House
from tollhouse.testing import WireProvider


@pytest.fixture
async def provider() -> AsyncIterator[WireProvider]:
    async with WireProvider() as it:
        yield it


@pytest.fixture
async def talking_house(tmp_path: Path, database_url: str, provider: WireProvider) -> AsyncIterator[House]:
    toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
    async with opened(tmp_path / "data", toml=toml, database_url=database_url) as house:
        yield house


@pytest.fixture
async def http(talking_house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(talking_house) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
async def ada(talking_house: House, http: httpx2.AsyncClient) -> Talk:
    return Talk(http, await make_person(talking_house))


@pytest.fixture
async def bob(talking_house: House, http: httpx2.AsyncClient) -> Talk:
    return Talk(http, await make_person(talking_house, "bob"))
