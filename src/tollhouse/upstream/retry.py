"""Again, elsewhere, or give up?"""

from __future__ import annotations

from typing import NamedTuple

from tollhouse.errors import (
    UpstreamAuthFailed,
    UpstreamDown,
    UpstreamError,
    UpstreamIncomplete,
    UpstreamQuota,
    UpstreamRateLimited,
    UpstreamTimeout,
)

BACKOFF_BASE_S = 0.25
BACKOFF_MOST_S = 8.0
RETRY_AFTER_MOST_S = 10.0


class Again(NamedTuple):
    """Ask the same candidate once more, after a pause in seconds."""

    pause_s: float


class Elsewhere(NamedTuple):
    """Ask the next candidate at once; `other_provider` when another key of the same one would not help."""

    other_provider: bool


class GiveUp(NamedTuple):
    """Another try would not help, or is not allowed."""


def decide(
    error: UpstreamError, *, attempt: int, attempts: int, has_other: bool, has_other_provider: bool, chance: float
) -> Again | Elsewhere | GiveUp:
    """What to do after a failed attempt.

    Args:
        error: how it failed.
        attempt: number of the attempt that failed, from 1.
        attempts: how many there may be in all.
        has_other: another candidate is left.
        has_other_provider: another candidate is left that is not the same provider and model.
        chance: 0 to 1, for the jitter: many clients must not come back in step.
    """
    if attempt >= attempts:
        return GiveUp()
    match error:
        case UpstreamAuthFailed() | UpstreamQuota():
            return Elsewhere(other_provider=False) if has_other else GiveUp()
        case UpstreamRateLimited():
            return Elsewhere(other_provider=False) if has_other else _wait_as_told(error, attempt, chance)
        case UpstreamDown() | UpstreamIncomplete():
            return Elsewhere(other_provider=True) if has_other_provider else _wait_as_told(error, attempt, chance)
        case UpstreamTimeout(may_have_billed=False) if has_other_provider:
            # Nothing was sent: no connection came about in time.
            return Elsewhere(other_provider=True)
        case _:
            # What is refused would be refused again; after a timeout the provider may still be working, and bill twice.
            return GiveUp()


def _wait_as_told(error: UpstreamError, attempt: int, chance: float) -> Again | GiveUp:
    if error.retry_after_s is None:
        return Again(_backoff_s(attempt, chance))
    return Again(error.retry_after_s) if error.retry_after_s <= RETRY_AFTER_MOST_S else GiveUp()


def _backoff_s(attempt: int, chance: float) -> float:
    """Doubling, with full jitter above a half."""
    return min(BACKOFF_MOST_S, BACKOFF_BASE_S * float(2 ** (attempt - 1))) * (0.5 + chance / 2)
