"""Counting a request's tokens beforehand: `countTokens`.

Gemini API reference, "countTokens" (read 2026-11-22). A request is counted as it stands, or whole, with its tools and
its system instruction, as `generateContentRequest`, which names its model.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat
from tollhouse.dialects.gemini.errors import unreadable
from tollhouse.dialects.gemini.proto_json import Message, read_body, read_object, says_nothing
from tollhouse.dialects.gemini.request import read_request, write_request
from tollhouse.dialects.gemini.usage import MAX_TOKENS
from tollhouse.dialects.json_body import NULL


class _Asked(Message):
    model: Annotated[str, Meta(min_length=1, max_length=256)]
    generate_content_request: Raw = NULL


class _Counted(msgspec.Struct, rename="camel"):
    total_tokens: Annotated[int, Meta(ge=0, le=MAX_TOKENS)]


_ASKED = msgspec.json.Decoder(_Asked)
_WHOLE = msgspec.json.Decoder(Message)
_COUNTED = msgspec.json.Decoder(_Counted)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])


def read_count_request(body: bytes) -> chat.ChatRequest:
    """What a client wants counted; `model` is where the surface has put it, and wins over the one within.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    wire, _ = read_body(_ASKED, body)
    if says_nothing(wire.generate_content_request):
        return read_request(body)
    _, fields = read_object(_WHOLE, wire.generate_content_request, "generateContentRequest")
    return read_request(msgspec.json.encode(fields | {"model": wire.model}))


def write_count_request(request: chat.ChatRequest) -> bytes:
    """The request as a body that asks for its count."""
    fields = _FIELDS.decode(write_request(request))
    return msgspec.json.encode({"generateContentRequest": {"model": f"models/{request.model}"} | fields})


def read_count(body: bytes) -> int:
    """The tokens counted. Raises UpstreamIncomplete for what is no count."""
    try:
        return _COUNTED.decode(body).total_tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None


def write_count(tokens: int) -> bytes:
    """The count as a body."""
    return msgspec.json.encode({"totalTokens": tokens})
