"""Who could not be judged a moment ago is not answered at a price, only to be refused again. Pure.

An answer that nobody can judge is paid for and thrown away. So while a moderation model is down for a caller, requests
are refused before anything is held, but for one now and then, by which it is noticed that it is back.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tollhouse.guard.verdicts import Opinion

DOWN: Final = frozenset({"provider_unavailable", "provider_timeout", "provider_incomplete", "deadline"})
"""Reasons for having no opinion that say nothing about what was to be judged."""

CALLERS_MOST: Final = 10_000


class Outages:
    """Callers whose answers could not be judged, each by itself: a model is asked with credentials of theirs."""

    def __init__(self, pause_s: float) -> None:
        """Let one request of a caller through in so many seconds."""
        self._pause_s = pause_s
        self._until_s: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, caller: str, now_s: float) -> float:
        """How long a request should wait; 0 lets it through, and holds back those behind it for a pause."""
        until_s = self._until_s.get(caller)
        if until_s is None:
            return 0.0
        if until_s > now_s:
            return until_s - now_s
        self._until_s[caller] = now_s + self._pause_s
        return 0.0

    def judged(self, caller: str, opinions: tuple[Opinion, ...], now_s: float) -> None:
        """An answer was judged, or could not be."""
        if any(one.verdict == "unavailable" and not DOWN.isdisjoint(one.reasons) for one in opinions):
            self._until_s[caller] = now_s + self._pause_s
            if len(self._until_s) > CALLERS_MOST:
                self._until_s.popitem(last=False)
        elif self._until_s:
            self._until_s.pop(caller, None)
