"""A blog on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blogs import Blog, Scripted
from tollhouse.testing import ManualClock


@pytest.fixture
def sender() -> Scripted:
    return Scripted()


@pytest.fixture
def blog(database_url: str, sender: Scripted) -> Iterator[Blog]:
    made = Blog(database_url, sender, ManualClock())
    yield made
    made.engine.dispose()
