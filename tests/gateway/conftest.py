"""These tests run on the event loop of production, and answers may be kept in more than one place."""

import pytest

from production_loop import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
from redises import RedisServer


@pytest.fixture
def toml(request: pytest.FixtureRequest) -> str:
    """Settings with which answers are given again, from the place that the test names: `database` unless it does."""
    where = getattr(request, "param", "database")
    if where != "redis":
        return f'[cache]\nmode = "exact"\nstore = "{where}"\n'
    server: RedisServer = request.getfixturevalue("redis_server")
    return f'redis_url = "{server.url}"\n[cache]\nmode = "exact"\n'
