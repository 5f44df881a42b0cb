"""A shallow look at a message, asked or answered: enough to route, to hold and to settle.

What is said stays undecoded (msgspec.Raw) but for the types of its blocks. Everything looked at is checked for type and
range.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import json_body
from tollhouse.dialects.anthropic_messages.errors import read_failure, unreadable
from tollhouse.dialects.anthropic_messages.request import Settings, unprintable_model
from tollhouse.dialects.anthropic_messages.tools import FUNCTION_TYPES
from tollhouse.dialects.anthropic_messages.usage import FAST, price_percent, read_usage
from tollhouse.dialects.glance import AnswerGlance, RequestGlance
from tollhouse.dialects.json_body import NULL, is_null

REMOTE_SERVERS: Final = "mcp_servers"
"""Stands among the types of tools for servers of tools, which are named beside them."""

_WORDS: Final = frozenset({"text", "thinking", "redacted_thinking", "tool_use", "tool_result"})
_NO_TYPES: Final[frozenset[str]] = frozenset()
_UNPROVEN: Final = re.compile(rb'"signature"\s*:\s*(?:""|null)')


class _Block(msgspec.Struct):
    type: str
    content: Raw = NULL


class _Turn(msgspec.Struct):
    role: Literal["user", "assistant", "system"]
    content: str | list[_Block]


class _Tool(msgspec.Struct):
    type: str | None = None
    name: Annotated[str, Meta(min_length=1)] | None = None
    max_uses: Annotated[int, Meta(ge=0)] | None = None


class _Request(Settings, kw_only=True):
    messages: Annotated[list[_Turn], Meta(min_length=1, max_length=100_000)]
    system: str | list[_Block] | None = None
    tools: list[_Tool] | None = None
    mcp_servers: list[Raw] | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None


class _Answer(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    content: Raw = NULL
    stop_reason: str | None = None
    usage: Raw = NULL
    error: Raw = NULL


class _Turns(msgspec.Struct):
    messages: list[dict[str, Raw]]


_REQUEST = msgspec.json.Decoder(_Request)
_ANSWER = msgspec.json.Decoder(_Answer)
_INNER = msgspec.json.Decoder(list[_Block])
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_TURNS = msgspec.json.Decoder(_Turns)
_RAWS = msgspec.json.Decoder(list[Raw])
_THINKING = msgspec.json.Decoder(_Block)


def glance_request(body: bytes) -> RequestGlance:
    """Look at a request without reading what it says.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    asked = json_body.decode(_REQUEST, body)
    if not asked.model.isprintable():
        raise unprintable_model()
    types = _tool_types(asked) if asked.tools or asked.mcp_servers else _NO_TYPES
    return RequestGlance(
        model=asked.model,
        stream=asked.stream is True,
        include_usage=True,
        max_output_tokens=asked.max_tokens,
        n=1,
        has_tools=bool(types),
        tool_types=types,
        message_count=len(asked.messages) + (1 if asked.system else 0),
        service_tier=FAST if asked.speed == FAST else asked.service_tier,
        media=_has_media(asked.messages),
        price_percent=price_percent(asked.inference_geo),
        searches=_searches(asked.tools) if asked.tools else 0,
    )


def rewrite_request(body: bytes, *, model: str, include_usage: bool, cap: int | None) -> bytes:
    """The same request with another model name; every value not named here keeps its bytes.

    It is written anew even when nothing changes: of a field that comes twice only the last remains, which is the one
    that was looked at. Thinking that has no proof, because a provider of another dialect did it, is left out: the API
    refuses the whole request for it.

    Args:
        body: a request that `glance_request` has accepted.
        model: the provider's name for the model.
        include_usage: usage comes in any case.
        cap: write this cap on the output, in tokens.
    """
    fields = _FIELDS.decode(body)
    changes = {"model": Raw(msgspec.json.encode(model))}
    if cap is not None:
        changes["max_tokens"] = Raw(b"%d" % cap)
    if b'"signature"' in body and _UNPROVEN.search(body):
        changes["messages"] = _with_proven_thinking(body)
    return msgspec.json.encode(fields | changes)


def glance_answer(body: bytes) -> AnswerGlance:
    """Look at an unstreamed answer without reading what it says.

    Raises:
        UpstreamIncomplete: this is not such an answer: empty, cut off, HTML, or without content.
    """
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None
    failed = None if is_null(answer.error) else read_failure(answer.error)
    if failed is None and not _is_list(answer.content):
        raise unreadable()
    return AnswerGlance(
        id=answer.id or "",
        model=answer.model or "",
        usage=read_usage(answer.usage),
        finish_reasons=(answer.stop_reason or "",),
        output_bytes=len(answer.content),
        failed=failed,
    )


def _tool_types(asked: _Request) -> frozenset[str]:
    types = {"function" if tool.type in FUNCTION_TYPES else str(tool.type) for tool in asked.tools or ()}
    return frozenset(types | {REMOTE_SERVERS} if asked.mcp_servers else types)


def _searches(tools: list[_Tool]) -> int | None:
    """Each tool that searches the web, as often as it may be used; fetching a page has no fee."""
    uses = [tool.max_uses for tool in tools if (tool.type or "").startswith("web_search")]
    return None if None in uses else sum(use or 0 for use in uses)


def _has_media(turns: list[_Turn]) -> bool:
    for position, turn in enumerate(turns):
        if isinstance(turn.content, str):
            continue
        for number, block in enumerate(turn.content):
            if block.type not in _WORDS:
                return True
            if block.type == "tool_result" and _shows_media(block.content, f"messages[{position}].content[{number}]"):
                return True
    return False


def _shows_media(content: Raw, where: str) -> bool:
    if not _is_list(content):
        return False
    try:
        blocks = _INNER.decode(content)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside=f"{where}.content") from None
    return any(block.type not in _WORDS for block in blocks)


def _is_list(raw: Raw) -> bool:
    return memoryview(raw)[0] == ord("[")


def _with_proven_thinking(body: bytes) -> Raw:
    turns: list[Any] = []
    for turn in _TURNS.decode(body).messages:
        if bytes(turn["role"]) == b'"assistant"' and _UNPROVEN.search(turn["content"]):
            blocks = [raw for raw in _RAWS.decode(turn["content"]) if not _is_unproven(raw)]
            if not blocks:
                continue
            turn = turn | {"content": Raw(msgspec.json.encode(blocks))}
        turns.append(turn)
    return Raw(msgspec.json.encode(turns))


def _is_unproven(raw: Raw) -> bool:
    return _THINKING.decode(raw).type == "thinking" and _UNPROVEN.search(raw) is not None
