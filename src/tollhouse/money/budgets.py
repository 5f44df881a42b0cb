"""How much is left, and in which window.

A *budget* is the rule; a *bucket* is a budget in one period; a *hold* is an amount set aside in every bucket a call
belongs to. This page decides, it changes nothing: `decide` answers whether a call fits into all its buckets together,
how much each of them sets aside, and which output cap must be sent so that what is held is what can be spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from tollhouse.money.amounts import MAX_NANODOLLARS, Nanodollars
from tollhouse.money.prices import UNLIMITED_TOKENS, Price, affordable_output, most

Unit: TypeAlias = Literal["usd", "tokens", "requests"]
Window: TypeAlias = Literal["day", "month", "total"]
Mode: TypeAlias = Literal["strict", "estimate", "warn"]

ASSUMED_OUTPUT_TOKENS = 1_024
"""Output an estimate assumes when the client gave no cap."""

UNKNOWN_MAXIMUM_TOKENS = 4_096
"""The largest cap written for a model whose own maximum is unknown."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: no more than `limit` of `unit` in each `window`.

    Attributes:
        owner: id of a workspace, user or token.
        model: only calls that ask for this model or alias; None for all.
        limit: nanodollars, tokens or requests, by unit.
        time_zone: IANA name whose calendar the window follows.
        min_output_tokens: a call that cannot afford at least this much output is refused.
    """

    id: str
    owner: str
    model: str | None
    unit: Unit
    window: Window
    mode: Mode
    limit: int
    time_zone: str = "UTC"
    min_output_tokens: int = 1_024


class Balance(msgspec.Struct):
    """What a bucket holds, in its budget's unit, all >= 0. `overage` is what was posted above what had been held."""

    posted: int = 0
    open: int = 0
    unconfirmed: int = 0
    overage: int = 0

    @property
    def taken(self) -> int:
        """Everything that is not available any more."""
        return self.posted + self.open + self.unconfirmed


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt may use, at most and probably.

    Attributes:
        owners: workspace, user and token, in any order.
        models: every name the call is known by (as asked, alias, provider/model).
        price: None when unknown.
        input_bound: tokens the input cannot exceed.
        input_estimate: tokens the input probably has.
        cap: the client's own limit on output tokens per choice; never lowered.
        n: choices.
        max_output_tokens: the model's own maximum; None when unknown.
        requests: 1, or 0 when an earlier attempt of the request is counted already.
    """

    owners: tuple[str, ...]
    models: frozenset[str]
    price: Price | None
    input_bound: int
    input_estimate: int
    cap: int | None
    n: int = 1
    max_output_tokens: int | None = None
    requests: int = 1


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The call fits.

    Attributes:
        usd: nanodollars that the attempt may cost at most, with or without a dollar budget; without any cap, by an
            assumed one.
        amounts: for each applicable budget, in order, what its bucket sets aside.
        cap: the output cap that must be written into the request; None leaves the request as it is.
        remaining_usd: the least that is left in any dollar budget after this hold; None without one.
        available_usd: the same before it.
    """

    usd: Nanodollars
    amounts: tuple[int, ...]
    cap: int | None
    remaining_usd: Nanodollars | None
    available_usd: Nanodollars | None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The call does not fit into `budget`.

    Attributes:
        needed: what the call would set aside.
        available: what is left, never below 0.
        affordable_tokens: the largest output cap that would fit into all budgets; None when that is not what it depends
            on.
        unpriced: a strict dollar budget cannot hold a call whose price is unknown.
    """

    budget: Budget
    needed: int
    available: int
    affordable_tokens: int | None = None
    unpriced: bool = False


def applies(budget: Budget, ask: Ask) -> bool:
    """Whether the call belongs under the budget."""
    return budget.owner in ask.owners and (budget.model is None or budget.model in ask.models)


def decide(ask: Ask, buckets: Sequence[tuple[Budget, Balance]]) -> Grant | Refusal:
    """All buckets together, or none: does the call fit, and what is set aside?"""
    if not buckets:
        return Grant(usd=_most(ask, ask.cap), amounts=(), cap=None, remaining_usd=None, available_usd=None)
    strict = [bucket for bucket in buckets if bucket[0].mode == "strict" and bucket[0].unit == "usd"]
    if strict and ask.price is None:
        budget, balance = strict[0]
        return Refusal(budget=budget, needed=0, available=_available(budget, balance), unpriced=True)
    cap = _cap_to_write(ask, buckets, strict=bool(strict))
    bounded = ask.cap if cap is None else cap
    usd = _dollars(ask, bounded, strict=bool(strict))
    amounts = []
    remaining: int | None = None
    least: int | None = None
    for budget, balance in buckets:
        amount = _amount(budget, ask, bounded, usd)
        available = _available(budget, balance)
        if budget.mode == "warn":
            # Nothing is refused here, so nothing else keeps the sum within its column.
            amount = min(amount, max(0, MAX_NANODOLLARS - balance.taken))
        elif amount > available:
            return _refuse(ask, buckets, bounded, usd, strict=bool(strict))
        if budget.unit == "usd":
            left = max(0, available - amount)
            remaining = left if remaining is None else min(remaining, left)
            least = available if least is None else min(least, available)
        amounts.append(amount)
    return Grant(
        # The worst case, whatever the budgets: a strict one holds just that.
        usd=usd if strict and bounded is not None else _most(ask, bounded),
        amounts=tuple(amounts),
        cap=cap,
        remaining_usd=None if remaining is None else Nanodollars(remaining),
        available_usd=None if least is None else Nanodollars(least),
    )


def _available(budget: Budget, balance: Balance) -> int:
    """What is left; nothing when the limit was lowered below what is taken."""
    return max(0, budget.limit - balance.taken)


def _cap_to_write(ask: Ask, buckets: Sequence[tuple[Budget, Balance]], *, strict: bool) -> int | None:
    """The cap that strict budgets write when the client gave none, so that what is reserved is what is sent: what a
    quarter of what is left affords, but no less than each wants at least, whether that fits or not."""
    if ask.cap is not None:
        return None
    floor = 0
    most_tokens = UNLIMITED_TOKENS
    for budget, balance in buckets:
        if budget.mode == "warn" or budget.unit == "requests" or (budget.unit == "usd" and _has_free_output(ask)):
            continue
        available = _available(budget, balance)
        if budget.mode == "strict":
            floor = max(floor, budget.min_output_tokens)
            available //= 4
        most_tokens = min(most_tokens, _affordable(budget, ask, available, strict=strict))
    if not floor:
        return None
    return min(ask.max_output_tokens or UNKNOWN_MAXIMUM_TOKENS, max(floor, most_tokens))


def _has_free_output(ask: Ask) -> bool:
    return ask.price is None or ask.price.has_free_output


def _affordable(budget: Budget, ask: Ask, available: int, *, strict: bool) -> int:
    """Output tokens per choice that fit into `available` of dollars or tokens; 0 when not even the input does."""
    if budget.unit == "tokens":
        counted = ask.input_bound if budget.mode == "strict" else ask.input_estimate
        return max(0, available - counted) // ask.n
    if ask.price is None:
        return UNLIMITED_TOKENS
    return affordable_output(ask.price, ask.input_bound if strict else ask.input_estimate, ask.n, available)


def _dollars(ask: Ask, cap: int | None, *, strict: bool) -> Nanodollars:
    """The worst case under a strict dollar budget, else what is probable; an unknown price holds nothing."""
    if ask.price is None:
        return Nanodollars(0)
    if strict:
        # Without a cap output is free.
        return most(ask.price, ask.input_bound, cap or 0, ask.n)
    return most(ask.price, ask.input_estimate, ASSUMED_OUTPUT_TOKENS if cap is None else cap, ask.n)


def _most(ask: Ask, cap: int | None) -> Nanodollars:
    """What a strict dollar budget would hold."""
    if cap is None and not _has_free_output(ask):
        cap = ASSUMED_OUTPUT_TOKENS
    return _dollars(ask, cap, strict=True)


def _amount(budget: Budget, ask: Ask, cap: int | None, usd: Nanodollars) -> int:
    if budget.unit == "requests":
        return ask.requests
    if budget.unit == "usd":
        return usd
    if budget.mode == "strict" and cap is not None:
        return ask.input_bound + cap * ask.n
    return ask.input_estimate + (ASSUMED_OUTPUT_TOKENS if cap is None else cap) * ask.n


def _refuse(
    ask: Ask, buckets: Sequence[tuple[Budget, Balance]], cap: int | None, usd: Nanodollars, *, strict: bool
) -> Refusal:
    """Name one budget that is too small, first one of requests, and the output that would fit into all of them."""
    binding = [bucket for bucket in buckets if bucket[0].mode != "warn"]
    needed, budget, balance = min(
        (
            (_amount(budget, ask, cap, usd), budget, balance)
            for budget, balance in binding
            if _amount(budget, ask, cap, usd) > _available(budget, balance)
        ),
        key=lambda small: small[1].unit != "requests",
    )
    affordable = [
        _affordable(each, ask, _available(each, held), strict=strict)
        for each, held in binding
        if each.unit != "requests"
    ]
    return Refusal(
        budget=budget,
        needed=needed,
        available=_available(budget, balance),
        affordable_tokens=None if budget.unit == "requests" else min(affordable),
    )


# --- windows ---------------------------------------------------------------------------------------------------------


def bucket_id(budget: Budget, now: datetime) -> str:
    """The bucket of the moment, `bud_…:usd:2026-11-22`: the period is part of its key, so there is no reset, hence no
    reset race; the unit is, so that a settlement knows what to post."""
    return f"{budget.id}:{budget.unit}:{period(budget.window, budget.time_zone, now)}"


def budget_id_of(bucket: str) -> str:
    """The budget of a bucket, from its id."""
    return bucket.partition(":")[0]


def unit_of(bucket: str) -> str:
    """The unit of a bucket, from its id."""
    return bucket.split(":", 2)[1]


def period(window: Window, time_zone: str, now: datetime) -> str:
    """The current period: `2026-11-22`, `2026-11` or `total`, by the calendar of the time zone."""
    if window == "total":
        return "total"
    local = now.astimezone(_zone(time_zone)).date().isoformat()
    return local if window == "day" else local[: len("2026-11")]


def resets_at(window: Window, time_zone: str, now: datetime) -> datetime | None:
    """When the next period begins, in UTC; None for a total. Days of 23 and 25 hours are simply days."""
    if window == "total":
        return None
    zone = _zone(time_zone)
    today = now.astimezone(zone).date()
    if window == "day":
        first = today + timedelta(days=1)
    else:
        first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(first, time(), zone).astimezone(UTC)


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
