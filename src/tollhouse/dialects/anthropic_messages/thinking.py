"""How hard and how much to think.

Anthropic, "Thinking" and "Effort" (read 2026-11-22). Models up to Claude 4.5 think when they are given a budget of
tokens; from 4.6 on they decide for themselves, and are told an effort. Who speaks this dialect says what the model
takes, and is taken at his word; what was asked in another dialect is put as the model takes it.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from tollhouse.dialects import effort

MIN_BUDGET_TOKENS: Final = 1_024
"""The least that a model can be given to think."""

ADAPTIVE: Final = -1

_EFFORTS: Final = {"low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "xhigh"}
_BY_BUDGET: Final = re.compile(
    r"claude-(?:[123]|instant|v\d|4-(?:5-)?(?:opus|sonnet|haiku)|(?:opus|sonnet|haiku)-4(?![-.][6-9](?!\d)))"
)


class Thinking(msgspec.Struct):
    """`thinking` as the wire has it."""

    type: str
    budget_tokens: int | None = None

    @property
    def budget(self) -> int | None:
        """The budget in no dialect: 0 is none, -1 leaves it to the model; None when we have no word for the type."""
        match self.type:
            case "enabled":
                return self.budget_tokens
            case "disabled":
                return 0
            case "adaptive":
                return ADAPTIVE
            case _:
                return None


def write_thinking(budget: int | None) -> dict[str, Any] | None:
    """`thinking` for a budget."""
    if budget is None:
        return None
    if budget <= 0:
        return {"type": "adaptive" if budget < 0 else "disabled"}
    return {"type": "enabled", "budget_tokens": budget}


def read_effort(said: str | None) -> str | None:
    """The effort in no dialect; None when it is not told, or in a word that we do not know."""
    return _EFFORTS.get(said or "")


def is_beyond(said: str | None) -> bool:
    """The effort cannot be said again from what is read of it."""
    return said is not None and read_effort(said) != said


def suited(model: str, wanted: str | None, budget: int | None, cap: int | None) -> tuple[str | None, int | None]:
    """Effort and budget as the model takes them, for a request of another dialect.

    Args:
        wanted: the effort asked for.
        budget: the budget asked for, in tokens.
        cap: of the whole output, in tokens, which must be larger than a budget.
    """
    if wanted is None and budget is None:
        return None, None
    if _BY_BUDGET.search(model):
        return None, _affordable(effort.budget_tokens(wanted or "") if budget is None else budget, cap)
    if wanted is None and budget is not None:
        wanted = effort.effort(budget)
    if wanted == "none":
        return None, 0
    return _EFFORTS.get(wanted or "", "low" if wanted == "minimal" else None), ADAPTIVE


def _affordable(budget: int, cap: int | None) -> int | None:
    """A budget that the model accepts; None when the cap leaves no room to think."""
    if budget == 0:
        return 0
    budget = max(budget if budget > 0 else effort.budget_tokens("medium"), MIN_BUDGET_TOKENS)
    if cap is None or budget < cap:
        return budget
    return cap - 1 if cap > MIN_BUDGET_TOKENS else None
