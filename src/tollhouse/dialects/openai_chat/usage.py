"""Usage in OpenAI's words, and in those of the vendors who extended them."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec

from tollhouse.dialects import chat, tiers
from tollhouse.dialects.modelled import FIELDS
from tollhouse.dialects.told_cost import TellsCost, read_told_cost

MAX_TOKENS = 2**31 - 1
"""No call reads or makes more; a larger count is nonsense."""

_ORDINARY_TIER: Final = "default"
_TIERS: Final = frozenset({"auto", _ORDINARY_TIER, "flex", "scale", "priority", "fast"})

Count: TypeAlias = int | float | None


class _InputDetails(msgspec.Struct):
    cached_tokens: Count = None
    cache_write_tokens: Count = None
    audio_tokens: Count = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: Count = None
    audio_tokens: Count = None


_NO_INPUT_DETAILS = _InputDetails()
_NO_OUTPUT_DETAILS = _OutputDetails()


class Counts(TellsCost):
    """The usage as the wire has it."""

    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: Count = None  # DeepSeek
    num_cached_tokens: Count = None  # Mistral
    cached_tokens: Count = None  # Together, Moonshot
    service_tier: str | None = None  # Mistral


_DECODER = msgspec.json.Decoder(Counts | None)


def read_usage(raw: msgspec.Raw, service_tier: str | None = None) -> chat.Usage | None:
    """The provider's count, or None when there is none, or one that cannot be read."""
    try:
        said = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if said is None else usage_of(said, service_tier)


def usage_of(said: Counts, service_tier: str | None = None) -> chat.Usage | None:
    """The count that was told, or None when it is none.

    A count that cannot be true (negative, fractional, absurdly large, not a number) is no count: the caller estimates.
    Some vendors count parts beside their total instead of within. Where the sum proves it the part is added: it was
    read or made, and is charged (xAI, Gemini: reasoning; recordings of 2025 and 2026). Where only the part itself is
    more than its whole (Grok on Azure: cached input), it is added too, and the count is called mended.
    """
    if (read := _count(said.prompt_tokens)) is None or (made := _count(said.completion_tokens)) is None:
        return None
    inputs = said.prompt_tokens_details or _NO_INPUT_DETAILS
    outputs = said.completion_tokens_details or _NO_OUTPUT_DETAILS
    cached = _told(inputs.cached_tokens or said.prompt_cache_hit_tokens or said.num_cached_tokens or said.cached_tokens)
    cache_write = _told(inputs.cache_write_tokens)
    unseen = max(0, _told(said.total_tokens) - read - made)
    reasoning = _told(outputs.reasoning_tokens) or unseen
    sound, spoken = _told(inputs.audio_tokens), _told(outputs.audio_tokens)
    made += unseen
    is_mended = cached + cache_write > read or sound > read or reasoning + spoken > made
    if is_mended:
        read += cached if cached > read else 0
        read += cache_write if cached + cache_write > read else 0
        made += reasoning if reasoning > made else 0
    if read > MAX_TOKENS or made > MAX_TOKENS:
        return None
    return chat.Usage(
        input_tokens=read,
        output_tokens=made,
        input_cached_tokens=cached,
        input_cache_write_tokens=cache_write,
        input_audio_tokens=min(read, sound),
        output_reasoning_tokens=reasoning,
        output_audio_tokens=min(made - reasoning, spoken),
        service_tier=service_tier or said.service_tier,
        told_usd=read_told_cost(said),
        is_mended=is_mended,
    )


def write_usage(usage: chat.Usage, cost_usd: str | None = None) -> dict[str, Any]:
    """The same count as a JSON object. What it costs as the provider told is said in OpenRouter's word, `cost`; what it
    costs here in ours."""
    wire: dict[str, Any] = {
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
    if usage.told_usd is not None:
        wire["cost"] = msgspec.Raw(f"{usage.told_usd:f}".encode())
    if cost_usd is not None:
        wire["cost_usd"] = cost_usd
    return wire


def write_tier(usage: chat.Usage) -> dict[str, str]:
    """The field for the tier that served, when it has a word here."""
    tier = tiers.worded(usage.service_tier, _TIERS, _ORDINARY_TIER)
    return {} if tier is None else {"service_tier": tier}


def add_cost(data: bytes, cost_usd: str) -> bytes:
    """A usage chunk that also tells what it costs here; every other value keeps its bytes."""
    fields = FIELDS.decode(data)
    usage = FIELDS.decode(fields["usage"]) | {"cost_usd": msgspec.Raw(msgspec.json.encode(cost_usd))}
    return msgspec.json.encode(fields | {"usage": usage})


def _count(said: Count) -> int | None:
    if type(said) is int:
        return said if 0 <= said <= MAX_TOKENS else None
    return None if said is None or said != int(said) or not 0 <= said <= MAX_TOKENS else int(said)


def _told(said: Count) -> int:
    """A part's count; 0 when it tells nothing."""
    return (_count(said) or 0) if said else 0
