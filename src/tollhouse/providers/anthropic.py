"""Anthropic."""

from __future__ import annotations

from typing import Final

from tollhouse.dialects import anthropic_messages
from tollhouse.providers.base import CALLED_BY_US, WHOLE_CONTEXT_TOKENS, Fields, Headers, Limits, Provider

# Models and their windows: https://platform.claude.com/docs/en/about-claude/models, 2026-11-22.
_SERIES: Final = {
    Limits(1_000_000, 128_000): """
        claude-fable-5-2 claude-fable-5-1 claude-fable-5 claude-mythos-5-2 claude-mythos-5-1 claude-mythos-5
        claude-opus-5-5 claude-opus-5 claude-opus-4-8 claude-opus-4-7 claude-opus-4-6
        claude-sonnet-5-5 claude-sonnet-5 claude-sonnet-4-6 claude-haiku-5-5""",
    # With a beta header Sonnet 4.5 reads a million, and what a header asks is not known here.
    Limits(1_000_000, 64_000): "claude-sonnet-4-5 claude-sonnet-4-5-20250929",
    Limits(200_000, 64_000): """
        claude-opus-4-5 claude-opus-4-5-20251101 claude-haiku-4-5 claude-haiku-4-5-20251001""",
}

_TOOLS_OF_THE_CALLER: Final = ("bash_", "computer_2", "memory_", "text_editor_")
"""Anthropic describes these tools to the model, and the caller runs them."""


def _authorize(api_key: str, fields: Fields) -> Headers:
    """The key; it belongs to a workspace, so there is nothing else to tell."""
    return ((b"x-api-key", api_key.encode()),)


def _hidden_tokens(has_tools: bool, tool_types: frozenset[str]) -> int:
    """Of 111 recordings with words and functions only, the most that one counts beyond its bytes is 254 tokens.

    Anthropic's page on the pricing of tools (2026-11-22) tells up to 935 for the prompt that explains tools, and up to
    some 1,400 more are recorded for each tool that Anthropic describes.
    """
    described = tool_types - CALLED_BY_US
    if not all(kind.startswith(_TOOLS_OF_THE_CALLER) for kind in described):
        return WHOLE_CONTEXT_TOKENS
    return (1_024 if has_tools else 256) + 2_048 * len(described)


PROVIDER = Provider(
    name="anthropic",
    dialect=anthropic_messages,
    base_url="https://api.anthropic.com/v1",
    docs_url="https://platform.claude.com/docs",
    env="ANTHROPIC_API_KEY",
    authorize=_authorize,
    limits={model: limits for limits, models in _SERIES.items() for model in models.split()},
    priced_as="anthropic",
    hidden_tokens=_hidden_tokens,
)
