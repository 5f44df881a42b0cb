"""These tests may have a collector of spans, and run on the event loop of production."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from collectors import collector as collector
from production_loop import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Both logging systems are the process's own: put back what was there."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
