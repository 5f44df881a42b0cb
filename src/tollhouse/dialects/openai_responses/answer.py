"""A whole response, in both directions.

Canonical forms: all that the model said is one message, its thinking and words in order and its calls last; thinking of
which nothing can be seen or unsealed is no part of it; what words rest on stands with them; a field that was not said
stands at its default, which for the tier is `default`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse import errors
from tollhouse.dialects import chat, tiers
from tollhouse.dialects.call_ids import named
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import FIELDS, Fields, Modelled
from tollhouse.dialects.openai_errors import unreadable
from tollhouse.dialects.openai_responses.content import telling, write_text
from tollhouse.dialects.openai_responses.items import (
    prove_call,
    read_items,
    show_thinking,
    write_call,
    write_picture,
)
from tollhouse.dialects.openai_responses.places import over_all, within_each
from tollhouse.dialects.openai_responses.seal import Proof
from tollhouse.dialects.openai_responses.usage import read_usage, write_usage

_REASONS: dict[str, chat.FinishReason] = {
    "completed": "stop",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
}
_INCOMPLETE: dict[chat.FinishReason, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}

UNSAID: Final[Mapping[str, Any]] = {
    "frequency_penalty": 0,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "parallel_tool_calls": True,
    "presence_penalty": 0,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What a response repeats of its request, when that did not say. Open Responses has all of them, none at null that is a
number ("ResponseResource", read 2026-11-30)."""

DEFAULT_TIER: Final = "default"
_TIERS: Final = frozenset({"auto", DEFAULT_TIER, "flex", "scale", "priority", "fast", "ultrafast"})

KEPT_PREFIX: Final = "resp_"

_ID_TAIL_CHARS = 40
"""OpenAI takes ids of 64 characters at most; the end of an answer's id is what tells it from others."""


class Details(msgspec.Struct):
    """Why a response is incomplete."""

    reason: str | None = None


class _Answer(msgspec.Struct, kw_only=True):
    object: Raw = NULL
    id: str | None = None
    model: str | None = None
    created_at: float | None = None
    status: str | None = None
    incomplete_details: Details | None = None
    output: Raw
    usage: Raw = NULL
    service_tier: str | None = None
    error: Raw = NULL


FIELDS_READ: Final = frozenset(_Answer.__struct_fields__)
"""Of a response, those that are modelled."""

_ANSWER = Modelled(_Answer)
_RAWS = msgspec.json.Decoder(list[Raw])
_LOGPROBS = msgspec.json.Decoder(dict[str, list[Raw] | None])


def read_answer(body: bytes) -> chat.Answer:
    """The answer that a body holds.

    Raises:
        UpstreamIncomplete: this is no such answer: empty, cut off, HTML, an error.
    """
    try:
        if not body.isascii():
            body.decode()
        wire, extra = _ANSWER.read(body)
        messages = read_items(_RAWS.decode(wire.output), "output")
        logprobs = _read_logprobs(messages)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, errors.InvalidRequest):
        raise unreadable() from None
    if wire.status == "failed" or not is_null(wire.error):
        raise unreadable()
    message = _gathered(messages, wire.id or "")
    ended = said(wire.status, wire.incomplete_details)
    return chat.Answer(
        id=wire.id or "",
        model=wire.model or "",
        created=int(wire.created_at or 0),
        choices=(
            chat.Choice(
                index=0,
                message=message,
                finish_reason=read_reason(ended, has_calls=bool(message.tool_calls)),
                said=ended,
                logprobs=logprobs,
            ),
        ),
        usage=read_usage(wire.usage, wire.service_tier, wire.output),
        extra=telling(extra),
    )


def write_answer(answer: chat.Answer) -> bytes:
    """The answer as a body; of several choices the first."""
    choice = answer.choices[0]
    why = incomplete_reason(choice.finish_reason)
    output = list(_write_output(choice, answer.id))
    if output and why is not None:
        output[-1] = {"status": "completed"} | output[-1] | {"status": "incomplete"}
    status = "completed" if why is None else "incomplete"
    head = {"id": answer.id, "created_at": answer.created, "model": answer.model}
    return msgspec.json.encode(response(head, status, output, answer.usage, why) | answer.extra)


def response(
    head: dict[str, Any],
    status: str,
    output: Sequence[dict[str, Any] | Raw],
    usage: chat.Usage | None = None,
    why_incomplete: str | None = None,
) -> dict[str, Any]:
    """A response object with all its fields; those that repeat a request are at their defaults.

    Args:
        head: `id`, `created_at` and `model`.
        status: `in_progress`, `completed`, `incomplete` or `failed`.
        output: the items.
        why_incomplete: the reason, in this dialect's words.
    """
    return {
        **UNSAID,
        "id": head["id"],
        "object": "response",
        "created_at": head["created_at"],
        "completed_at": None,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None if why_incomplete is None else {"reason": why_incomplete},
        "instructions": None,
        "metadata": {},
        "model": head["model"],
        "output": output,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": _write_tier(usage),
        "store": False,
        "text": {"format": {"type": "text"}},
        "usage": None if usage is None else write_usage(usage),
    }


def _write_tier(usage: chat.Usage | None) -> str:
    """The tier that served; the default when nobody tells, or by no word of this dialect."""
    tier = None if usage is None else tiers.worded(usage.service_tier, _TIERS, DEFAULT_TIER)
    return tier or DEFAULT_TIER


