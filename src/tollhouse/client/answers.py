"""What a Tollhouse answers, as values. Fields that are new to this client are passed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

RunStatus: TypeAlias = Literal["queued", "running", "retrying", "succeeded", "failed", "cancelled"]

OVER: frozenset[RunStatus] = frozenset(("succeeded", "failed", "cancelled"))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a model has said.

    Attributes:
        model: the one that answered, as `provider/model`.
        finish_reason: `stop`, `length`, `content_filter` …
        cost_usd: a decimal number; None when the price is not known.
    """

    text: str
    model: str
    finish_reason: str | None
    input_tokens: int
    output_tokens: int
    cost_usd: str | None
    request_id: str | None


class Vectors(msgspec.Struct, frozen=True, kw_only=True):
    """One vector for each text, in their order."""

    vectors: tuple[tuple[float, ...], ...]
    model: str
    input_tokens: int
    cost_usd: str | None
    request_id: str | None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that Tollhouse keeps."""

    id: str
    created_at: datetime
    title: str | None = None
    system: str | None = None
    model: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a conversation."""

    id: str
    role: str | None = None
    content: tuple[dict[str, Any], ...] = ()
    model: str | None = None
    finish_reason: str | None = None

    @property
    def text(self) -> str:
        """Its text parts, joined."""
        return "".join(part["text"] for part in self.content if part.get("type") == "text")


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A question and its answer."""

    run: str
    conversation: str
    status: RunStatus
    message: Message
    answer: Message | None = None
    usage: dict[str, Any] | None = None
    cost_usd: str | None = None

    @property
    def text(self) -> str:
        """What was answered."""
        return "" if self.answer is None else self.answer.text


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A question that will be answered in the background, by a run."""

    run: str
    status: RunStatus
    message: Message


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The execution of a turn."""

    id: str
    conversation: str
    status: RunStatus
    attempt: int
    answer: Any = None
    error: Any = None
    usage: dict[str, Any] | None = None
    cost_usd: str | None = None
    next_try_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Nothing more will come of it."""
        return self.status in OVER


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a run tells; `id` is where to go on from after a cut."""

    id: str
    name: str
    data: dict[str, Any]
