"""Processes that share a database agree on what their callers have used of their limits, some moments later.

A request asks nobody: it is counted in memory, beside what the others have told last. So no more than the limit is let
in within a minute, except in a burst that comes to several processes during one round.
"""

from __future__ import annotations

import asyncio

from tollhouse.clock import Clock
from tollhouse.errors import TollhouseError
from tollhouse.gateway.admit import Admit
from tollhouse.limits import WINDOW_S, Use
from tollhouse.store import limit_use, machinery
from tollhouse.store.engine import Reading, Store, Writing
from tollhouse.telemetry import Event, log

ROUND_S = 1.0
"""Between two rounds of a process that is not alone."""

ALIVE_S = 15.0
"""Longer than a process that answers somebody is ever silent."""

LOOK_S = 5.0
"""Who is alone looks so often whether it still is."""

KINDS = ("web", "worker")


class Agreement:
    """One process's part in it."""

    def __init__(self, store: Store, clock: Clock, admit: Admit, boot_id: str) -> None:
        self._store = store
        self._clock = clock
        self._admit = admit
        self._boot_id = boot_id
        self._has_others = False
        self._look_at_s = clock.monotonic()

    async def run(self) -> None:
        """Go round until cancelled. A round that fails is logged: until the next, each counts for itself."""
        while True:
            await asyncio.sleep(ROUND_S)
            try:
                await self.agree()
            except TollhouseError as error:
                log.warning(Event.STORE_FAILED, step="agree", error=error.message)
            except Exception:
                log.error(Event.STORE_FAILED, step="agree", exc_info=True)

    async def agree(self) -> None:
        """Tell what was used here, and hear what was used elsewhere. Raises Unavailable."""
        now_s = self._clock.monotonic()
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_S
            self._has_others = await self._store.read(lambda tx: machinery.has_others(tx, self._boot_id, KINDS))
        if not self._has_others:
            self._admit.hear({})
            return
        used = self._admit.news(now_s)
        now_us = self._clock.time_ns() // 1_000
        if used:
            try:
                await self._store.write(lambda tx: self._tell(tx, used, now_us))
            except BaseException:
                self._admit.untold(used)
                raise
        self._admit.hear(await self._store.read(lambda tx: self._listen(tx, now_us)))

    def _tell(self, tx: Writing, used: dict[str, Use], now_us: int) -> None:
        limit_use.tell(tx, self._boot_id, used, now_us)

    def _listen(self, tx: Reading, now_us: int) -> dict[str, Use]:
        window_us, alive_us = int(WINDOW_S * 1e6), int(ALIVE_S * 1e6)
        told = limit_use.of_others(tx, self._boot_id, since_us=now_us - window_us, alive_since_us=now_us - alive_us)
        return {user_id: Use(*use) for user_id, use in told.items()}
