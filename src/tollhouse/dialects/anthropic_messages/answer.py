"""A whole message, in both directions."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import chat
from tollhouse.dialects.anthropic_messages.blocks import parts_of, read_content, write_content
from tollhouse.dialects.anthropic_messages.citations import cut, placed
from tollhouse.dialects.anthropic_messages.errors import unreadable
from tollhouse.dialects.anthropic_messages.usage import read_usage, write_usage
from tollhouse.dialects.call_ids import named
from tollhouse.dialects.carry import is_plain
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import Modelled

_REASONS: Final[dict[str, chat.FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause_turn": "other",
    "compaction": "other",
}
_WORDS: Final[dict[chat.FinishReason, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "other": "end_turn",
}
_ORDINARY: Final[frozenset[chat.FinishReason]] = frozenset({"stop", "other"})


class _Answer(msgspec.Struct, kw_only=True):
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    id: str | None = None
    model: str | None = None
    content: Raw
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: Raw = NULL


_ANSWER = Modelled(_Answer)


def read_answer(body: bytes) -> chat.Answer:
    """The answer that a body holds. Its instant is not told, and therefore 0.

    Raises:
        UpstreamIncomplete: this is no such answer: empty, cut off, HTML, an error.
    """
    try:
        if not body.isascii():
            body.decode()
        wire, extra = _ANSWER.read(body)
        blocks = read_content(wire.content, "content")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, errors.InvalidRequest):
        raise unreadable() from None
    if not is_null(extra.get("error", NULL)):
        raise unreadable()
    said = wire.stop_reason or ""
    message = chat.Message(
        role="assistant",
        parts=tuple(placed(parts_of(blocks))),
        tool_calls=named([block for block in blocks if isinstance(block, chat.ToolCall)], wire.id or ""),
    )
    choice = chat.Choice(
        index=0,
        message=message,
        finish_reason=read_reason(said),
        said=said,
        stop_sequence=wire.stop_sequence,
    )
    return chat.Answer(
        id=wire.id or "",
        model=wire.model or "",
        created=0,
        choices=(choice,),
        usage=read_usage(wire.usage),
        extra={name: raw for name, raw in extra.items() if not is_null(raw)},
    )


def write_answer(answer: chat.Answer) -> bytes:
    """The answer as a body: its first choice, there is no word for others."""
    choice = answer.choices[0]
    message = choice.message
    parts = message.parts if is_plain(message) else [part for part in cut(message.parts) if _is_sayable(part)]
    wire: dict[str, Any] = {
        "id": answer.id,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": write_content(parts, message.tool_calls),
        "stop_reason": write_reason(
            choice.finish_reason,
            choice.said,
            choice.stop_sequence,
            has_calls=bool(message.tool_calls),
            has_refused=any(isinstance(part, chat.RefusalPart) and part.text for part in parts),
        ),
        "stop_sequence": choice.stop_sequence,
        "usage": write_usage(answer.usage),
    }
    return msgspec.json.encode(wire | answer.extra)


def _is_sayable(part: chat.Part) -> bool:
    """Pictures and documents are blocks of questions only."""
    return not isinstance(part, (chat.ImagePart, chat.FilePart))


def read_reason(said: str) -> chat.FinishReason:
    """What a stop reason means."""
    return _REASONS.get(said, "other")


def write_reason(
    reason: chat.FinishReason, said: str, stop_sequence: str | None, *, has_calls: bool, has_refused: bool
) -> str:
    """The provider's own word when it is one of this dialect, else this dialect's.

    What is an ordinary stop elsewhere, after a call that was forced and after a refusal, has a word of its own here.
    """
    if _REASONS.get(said) == reason:
        return said
    if reason in _ORDINARY and has_calls:
        return "tool_use"
    if reason in _ORDINARY and has_refused:
        return "refusal"
    if reason == "stop" and stop_sequence is not None:
        return "stop_sequence"
    return _WORDS[reason]
