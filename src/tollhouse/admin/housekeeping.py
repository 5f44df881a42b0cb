"""What must be done every few seconds, and every few minutes, whoever is or is not asking."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from tollhouse.admin.in_force import InForce
from tollhouse.cache.shelf import Shelf
from tollhouse.clock import Clock, SteadyClock
from tollhouse.gateway.identify import Identify
from tollhouse.gateway.keys import Keys
from tollhouse.gateway.recover import recover, sweep
from tollhouse.held import Held
from tollhouse.money.carry import Drifted, carry
from tollhouse.money.ledger import Ledger
from tollhouse.notify.watch import Watch
from tollhouse.store import (
    alerts,
    credentials,
    likeness_trials,
    limit_use,
    machinery,
    people,
    queue,
    repeats,
    requests,
    run_events,
    runs,
    sessions,
)
from tollhouse.store.engine import Store, Writing
from tollhouse.store.timekeeping import keep_time
from tollhouse.store.types import to_micros
from tollhouse.telemetry import Event, Metrics, log
from tollhouse.telemetry.surviving import survived

BEAT_S = 5.0
RETENTION_EVERY_S = 300.0

CARRIED_AT_ONCE = 40
"""Steps of one round by which the ledger is carried forward; between two others get their turn."""
CARRY_PAUSE_S = 0.05


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long the request log, deliveries, events of runs and entries of the ledger are kept; None for ever."""

    max_age_days: int | None = None
    max_rows: int | None = None
    max_bodies_bytes: int | None = None
    max_delivery_days: int | None = None
    max_event_hours: int | None = None
    max_ledger_days: int | None = None


class Housekeeping:
    """The rounds of one process: heartbeat, changed settings, lost holds, notes of use, alerts, what is kept."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        boot_id: str,
        kind: str,
        identify: Identify,
        keys: Keys,
        watch: Watch,
        metrics: Metrics,
        shelf: Shelf,
        retention: Held[Retention],
        in_force: InForce,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._boot_id = boot_id
        self._kind = kind
        self._identify = identify
        self._keys = keys
        self._watch = watch
        self._metrics = metrics
        self._shelf = shelf
        self._retention = retention
        self._in_force = in_force
        self._retained_at_s = clock.monotonic()
        self._has_drifted = False

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await asyncio.sleep(BEAT_S)
            await self.go_round()

    async def go_round(self) -> None:
        """One round. A step that fails is logged and does not keep the others from their work."""
        await self._try(self._beat)
        await self._try(self._in_force.look)
        await self._try(self._resolve)
        await self._try(self.note_use)
        await self._try(self._look_out)
        await self._try(self._measure)
        await self._try(self.carry_forward)
        if self._clock.monotonic() - self._retained_at_s > RETENTION_EVERY_S:
            self._retained_at_s = self._clock.monotonic()
            await self._try(self.retain)

    async def note_use(self) -> None:
        """Write when tokens and credentials were last used, and how credentials failed."""
        used, self._identify.used = self._identify.used, {}
        worked, failed = self._keys.news()
        if used or worked or failed:
            await self._store.write(lambda tx: self._note(tx, used, worked, failed))

    async def retain(self) -> None:
        """Forget what is older or more than the operator wants to keep, in small steps."""
        keep = self._retention.now
        if keep.max_age_days is not None:
            before = to_micros(self._clock.now() - timedelta(days=keep.max_age_days))
            await self._repeat(lambda tx: requests.drop_rows_before(tx, before))
        if keep.max_rows is not None:
            most = keep.max_rows
            await self._repeat(lambda tx: requests.drop_rows_beyond(tx, most))
        if keep.max_bodies_bytes is not None:
            surplus = await self._store.read(requests.bodies_size_bytes) - keep.max_bodies_bytes
            if surplus > 0:
                await self._store.write(lambda tx: requests.drop_oldest_bodies(tx, surplus))
        kept_since = to_micros(self._clock.now()) - repeats.KEPT_US
        await self._store.write(lambda tx: repeats.drop_before(tx, kept_since))
        await self._shelf.tidy(to_micros(self._clock.now()))
        tried_since = to_micros(self._clock.now()) - likeness_trials.KEPT_US
        await self._store.write(lambda tx: likeness_trials.drop_before(tx, tried_since))
        used_since = to_micros(self._clock.now()) - limit_use.KEPT_US
        await self._store.write(lambda tx: limit_use.drop_before(tx, used_since))
        now = self._clock.now()
        await self._store.write(lambda tx: sessions.drop_over(tx, now))
        if keep.max_delivery_days is not None:
            oldest = self._clock.now() - timedelta(days=keep.max_delivery_days)
            await self._store.write(lambda tx: alerts.drop_deliveries_before(tx, oldest))
        if keep.max_event_hours is not None:
            told_since = self._clock.now() - timedelta(hours=keep.max_event_hours)
            await self._repeat(lambda tx: run_events.drop_before(tx, told_since))

    async def carry_forward(self) -> None:
        """Carry entries of the ledger forward that are older than the operator wants to keep. What is left when the
        round is over is for the next."""
        days = self._retention.now.max_ledger_days
        if days is None or self._has_drifted:
            return
        before = to_micros(self._clock.now() - timedelta(days=days))
        try:
            for _ in range(CARRIED_AT_ONCE):
                if not await self._store.write(lambda tx: carry(tx, before)):
                    return
                await asyncio.sleep(CARRY_PAUSE_S)
        except Drifted as error:
            # Told once: nothing goes until an operator has looked, and started again.
            self._has_drifted = True
            log.error(Event.LEDGER_DRIFTED, error=error.message)

    def _note(self, tx: Writing, used: dict[str, datetime], worked: set[str], failed: dict[str, str]) -> None:
        people.touch_tokens(tx, used)
        credentials.note_use(tx, worked, failed, self._clock.now())

    async def _beat(self) -> None:
        if isinstance(self._clock, SteadyClock):
            await keep_time(self._store, self._clock)
        now = self._clock.now()
        await self._store.write(
            lambda tx: machinery.beat(tx, boot_id=self._boot_id, kind=self._kind, pid=os.getpid(), now=now)
        )

    async def _resolve(self) -> None:
        resolved = await recover(self._store, self._ledger, self._clock, boot_id=self._boot_id)
        now = self._clock.now()
        await self._store.write(lambda tx: runs.fail_forsaken(tx, now))
        resolved += await sweep(self._store, self._ledger)
        if resolved:
            log.warning(Event.HOLDS_RESOLVED, holds=resolved)

    async def _look_out(self) -> None:
        await self._watch.look()

    async def _measure(self) -> None:
        now = self._clock.now()
        self._metrics.held_nanodollars = await self._store.read(self._ledger.held)
        waiting, oldest = await self._store.read(lambda tx: queue.backlog(tx, now))
        self._metrics.jobs_waiting = waiting
        self._metrics.jobs_oldest_wait_s = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())

    async def _repeat(self, drop: Callable[[Writing], int]) -> None:
        """Until nothing is left to drop; others get their turn between two steps."""
        while await self._store.write(drop):
            pass

    async def _try(self, step: Callable[[], Awaitable[object]]) -> None:
        with survived(step.__name__):
            await step()
