"""What a caller is told whose call does not fit into a budget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tollhouse.errors import BudgetExhausted
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.money.budgets import Budget, Refusal, resets_at


def refusal_error(refusal: Refusal, now: datetime) -> BudgetExhausted:
    """Why the call is refused, what could be afforded, and when the budget resets."""
    budget = refusal.budget
    name = "total" if budget.window == "total" else f"per {budget.window}"
    limit = shown(budget.limit, budget.unit)
    details: dict[str, Any] = {"budget": budget.id, "unit": budget.unit, "window": budget.window}
    if refusal.unpriced:
        return BudgetExhausted(
            f"The price of this model is unknown, so a strict budget ({limit} {name}) cannot hold it. "
            "An operator can set a price, or a budget in mode `estimate`.",
            code="unknown_price",
            details=details,
        )
    reset = resets_at(budget.window, budget.time_zone, now)
    verb = "is" if budget.unit == "usd" or refusal.available == 1 else "are"
    message = (
        f"A budget of {limit} {name} cannot hold this call: it may take {shown(refusal.needed, budget.unit)}, "
        f"{shown(refusal.available, budget.unit)} {verb} left."
    )
    details |= {"needed": _figure(refusal.needed, budget), "available": _figure(refusal.available, budget)}
    if refusal.affordable_tokens is not None:
        if refusal.affordable_tokens:
            message += f" An output of up to {refusal.affordable_tokens} tokens could be afforded."
        details["affordable_max_tokens"] = refusal.affordable_tokens
    if reset is not None:
        text = reset.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        message += f" It resets at {text}."
        details["resets_at"] = text
    return BudgetExhausted(
        message,
        retry_after_s=None if reset is None else max(1.0, (reset - now).total_seconds()),
        details=details,
    )


def _figure(amount: int, budget: Budget) -> str | int:
    return usd_text(Nanodollars(amount)) if budget.unit == "usd" else amount


def shown(amount: int, unit: str) -> str:
    """An amount with its unit, for people."""
    if unit == "usd":
        return f"${usd_text(Nanodollars(amount))}"
    return f"{amount:,} {unit.removesuffix('s') if amount == 1 else unit}"
