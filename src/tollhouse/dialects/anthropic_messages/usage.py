"""Usage in Anthropic's words, which tell cached input beside the other input, and never within.

Anthropic API reference, "Messages", and "Compaction", section "Understanding usage" (read 2026-11-22): what a
compaction took is told among the iterations only, and billed on top.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, tiers
from tollhouse.dialects.json_body import NULL

MAX_TOKENS: Final = 2**31 - 1
"""No call reads or makes more; a larger count is nonsense."""

FAST: Final = "fast"
"""The service tier that we call what Anthropic calls a speed: it has prices of its own."""

Count: TypeAlias = int | float | None
_Four: TypeAlias = tuple[int, int, int, int]

_ORDINARY: Final = "standard"
_SERVED: Final = frozenset({_ORDINARY, "priority", "batch"})


class _Details(msgspec.Struct):
    thinking_tokens: Count = None


class _Counts(msgspec.Struct):
    input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation_input_tokens: Count = None
    output_tokens: Count = None


class _Iteration(_Counts):
    type: str = ""


class _Used(msgspec.Struct):
    web_search_requests: Count = None


class _Created(msgspec.Struct):
    ephemeral_1h_input_tokens: Count = None


class _Usage(_Counts):
    cache_creation: _Created | None = None
    output_tokens_details: _Details | None = None
    server_tool_use: _Used | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    iterations: list[_Iteration] | None = None


_DECODER = msgspec.json.Decoder(_Usage | None)


def read_usage(raw: Raw, earlier: Raw = NULL) -> chat.Usage | None:
    """The provider's count, or None when there is none.

    A count that cannot be true (negative, fractional, absurdly large, not a number) is no count: the caller estimates.

    Args:
        earlier: what a stream counted at its beginning; holds for whatever is not told again.
    """
    try:
        wire = _DECODER.decode(raw)
        before = _DECODER.decode(earlier)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if wire is None:
        return None
    if before is not None:
        wire = _with(wire, before)
    counts = _read_counts(wire)
    for each in wire.iterations or ():
        if each.type == "compaction":
            counts = _sum(counts, _read_counts(each))
    if counts is None:
        return None
    fresh, cached, written, made = counts
    read = fresh + cached + written
    if max(read, made) > MAX_TOKENS:
        return None
    thought = 0 if wire.output_tokens_details is None else _count(wire.output_tokens_details.thinking_tokens) or 0
    kept, used = _kept_for_1h(wire), wire.server_tool_use
    return chat.Usage(
        input_tokens=read,
        output_tokens=made,
        input_cached_tokens=cached,
        input_cache_write_tokens=written,
        input_cache_write_1h_tokens=min(written, kept),
        output_reasoning_tokens=min(made, thought),
        web_searches=0 if used is None else _count(used.web_search_requests) or 0,
        service_tier=FAST if wire.speed == FAST else wire.service_tier,
        price_percent=price_percent(wire.inference_geo),
        is_mended=kept > written or thought > made,
    )


def price_percent(inference_geo: str | None) -> int:
    """Percent of the listed price where a country is chosen: Anthropic, "Pricing", "Data residency" (2026-11-30)."""
    return 110 if inference_geo == "us" else 100


def write_usage(usage: chat.Usage | None) -> dict[str, Any]:
    """The same count as a JSON object; nothing at all when there is none, because the API always counts."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    cached, written = usage.input_cached_tokens, usage.input_cache_write_tokens
    wire: dict[str, Any] = {
        "input_tokens": max(0, usage.input_tokens - cached - written),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": usage.output_tokens,
    }
    if usage.input_cache_write_1h_tokens:
        kept = usage.input_cache_write_1h_tokens
        wire["cache_creation"] = {"ephemeral_5m_input_tokens": written - kept, "ephemeral_1h_input_tokens": kept}
    if usage.output_reasoning_tokens:
        wire["output_tokens_details"] = {"thinking_tokens": usage.output_reasoning_tokens}
    if usage.web_searches:
        # Both are required; what is fetched has no fee, and is not counted.
        wire["server_tool_use"] = {"web_search_requests": usage.web_searches, "web_fetch_requests": 0}
    if usage.service_tier == FAST:
        wire["speed"] = FAST
    elif (tier := tiers.worded(usage.service_tier, _SERVED, _ORDINARY)) is not None:
        wire["service_tier"] = tier
    return wire


def _with(wire: _Usage, before: _Usage) -> _Usage:
    told = {name: getattr(wire, name) for name in _Usage.__struct_fields__}
    return _Usage(**{name: getattr(before, name) if value is None else value for name, value in told.items()})


def _read_counts(wire: _Counts) -> _Four | None:
    """Fresh, cached and written input, and output; None when one of them cannot be true."""
    fresh, made = _count(wire.input_tokens), _count(wire.output_tokens)
    cached, written = _count(wire.cache_read_input_tokens or 0), _count(wire.cache_creation_input_tokens or 0)
    if fresh is None or made is None or cached is None or written is None:
        return None
    return fresh, cached, written, made


def _sum(counts: _Four | None, more: _Four | None) -> _Four | None:
    if counts is None or more is None:
        return None
    return counts[0] + more[0], counts[1] + more[1], counts[2] + more[2], counts[3] + more[3]


def _kept_for_1h(wire: _Usage) -> int:
    created = wire.cache_creation
    return 0 if created is None else _count(created.ephemeral_1h_input_tokens) or 0


def _count(said: Count) -> int | None:
    if said is None or said != int(said) or not 0 <= said <= MAX_TOKENS:
        return None
    return int(said)
