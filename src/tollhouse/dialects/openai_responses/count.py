"""The count of tokens that a response would read, without asking for it.

OpenAI API reference, "Get input token counts", and the types of OpenAI's Python SDK (read 2026-11-30). What is asked is
a request for a response with only those fields that are read by the model; the answer is one number.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat
from tollhouse.dialects.openai_errors import unreadable
from tollhouse.dialects.openai_responses.request import read_request, write_request
from tollhouse.dialects.openai_responses.usage import Count

_COUNTED: Final = frozenset(
    {
        "input",
        "instructions",
        "model",
        "parallel_tool_calls",
        "personality",
        "reasoning",
        "text",
        "tool_choice",
        "tools",
        "truncation",
    }
)
"""What may be said there of what is asked."""


class _Counted(msgspec.Struct):
    input_tokens: Count
    object: str = "response.input_tokens"


_COUNT = msgspec.json.Decoder(_Counted)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])


def count_target(model: str) -> bytes:
    """Where a provider counts, below its base URL."""
    return b"/responses/input_tokens"


def read_count_request(body: bytes) -> chat.ChatRequest:
    """What a client wants counted.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    return read_request(body)


def write_count_request(request: chat.ChatRequest) -> bytes:
    """The request as a body that asks for its count."""
    fields = _FIELDS.decode(write_request(request))
    return msgspec.json.encode({name: value for name, value in fields.items() if name in _COUNTED})


def read_count(body: bytes) -> int:
    """The tokens that a body tells. Raises UpstreamIncomplete when it tells none."""
    try:
        return _COUNT.decode(body).input_tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None


def write_count(input_tokens: int) -> bytes:
    """The number as a body."""
    return msgspec.json.encode(_Counted(input_tokens))
