"""Usage in the words of OpenAI's Responses."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from tollhouse.dialects import chat

MAX_TOKENS = 2**31 - 1
"""No call reads or makes more; a larger count is nonsense."""

Count: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]


class _InputDetails(msgspec.Struct):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: Count | None = None


class _Usage(msgspec.Struct):
    input_tokens: Count
    output_tokens: Count
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


_DECODER = msgspec.json.Decoder(_Usage | None)


def read_usage(raw: msgspec.Raw, service_tier: str | None = None) -> chat.Usage | None:
    """The provider's count, or None when there is none.

    A count that cannot be true (negative, fractional, absurdly large, not a number) is no count: the caller estimates.
    """
    try:
        said = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if said is None:
        return None
    inputs = said.input_tokens_details or _InputDetails()
    outputs = said.output_tokens_details or _OutputDetails()
    return chat.Usage(
        input_tokens=said.input_tokens,
        output_tokens=said.output_tokens,
        input_cached_tokens=inputs.cached_tokens or 0,
        input_cache_write_tokens=inputs.cache_write_tokens or 0,
        output_reasoning_tokens=outputs.reasoning_tokens or 0,
        service_tier=service_tier,
    )


def write_usage(usage: chat.Usage) -> dict[str, Any]:
    """The same count as a JSON object; this dialect has no words for sound."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.input_cached_tokens,
            "cache_write_tokens": usage.input_cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.output_reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }
