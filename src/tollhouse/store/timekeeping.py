"""Hold a process's clock to the database's, or at least to what the database has seen.

On PostgreSQL several gateways share budgets, and its clock is the one they have in common. SQLite has none; there the
newest of the ledger's entries tells what has been.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from tollhouse.clock import SteadyClock
from tollhouse.store.engine import Reading, Store
from tollhouse.store.tables import entry
from tollhouse.store.types import from_micros
from tollhouse.telemetry import Event, log

TOLERANCE_S = 2.0
"""A step of more than this is told to whoever reads the log."""


async def find_time(store: Store, clock: SteadyClock) -> None:
    """At the start: what time is it for the others, or was it when somebody last wrote? Raises Unavailable."""
    if store.dialect == "postgresql":
        await _follow(store, clock)
    else:
        _tell(-clock.not_before(await store.read(newest_moment)))


async def keep_time(store: Store, clock: SteadyClock) -> None:
    """At every heartbeat. Raises Unavailable."""
    if store.dialect == "postgresql":
        await _follow(store, clock)
    else:
        _tell(clock.step())


async def _follow(store: Store, clock: SteadyClock) -> None:
    asked_s = clock.monotonic()
    told = await store.read(database_time)
    _tell(clock.follow(told, asked_s=asked_s, heard_s=clock.monotonic()))


def _tell(step_s: float) -> None:
    if abs(step_s) > TOLERANCE_S:
        log.error(Event.CLOCK_STEPPED, seconds=round(step_s, 3))


def database_time(tx: Reading) -> datetime:
    """What time it is for the database itself."""
    moment: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
    return moment


def newest_moment(tx: Reading) -> datetime:
    """When the ledger was last written; 1970 for never."""
    return from_micros(tx.execute(select(entry.c.at).order_by(entry.c.id.desc()).limit(1)).scalar_one_or_none() or 0)
