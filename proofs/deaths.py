"""Processes that are killed and begun anew, and how soon somebody else does what they were at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import select

from proofs.installation import Gateway, Site
from tollhouse.app import House
from tollhouse.store.conversation_tables import run
from tollhouse.store.engine import Reading
from tollhouse.store.tables import process

LOOK_S = 0.2
STARTS = 5
PATIENCE_S = 60.0


@dataclass
class Household:
    """The processes of a site: `webs` serve, `workers` work.

    Attributes:
        false_starts: processes that did not come up, because the machine or the database was too busy.
        orphans: runs that were under way in workers when they were killed.
        recoveries_s: how long each of them waited for somebody to go on with it, or to end it.
    """

    site: Site
    chance: Random
    webs: list[Gateway] = field(default_factory=list)
    workers: list[Gateway] = field(default_factory=list)
    webs_killed: int = 0
    workers_killed: int = 0
    false_starts: int = 0
    orphans: int = 0
    recoveries_s: list[float] = field(default_factory=list)
    waiting: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self, webs: int, workers: int) -> None:
        """Start so many of each."""
        self.webs = [await self._begun(self._serve) for _ in range(webs)]
        await self.work(workers)

    async def rest(self) -> None:
        """Let the workers go, as an operator would: what they are at is given back."""
        resting, self.workers = self.workers, []
        await asyncio.gather(*[asyncio.to_thread(one.stop) for one in resting])

    async def work(self, count: int) -> None:
        """Let so many work again."""
        self.workers = [await self._begun(self.site.work) for _ in range(count)]

    async def close(self) -> list[int]:
        """Stop all of them as an operator would; gives their exit statuses."""
        everyone = [*self.webs, *self.workers]
        self.webs, self.workers = [], []
        return list(await asyncio.gather(*[asyncio.to_thread(one.stop) for one in everyone]))

    async def kill_one(self, house: House) -> None:
        """Kill a web or a worker at random, and put another in its place. `house` only looks."""
        victim = self.chance.choice([*self.webs, *self.workers])
        if victim in self.webs:
            await self.kill_web(victim)
        else:
            await self._kill_worker(victim, house)

    async def kill_web(self, victim: Gateway) -> None:
        """Kill a gateway, and put another in its place."""
        self.webs.remove(victim)
        victim.kill()
        self.webs_killed += 1
        self.webs.append(await self._begun(self._serve))

    async def _serve(self) -> Gateway:
        return await self.site.start(command="serve")

    async def _begun(self, start: Callable[[], Awaitable[Gateway]]) -> Gateway:
        """Start, and start again what did not come up, as whoever supervises processes does."""
        for _ in range(STARTS):
            try:
                return await start()
            except RuntimeError:
                self.false_starts += 1
        return await start()

    async def _kill_worker(self, victim: Gateway, house: House) -> None:
        self.workers.remove(victim)
        left = await house.store.read(lambda tx: _under_way(tx, victim.process.pid))
        victim.kill()
        self.workers_killed += 1
        self.orphans += len(left)
        for row in left:
            self.waiting.add(asyncio.create_task(self._recover(house, row, time.monotonic())))
        await asyncio.sleep(self.chance.uniform(0, 2))
        self.workers.append(await self._begun(self.site.work))

    async def recovered(self) -> None:
        """Wait for everything that the dead have left."""
        await asyncio.gather(*self.waiting)

    async def _recover(self, house: House, left: Any, died_s: float) -> None:
        while time.monotonic() - died_s < PATIENCE_S:
            await asyncio.sleep(LOOK_S)
            row = await house.store.read(lambda tx: _run(tx, left["id"]))
            is_elsewhere = row["status"] == "running" and row["boot_id"] != left["boot_id"]
            if is_elsewhere or row["finished_at"] is not None or row["attempt"] > left["attempt"]:
                break
        self.recoveries_s.append(time.monotonic() - died_s)


def _under_way(tx: Reading, pid: int) -> Sequence[Any]:
    """What a worker is at."""
    query = select(run).join(process, process.c.boot_id == run.c.boot_id)
    return tx.execute(query.where(process.c.pid == pid, run.c.status == "running")).mappings().all()


def _run(tx: Reading, run_id: str) -> Any:
    return tx.execute(select(run).where(run.c.id == run_id)).mappings().one()
