"""Processes that share a database agree on what their callers have used of their limits, some moments later.

A request asks nobody: it is counted in memory, beside what the others have told last. So no more than the limit is let
in within a minute, except in a burst that comes to several processes during one round.

Where there is a Redis they tell one another through it, five times a second. While it fails they do so through the
database, a second late.
"""

from __future__ import annotations

import asyncio
from typing import Final

from tollhouse.clock import Clock
from tollhouse.errors import RedisFailed
from tollhouse.gateway.admit import Admit
from tollhouse.gateway.bulletin import Bulletin
from tollhouse.gateway.hearsay import ALIVE_S, Hearsay
from tollhouse.limits import WINDOW_S, Use
from tollhouse.redis.link import Link
from tollhouse.store import limit_use, machinery
from tollhouse.store.engine import Reading, Store, Writing
from tollhouse.telemetry.surviving import survived

ROUND_S: Final = 1.0
"""Between two rounds of a process that is not alone."""

QUICK_ROUND_S: Final = 0.2
"""Between two rounds through Redis."""

SETTLE_S: Final = 3.0
"""Until all others have noticed, too, that Redis is gone, or is back, and have told anew what they use. So long holds
what was heard before."""

LOOK_S: Final = 5.0
"""Who is alone looks so often whether it still is."""

KINDS = ("web", "worker")


class Agreement:
    """One process's part in it."""

    def __init__(self, store: Store, clock: Clock, admit: Admit, boot_id: str, link: Link | None = None) -> None:
        self._store = store
        self._clock = clock
        self._admit = admit
        self._boot_id = boot_id
        self._link = link
        self._bulletin = None if link is None else Bulletin(link, boot_id)
        self._hearsay = Hearsay()
        self._is_quick = link is not None
        self._hear_at_s = clock.monotonic()
        self._has_heard = True
        self._has_others = False
        self._look_at_s = clock.monotonic()

    async def run(self) -> None:
        """Go round until cancelled. A round that fails is logged: until the next, each counts for itself."""
        while True:
            await asyncio.sleep(QUICK_ROUND_S if self._is_quick else ROUND_S)
            with survived("agree"):
                await self.agree()

    async def agree(self) -> None:
        """Tell what was used here, and hear what was used elsewhere. Raises Unavailable."""
        now_s = self._clock.monotonic()
        is_quick = self._link is not None and self._link.trouble is None
        if is_quick is not self._is_quick:
            self._is_quick, self._has_heard = is_quick, False
            self._hear_at_s = now_s + SETTLE_S
            self._look_at_s = now_s
            self._admit.tell_anew()
        if self._bulletin is not None and is_quick:
            await self._agree_quickly(self._bulletin, now_s)
        else:
            await self._agree(now_s)

    async def _agree_quickly(self, bulletin: Bulletin, now_s: float) -> None:
        used = self._admit.news(now_s)
        try:
            told = await bulletin.exchange(used)
        except RedisFailed:
            # The link has told of it; if it lasts, the next round goes through the database.
            self._admit.untold(used)
            return
        except BaseException:
            self._admit.untold(used)
            raise
        for each in told:
            self._hearsay.take(each.boot_id, each.uses, now_s - each.age_s)
        if self._has_heard:
            self._admit.hear_more(self._hearsay.changed(now_s))
        elif now_s >= self._hear_at_s:
            self._has_heard = True
            self._admit.hear(self._hearsay.all(now_s))

    async def _agree(self, now_s: float) -> None:
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
        if now_s >= self._hear_at_s:
            self._admit.hear(await self._store.read(lambda tx: self._listen(tx, now_us)))

    def _tell(self, tx: Writing, used: dict[str, Use], now_us: int) -> None:
        limit_use.tell(tx, self._boot_id, used, now_us)

    def _listen(self, tx: Reading, now_us: int) -> dict[str, Use]:
        window_us, alive_us = int(WINDOW_S * 1e6), int(ALIVE_S * 1e6)
        told = limit_use.of_others(tx, self._boot_id, since_us=now_us - window_us, alive_since_us=now_us - alive_us)
        return {user_id: Use(*use) for user_id, use in told.items()}
