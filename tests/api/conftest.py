"""These tests run on the event loop of production, and most speak to a served house as an administrator or a user."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from houses import Person, make_admin, make_person, served
from production_loop import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
from tollhouse.app import House


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the house, which is served as long as the test lasts."""
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture
async def root(house: House) -> Person:
    """Who manages."""
    return await make_admin(house)


@pytest.fixture
async def ada(house: House) -> Person:
    """A user with the usual scopes."""
    return await make_person(house)
