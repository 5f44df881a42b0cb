"""The tier that served, in the words of the dialect that tells of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

_ORDINARY: Final = frozenset({"default", "standard", "on_demand"})
"""What serves who asks for no tier: in the words of OpenAI; of Anthropic, Google and Mistral; of Groq."""


def worded(tier: str | None, words: Collection[str], ordinary: str) -> str | None:
    """The tier by the dialect's word for it; None when it has none.

    Args:
        words: all that the dialect has for tiers.
        ordinary: that for the tier of who asks for none.
    """
    if tier in words:
        return tier
    return ordinary if tier in _ORDINARY else None
