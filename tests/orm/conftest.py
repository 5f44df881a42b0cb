"""A blog on both databases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from blog import Blog, Scripted

from tollhouse.testing import ManualClock


@pytest.fixture
def sender() -> Scripted:
    return Scripted()


@pytest.fixture
def blog(database_url: str, sender: Scripted) -> Iterator[Blog]:
    made = Blog(database_url, sender, ManualClock())
    yield made
    made.engine.dispose()
