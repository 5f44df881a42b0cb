"""What a run tells, live or later, from whichever process executes it: read from where it is written down.

Where the run is executed in this process, more is heard as soon as it is written; elsewhere the store is asked again
and again, less often while there is silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from typing import Any, NamedTuple

import msgspec

from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.messages.views import RunView
from tollhouse.conversations.runs.recording import RENDERED, RunEvent
from tollhouse.conversations.turns.following import view_of
from tollhouse.errors import InvalidRequest
from tollhouse.gateway.identify import Caller
from tollhouse.store import run_events
from tollhouse.store.engine import Reading

READ_MOST = 500
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0

PLACE = re.compile(r"(\d{1,9})\.(\d{1,9})")


class Place(NamedTuple):
    """Where somebody is in what a run tells."""

    attempt: int
    seq: int


BEGINNING = Place(0, 0)


def read_place(said: str | None, param: str) -> Place:
    """`attempt.sequence` as a client says it; nothing is the beginning. Raises InvalidRequest, naming `param`."""
    if not said:
        return BEGINNING
    found = PLACE.fullmatch(said.strip())
    if found is None:
        raise InvalidRequest("An event of a run is named attempt.sequence, such as 1.7.", param=param)
    return Place(int(found[1]), int(found[2]))


class Feed:
    """One follower's way through the events of a run. Leaving it does nothing to the run."""

    def __init__(self, conversing: Conversing, caller: Caller, run_id: str, after: Place = BEGINNING) -> None:
        self._conversing = conversing
        self._caller = caller
        self._run_id = run_id
        self._place = after
        self._ready: deque[RunEvent] = deque()
        self._is_over = False
        self._pause_s = FIRST_PAUSE_S

    async def open(self) -> None:
        """Read what is there already. Raises NotFound when the run is not the caller's, or deleted.

        What is deleted later is told to its end, so that no stream breaks off.
        """
        await self._read(even_deleted=False)

    async def next(self) -> RunEvent | None:
        """The next event, None when that was all. Whoever waits may be cancelled, and ask again."""
        while not self._ready and not self._is_over:
            running = self._conversing.under_way.find(self._run_id)
            written = None if running is None else running.recorder.written
            await self._read()
            if not self._ready and not self._is_over:
                await self._wait(written)
        return self._ready.popleft() if self._ready else None

    async def _wait(self, written: asyncio.Event | None) -> None:
        if written is None:
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_PAUSE_S):
                await written.wait()

    async def _read(self, *, even_deleted: bool = True) -> None:
        place = self._place

        def query(tx: Reading) -> tuple[RunView, list[Any], Any]:
            # In this order: what ends a run is written with its end, so that the run is never behind what was told of
            # it, and the last that was told is never behind the run. The database may change in between.
            rows = run_events.after(tx, self._run_id, place.attempt, place.seq, READ_MOST)
            run = view_of(tx, self._caller, self._run_id, even_deleted=even_deleted)
            return run, rows, run_events.last(tx, run.id, run.attempt)

        run, rows, last = await self._conversing.store.read(query)
        events = [event for row in rows if (event := _told(row, run)) is not None]
        if rows:
            self._place = Place(rows[-1]["attempt"], rows[-1]["seq"])
        has_all = last is None or self._place >= (run.attempt, last["seq"])
        self._is_over = run.finished_at is not None and has_all
        if self._is_over:
            events += [event for event in _unwritten(run, last) if (event.attempt, event.seq) > place]
        if events:
            self._ready.extend(events)
            self._pause_s = FIRST_PAUSE_S


def _told(row: Any, run: RunView) -> RunEvent | None:
    """An event as it was told; None for the end of an attempt that was not the last."""
    name = row["name"]
    if name not in RENDERED:
        return RunEvent(name, row["attempt"], row["seq"], msgspec.Raw(row["data"].encode()))
    if row["attempt"] != run.attempt or run.finished_at is None:
        return None
    data = run.answer if name == "message.completed" else run
    return RunEvent(name, row["attempt"], row["seq"], data)


def _unwritten(run: RunView, last: Any) -> list[RunEvent]:
    """The end of a run whose events were not kept: it was ended by others, or long ago."""
    if last is not None and last["name"] == f"run.{run.status}":
        return []
    told: list[tuple[str, Any]] = [] if run.answer is None else [("message.completed", run.answer)]
    told.append((f"run.{run.status}", run))
    seq = 0 if last is None else last["seq"]
    return [RunEvent(name, run.attempt, seq + ahead, data) for ahead, (name, data) in enumerate(told, start=1)]
