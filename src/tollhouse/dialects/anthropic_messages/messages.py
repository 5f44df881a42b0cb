"""Turns of a conversation. A user's turn holds the answers of tools too, which are messages of their own to us.

Canonical forms: a lone text is a string; the answers of tools, and what the user says behind them, are one turn; calls
stand behind all else that an assistant says. What the API refuses is left out: turns that say nothing, and thinking
without the proof of a provider of this dialect.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat
from tollhouse.dialects.anthropic_messages.blocks import lone_text, parts_of, read_content, write_content, write_result
from tollhouse.dialects.anthropic_messages.name import NAME
from tollhouse.dialects.json_body import is_null


class Turn(msgspec.Struct, forbid_unknown_fields=True):
    """One message as the wire has it. Of the API's objects this one takes no other fields."""

    role: Literal["user", "assistant", "system"]
    content: Raw


def read_turn(turn: Turn, position: int) -> list[chat.Message]:
    """What a turn says, in one message or several.

    Raises:
        InvalidRequest: a block is malformed; `param` is its path.
    """
    messages: list[chat.Message] = []
    parts: list[chat.Part] = []
    calls: list[chat.ToolCall] = []
    for block in read_content(turn.content, "messages[{}].content", position):
        if isinstance(block, chat.ToolCall):
            calls.append(block)
        elif not isinstance(block, chat.Message):
            parts.append(block)
        else:
            if parts:
                messages.append(chat.Message(role=turn.role, parts=tuple(parts)))
                parts = []
            messages.append(block)
    if parts or calls or not messages:
        messages.append(chat.Message(role=turn.role, parts=tuple(parts), tool_calls=tuple(calls)))
    return messages


def write_turns(messages: Iterable[chat.Message]) -> list[dict[str, Any]]:
    """The turns that say these messages."""
    turns: list[dict[str, Any]] = []
    answers: list[Any] | None = None
    for message in messages:
        if message.role == "tool":
            if answers is None:
                answers = []
                turns.append({"role": "user", "content": answers})
            answers.append(write_result(message))
            continue
        content = write_content(filter(_is_sayable, message.parts), message.tool_calls)
        if answers is not None and message.role == "user":
            answers += content
        elif content:
            turns.append({"role": message.role, "content": lone_text(content)})
        answers = None
    return turns


def read_system(system: Raw) -> tuple[chat.Message, ...]:
    """The system prompt as the first message, when there is one. Raises InvalidRequest as `read_turn` does."""
    if is_null(system):
        return ()
    parts = parts_of(read_content(system, "system"))
    return (chat.Message(role="system", parts=tuple(parts)),) if parts else ()


def write_system(messages: Iterable[chat.Message]) -> str | list[Any] | None:
    """The system prompt that these messages are."""
    content = [block for message in messages for block in write_content(message.parts)]
    return lone_text(content) or None


def _is_sayable(part: chat.Part) -> bool:
    return not isinstance(part, chat.ReasoningPart) or part.made_by == NAME
