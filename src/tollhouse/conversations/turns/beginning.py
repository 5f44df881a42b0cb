"""How a run begins: its row is written with the question it answers; then it is taken here, or waits for a worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeAlias

import msgspec

from tollhouse import ids
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.messages.views import MessageView, RunView, run_view
from tollhouse.conversations.runs.recording import Recorder
from tollhouse.conversations.runs.under_way import Running
from tollhouse.conversations.turns.take import Origin, take
from tollhouse.dialects import chat
from tollhouse.gateway.identify import Caller
from tollhouse.store import runs
from tollhouse.store.engine import Writing

QUEUED: Mapping[str, Any] = {"status": "queued", "boot_id": None, "job_id": None}
"""Of a run that waits for a worker."""

FRESH: Mapping[str, Any] = {
    "failures": 0,
    "losses": 0,
    "request_id": None,
    "error": None,
    "usage": None,
    "cost": None,
    "next_try_at": None,
    "deadline_at": None,
    "finished_at": None,
}
"""Of a run whose next attempt is like the first."""


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How a turn is executed. What is None is the conversation's own.

    Attributes:
        delay_s: in the background it begins no sooner than after so long.
        deadline_s: and is stopped, or not begun any more, after so long.
        key: the idempotency key: what is asked twice under one key is one question.
    """

    origin: Origin
    model: str | None = None
    settings: Mapping[str, Any] | None = None
    stream: bool = False
    background: bool = False
    priority: int = 5
    delay_s: float = 0.0
    deadline_s: float | None = None
    key: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the run will ask for.

    Attributes:
        response: how it was asked for as one of OpenAI's responses (`responses`).
        told: what the model is told, of the history that was read when the question was checked.
    """

    model: str
    settings: dict[str, Any]
    priority: int
    key: str | None
    response: dict[str, Any] | None = None
    told: tuple[chat.Message, ...] | None = None


class Queued(msgspec.Struct, frozen=True):
    """A run that a worker will execute."""

    run: RunView


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A run that had succeeded before it was asked for again, with its question."""

    run: RunView
    message: MessageView


Asked: TypeAlias = Running | Queued | Ended


def add_run(
    tx: Writing,
    conversing: Conversing,
    caller: Caller,
    question: Any,
    wanted: Wanted,
    how: How,
    *,
    tip: str | None = None,
) -> Any:
    """The run that answers a question: it begins at once, or waits for a worker.

    Args:
        tip: the message whose place its answer takes, when it is the tip still; the question's own in any case.
    """
    now = conversing.clock.now()
    run = {
        "id": ids.new("run"),
        "conversation_id": question["conversation_id"],
        "user_id": caller.user_id,
        "workspace_id": caller.workspace_id,
        "token_id": caller.token_id,
        "message_id": question["id"],
        "tip_id": tip,
        "attempt": 1,
        "background": how.background,
        "priority": wanted.priority,
        "model": wanted.model,
        "settings": wanted.settings,
        "response": wanted.response,
        "idempotency_key": wanted.key,
        "origin": msgspec.to_builtins(how.origin),
        "created_at": now,
        "started_at": None,
        **FRESH,
        **(QUEUED if how.background else started(conversing, 1)),
    }
    if how.background:
        run["next_try_at"] = now + timedelta(seconds=how.delay_s) if how.delay_s else None
        run["deadline_at"] = None if how.deadline_s is None else now + timedelta(seconds=how.deadline_s)
    runs.add(tx, run)
    if not how.background:
        runs.begin_attempt(tx, run, how.origin.request_id)
    return run


def started(conversing: Conversing, attempt: int) -> dict[str, Any]:
    """Of a run that begins here, at once."""
    now = conversing.clock.now()
    return {"status": "running", "attempt": attempt, "boot_id": conversing.boot_id, "job_id": None, "started_at": now}


def start(
    conversing: Conversing,
    caller: Caller,
    run: Mapping[str, Any],
    how: How,
    *,
    told: tuple[chat.Message, ...] | None = None,
) -> Running | Queued:
    """Begin with a run that is written down, or leave it to a worker.

    Args:
        told: what the model is told, when the history was just read; else it is read anew.
    """
    if how.background:
        conversing.on_queued()
        return Queued(run_view(run, None))
    running = Running(run["id"], run["attempt"], Recorder(conversing.store, conversing.clock, run["id"]))
    work = take(run, caller, how.origin, running, conversing, stream=how.stream, told=told)
    conversing.under_way.start(running, work)
    return running
