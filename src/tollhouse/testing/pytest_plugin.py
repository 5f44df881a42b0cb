"""Fixtures for pytest: `pytest_plugins = ["tollhouse.testing.pytest_plugin"]`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tollhouse.testing.clock import ManualClock
from tollhouse.testing.wire import WireProvider


@pytest.fixture
def wire_provider() -> Iterator[WireProvider]:
    """A scripted provider for tests with or without an event loop; verified when the test is over."""
    with WireProvider.in_thread() as provider:
        yield provider


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the beginning of 2026 until it is turned."""
    return ManualClock()
