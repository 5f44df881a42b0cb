"""Usage in Google's words.

Gemini API reference, "UsageMetadata" (read 2026-11-22). Zeros are left out, thoughts and what tools brought are counted
beside the other output and input, and a stream counts in every chunk, all that was so far.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec

from tollhouse.dialects import chat

MAX_TOKENS: Final = 2**31 - 1
"""No call reads or makes more; a larger count is nonsense."""

Count: TypeAlias = int | float | None

_AUDIO: Final = ("AUDIO", 4)


class _Modality(msgspec.Struct, rename="camel"):
    modality: str | int | None = None
    token_count: Count = None


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: Count = None
    cached_content_token_count: Count = None
    candidates_token_count: Count = None
    thoughts_token_count: Count = None
    tool_use_prompt_token_count: Count = None
    total_token_count: Count = None
    prompt_tokens_details: list[_Modality] | None = None
    tool_use_prompt_tokens_details: list[_Modality] | None = None
    candidates_tokens_details: list[_Modality] | None = None
    service_tier: str | None = None


_DECODER = msgspec.json.Decoder(_Usage | None)


def read_usage(raw: msgspec.Raw) -> chat.Usage | None:
    """The provider's count, or None when there is none.

    A count that cannot be true (negative, fractional, absurdly large, not a number) is no count: the caller estimates.
    What the total has above its parts was read or made, and is charged: as input when that is the part left out.
    """
    try:
        said = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if said is None or said.prompt_token_count is said.candidates_token_count is said.total_token_count is None:
        return None
    try:
        read = _count(said.prompt_token_count) + _count(said.tool_use_prompt_token_count)
        reasoning = _count(said.thoughts_token_count)
        made = _count(said.candidates_token_count) + reasoning
        cached = _count(said.cached_content_token_count)
        total = _count(said.total_token_count)
    except ValueError:
        return None
    unseen = max(0, total - read - made)
    if said.prompt_token_count is None:
        read += unseen
    else:
        made += unseen
    read = max(read, cached)
    if max(read, made) > MAX_TOKENS:
        return None
    audio_in = _audio(said.prompt_tokens_details) + _audio(said.tool_use_prompt_tokens_details)
    return chat.Usage(
        input_tokens=read,
        output_tokens=made,
        input_cached_tokens=cached,
        input_audio_tokens=min(read, audio_in),
        output_reasoning_tokens=reasoning,
        output_audio_tokens=min(made - reasoning, _audio(said.candidates_tokens_details)),
        service_tier=said.service_tier,
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
    if usage.service_tier is not None:
        wire["serviceTier"] = usage.service_tier
    return wire


def _count(said: Count) -> int:
    if said is None:
        return 0
    if said != int(said) or not 0 <= said <= MAX_TOKENS:
        raise ValueError("not a count")
    return int(said)


def _audio(details: list[_Modality] | None) -> int:
    """The tokens of sound; a part that makes no sense is none."""
    if not details:
        return 0
    try:
        return sum([_count(each.token_count) for each in details if each.modality in _AUDIO])
    except ValueError:
        return 0


def _modalities(tokens: int, audio: int) -> list[dict[str, Any]]:
    audio = min(audio, tokens)
    counts = {"TEXT": tokens - audio, "AUDIO": audio}
    return [{"modality": name, "tokenCount": count} for name, count in counts.items() if count]
