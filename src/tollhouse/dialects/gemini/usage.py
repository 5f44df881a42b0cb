"""Usage in Google's words.

Gemini API reference, "UsageMetadata" (read 2026-11-22). Zeros are left out, thoughts and what tools brought are counted
beside the other output and input, and a stream counts in every chunk, all that was so far.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat, tiers

MAX_TOKENS: Final = 2**31 - 1
"""No call reads or makes more; a larger count is nonsense."""

Count: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]

_ORDINARY_TIER: Final = "standard"
_TIERS: Final = frozenset({_ORDINARY_TIER, "flex", "priority"})
_AUDIO: Final = ("AUDIO", 4)


class _Modality(msgspec.Struct, rename="camel"):
    modality: str | int | None = None
    token_count: Count = 0


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: Count = 0
    cached_content_token_count: Count = 0
    candidates_token_count: Count = 0
    thoughts_token_count: Count = 0
    tool_use_prompt_token_count: Count = 0
    total_token_count: Count = 0
    prompt_tokens_details: list[_Modality] = []
    tool_use_prompt_tokens_details: list[_Modality] = []
    candidates_tokens_details: list[_Modality] = []
    service_tier: str | None = None


_DECODER = msgspec.json.Decoder(_Usage)


def read_usage(raw: Raw, web_searches: int = 0) -> chat.Usage | None:
    """The provider's count, or None when there is none.

    A count that cannot be true (negative, fractional, absurdly large, not a number) is no count: the caller estimates.
    What the total has above its parts was read or made, and is charged: as input when that is the part left out.

    Args:
        web_searches: what else was done for the answer; Google tells it beside the words that rest on it.
    """
    try:
        said = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    read = said.prompt_token_count + said.tool_use_prompt_token_count
    reasoning, cached = said.thoughts_token_count, said.cached_content_token_count
    made = said.candidates_token_count + reasoning
    unseen = said.total_token_count - read - made
    if unseen > 0:
        read, made = (read, made + unseen) if said.prompt_token_count else (read + unseen, made)
    if not (read or made or cached):
        return None
    sound = _audio(said.prompt_tokens_details) + _audio(said.tool_use_prompt_tokens_details)
    spoken = _audio(said.candidates_tokens_details)
    is_mended = max(cached, sound) > read or spoken > made - reasoning
    read = max(cached, read)
    return chat.Usage(
        input_tokens=read,
        output_tokens=made,
        input_cached_tokens=cached,
        input_audio_tokens=min(read, sound) if sound else 0,
        output_reasoning_tokens=reasoning,
        output_audio_tokens=min(made - reasoning, spoken) if spoken else 0,
        web_searches=web_searches,
        service_tier=said.service_tier,
        is_mended=is_mended,
    )


def write_usage(usage: chat.Usage) -> dict[str, Any]:
    """The same count as a JSON object. What was put into a cache has no word here: it is input like the other."""
    reasoning = min(usage.output_reasoning_tokens, usage.output_tokens)
    said = usage.output_tokens - reasoning
    wire: dict[str, Any] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": said,
        "totalTokenCount": usage.total_tokens,
        "promptTokensDetails": _modalities(usage.input_tokens, usage.input_audio_tokens),
        "candidatesTokensDetails": _modalities(said, usage.output_audio_tokens),
    }
    if usage.input_cached_tokens:
        wire["cachedContentTokenCount"] = usage.input_cached_tokens
    if reasoning:
        wire["thoughtsTokenCount"] = reasoning
    tier = tiers.worded(usage.service_tier, _TIERS, _ORDINARY_TIER)
    if tier is not None:
        wire["serviceTier"] = tier
    return wire


def _audio(details: list[_Modality]) -> int:
    tokens = 0
    for each in details:
        if each.modality in _AUDIO:
            tokens += each.token_count
    return tokens


def _modalities(tokens: int, audio: int) -> list[dict[str, Any]]:
    audio = min(audio, tokens)
    counts = {"TEXT": tokens - audio, "AUDIO": audio}
    return [{"modality": name, "tokenCount": count} for name, count in counts.items() if count]
