"""The count of tokens that a request would take, without asking it.

Anthropic API reference, "Count tokens in a Message" (read 2026-11-22). What is asked is a request for a message without
`max_tokens`, so `glance_request` and `rewrite_request` serve it too; the answer is one number.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tollhouse.dialects.anthropic_messages.errors import unreadable
from tollhouse.dialects.anthropic_messages.usage import MAX_TOKENS

COUNT_TARGET: Final = b"/messages/count_tokens"
"""Where a provider counts, below its base URL."""


class _Count(msgspec.Struct):
    input_tokens: Annotated[int, Meta(ge=0, le=MAX_TOKENS)]


_COUNT = msgspec.json.Decoder(_Count)


def read_count(body: bytes) -> int:
    """The tokens that a body tells. Raises UpstreamIncomplete when it tells none."""
    try:
        return _COUNT.decode(body).input_tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None


def write_count(input_tokens: int) -> bytes:
    """The number as a body."""
    return msgspec.json.encode(_Count(input_tokens))
