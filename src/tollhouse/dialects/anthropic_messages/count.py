"""The count of tokens that a request would take, without asking it.

Anthropic API reference, "Count tokens in a Message" (read 2026-11-22). What is asked is a request for a message with
only those fields that are read by the model; the answer is one number.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat
from tollhouse.dialects.anthropic_messages.errors import unreadable
from tollhouse.dialects.anthropic_messages.request import read_request, write_request
from tollhouse.dialects.anthropic_messages.usage import MAX_TOKENS

_COUNTED: Final = frozenset(
    {
        "cache_control",
        "context_management",
        "mcp_servers",
        "messages",
        "model",
        "output_config",
        "output_format",
        "speed",
        "system",
        "thinking",
        "tool_choice",
        "tools",
    }
)
"""What may be said: anything else is refused there."""


class _Count(msgspec.Struct):
    input_tokens: Annotated[int, Meta(ge=0, le=MAX_TOKENS)]


_COUNT = msgspec.json.Decoder(_Count)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])


def count_target(model: str) -> bytes:
    """Where a provider counts, below its base URL."""
    return b"/messages/count_tokens"


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
    return msgspec.json.encode(_Count(input_tokens))
