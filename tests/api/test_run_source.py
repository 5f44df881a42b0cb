"""What is awaited of a run before its stream begins."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from tollhouse.api import run_source
from tollhouse.conversations.runs.under_way import Running


class Silent:
    async def next(self) -> None:
        await asyncio.Event().wait()


async def test_a_run_that_tells_nothing_for_long_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_source, "COMMIT_AFTER_S", 0.01)
    first = await run_source.opening(cast(Running, Silent()))
    assert first == []
    assert not run_source.has_failed(first)
