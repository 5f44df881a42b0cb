"""Usage in the words of OpenAI's Responses."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat
from tollhouse.dialects.json_body import NULL
from tollhouse.dialects.told_cost import TellsCost, read_told_cost

MAX_TOKENS = 2**31 - 1
"""No call reads or makes more; a larger count is nonsense."""

Count: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]


class _InputDetails(msgspec.Struct):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: Count | None = None


class _Usage(TellsCost, kw_only=True):
    input_tokens: Count
    output_tokens: Count
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Action(msgspec.Struct):
    type: str = ""


class _Item(msgspec.Struct):
    type: str = ""
    action: _Action | None = None


_DECODER = msgspec.json.Decoder(_Usage | None)
_ITEMS = msgspec.json.Decoder(list[_Item])

_SEARCH: Final = b"_search_call"
_FREE: Final = frozenset({"open_page", "find", "find_in_page"})
"""What a web search does besides searching (OpenAI's guide "Web search", section "Cost", read 2026-11-30)."""


def read_usage(raw: Raw, service_tier: str | None = None, output: Raw = NULL) -> chat.Usage | None:
    """The provider's count, or None when there is none.

    A count that cannot be true (negative, fractional, absurdly large, not a number) is no count: the caller estimates.

    Args:
        output: the items of the response, among which are the searches that have a fee each.
    """
    try:
        said = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if said is None:
        return None
    inputs = said.input_tokens_details or _InputDetails()
    outputs = said.output_tokens_details or _OutputDetails()
    web_searches, file_searches = _count_searches(output) if _SEARCH in bytes(output) else (0, 0)
    return chat.Usage(
        input_tokens=said.input_tokens,
        output_tokens=said.output_tokens,
        input_cached_tokens=inputs.cached_tokens or 0,
        input_cache_write_tokens=inputs.cache_write_tokens or 0,
        output_reasoning_tokens=outputs.reasoning_tokens or 0,
        web_searches=web_searches,
        file_searches=file_searches,
        service_tier=service_tier,
        told_usd=read_told_cost(said),
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


def _count_searches(output: Raw) -> tuple[int, int]:
    """Searches of the web and of files among the items."""
    try:
        items = _ITEMS.decode(output)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0, 0
    web = sum(1 for item in items if item.type == "web_search_call" and not (item.action and item.action.type in _FREE))
    return web, sum(1 for item in items if item.type == "file_search_call")
