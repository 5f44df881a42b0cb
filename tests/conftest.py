"""Fixtures that many rooms share, and which tests run first."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

pytest_plugins = ["databases", "houses", "gateways", "receivers", "redises", "tollhouse.pytest_plugin"]

# A slow machine is no reason to fail: time is for benchmarks.
settings.register_profile("tollhouse", deadline=None)
settings.load_profile("tollhouse")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """More processes than cores: many tests kill something and wait for what becomes of it."""
    cores = os.cpu_count() or 1
    return cores + max(1, cores // 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that at the end no process works alone."""
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, -_most_s(item)))


def _most_s(item: pytest.Item) -> float:
    own = item.get_closest_marker("timeout")
    return 0.0 if own is None else float(own.args[0])
