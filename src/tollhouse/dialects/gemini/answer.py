"""A whole answer, in both directions.

Gemini API reference, "GenerateContentResponse" (read 2026-11-22). A prompt that was blocked has no candidate: it is
read as one that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse import errors
from tollhouse.dialects import chat
from tollhouse.dialects.call_ids import Ids
from tollhouse.dialects.gemini import reasons
from tollhouse.dialects.gemini.citations import read_citations, write_grounding
from tollhouse.dialects.gemini.errors import unreadable
from tollhouse.dialects.gemini.logprobs import read_logprobs, write_logprobs
from tollhouse.dialects.gemini.messages import Content
from tollhouse.dialects.gemini.parts import read_parts, write_call, write_parts
from tollhouse.dialects.gemini.proto_json import Fields, Message, read_body, read_items, read_object, says_nothing
from tollhouse.dialects.gemini.searches import count_searches
from tollhouse.dialects.gemini.usage import read_usage, write_usage
from tollhouse.dialects.json_body import NULL


class PromptFeedback(msgspec.Struct, rename="camel"):
    """Whether the prompt was blocked."""

    block_reason: str | int | None = None


class _Answer(Message):
    response_id: str | None = None
    model_version: str | None = None
    create_time: str | None = None
    candidates: list[Raw] | None = None
    usage_metadata: Raw = NULL


class _Candidate(Message):
    index: int | None = None
    content: Raw = NULL
    finish_reason: str | int | None = None
    grounding_metadata: Raw = NULL
    citation_metadata: Raw = NULL
    logprobs_result: Raw = NULL


_ANSWER = msgspec.json.Decoder(_Answer)
_CANDIDATE = msgspec.json.Decoder(_Candidate)
_CONTENT = msgspec.json.Decoder(Content)
_FEEDBACK = msgspec.json.Decoder(PromptFeedback)
_BLOCKED = "promptFeedback"
_GROUNDING = "groundingMetadata"
_BESIDE = (_GROUNDING, "citationMetadata", "logprobsResult")
"""What is told of a candidate's words."""

_beside = attrgetter("grounding_metadata", "citation_metadata", "logprobs_result")


def read_answer(body: bytes) -> chat.Answer:
    """The answer that a body holds.

    Raises:
        UpstreamIncomplete: this is no such answer: empty, cut off, HTML, an error.
    """
    try:
        wire, extra = read_body(_ANSWER, body)
        answer_id = wire.response_id or ""
        choices = [_read_candidate(number, raw, answer_id) for number, raw in enumerate(wire.candidates or ())]
        choices = choices or list(_read_blocked(extra))
    except (errors.InvalidRequest, msgspec.DecodeError):
        raise unreadable() from None
    if not choices or not says_nothing(extra.get("error", NULL)):
        raise unreadable()
    return chat.Answer(
        id=answer_id,
        model=wire.model_version or "",
        created=read_time(wire.create_time),
        choices=tuple(choices),
        # A grounding that tells of searches is kept as it came.
        usage=read_usage(wire.usage_metadata, count_searches([each.extra.get(_GROUNDING, NULL) for each in choices])),
        extra=extra,
    )


def write_answer(answer: chat.Answer) -> bytes:
    """The answer as a body."""
    is_blocked = any(True for _ in _read_blocked(answer.extra))
    wire: dict[str, Any] = {} if is_blocked else {"candidates": list(map(_write_choice, answer.choices))}
    if answer.usage is not None:
        wire["usageMetadata"] = write_usage(answer.usage)
    return msgspec.json.encode(wire | write_head(answer.id, answer.model, answer.created) | answer.extra)


def write_head(answer_id: str, model: str, created: int) -> dict[str, str]:
    """What names an answer, whole or in each chunk of a stream; `created` is seconds since the epoch."""
    head = {"responseId": answer_id, "modelVersion": model}
    with suppress(ValueError, OverflowError, OSError):  # a time that no calendar has: none is told
        if created:
            head["createTime"] = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {name: value for name, value in head.items() if value}


def read_time(said: str | None) -> int:
    """Seconds since the epoch; 0 when it is not told (only Vertex AI does), or no time."""
    try:
        return max(0, int(datetime.fromisoformat(said or "").timestamp()))
    except (ValueError, OverflowError):
        return 0


def _read_candidate(position: int, raw: Raw, answer_id: str) -> chat.Choice:
    wire, extra = read_object(_CANDIDATE, raw, f"candidates[{position}]")
    index = position if wire.index is None else wire.index
    content, _ = read_object(_CONTENT, wire.content, "content")
    ids = Ids(answer_id, index)
    said = read_parts(
        read_items(content.parts, "parts"),
        "parts",
        lambda told, name: ids.name(told),
        is_model=True,
    )
    beside = {name: raw for name, raw in zip(_BESIDE, _beside(wire), strict=True) if not says_nothing(raw)}
    citations: tuple[chat.Citation, ...] = ()
    if beside:
        text = "".join([part.text for part in said.parts if isinstance(part, chat.TextPart)])
        citations = read_citations(wire.grounding_metadata, wire.citation_metadata, text)
    word = reasons.word(wire.finish_reason)
    choice = chat.Choice(
        index=index,
        message=chat.Message(
            role="assistant", parts=tuple(_cited(said.parts, citations)), tool_calls=tuple(said.calls)
        ),
        finish_reason=reasons.read_reason(word, has_calls=bool(said.calls)),
        said=word,
        logprobs=read_logprobs(wire.logprobs_result),
        extra=extra,
    )
    return _with_unsaid(choice, beside) if beside else choice


def _cited(parts: list[chat.Part], citations: tuple[chat.Citation, ...]) -> Iterator[chat.Part]:
    """The parts that say something, and with the last words what they all rest on."""
    last = next((part for part in reversed(parts) if isinstance(part, chat.TextPart)), None) if citations else None
    for part in parts:
        if part is last:
            yield chat.TextPart(last.text, last.extra, citations)
        elif not (isinstance(part, chat.TextPart) and not part.text):
            yield part


def _with_unsaid(choice: chat.Choice, told: Fields) -> chat.Choice:
    """The choice, and as they came those fields that what was read of them does not say again."""
    again = msgspec.json.decode(msgspec.json.encode(_write_choice(choice)))
    unsaid = {name: raw for name, raw in told.items() if msgspec.json.decode(raw) != again.get(name)}
    return replace(choice, extra=choice.extra | unsaid)


def _read_blocked(fields: Fields) -> Iterator[chat.Choice]:
    raw = fields.get(_BLOCKED, NULL)
    if not says_nothing(raw) and (word := reasons.word(_FEEDBACK.decode(raw).block_reason)):
        message = chat.Message(role="assistant")
        yield chat.Choice(index=0, message=message, finish_reason="content_filter", said=word)


def _write_choice(choice: chat.Choice) -> dict[str, Any]:
    message = choice.message
    parts: list[Any] = list(write_parts(message.parts, is_own=True))
    parts += [write_call(call) for call in message.tool_calls]
    words = [part for part in message.parts if isinstance(part, chat.TextPart)]
    # What is said again as it came is not said twice.
    cites = "citationMetadata" not in choice.extra
    citations = [citation for part in words for citation in part.citations] if cites else []
    wire = {
        "content": {"parts": parts, "role": "model"},
        "finishReason": reasons.write_reason(choice.finish_reason, choice.said),
        "index": choice.index,
        _GROUNDING: write_grounding(citations, "".join([part.text for part in words])) or None,
        "logprobsResult": None if choice.logprobs is None else write_logprobs(choice.logprobs),
    }
    return {name: value for name, value in wire.items() if value is not None} | choice.extra
