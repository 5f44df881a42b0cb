"""A shallow look at a chat completion, asked or answered: enough to route, to hold and to settle.

What is said stays undecoded (msgspec.Raw): that is a third of the time of reading it, and most requests pass through as
they came. Everything looked at is checked for type and range.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat, json_body
from tollhouse.dialects.glance import AnswerGlance, RequestGlance
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import FIELDS
from tollhouse.dialects.openai_chat.request import Settings, read_cap, unprintable_model, wants_usage, with_usage
from tollhouse.dialects.openai_chat.usage import read_usage
from tollhouse.dialects.openai_errors import read_failure, unreadable

_WORDS = frozenset({"text", "refusal", "thinking"})
_NO_TYPES: frozenset[str] = frozenset()


class _Message(msgspec.Struct):
    role: chat.Role
    content: Raw = NULL


class _Function(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1)]


class _Tool(msgspec.Struct):
    type: str = "function"
    function: _Function | None = None


class _Request(Settings, kw_only=True):
    messages: Annotated[list[_Message], Meta(min_length=1, max_length=10_000)]
    tools: list[_Tool] | None = None
    service_tier: str | None = None


class _Part(msgspec.Struct):
    type: str


class _Choice(msgspec.Struct):
    message: Raw = NULL
    finish_reason: str | None = None


class _Answer(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: Raw = NULL
    service_tier: str | None = None
    error: Raw = NULL


_REQUEST = msgspec.json.Decoder(_Request)
_PARTS = msgspec.json.Decoder(list[_Part])
_ANSWER = msgspec.json.Decoder(_Answer)


def glance_request(body: bytes) -> RequestGlance:
    """Look at a request without reading what it says.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    asked = json_body.decode(_REQUEST, body)
    if not asked.model.isprintable():
        raise unprintable_model()
    return RequestGlance(
        model=asked.model,
        stream=asked.stream is True,
        include_usage=wants_usage(asked),
        max_output_tokens=read_cap(asked),
        n=asked.n or 1,
        has_tools=bool(asked.tools),
        tool_types=frozenset([tool.type for tool in asked.tools]) if asked.tools else _NO_TYPES,
        message_count=len(asked.messages),
        service_tier=asked.service_tier,
        # Parts come in arrays; the first bracket is that of the messages.
        media=body.find(b"[", body.find(b"[") + 1) >= 0 and _has_media(asked.messages),
    )


def rewrite_request(
    body: bytes, *, model: str, include_usage: bool, cap: int | None, cap_field: str = "max_completion_tokens"
) -> bytes:
    """The same request with another model name; every value not named here keeps its bytes.

    It is written anew even when nothing changes: of a field that comes twice only the last remains, which is the one
    that was looked at. Another reader might take the first.

    Args:
        body: a request that `glance_request` has accepted.
        model: the provider's name for the model.
        include_usage: ask for the usage chunk; other stream options stay.
        cap: write this cap on the output, in tokens, into the fields the client used for one.
        cap_field: where to write it when the client gave none.
    """
    fields = FIELDS.decode(body)
    changes = {"model": msgspec.json.encode(model)}
    if include_usage:
        changes["stream_options"] = with_usage(fields.get("stream_options", NULL))
    if cap is not None:
        used = [name for name in ("max_completion_tokens", "max_tokens") if _is_given(fields, name)]
        changes |= dict.fromkeys(used or [cap_field], b"%d" % cap)
    return msgspec.json.encode(fields | {name: Raw(value) for name, value in changes.items()})


def glance_answer(body: bytes) -> AnswerGlance:
    """Look at an unstreamed answer without reading what it says.

    Raises:
        UpstreamIncomplete: this is not such an answer: empty, cut off, HTML, or without a choice.
    """
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None
    failed = None if is_null(answer.error) else read_failure(answer.error)
    if not answer.choices and failed is None:
        raise unreadable()
    choices = answer.choices or []
    return AnswerGlance(
        id=answer.id or "",
        model=answer.model or "",
        usage=read_usage(answer.usage, answer.service_tier),
        finish_reasons=tuple([choice.finish_reason or "" for choice in choices]),
        output_bytes=sum([len(choice.message) for choice in choices]),
        failed=failed,
    )


def _has_media(messages: list[_Message]) -> bool:
    for position, message in enumerate(messages):
        content = memoryview(message.content)
        if content[0] != ord("["):
            continue
        try:
            parts = _PARTS.decode(content)
        except msgspec.DecodeError as error:
            raise json_body.explain(error, inside=f"messages[{position}].content") from None
        if any(part.type not in _WORDS for part in parts):
            return True
    return False


def _is_given(fields: dict[str, Raw], name: str) -> bool:
    return name in fields and not is_null(fields[name])
