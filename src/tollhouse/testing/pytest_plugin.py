"""Fixtures for pytest, which finds them by itself where Tollhouse is installed.

`wire_provider` is a scripted provider, `tollhouse_gateway` a Tollhouse in front of it, `clock` a clock turned by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tollhouse.testing.clock import ManualClock
from tollhouse.testing.wire import WireProvider

if TYPE_CHECKING:
    from tollhouse.testing.gateway import Gateway


@pytest.fixture
def wire_provider() -> Iterator[WireProvider]:
    """A scripted provider for tests with or without an event loop; verified when the test is over."""
    with WireProvider.in_thread() as provider:
        yield provider


@pytest.fixture
def tollhouse_toml() -> str:
    """More of the configuration of `tollhouse_gateway`: define a fixture of this name to say it."""
    return ""


@pytest.fixture
def tollhouse_gateway(
    tmp_path_factory: pytest.TempPathFactory, wire_provider: WireProvider, tollhouse_toml: str
) -> Iterator[Gateway]:
    """A Tollhouse of this test's own in front of `wire_provider`."""
    # Most tests have no need of it, and need not wait for its imports.
    from tollhouse.testing.gateway import gateway

    folder: Path = tmp_path_factory.mktemp("tollhouse")
    with gateway(folder, wire_provider, toml=tollhouse_toml) as running:
        yield running


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the beginning of 2026 until it is turned."""
    return ManualClock()
