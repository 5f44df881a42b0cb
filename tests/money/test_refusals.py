"""A refusal says what was needed, what is left, what would fit, and when there is more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tollhouse.money.budgets import Budget, Refusal
from tollhouse.money.refusals import refusal_error, shown

NOW = datetime(2026, 1, 15, 12, 0, 0, 500_000, tzinfo=UTC)


def budget(**values: Any) -> Budget:
    told: dict[str, Any] = {
        "id": "bud_1",
        "owner": "usr_1",
        "model": None,
        "unit": "usd",
        "window": "day",
        "mode": "strict",
        "limit": 1_000_000_000,
        "time_zone": "UTC",
        "min_output_tokens": 1_024,
    }
    return Budget(**told | values)


def test_a_day_in_dollars() -> None:
    refusal = Refusal(budget=budget(), needed=250_000_000, available=1, affordable_tokens=7)
    error = refusal_error(refusal, NOW)
    assert error.message == (
        "A budget of $1 per day cannot hold this call: it may take $0.25, $0.000000001 is left. "
        "An output of up to 7 tokens could be afforded. It resets at 2026-01-16T00:00:00Z."
    )
    assert error.details == {
        "budget": "bud_1",
        "unit": "usd",
        "window": "day",
        "needed": "0.25",
        "available": "0.000000001",
        "affordable_max_tokens": 7,
        "resets_at": "2026-01-16T00:00:00Z",
    }
    assert error.retry_after_s == 12 * 3600 - 0.5
    assert (error.status, error.type, error.code) == (429, "insufficient_quota", "insufficient_quota")


def test_a_month_in_tokens_of_an_owner_far_away() -> None:
    owned = budget(unit="tokens", window="month", limit=100, time_zone="Asia/Kathmandu")
    error = refusal_error(Refusal(budget=owned, needed=80, available=30, affordable_tokens=0), NOW)
    assert error.message == (
        "A budget of 100 tokens per month cannot hold this call: it may take 80 tokens, 30 tokens are left. "
        "It resets at 2026-01-31T18:15:00Z."
    )
    assert error.details == {
        "budget": "bud_1",
        "unit": "tokens",
        "window": "month",
        "needed": 80,
        "available": 30,
        "affordable_max_tokens": 0,
        "resets_at": "2026-01-31T18:15:00Z",
    }


def test_a_total_of_requests_never_resets() -> None:
    owned = budget(unit="requests", window="total", limit=3)
    error = refusal_error(Refusal(budget=owned, needed=1, available=0), NOW)
    assert error.message == (
        "A budget of 3 requests total cannot hold this call: it may take 1 request, 0 requests are left."
    )
    assert error.details == {"budget": "bud_1", "unit": "requests", "window": "total", "needed": 1, "available": 0}
    assert error.retry_after_s is None


def test_an_unknown_price() -> None:
    error = refusal_error(Refusal(budget=budget(window="month"), needed=0, available=5, unpriced=True), NOW)
    assert error.message == (
        "The price of this model is unknown, so a strict budget ($1 per month) cannot hold it. "
        "An operator can set a price, or a budget in mode `estimate`."
    )
    assert error.code == "unknown_price"
    assert error.details == {"budget": "bud_1", "unit": "usd", "window": "month"}
    assert error.retry_after_s is None


@pytest.mark.parametrize("microsecond", [0, 999_999])
def test_nobody_is_told_to_come_again_at_once(microsecond: int) -> None:
    late = datetime(2026, 1, 15, 23, 59, 59, microsecond, tzinfo=UTC)
    error = refusal_error(Refusal(budget=budget(), needed=2, available=1), late)
    assert error.retry_after_s == 1.0


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (1, "usd", "$0.000000001"),
        (5, "tokens", "5 tokens"),
        (1_000, "tokens", "1,000 tokens"),
        (1, "requests", "1 request"),
    ],
)
def test_amounts_have_their_unit(amount: int, unit: str, text: str) -> None:
    assert shown(amount, unit) == text
