"""What this dialect can say, and which of its own fields may be lost on the way to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tollhouse.dialects.carry import Carry

CARRIES: Final[Mapping[str, Carry]] = {
    "system": "lossless",
    "late_system": "lossy",  # said with the system prompt: not every model takes them in their places
    "name": "lossy",
    "image_url": "lossless",
    "image_data": "lossless",
    "image_detail": "lossy",
    "file_data": "lossless",
    "file_url": "lossless",
    "refusal": "lossy",  # as text
    "reasoning": "lossy",  # only proven thinking is accepted
    "signed_reasoning": "lossy",
    "citations": "lossy",
    "prefill": "lossy",  # the answer goes on from it
    "tools": "lossless",
    "strict_tools": "lossless",
    "tool_error": "lossless",
    "tool_media": "lossless",
    "tool_choice": "lossless",
    "parallel_tool_calls": "lossless",
    "json_object": "lossy",  # nothing like it: left to the prompt, which must ask for JSON in OpenAI's dialect too
    "json_schema": "lossless",  # its name and description are labels, and have no place
    "schema_bounds": "lossy",  # left to the descriptions
    "max_output_tokens": "lossless",
    "temperature": "lossless",
    "high_temperature": "lossy",  # as 1
    "top_p": "lossless",
    "top_k": "lossless",
    "presence_penalty": "lossy",
    "frequency_penalty": "lossy",
    "stop": "lossless",
    "seed": "lossy",
    "reasoning_effort": "lossy",  # there is nothing below low, and models up to Claude 4.5 are given a budget
    "reasoning_budget_tokens": "lossy",  # models from Claude 4.6 on are told an effort instead
    "verbosity": "lossy",
    "user": "lossless",
    "long_user": "lossless",
}

SHOWS: Final = frozenset({"citation.quote", "citation.document"})
"""What an answer can show besides words: what they rest on. Which words those are, a block shows, and cannot when it
has begun earlier."""

REPEATS: Final[frozenset[str]] = frozenset()
"""Fields of an answer that say no more than its request or its form: none."""

HINTS: Final = frozenset(
    {
        # Of the request. What `output_config` and `thinking` say that is modelled is said in any case.
        "anthropic_beta",
        "anthropic_version",
        "cache_control",
        "context_management",
        "diagnostics",
        "metadata",
        "output_config",
        "service_tier",
        "speed",
        "thinking",
        # Of blocks.
        "caller",
        "transformations",
        # Of tools.
        "allowed_callers",
        "defer_loading",
        "eager_input_streaming",
        "input_examples",
    }
)
