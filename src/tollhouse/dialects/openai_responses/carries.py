"""What this dialect is called, and what it can say of a request that was read in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tollhouse.dialects.carry import Carry

NAME: Final = "openai_responses"

CARRIES: Final[Mapping[str, Carry]] = {
    "system": "lossless",
    "late_system": "lossless",
    "name": "lossy",
    "image_url": "lossless",
    "image_data": "lossless",
    "image_detail": "lossless",
    "file_id": "lossless",
    "file_data": "lossless",
    "file_url": "lossless",
    "refusal": "lossless",
    # Only what is sealed, and sealed by this dialect, means anything to a provider that stores nothing.
    "reasoning": "lossy",
    "signed_reasoning": "lossy",
    # Addresses are said; what rests on a document without one is not.
    "citations": "lossy",
    "prefill": "lossy",  # as any other
    "tools": "lossless",
    "strict_tools": "lossless",
    "tool_error": "lossy",
    "tool_media": "lossless",
    "tool_choice": "lossless",
    "parallel_tool_calls": "lossless",
    "json_object": "lossless",
    "json_schema": "lossless",
    "schema_bounds": "lossless",
    "max_output_tokens": "lossless",
    "temperature": "lossless",
    "high_temperature": "lossless",
    "top_p": "lossless",
    "top_k": "lossy",
    "seed": "lossy",
    "logprobs": "lossless",
    "reasoning_effort": "lossless",
    "reasoning_budget_tokens": "lossy",
    "verbosity": "lossless",
    "user": "lossless",
    "long_user": "lossy",  # as a digest
}
"""Absent, and so refused: sound, stop sequences, penalties, several choices; the API has no field for them."""

SHOWS: Final = frozenset({"image", "citation.place"})
"""What an answer can show besides words: pictures, as those of the tool that makes them, and addresses."""

REPEATS: Final = frozenset(
    {
        "background",
        "frequency_penalty",
        "id",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "parallel_tool_calls",
        "presence_penalty",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "status",
        "store",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    }
)
"""Fields of an answer that say no more than its request or its form: they are not missed in another dialect."""

HINTS: Final = frozenset(
    {
        "client_metadata",
        "defer_loading",
        "id",
        "include",
        "logprobs",
        "max_tool_calls",
        "metadata",
        "namespace",  # of what a tool answers: its call has told it
        "output_schema",
        "phase",
        "prompt_cache_breakpoint",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning.context",
        "reasoning.generate_summary",
        "reasoning.summary",
        "safety_identifier",
        "service_tier",
        "status",
        "store",
        "stream_options",
        "top_logprobs",
        "truncation",
    }
)
"""What a client of this dialect can do without. Names with a dot are fields of `text` and of `reasoning`."""
