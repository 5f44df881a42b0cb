"""What of a request this dialect can say, and which of its own fields others may leave out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tollhouse.dialects.carry import Carry

NAME: Final = "gemini"

CARRIES: Final[Mapping[str, Carry]] = {
    "system": "lossless",
    "late_system": "lossy",  # said with the others, before the conversation
    "name": "lossy",
    "image_url": "lossless",
    "image_data": "lossless",
    "image_detail": "lossy",
    "audio": "lossless",
    "file_data": "lossy",  # without its name
    "file_url": "lossless",
    "refusal": "lossy",  # as plain words
    "reasoning": "lossy",
    "signed_reasoning": "lossy",
    "citations": "lossy",
    "prefill": "lossy",
    "tools": "lossless",
    "strict_tools": "lossy",
    "tool_error": "lossless",
    "tool_media": "lossless",
    "tool_choice": "lossless",
    "parallel_tool_calls": "lossy",
    "json_object": "lossless",
    "json_schema": "lossless",
    "schema_bounds": "lossless",
    "max_output_tokens": "lossless",
    "temperature": "lossless",
    "high_temperature": "lossless",
    "top_p": "lossless",
    "top_k": "lossless",
    "presence_penalty": "lossless",
    "frequency_penalty": "lossless",
    "stop": "lossless",
    "blank_stop": "lossless",
    "n": "lossless",
    "seed": "lossless",  # a longer one than the field holds as another, always the same
    "logprobs": "lossless",
    "reasoning_effort": "lossy",  # as the nearest budget or level
    "reasoning_budget_tokens": "lossy",
    "verbosity": "lossy",
    "user": "lossy",
    "long_user": "lossy",
}
"""How each feature of `carry.FEATURES` is said; what is absent is refused."""

SHOWS: Final = frozenset({"image", "image_url", "file", "citation.place", "citation.quote", "citation.document"})
"""What an answer can show besides words."""

REPEATS: Final[frozenset[str]] = frozenset()
"""Fields of an answer that say no more than its request or its form: none."""

HINTS: Final = frozenset(
    {
        "behavior",
        "generationConfig.enableEnhancedCivicAnswers",
        "generationConfig.logprobs",
        "generationConfig.mediaResolution",
        "generationConfig.thinkingConfig.includeThoughts",
        "labels",
        "mediaResolution",
        "mimeType",
        "response",
        "responseJsonSchema",
        "safetySettings",
        "serviceTier",
        "store",
        "toolConfig.functionCallingConfig.mode",
        "toolConfig.includeServerSideToolInvocations",
    }
)
"""Fields that are no more than hints, by the names they have in `extra`: a field within another by its whole path."""
