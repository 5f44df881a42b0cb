"""How hard to think: as an effort, as some dialects say it, and as a budget of tokens, as others do.

Google, "OpenAI compatibility", section "Thinking" (read 2026-11-22), is the one vendor that documents both for the same
models: minimal and low are 1,024 tokens, medium 8,192, high 24,576, and none is 0.
"""

from __future__ import annotations

from typing import Final

_BUDGETS: Final = {
    "none": 0,
    "minimal": 1_024,
    "low": 1_024,
    "medium": 8_192,
    "high": 24_576,
    "xhigh": 32_768,
}


def budget_tokens(effort: str) -> int:
    """The tokens that an effort stands for; -1, which leaves it to the model, for a word that is not known."""
    return _BUDGETS.get(effort, -1)


def effort(budget: int) -> str | None:
    """The effort whose budget is nearest, and not smaller; None for a budget that leaves it to the model."""
    if budget < 0:
        return None
    return next((word for word in ("none", "low", "medium", "high") if budget <= _BUDGETS[word]), "high")
