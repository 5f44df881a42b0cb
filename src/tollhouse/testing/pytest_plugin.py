"""The fixtures for scripts, for who names them: `pytest_plugins = ["tollhouse.testing.pytest_plugin"]`."""

from __future__ import annotations

from tollhouse.pytest_plugin import clock, tollhouse_gateway, tollhouse_toml, wire_provider

__all__ = ["clock", "tollhouse_gateway", "tollhouse_toml", "wire_provider"]
