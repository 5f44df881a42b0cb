"""How hard and how much to think.

Anthropic, "Thinking" and "Effort" (read 2026-11-22). Models up to Claude 4.5 think when they are given a budget of
tokens; from 4.6 on they decide for themselves, and are told an effort. Who speaks this dialect says what the model
takes, and is taken at his word; what was asked in another dialect is put as the model takes it.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from tollhouse.dialects import chat, effort
from tollhouse.dialects.anthropic_messages.name import NAME

MIN_BUDGET_TOKENS: Final = 1_024
"""The least that a model can be given to think."""

ADAPTIVE: Final = -1

_LEAST_TOP_P: Final = 0.95

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


def is_taken(budget: int, request: chat.ChatRequest) -> bool:
    """Whether the API takes this budget beside the rest of the request.

    It takes none before a call that is forced, with other sampling than its own, and in an answer that has been begun;
    and no number of tokens when the turn under way has called tools without thinking.
    """
    if budget == 0:
        return True
    is_forced = bool(request.tools) and request.tool_choice not in (None, "auto", "none")
    is_begun = request.messages[-1].role == "assistant"
    if is_forced or is_begun or _is_sampled_otherwise(request):
        return False
    return budget < 0 or not _has_called_unthinking(request.messages)


def _is_sampled_otherwise(request: chat.ChatRequest) -> bool:
    is_narrowed = request.top_p is not None and request.top_p < _LEAST_TOP_P
    return is_narrowed or request.top_k is not None or request.temperature not in (None, 1)


def _has_called_unthinking(messages: tuple[chat.Message, ...]) -> bool:
    last = next((message for message in reversed(messages) if message.role == "assistant"), None)
    if last is None or not last.tool_calls:
        return False
    return not any(isinstance(part, chat.ReasoningPart) and part.made_by == NAME for part in last.parts)


def _affordable(budget: int, cap: int | None) -> int | None:
    """A budget that the model accepts; None when the cap leaves no room to think."""
    if budget == 0:
        return 0
    budget = max(budget if budget > 0 else effort.budget_tokens("medium"), MIN_BUDGET_TOKENS)
    if cap is None or budget < cap:
        return budget
    return cap - 1 if cap > MIN_BUDGET_TOKENS else None
