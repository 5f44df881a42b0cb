"""When a run that failed in the background is tried again, if ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from tollhouse.errors import (
    Busy,
    ProviderPaused,
    TollhouseError,
    Unavailable,
    UpstreamDown,
    UpstreamIncomplete,
    UpstreamRateLimited,
    UpstreamTimeout,
)

ATTEMPTS = 3
"""In all. What died with its process does not count."""

LOSSES = 20
"""A run whose processes die so often may be what kills them."""

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 3_600.0
"""A provider that wants to be left alone for longer is not waited for."""

PASSING = (Busy, Unavailable, UpstreamDown, UpstreamIncomplete, UpstreamRateLimited, UpstreamTimeout)
"""What may go by itself."""


def is_passing(error: BaseException) -> bool:
    """Whether trying again may help."""
    return isinstance(error, PASSING)


def is_failure(error: BaseException) -> bool:
    """Whether it counts as one of the attempts: that the caller's own limit is reached, or a provider is paused, does
    not."""
    return not isinstance(error, Busy | ProviderPaused)


def next_try(
    error: BaseException, *, failures: int, now: datetime, deadline_at: datetime | None, chance: float
) -> datetime | None:
    """When to try again after a failure; None for never.

    Args:
        failures: how many there have been, with this one if it is one.
        deadline_at: what would begin after it does not begin.
        chance: 0 to 1, for the jitter: what failed together must not come back together.

    Being over a limit of one's own is no failure, nor is a pause of the provider: they wait for as long as it takes.

    >>> at = datetime(2026, 1, 1)
    >>> [next_try(UpstreamDown(""), failures=n, now=at, deadline_at=None, chance=0.5) for n in (1, 2, 3)]
    [datetime.datetime(2026, 1, 1, 0, 0, 5), datetime.datetime(2026, 1, 1, 0, 0, 10), None]
    """
    if failures >= ATTEMPTS or not is_passing(error):
        return None
    told_s = error.retry_after_s if isinstance(error, TollhouseError) else None
    own_s = FIRST_PAUSE_S * 2.0 ** max(failures - 1, 0) * (0.8 + 0.4 * chance)
    pause_s = max(own_s, (told_s or 0.0) * (1.0 + 0.2 * chance))
    at = now + timedelta(seconds=pause_s)
    if pause_s > LONGEST_PAUSE_S or (deadline_at is not None and at >= deadline_at):
        return None
    return at
