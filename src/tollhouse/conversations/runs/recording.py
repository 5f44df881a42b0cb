"""What a run tells is written down on its way, some at a time, so that it can be followed from anywhere, and later.

A follower reads what is written and nothing else: whichever process it asks, it hears the same. What is told while some
is being written waits for the next batch; the end of a run is written with whatever is left, in one transaction.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tollhouse.clock import Clock
from tollhouse.errors import Unavailable
from tollhouse.store import run_events
from tollhouse.store.engine import Store
from tollhouse.telemetry import Event, log

PAUSE_S = 0.1
"""Between two batches of one run: what a provider says in between is one transaction."""


RENDERED = ("message.completed", "run.succeeded", "run.failed", "run.cancelled")
"""Told from the rows that they are about, when they are told: only their place is written down."""


class RunEvent(msgspec.Struct, frozen=True):
    """Something that a run tells: its name, its place, and what is said, as JSON values."""

    name: str
    attempt: int
    seq: int
    data: Any

    @property
    def id(self) -> str:
        """`attempt.sequence`: where to go on from."""
        return f"{self.attempt}.{self.seq}"


class Recorder:
    """Writes down what one attempt of a run tells."""

    def __init__(self, store: Store, clock: Clock, run_id: str) -> None:
        self._store = store
        self._clock = clock
        self._run_id = run_id
        self._rows: list[dict[str, Any]] = []
        self._writing: asyncio.Task[None] | None = None
        self._is_closed = False
        self._written = asyncio.Event()

    @property
    def written(self) -> asyncio.Event:
        """Set when more has been written than there was at this moment."""
        return self._written

    def add(self, event: RunEvent) -> None:
        """Write an event down, soon."""
        if self._is_closed:
            return
        self._rows.append(self.row(event, dumped(event.data)))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name=f"tollhouse-events-{self._run_id}")

    async def close(self) -> list[dict[str, Any]]:
        """Write nothing more; gives what is left, for the transaction that ends the run."""
        self._is_closed = True
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
        return self._rows

    def announce(self) -> None:
        """Wake those who wait for more."""
        written, self._written = self._written, asyncio.Event()
        written.set()

    def row(self, event: RunEvent, data: str | None) -> dict[str, Any]:
        """An event as it is kept."""
        return {
            "run_id": self._run_id,
            "attempt": event.attempt,
            "seq": event.seq,
            "name": event.name,
            "data": data,
            "created_at": self._clock.now(),
        }

    async def _write(self) -> None:
        while self._rows:
            rows = [*self._rows]
            try:
                await self._store.write(lambda tx: run_events.append(tx, rows))  # noqa: B023
            except Unavailable as error:
                log.warning(Event.STORE_FAILED, step="run_events", run=self._run_id, error=error.message)
            else:
                del self._rows[: len(rows)]
                self.announce()
            await asyncio.sleep(PAUSE_S)
        self._writing = None


def dumped(data: Any) -> str:
    """What is said, as text."""
    return msgspec.json.encode(data).decode()
