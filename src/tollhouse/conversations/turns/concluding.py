"""How a turn is concluded: its answer, the end of its run, the settlement and what was told are one transaction."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping.index import index_message
from tollhouse.conversations.messages.parts import dump, words_of
from tollhouse.conversations.messages.views import RunErrorView, RunStatus, message_view, run_view
from tollhouse.conversations.runs.recording import RENDERED, RunEvent, dumped
from tollhouse.conversations.runs.under_way import Outcome, Running
from tollhouse.conversations.turns.endings import Ending
from tollhouse.errors import Unavailable
from tollhouse.notify import runs as notify
from tollhouse.store import conversations as sql
from tollhouse.store import run_events, runs
from tollhouse.store.engine import Along, Writing

T = TypeVar("T")

PAUSES_S = (0.1, 0.5, 2.0, 5.0)
"""When the database cannot take what was paid for, it is asked again after these."""


async def conclude(run: Mapping[str, Any], ending: Ending, running: Running, conversing: Conversing) -> Outcome:
    """Write the answer, the end of the attempt, its settlement and what was told of it, together or not at all.

    However often we are cancelled meanwhile: an answer that was paid is written.
    """
    task = asyncio.create_task(_concluded(run, ending, running, conversing))
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()


async def _concluded(run: Mapping[str, Any], ending: Ending, running: Running, conversing: Conversing) -> Outcome:
    recorder = running.recorder
    rows = await recorder.close()
    now = conversing.clock.now()

    def work(tx: Writing) -> tuple[Outcome, list[RunEvent]]:
        outcome = _end(tx, run, ending, running, conversing, now)
        last = _last_words(outcome, ending, running) if outcome.run.attempt == run["attempt"] else []
        rendered = [recorder.row(event, None) for event in last if event.name in RENDERED]
        told = [recorder.row(event, dumped(event.data)) for event in last if event.name not in RENDERED]
        run_events.append(tx, [*rows, *told, *rendered])
        return outcome, last

    outcome, last = await _written(conversing, work, running.owed)
    running.owed.clear()
    for event in last:
        running.say(event)
    recorder.announce()
    if run["background"] and outcome.run.finished_at is not None and outcome.run.attempt == run["attempt"]:
        conversing.on_ended(outcome.run.status)
    return outcome


async def _written(conversing: Conversing, work: Callable[[Writing], T], along: Along) -> T:
    for pause_s in PAUSES_S:
        try:
            return await conversing.store.write(work, along)
        except Unavailable:
            await asyncio.sleep(pause_s)
    return await conversing.store.write(work, along)


def _end(
    tx: Writing, run: Mapping[str, Any], ending: Ending, running: Running, conversing: Conversing, now: datetime
) -> Outcome:
    """The end, unless somebody else has ended the run or taken it up: as it came, or as others told it to stop."""
    user_id, conversation_id = run["user_id"], run["conversation_id"]
    request_id = None if running.exchange is None else running.exchange.id
    conversation = sql.lock(tx, user_id, conversation_id, is_deleted=None)
    # `failed` in the same attempt: we had been taken for dead.
    since, values = ("running", "failed"), {**ending.values(run, now), "request_id": request_id}
    moved = runs.move(tx, run["id"], since=since, attempt=run["attempt"], values=values)
    if not moved:
        ending = ending.stopped
        moved = runs.account(tx, run["id"], run["attempt"], {**ending.values(run, now), "request_id": request_id})
    if moved and run["background"]:
        note_end(tx, conversing, run, ending.status, ending.error, now)
    if moved and ending.parts:
        _append(tx, run, ending, conversation, now)
    row = runs.find(tx, user_id, run["id"], even_deleted=True)
    question = sql.find_message(tx, user_id, conversation_id, run["message_id"])
    if row is None or question is None:
        raise ValueError("a run without a row, or without a question")
    return Outcome(run=run_view(row, runs.answer_of(tx, run["id"])), message=message_view(question))


def _append(tx: Writing, run: Mapping[str, Any], ending: Ending, conversation: Any, now: Any) -> None:
    """The answer, after its question; what was said meanwhile comes after the answer."""
    said = {
        "parts": dump(ending.parts),
        "tokens": ending.tokens,
        "tokens_estimated": ending.tokens_estimated,
        "model": ending.model,
        "finish_reason": ending.finish_reason,
    }
    known = runs.answer_of(tx, run["id"])
    if known is not None:
        answer_id = known["id"]
        # What an earlier attempt had said before it failed is said anew.
        sql.change_message(tx, run["user_id"], answer_id, {**said, "created_at": now})
    else:
        answer_id = answer_name(run["id"])
        sql.add_message(tx, {**message_row(run, answer_id, now), **said, "role": "assistant", "run_id": run["id"]})
        sql.adopt(tx, run["message_id"], answer_id, since=run["started_at"])
    # A failure takes no answer's place.
    taken = (run["message_id"], None if ending.status == "failed" else run["tip_id"])
    tip = answer_id if conversation["tip_id"] in taken else conversation["tip_id"]
    sql.change(tx, run["user_id"], run["conversation_id"], {"tip_id": tip, "active_at": now})
    index_message(tx, run, answer_id, words_of(ending.parts))


def _last_words(outcome: Outcome, ending: Ending, running: Running) -> list[RunEvent]:
    """What is told of the end of an attempt."""
    told: list[tuple[str, Any]] = []
    match outcome.run.status:
        case "retrying" if ending.error is not None:
            told.append(("run.retrying", {"next_try_at": ending.next_try_at, "reason": ending.error}))
        case "succeeded" | "failed" | "cancelled" as status:
            if outcome.run.answer is not None:
                told.append(("message.completed", outcome.run.answer))
            told.append((f"run.{status}", outcome.run))
    return [running.upcoming(name, data, ahead) for ahead, (name, data) in enumerate(told, start=1)]


def end_unbegun(
    tx: Writing, conversing: Conversing, run: Mapping[str, Any], error: RunErrorView | None, now: datetime
) -> RunStatus:
    """End a run that does not begin: it fails with an error, or else is cancelled. Gives how it ended."""
    status: RunStatus = "cancelled" if error is None else "failed"
    values = {"status": status, "error": msgspec.to_builtins(error), "next_try_at": None, "finished_at": now}
    runs.move(tx, run["id"], since=(run["status"],), attempt=run["attempt"], values=values)
    note_end(tx, conversing, run, status, error, now)
    return status


def note_end(
    tx: Writing,
    conversing: Conversing,
    run: Mapping[str, Any],
    status: RunStatus,
    error: RunErrorView | None,
    now: datetime,
) -> None:
    """Let those be told who want to hear of it, if a run in the background has ended."""
    if status == "succeeded" or status == "failed" or status == "cancelled":
        code = None if error is None else error.code
        notify.note_end(tx, run, status, error=code, now=now, channels=conversing.heard_by.now)


def answer_name(run_id: str) -> str:
    """What the message is called that a run writes: known before there is one, so that its items can be named."""
    return f"msg_{run_id.partition('_')[2]}"


def message_row(run: Mapping[str, Any], message_id: str, now: Any) -> dict[str, Any]:
    """A message that follows a run's question, without what it says."""
    return {
        "id": message_id,
        "conversation_id": run["conversation_id"],
        "user_id": run["user_id"],
        "parent_id": run["message_id"],
        "pinned": False,
        "created_at": now,
    }
