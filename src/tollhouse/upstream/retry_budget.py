"""How often may a provider be asked again that has just failed? Pure.

One request that is tried three times helps its caller. If each request of thousands is, a provider that staggers gets
three times the load, and falls.
"""

from __future__ import annotations

from typing import Final

PERIOD_S: Final = 1.0
"""What is counted is the current period and the one before."""

REQUESTS_PER_RETRY: Final = 5
LEAST_RETRIES: Final = 20
"""In two periods these are always allowed, so that few callers may try as often as they like."""


class RetryBudget:
    """Every provider's, in one process. `now_s` is a monotonic clock's."""

    def __init__(self) -> None:
        self._counts: dict[str, _Counts] = {}

    def asked(self, provider: str, now_s: float) -> None:
        """A provider is asked for the first time on behalf of a request."""
        counts = self._counts.get(provider)
        if counts is None:
            counts = self._counts[provider] = _Counts(now_s)
        elif now_s >= counts.ends_s:
            counts.turn(now_s)
        counts.requests += 1

    def may_retry(self, provider: str, now_s: float) -> bool:
        """Count one more attempt of the same, if it is within the budget."""
        counts = self._counts.get(provider)
        if counts is None:
            counts = self._counts[provider] = _Counts(now_s)
        elif now_s >= counts.ends_s:
            counts.turn(now_s)
        most = max(LEAST_RETRIES, (counts.requests + counts.requests_before) // REQUESTS_PER_RETRY)
        if counts.retries + counts.retries_before >= most:
            return False
        counts.retries += 1
        return True


class _Counts:
    __slots__ = ("ends_s", "requests", "requests_before", "retries", "retries_before")

    def __init__(self, now_s: float) -> None:
        self.ends_s = now_s + PERIOD_S
        self.requests = self.requests_before = 0
        self.retries = self.retries_before = 0

    def turn(self, now_s: float) -> None:
        """A period is over, and perhaps several."""
        is_next = now_s < self.ends_s + PERIOD_S
        self.requests_before, self.retries_before = (self.requests, self.retries) if is_next else (0, 0)
        self.requests = self.retries = 0
        self.ends_s = now_s + PERIOD_S