def said(status: str | None, details: Details | None) -> str:
    """Why the answer ended, in the provider's words: the reason why it is incomplete, else its status."""
    reason = details.reason if details is not None and status == "incomplete" else None
    return reason or status or ""


def read_reason(said: str, *, has_calls: bool) -> chat.FinishReason:
    """What that means; the dialect itself does not tell an answer from calls that wait for one."""
    return "tool_calls" if has_calls and said == "completed" else _REASONS.get(said, "other")


def incomplete_reason(reason: chat.FinishReason) -> str | None:
    """Why the answer is incomplete, in this dialect's words; None when it is complete."""
    return _INCOMPLETE.get(reason)


def item_id(prefix: str, answer_id: str, position: int) -> str:
    """An id for an item that has none: unique among conversations, and in a form that OpenAI takes."""
    return f"{prefix}_{answer_id.removeprefix(KEPT_PREFIX)[-_ID_TAIL_CHARS:]}_{position}"


def text_part(text: str, citations: tuple[chat.Citation, ...], tokens: list[Raw], extra: Fields) -> dict[str, Any]:
    """Words in an answer, with the log probabilities of their tokens."""
    return write_text(text, citations, {}) | {"logprobs": tokens} | extra


def tokens_of(logprobs: Raw) -> list[Raw]:
    """The log probabilities of the words, token by token. Raises UpstreamIncomplete: they are something else."""
    try:
        return _LOGPROBS.decode(logprobs).get("content") or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None


def logprobs_of(tokens: list[Raw]) -> Raw:
    """The neutral form: an object of lists, as a stream is gathered.

    Raises:
        UpstreamIncomplete: they are not Unicode, which nobody else looks at.
    """
    raw = msgspec.json.encode({"content": tokens})
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise unreadable() from None
    return Raw(raw)


def _gathered(messages: list[chat.Message], answer_id: str) -> chat.Message:
    """One message of all; what tells items apart is kept of the last that spoke."""
    parts = [_bare(part) for message in messages for part in message.parts if not _is_unseen(part)]
    return chat.Message(
        role="assistant",
        parts=tuple(over_all(parts)),
        tool_calls=named([call for message in messages for call in message.tool_calls], answer_id),
        extra=next((message.extra for message in reversed(messages) if message.extra), {}),
    )


def _is_unseen(part: chat.Part) -> bool:
    return isinstance(part, chat.ReasoningPart) and not (part.text or part.sealed or part.signature)


def _bare(part: chat.Part) -> chat.Part:
    """Without log probabilities: the choice has them."""
    if isinstance(part, chat.TextPart) and "logprobs" in part.extra:
        return replace(part, extra={name: raw for name, raw in part.extra.items() if name != "logprobs"})
    return part


def _read_logprobs(messages: list[chat.Message]) -> Raw | None:
    tokens = [
        token
        for message in messages
        for part in message.parts
        if isinstance(part, chat.TextPart) and "logprobs" in part.extra
        for token in _RAWS.decode(part.extra["logprobs"])
    ]
    return logprobs_of(tokens) if tokens else None


def _write_output(choice: chat.Choice, answer_id: str) -> Iterator[dict[str, Any]]:
    """The items: thinking and words in order, the calls last."""
    message = choice.message
    tokens = [] if choice.logprobs is None else tokens_of(choice.logprobs)
    content: list[dict[str, Any]] = []
    place = 0
    for part in within_each(message.parts):
        match part:
            case chat.TextPart(text, extra, citations):
                content.append(text_part(text, citations, tokens, extra))
                # The choice does not tell to which of its texts they belong: the first has them all.
                tokens = []
            case chat.RefusalPart(text):
                content.append({"type": "refusal", "refusal": text})
            case chat.SpokenPart(transcript=text) if text:
                content.append(text_part(text, (), [], {}))
            case chat.ReasoningPart() | chat.OtherPart() | chat.ImagePart():
                if content:
                    yield _message_item(content, message.extra, answer_id, place)
                    content, place = [], place + 1
                if (item := _other_item(part, answer_id, place)) is not None:
                    yield item
                    place += 1
    if content:
        yield _message_item(content, message.extra, answer_id, place)
        place += 1
    for call in message.tool_calls:
        if (proof := prove_call(call, item_id("rs", answer_id, place))) is not None:
            yield proof
            place += 1
        name = item_id("ctc" if call.type == "custom" else "fc", answer_id, place)
        yield {"id": name} | write_call(call) | {"status": "completed"} | call.extra
        place += 1


def _message_item(content: list[dict[str, Any]], extra: Fields, answer_id: str, place: int) -> dict[str, Any]:
    name = item_id("msg", answer_id, place)
    item = {"id": name, "type": "message", "status": "completed", "role": "assistant", "content": content}
    return item | extra


def _other_item(
    part: chat.ReasoningPart | chat.OtherPart | chat.ImagePart, answer_id: str, place: int
) -> dict[str, Any] | None:
    if isinstance(part, chat.ImagePart):
        return write_picture(part.url, item_id("ig", answer_id, place))
    if isinstance(part, chat.OtherPart):
        return dict(FIELDS.decode(part.raw))
    proof = Proof(part.made_by, part.signature, part.sealed)
    return show_thinking(part.text, proof, part.id or item_id("rs", answer_id, place))
