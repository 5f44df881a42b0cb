"""Usage in OpenAI's words, and in those of the vendors who extended them."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from tollhouse.dialects import chat

MAX_TOKENS = 2**31 - 1
"""No call reads or makes more; a larger count is nonsense."""

Count: TypeAlias = int | float | None


class _InputDetails(msgspec.Struct):
    cached_tokens: Count = None
    cache_write_tokens: Count = None
    audio_tokens: Count = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: Count = None
    audio_tokens: Count = None


class _Usage(msgspec.Struct):
    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: Count = None  # DeepSeek
    num_cached_tokens: Count = None  # Mistral
    cached_tokens: Count = None  # Together, Moonshot
    service_tier: str | None = None  # Mistral


_DECODER = msgspec.json.Decoder(_Usage | None)


def read_usage(raw: msgspec.Raw, service_tier: str | None = None) -> chat.Usage | None:
    """The provider's count, or None when there is none.

    A count that cannot be true (negative, fractional, absurdly large, not a number) is no count: the caller estimates.
    A part that exceeds its total is cut to it. A total beyond input and output together means that the vendor leaves
    reasoning out of `completion_tokens` (xAI, Gemini; recordings of 2025): it was made, and is charged, as output.
    """
    try:
        said = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if said is None:
        return None
    read, made = _total(said.prompt_tokens), _total(said.completion_tokens)
    if read is None or made is None:
        return None
    unseen = max(0, (_total(said.total_tokens) or 0) - read - made)
    inputs = said.prompt_tokens_details or _InputDetails()
    outputs = said.completion_tokens_details or _OutputDetails()
    cached = _part(
        inputs.cached_tokens, said.prompt_cache_hit_tokens, said.num_cached_tokens, said.cached_tokens, total=read
    )
    made += unseen
    return chat.Usage(
        input_tokens=read,
        output_tokens=made,
        input_cached_tokens=cached,
        input_cache_write_tokens=_part(inputs.cache_write_tokens, total=read - cached),
        input_audio_tokens=_part(inputs.audio_tokens, total=read),
        output_reasoning_tokens=_part(outputs.reasoning_tokens, unseen, total=made),
        output_audio_tokens=_part(outputs.audio_tokens, total=made),
        service_tier=service_tier or said.service_tier,
    )


def write_usage(usage: chat.Usage) -> dict[str, Any]:
    """The same count as a JSON object."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.input_cached_tokens,
            "cache_write_tokens": usage.input_cache_write_tokens,
            "audio_tokens": usage.input_audio_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.output_reasoning_tokens,
            "audio_tokens": usage.output_audio_tokens,
        },
    }


def _total(count: Count) -> int | None:
    if count is None or count != int(count) or not 0 <= count <= MAX_TOKENS:
        return None
    return int(count)


def _part(*counts: Count, total: int) -> int:
    """The first of the counts that tells something, within its total."""
    return next((min(known, total) for count in counts if (known := _total(count))), 0)
