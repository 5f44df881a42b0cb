"""The engine's thread never outlives whoever started it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from tollhouse.jobs.durable import Durable
from tollhouse.store.jobs_database import jobs_beside


@pytest.mark.parametrize("turns", [0, 1, 3])
async def test_a_start_that_is_broken_off_leaves_no_thread_behind(tmp_path: Path, turns: int):
    """A gateway is told to stop while its worker still imports and launches."""
    engine = Durable(jobs_beside(f"sqlite:///{tmp_path}/tollhouse.db"), "boot_a")
    starting = asyncio.create_task(engine.start({}))
    await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0.05)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await engine.aclose()
    assert "tollhouse-jobs" not in {thread.name for thread in threading.enumerate()}


async def test_one_that_was_never_started_can_be_closed(tmp_path: Path):
    await Durable(jobs_beside(f"sqlite:///{tmp_path}/tollhouse.db"), "boot_a").aclose()
