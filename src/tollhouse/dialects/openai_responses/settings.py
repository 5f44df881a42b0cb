"""What a request settles besides what is said: checked for type and range, at a glance as when it is read."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse import errors
from tollhouse.dialects.json_body import NULL, is_null

MAX_CAP = 2**31 - 1
"""The largest cap on output that makes sense to write down, in tokens."""

MAX_ITEMS = 10_000

Cap: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_CAP)] | None


class ToolChoice(msgspec.Struct):
    type: str
    name: str | None = None


class Text(msgspec.Struct):
    format: Raw = NULL
    verbosity: str | None = None


class Reasoning(msgspec.Struct):
    effort: str | None = None


class Settings(msgspec.Struct, kw_only=True):
    """Everything that is checked but input and tools, with the ranges of OpenAI's API reference (2026-11)."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: Cap = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    tool_choice: str | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tool_calls: Annotated[int, Meta(ge=0)] | None = None
    text: Text | None = None
    reasoning: Reasoning | None = None
    include: list[str] | None = None
    user: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: Raw = NULL
    prompt: Raw = NULL

    @property
    def has_more_elsewhere(self) -> bool:
        """The provider keeps more of what is asked than stands here."""
        return self.previous_response_id is not None or not (is_null(self.conversation) and is_null(self.prompt))


def check(wire: Settings, *, has_input: bool) -> None:
    """What the types do not say.

    Raises:
        InvalidRequest: the model's name would not survive a header or a log line, or nothing is asked.
    """
    if not wire.model.isprintable():
        raise errors.InvalidRequest("`model`: control characters are not allowed.", param="model")
    if not (has_input or wire.has_more_elsewhere):
        raise errors.InvalidRequest("`input` is missing.", param="input")
