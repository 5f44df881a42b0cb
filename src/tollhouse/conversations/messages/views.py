"""What the API shows of conversations, their messages and their runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from tollhouse.conversations.messages.parts import AnyPart, load
from tollhouse.money.amounts import Nanodollars, usd_text

RunStatus: TypeAlias = Literal["queued", "running", "retrying", "succeeded", "failed", "cancelled"]


class ConversationView(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation.

    Attributes:
        title_source: `user`, `model`, or `fallback` for the first words of the first message.
        system: what stands before everything that is told to a model.
        model, settings: for turns that do not say others; `settings` are fields of a chat completion.
        metadata: what an application notes of it, for itself.
        tip: the last message of the branch that is shown, and gone on with.
        begun_by: `response` when it was made to keep a response that named no conversation.
    """

    id: str
    title: str | None
    title_source: str | None
    system: str | None
    model: str | None
    settings: dict[str, Any]
    metadata: dict[str, str]
    tip: str | None
    forked_from: str | None
    begun_by: str | None
    pinned: bool
    archived_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    active_at: datetime


class FeedbackView(msgspec.Struct, frozen=True, kw_only=True):
    """What the user thinks of an answer."""

    rating: Literal["up", "down"]
    comment: str | None = None


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message.

    Attributes:
        parent: the message before it in its branch.
        run: the run that wrote it.
        tokens: the provider's count, unless it is estimated.
    """

    id: str
    conversation: str
    parent: str | None
    role: str
    content: tuple[AnyPart, ...]
    model: str | None
    finish_reason: str | None
    run: str | None
    tokens: int
    tokens_estimated: bool
    pinned: bool
    feedback: FeedbackView | None
    created_at: datetime


class TokensView(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one answer."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_cached_tokens: int = 0
    output_reasoning_tokens: int = 0


class TurnUsageView(TokensView, frozen=True, kw_only=True):
    """Tokens of one turn; `cached` when an earlier answer was given again, for which none are used, but `kept` once."""

    cached: bool = False
    kept: TokensView | None = None


class RunErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run failed. `retryable`: trying again may help."""

    code: str
    message: str
    type: str
    status: int
    retryable: bool


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run: the execution of one turn.

    Attributes:
        background: a worker executes it, and tries it again.
        priority: 9 is the most urgent.
        next_try_at: it does not begin before.
        deadline_at: nor after; one that is under way then is stopped.
        finished_at: when it ended, which is a moment after it was cancelled in another process.
    """

    id: str
    conversation: str
    status: RunStatus
    background: bool
    attempt: int
    priority: int
    message: str
    answer: MessageView | None
    error: RunErrorView | None
    model: str
    request: str | None
    usage: TurnUsageView | None
    cost_usd: str | None
    next_try_at: datetime | None
    deadline_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class TurnView(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that came to its end: what was said, what was answered, what it cost."""

    run: str
    conversation: str
    status: RunStatus
    message: MessageView
    answer: MessageView | None
    usage: TurnUsageView | None
    cost_usd: str | None
    request: str | None


class MessageId(msgspec.Struct, frozen=True):
    """Which message."""

    id: str


class AcceptedView(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the background that was written down, with the question it will answer."""

    run: str
    message: MessageId
    status: RunStatus


class FoundView(msgspec.Struct, frozen=True, kw_only=True):
    """A place where the words occur: `message`, or the title when that is None. `id` is the one's or the other's."""

    id: str
    conversation: str
    title: str | None
    message: str | None
    role: str | None
    snippet: str
    created_at: datetime


def conversation_view(row: Mapping[str, Any]) -> ConversationView:
    """A conversation's row."""
    same = [name for name in ConversationView.__struct_fields__ if name != "tip"]
    return ConversationView(tip=row["tip_id"], **{name: row[name] for name in same})


def message_view(row: Mapping[str, Any]) -> MessageView:
    """A message's row."""
    same = ("id", "role", "model", "finish_reason", "tokens", "tokens_estimated", "pinned", "created_at")
    return MessageView(
        conversation=row["conversation_id"],
        parent=row["parent_id"],
        content=load(row["parts"]),
        run=row["run_id"],
        feedback=None if row["feedback"] is None else msgspec.convert(row["feedback"], FeedbackView),
        **{name: row[name] for name in same},
    )


RUN_TIMES = ("next_try_at", "deadline_at", "created_at", "started_at", "finished_at")


def run_view(row: Mapping[str, Any], answer: Mapping[str, Any] | None) -> RunView:
    """A run's row, with the message it wrote."""
    same = ("id", "status", "background", "attempt", "priority", "model", *RUN_TIMES)
    return RunView(
        conversation=row["conversation_id"],
        message=row["message_id"],
        answer=None if answer is None else message_view(answer),
        error=None if row["error"] is None else msgspec.convert(row["error"], RunErrorView),
        request=row["request_id"],
        usage=None if row["usage"] is None else msgspec.convert(row["usage"], TurnUsageView),
        cost_usd=None if row["cost"] is None else usd_text(Nanodollars(row["cost"])),
        **{name: row[name] for name in same},
    )


def turn_view(run: RunView, message: MessageView) -> TurnView:
    """A run with the message it answers."""
    same = ("conversation", "status", "answer", "usage", "cost_usd", "request")
    return TurnView(run=run.id, message=message, **{name: getattr(run, name) for name in same})
