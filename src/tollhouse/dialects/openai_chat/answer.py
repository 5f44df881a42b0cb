"""A whole chat completion, in both directions."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType
from msgspec.structs import replace

from tollhouse.dialects import call_ids, chat
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import Modelled
from tollhouse.dialects.openai_chat.messages import Plain, read_message, read_pictures, read_plain, write_message
from tollhouse.dialects.openai_chat.usage import Counts, read_usage, usage_of, write_tier, write_usage
from tollhouse.dialects.openai_errors import unreadable

_REASONS: dict[str, chat.FinishReason] = {
    "stop": "stop",
    "eos": "stop",  # Together
    "length": "length",
    "model_length": "length",  # Mistral
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


_NO_MESSAGE: Final = Raw(b"{}")


class _Choice(msgspec.Struct, kw_only=True):
    index: int | None = None
    # Azure leaves the message out when its filter stops the answer.
    message: Raw = _NO_MESSAGE
    finish_reason: str | None = None
    logprobs: Raw = NULL


class _Answer(msgspec.Struct, kw_only=True):
    object: Raw = NULL
    id: str | None = None
    model: str | None = None
    created: float | None = None
    choices: list[Raw]
    usage: Raw = NULL
    service_tier: str | None = None


class _UsualChoice(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    index: int
    message: Plain
    finish_reason: str
    logprobs: None = None


class _UsualAnswer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Nearly every answer: what says nothing more, and needs no second look."""

    id: str
    object: str
    created: int
    model: str
    choices: Annotated[list[_UsualChoice], Meta(min_length=1)]
    usage: Counts
    service_tier: str | None = None
    system_fingerprint: str | UnsetType = UNSET


_USUAL: Final = msgspec.json.Decoder(_UsualAnswer)
_ANSWER: Final = Modelled(_Answer)
_CHOICE: Final = Modelled(_Choice)


def read_answer(body: bytes) -> chat.Answer:
    """The answer that a body holds.

    Raises:
        UpstreamIncomplete: this is no such answer: empty, cut off, HTML, an error.
    """
    try:
        if not body.isascii():
            body.decode()
        try:
            return _read_usual(_USUAL.decode(body))
        except msgspec.ValidationError:
            wire, extra = _ANSWER.read(body)
        choices = [_read_choice(wire.id or "", *each) for each in enumerate(wire.choices)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None
    if not choices or not is_null(extra.get("error", NULL)):
        raise unreadable()
    return chat.Answer(
        id=wire.id or "",
        model=wire.model or "",
        created=int(wire.created or 0),
        choices=tuple(choices),
        usage=read_usage(wire.usage, wire.service_tier),
        extra=extra,
    )


def write_answer(answer: chat.Answer) -> bytes:
    """The answer as a body."""
    wire = {
        "id": answer.id,
        "object": "chat.completion",
        "created": answer.created,
        "model": answer.model,
        "choices": [_write_choice(choice) for choice in answer.choices],
    }
    if answer.usage is not None:
        wire["usage"] = write_usage(answer.usage)
        wire |= write_tier(answer.usage)
    return msgspec.json.encode(wire | answer.extra)


def read_reason(said: str) -> chat.FinishReason:
    """What a finish reason means."""
    return _REASONS.get(said, "other")


def write_reason(reason: chat.FinishReason, said: str) -> str:
    """The provider's own word when it is one of this dialect, else this dialect's; `stop` for what has none here."""
    if reason == "other":
        return "stop" if said else ""
    return said if read_reason(said) == reason else reason


def _read_usual(wire: _UsualAnswer) -> chat.Answer:
    choices = [
        chat.Choice(
            index=each.index,
            message=_identified(read_plain(each.message), wire.id, each.index),
            finish_reason=read_reason(each.finish_reason),
            said=each.finish_reason,
        )
        for each in wire.choices
    ]
    fingerprint = wire.system_fingerprint
    return chat.Answer(
        id=wire.id,
        model=wire.model,
        created=wire.created,
        choices=tuple(choices),
        usage=usage_of(wire.usage, wire.service_tier),
        extra={} if fingerprint is UNSET else {"system_fingerprint": Raw(msgspec.json.encode(fingerprint))},
    )


def _identified(message: chat.Message, answer_id: str, choice: int) -> chat.Message:
    if not message.tool_calls:
        return message
    return replace(message, tool_calls=call_ids.named(message.tool_calls, answer_id, choice))


def _read_choice(answer_id: str, position: int, raw: Raw) -> chat.Choice:
    wire, extra = _CHOICE.read(raw)
    said = wire.finish_reason or ""
    message = read_message(wire.message)
    if message.extra:
        message = read_pictures(message)
    index = position if wire.index is None else wire.index
    return chat.Choice(
        index=index,
        message=_identified(message, answer_id, index),
        finish_reason=read_reason(said),
        said=said,
        logprobs=None if is_null(wire.logprobs) else wire.logprobs,
        extra=extra,
    )


def _write_choice(choice: chat.Choice) -> dict[str, object]:
    return {
        "index": choice.index,
        "message": write_message(choice.message, is_answer=True),
        "logprobs": choice.logprobs,
        "finish_reason": write_reason(choice.finish_reason, choice.said),
    } | choice.extra
