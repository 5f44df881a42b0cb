"""A shallow look at a response, asked or answered: enough to route, to hold and to settle.

What is said stays undecoded (msgspec.Raw), since most requests pass through as they came. Everything looked at is
checked for type and range.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import json_body
from tollhouse.dialects.glance import AnswerGlance, RequestGlance
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.openai_errors import unreadable
from tollhouse.dialects.openai_responses.answer import Details, said
from tollhouse.dialects.openai_responses.content import WORDS
from tollhouse.dialects.openai_responses.errors import read_failure
from tollhouse.dialects.openai_responses.seal import PREFIX, is_foreign
from tollhouse.dialects.openai_responses.settings import MAX_ITEMS, Settings, check
from tollhouse.dialects.openai_responses.usage import read_usage

_SPOKEN = WORDS | {"refusal"}
_ITEMS_OF_WORDS = frozenset(
    {"message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning"}
)
_NO_TYPES: frozenset[str] = frozenset()
_WRAPPED = f'"{PREFIX}'.encode()
_SEARCHING = ("web_search", "file_search")


class _Item(msgspec.Struct):
    type: str | None = None
    content: Raw = NULL
    output: Raw = NULL


class _Thinking(msgspec.Struct):
    type: str | None = None
    encrypted_content: Raw = NULL


class _Tool(msgspec.Struct):
    type: str


class _Request(Settings, kw_only=True):
    input: str | Annotated[list[_Item], Meta(max_length=MAX_ITEMS)] | None = None
    tools: list[_Tool] | None = None


class _Part(msgspec.Struct):
    type: str


class _Answer(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    status: str | None = None
    incomplete_details: Details | None = None
    output: Raw = NULL
    usage: Raw = NULL
    service_tier: str | None = None
    error: Raw = NULL


_REQUEST = msgspec.json.Decoder(_Request)
_PARTS = msgspec.json.Decoder(list[_Part])
_ANSWER = msgspec.json.Decoder(_Answer)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_RAWS = msgspec.json.Decoder(list[Raw])
_THINKING = msgspec.json.Decoder(_Thinking)


def glance_request(body: bytes) -> RequestGlance:
    """Look at a request without reading what it says. What the provider keeps of it counts as media: it has no bytes.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    asked = json_body.decode(_REQUEST, body)
    check(asked, has_input=asked.input is not None)
    items = asked.input if isinstance(asked.input, list) else []
    message_count = len(items) if asked.input is None or isinstance(asked.input, list) else 1
    return RequestGlance(
        model=asked.model,
        stream=asked.stream is True,
        include_usage=True,
        max_output_tokens=asked.max_output_tokens,
        n=1,
        has_tools=bool(asked.tools),
        tool_types=frozenset([tool.type for tool in asked.tools]) if asked.tools else _NO_TYPES,
        message_count=message_count + bool(asked.instructions),
        service_tier=asked.service_tier,
        media=_has_media(items) or asked.has_more_elsewhere,
        searches=asked.max_tool_calls if asked.tools and _may_search(asked.tools) else 0,
    )


def rewrite_request(body: bytes, *, model: str, include_usage: bool, cap: int | None) -> bytes:
    """The same request with another model name; every value not named here keeps its bytes.

    It is written anew even when nothing changes: of a field that comes twice only the last remains, which is the one
    that was looked at. Another reader might take the first. Thinking that another dialect's provider has proved is left
    out: whoever reads this could not unseal it.

    Args:
        body: a request that `glance_request` has accepted.
        model: the provider's name for the model.
        include_usage: makes no difference: a response always tells its usage.
        cap: write this cap on the output, in tokens.
    """
    changes = {"model": Raw(msgspec.json.encode(model))}
    if cap is not None:
        changes["max_output_tokens"] = Raw(b"%d" % cap)
    fields = _FIELDS.decode(body)
    items = fields.get("input", NULL)
    if _WRAPPED in body and memoryview(items)[0] == ord("["):
        changes["input"] = _without_foreign_thinking(items)
    return msgspec.json.encode(fields | changes)


def glance_answer(body: bytes) -> AnswerGlance:
    """Look at an unstreamed answer without reading what it says.

    Raises:
        UpstreamIncomplete: this is not such an answer: empty, cut off, HTML, or without output.
    """
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None
    failed = None if is_null(answer.error) else read_failure(answer.error)
    if failed is None and memoryview(answer.output)[0] != ord("["):
        raise unreadable()
    return AnswerGlance(
        id=answer.id or "",
        model=answer.model or "",
        usage=read_usage(answer.usage, answer.service_tier, answer.output),
        finish_reasons=(said(answer.status, answer.incomplete_details),),
        output_bytes=len(answer.output),
        failed=failed,
    )


def _without_foreign_thinking(items: Raw) -> Raw:
    return Raw(msgspec.json.encode([raw for raw in _RAWS.decode(items) if not _is_foreign_thinking(raw)]))


def _is_foreign_thinking(raw: Raw) -> bool:
    item = _THINKING.decode(raw)
    return item.type == "reasoning" and is_foreign(bytes(item.encrypted_content).decode().strip('"'))


def _may_search(tools: list[_Tool]) -> bool:
    return any(tool.type.startswith(_SEARCHING) for tool in tools)


def _has_media(items: list[_Item]) -> bool:
    for position, item in enumerate(items):
        if (item.type or "message") not in _ITEMS_OF_WORDS:
            return True
        for name, parts in (("content", item.content), ("output", item.output)):
            if item.type == "reasoning" or parts is NULL or memoryview(parts)[0] != ord("["):
                continue
            try:
                types = _PARTS.decode(parts)
            except msgspec.DecodeError as error:
                raise json_body.explain(error, inside=f"input[{position}].{name}") from None
            if any(part.type not in _SPOKEN for part in types):
                return True
    return False
