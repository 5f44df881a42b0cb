"""These tests run on the event loop of production."""

from production_loop import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
