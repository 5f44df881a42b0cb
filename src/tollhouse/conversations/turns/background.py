"""A turn that outlives its request: begun by a worker from its row alone, perhaps after another that died.

Who asked may have changed meanwhile, so they are looked up anew: a run of somebody who may not ask any more fails with
the reason, before anything is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec

from tollhouse import ids
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.messages.views import RunErrorView, RunStatus
from tollhouse.conversations.runs.recording import Recorder
from tollhouse.conversations.runs.under_way import Running
from tollhouse.conversations.turns.concluding import end_unbegun
from tollhouse.conversations.turns.endings import error_view
from tollhouse.conversations.turns.retrying import LOSSES
from tollhouse.conversations.turns.take import Origin, take
from tollhouse.errors import NotFound, TollhouseError, Unauthenticated, UpstreamTimeout
from tollhouse.gateway.identify import Caller, by_id
from tollhouse.jobs.reaper import LAPSE
from tollhouse.store import conversations as sql
from tollhouse.store import queue, runs
from tollhouse.store.engine import Writing
from tollhouse.telemetry import Event, log


class Begun(msgspec.Struct, frozen=True):
    """An attempt whose row says `running`, here."""

    run: Mapping[str, Any]
    caller: Caller
    origin: Origin


class Unbegun(msgspec.Struct, frozen=True):
    """The run did not begin, and has ended so."""

    status: RunStatus


async def execute(conversing: Conversing, run_id: str) -> None:
    """Execute the next attempt of a run, unless it has ended or is under way somewhere."""
    if conversing.under_way.is_closed:
        return
    try:
        begun = await conversing.store.write(lambda tx: _begin(tx, conversing, run_id))
    except TollhouseError:
        raise
    except Exception as error:
        # Whatever it is, it would be so each time, and the run be taken for ever.
        log.error(Event.JOB_FAILED, run=run_id, exc_info=error)
        trouble = error_view(error)
        begun = await conversing.store.write(lambda tx: _give_up(tx, conversing, run_id, trouble))
    if begun is None:
        return
    if isinstance(begun, Unbegun):
        conversing.on_ended(begun.status)
        return
    run, recorder = begun.run, Recorder(conversing.store, conversing.clock, run_id)
    running = Running(run_id, run["attempt"], recorder, is_heard=False)
    work = take(run, begun.caller, begun.origin, running, conversing, stream=True)
    conversing.under_way.start(running, work)
    with _until(run["deadline_at"], running, conversing):
        await running.outcome()


@contextmanager
def _until(deadline_at: datetime | None, running: Running, conversing: Conversing) -> Iterator[None]:
    """Stop the run when its deadline passes."""
    if deadline_at is None:
        yield
        return
    left_s = (deadline_at - conversing.clock.now()).total_seconds()
    expiring = asyncio.get_running_loop().call_later(left_s, running.expire)
    try:
        yield
    finally:
        expiring.cancel()


def _begin(tx: Writing, conversing: Conversing, run_id: str) -> Begun | Unbegun | None:
    """Take the run from whoever had it and does not live; None when there is nothing to do."""
    now = conversing.clock.now()
    row = queue.lock(tx, run_id)
    if row is None or row["finished_at"] is not None or _is_elsewhere(tx, conversing, row, now):
        return None
    if row["status"] == "cancelled":
        # Its worker died before it ended it.
        return Unbegun(end_unbegun(tx, conversing, row, None, now))
    losses = row["losses"] + (row["status"] == "running")
    try:
        caller = _permitted(tx, row, losses, now)
    except TollhouseError as refusal:
        return Unbegun(end_unbegun(tx, conversing, row, error_view(refusal), now))
    values = {
        "status": "running",
        "attempt": row["attempt"] if row["started_at"] is None else row["attempt"] + 1,
        "losses": losses,
        "boot_id": conversing.boot_id,
        "request_id": None,
        "error": None,
        "next_try_at": None,
        "started_at": now,
    }
    runs.move(tx, run_id, since=(row["status"],), attempt=row["attempt"], values=values)
    origin = msgspec.convert(row["origin"], Origin)
    if values["attempt"] > 1:
        origin = msgspec.structs.replace(origin, request_id=ids.new("req"))
    runs.begin_attempt(tx, {**row, **values}, origin.request_id)
    return Begun({**row, **values}, caller, origin)


def _give_up(tx: Writing, conversing: Conversing, run_id: str, trouble: RunErrorView) -> Unbegun | None:
    """Let a run fail that cannot even be begun; None when somebody has ended it."""
    row = queue.lock(tx, run_id)
    if row is None or row["finished_at"] is not None:
        return None
    return Unbegun(end_unbegun(tx, conversing, row, trouble, conversing.clock.now()))


def _is_elsewhere(tx: Writing, conversing: Conversing, row: Mapping[str, Any], now: datetime) -> bool:
    """Somebody who lives has the run."""
    boot_id = row["boot_id"]
    if boot_id is None:
        return False
    if boot_id == conversing.boot_id:
        return conversing.under_way.find(row["id"]) is not None
    return queue.is_alive(tx, boot_id, now - LAPSE)


def _permitted(tx: Writing, row: Mapping[str, Any], losses: int, now: datetime) -> Caller:
    """Who asked, as they are now. Raises what forbids the run."""
    if losses > LOSSES:
        raise TollhouseError(
            f"The gateway stopped {losses} times while this run was under way.", code="gateway_stopped"
        )
    if row["deadline_at"] is not None and row["deadline_at"] <= now:
        raise UpstreamTimeout("The run's deadline passed before it could begin.", code="deadline_exceeded")
    if sql.find(tx, row["user_id"], row["conversation_id"]) is None:
        raise NotFound("The conversation was deleted before the run could begin.", code="conversation_deleted")
    caller = by_id(tx, row["token_id"], now)
    if caller is None:
        raise Unauthenticated("The token that asked is gone.")
    caller.require("inference")
    return caller
