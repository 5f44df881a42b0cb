"""How an attempt of a run ended: what its row says, and what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tollhouse.conversations.messages.history import estimate_parts
from tollhouse.conversations.messages.parts import AnyPart
from tollhouse.conversations.messages.views import RunErrorView, RunStatus, TokensView, TurnUsageView
from tollhouse.conversations.turns.hearing import STOPPED
from tollhouse.conversations.turns.retrying import is_failure, is_passing, next_try
from tollhouse.dialects.chat import Usage
from tollhouse.errors import TollhouseError, Unavailable
from tollhouse.gateway.exchange import Exchange

FINISHED = ("succeeded", "failed", "cancelled")


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What is written.

    Attributes:
        status: `retrying` or `queued` when another attempt follows.
        tokens: of the answer, without the thinking that is not told again.
        failures: how many there have been, when another attempt follows them.
    """

    status: RunStatus
    parts: tuple[AnyPart, ...]
    finish_reason: str
    model: str | None
    tokens: int
    tokens_estimated: bool
    error: RunErrorView | None
    usage: TurnUsageView | None
    cost: int | None
    next_try_at: datetime | None = None
    failures: int = 0

    def values(self, run: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Of the run's row."""
        told = {
            "status": self.status,
            "error": None if self.error is None else msgspec.to_builtins(self.error),
            "next_try_at": self.next_try_at,
            "usage": None if self.usage is None else msgspec.to_builtins(self.usage),
            "cost": self.cost,
        }
        if self.status in FINISHED:
            return {**told, "finished_at": now}
        return {**told, "failures": self.failures or run["failures"], "boot_id": None, "job_id": None}

    @property
    def stopped(self) -> Ending:
        """The same when somebody wanted no more of it meanwhile."""
        nothing = {"error": None, "next_try_at": None}
        return msgspec.structs.replace(self, status="cancelled", finish_reason=STOPPED, **nothing)


def ending_of(
    exchange: Exchange,
    parts: tuple[AnyPart, ...],
    finish_reason: str = STOPPED,
    *,
    error: BaseException | None = None,
    is_late: bool = False,
) -> Ending:
    """What an exchange came to: an answer, or an error or a stop with what was said until then.

    Args:
        is_late: it was stopped by its deadline, which is a failure.
    """
    candidate, bill, counted = exchange.candidate, exchange.bill, exchange.tally.usage
    status: RunStatus = "succeeded"
    told = None
    if error is not None and exchange.has_left and not is_late:
        status = "cancelled"
    elif error is not None:
        status, told = "failed", error_view(error)
    exact = None if counted is None else counted.output_tokens - counted.output_reasoning_tokens
    return Ending(
        status=status,
        parts=parts,
        finish_reason=finish_reason,
        model=f"{candidate.provider.name}/{candidate.model}" if candidate else None,
        tokens=estimate_parts(parts) if exact is None else max(0, exact),
        tokens_estimated=exact is None,
        error=told,
        usage=None if bill is None else usage_view(bill.usage, counted, cached=exchange.is_recalled),
        cost=None if bill is None else bill.cost,
    )


def going_on(
    ending: Ending, run: Mapping[str, Any], error: BaseException | None, *, now: datetime, chance: float
) -> Ending:
    """The ending of an attempt in the background: what may help is tried again later, and what we break off, elsewhere.

    What an attempt said that another one follows is not kept.

    Args:
        chance: as `retrying.next_try` takes it.
    """
    if ending.status != "failed" or error is None:
        return ending
    if isinstance(error, asyncio.CancelledError):
        return msgspec.structs.replace(ending, status="queued", error=None, parts=())
    failures = run["failures"] + is_failure(error)
    at = next_try(error, failures=failures, now=now, deadline_at=run["deadline_at"], chance=chance)
    if at is None:
        return ending
    return msgspec.structs.replace(ending, status="retrying", parts=(), next_try_at=at, failures=failures)


def error_view(error: BaseException) -> RunErrorView:
    """An error as the run's row tells it: nothing of one that we do not raise on purpose."""
    if isinstance(error, asyncio.CancelledError):
        error = Unavailable("The gateway stopped while this run was under way.")
    if not isinstance(error, TollhouseError):
        error = TollhouseError("Something went wrong here, and it has been logged.")
    return RunErrorView(
        code=error.code,
        message=error.message,
        type=error.type,
        status=error.status,
        retryable=is_passing(error),
    )


def usage_view(usage: Usage, counted: Usage | None, *, cached: bool) -> TurnUsageView:
    """Tokens, as the run's row keeps them; of an earlier answer that is given again, also those `counted` then."""
    kept = TokensView(**_tokens(counted)) if cached and counted is not None else None
    return TurnUsageView(**_tokens(usage), cached=cached, kept=kept)


def _tokens(usage: Usage) -> dict[str, int]:
    return {name: getattr(usage, name) for name in TokensView.__struct_fields__}
