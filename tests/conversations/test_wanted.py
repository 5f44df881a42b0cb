"""A gateway has no job engine before there is a run for it; a worker has one from its start."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from talks import Talk
from tollhouse.app import House
from tollhouse.held import Held
from tollhouse.jobs.dispatch import LOOK_EVERY_S, TURN
from tollhouse.jobs.engine import Handler
from tollhouse.jobs.inline import Inline
from tollhouse.jobs.work import Worker
from tollhouse.store import queue


class Noticed(Inline):
    """An engine that tells when it was started."""

    def __init__(self) -> None:
        super().__init__()
        self.is_started = asyncio.Event()

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        await super().start(handlers)
        self.is_started.set()


def worker_of(house: House, engine: Inline, kind: str) -> Worker:
    async def executed(run_id: str) -> None:
        pass

    return Worker(
        house.store, house.clock, engine, {TURN: executed}, boot_id=house.boot_id, kind=kind, concurrency=Held(1)
    )


@pytest.fixture
def engine() -> Noticed:
    return Noticed()


async def test_a_gateway_starts_its_engine_when_a_run_waits(talking_house: House, ada: Talk, engine: Noticed):
    worker = worker_of(talking_house, engine, "web")
    worker.begin()
    await asyncio.sleep(2 * LOOK_EVERY_S)
    assert not engine.is_started.is_set()
    queued = await ada.say(await ada.new(), "Hi", 202, background=True)
    async with asyncio.timeout(30):
        await engine.is_started.wait()
        while [job.subject for job in engine.handed] != [queued["run"]]:
            await asyncio.sleep(0.01)
    await worker.aclose()


async def test_a_gateway_starts_its_engine_for_what_was_left_in_dead_hands(
    talking_house: House, ada: Talk, engine: Noticed
):
    await ada.say(await ada.new(), "Hi", 202, background=True)
    dead = worker_of(talking_house, Inline(), "worker")
    dead.begin()
    async with asyncio.timeout(30):
        while await talking_house.store.read(lambda tx: queue.backlog(tx, talking_house.clock.now())) != (0, None):
            await asyncio.sleep(0.01)
    await dead.aclose()
    worker = worker_of(talking_house, engine, "web")
    worker.begin()
    async with asyncio.timeout(30):
        await engine.is_started.wait()
    await worker.aclose()


async def test_a_worker_has_its_engine_from_the_start(talking_house: House, engine: Noticed):
    worker = worker_of(talking_house, engine, "worker")
    worker.begin()
    async with asyncio.timeout(30):
        await engine.is_started.wait()
    await worker.aclose()


async def test_a_gateway_that_no_run_waited_for_ends_without_one(talking_house: House, engine: Noticed):
    worker = worker_of(talking_house, engine, "web")
    worker.begin()
    await asyncio.sleep(0)
    await worker.drain(1.0)
    await worker.aclose()
    assert not engine.is_started.is_set()
