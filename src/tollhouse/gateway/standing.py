"""How those whom we call are doing, as far as this process has seen, and whom the operator lets rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tollhouse.errors import UpstreamError, UpstreamTimeout
from tollhouse.gateway.paused import Pause
from tollhouse.gateway.route import Candidate
from tollhouse.upstream.breaker import Breaker
from tollhouse.upstream.pace import Pace
from tollhouse.upstream.retry_budget import RetryBudget

PACED: Final = frozenset({"fastest", "least_busy"})
"""The strategies for which it must be known how fast and how busy models are."""


class Standing:
    """What calls leave behind for those that follow.

    Attributes:
        breaker: who is left alone for a while.
        retries: how often those who failed may be asked again.
        pace: how fast and how busy models are; None when no route asks for that.
        paused: the providers that are not to be asked, by name; mostly empty, and replaced whole.
    """

    __slots__ = ("breaker", "pace", "paused", "retries")

    def __init__(self, strategies: Iterable[str] = ()) -> None:
        """Begin with nothing; `strategies` are those of all routes."""
        self.breaker = Breaker()
        self.retries = RetryBudget()
        self.pace = None if PACED.isdisjoint(strategies) else Pace()
        self.paused: Mapping[str, Pause] = {}

    def begins(self, candidate: Candidate, now_s: float, *, is_again: bool) -> None:
        """A call goes out; `is_again` when the same has just failed."""
        if not is_again:
            self.retries.asked(candidate.provider.name, now_s)
        if self.pace is not None:
            self.pace.begins(candidate.served)

    def speaks(self, candidate: Candidate, stream: bool, waited_s: float, now_s: float) -> None:
        """An answer has begun."""
        if self.breaker.circuits:
            self.breaker.worked(candidate.way, now_s)
        if self.pace is not None and candidate.strategy == "fastest":
            self.pace.hears(candidate.served, stream, waited_s, now_s)

    def breaks_off(
        self, candidate: Candidate, error: UpstreamError, stream: bool, began_s: float, now_s: float
    ) -> None:
        """A call is over before an answer has begun."""
        if self.pace is not None:
            self.pace.ends(candidate.served)
            if isinstance(error, UpstreamTimeout) and candidate.strategy == "fastest":
                self.pace.hears(candidate.served, stream, now_s - began_s, now_s)

    def ends(self, candidate: Candidate, error: BaseException | None, now_s: float, chance: float) -> None:
        """An answer is over, or a call is that nobody waits for any more; `error` is what broke it off."""
        if isinstance(error, UpstreamError):
            self.breaker.failed(candidate.way, error, now_s, chance)
        if self.pace is not None:
            self.pace.ends(candidate.served)
