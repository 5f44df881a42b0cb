"""Within the caller's limits: requests and tokens in a minute, calls at once?"""

from __future__ import annotations

from tollhouse.gateway.identify import Caller
from tollhouse.limits import Admission, Allowance, CallerLimits, Snapshot

REMEMBERED_MOST = 50_000


class Admit:
    """The limits of every caller this process has met. They belong to the user, whichever token is used."""

    def __init__(self) -> None:
        self._limits: dict[str, tuple[Allowance, CallerLimits]] = {}

    def admit(self, caller: Caller, now_s: float, tokens: int) -> Admission:
        """Count one request that may use so many tokens. Raises Busy or TooLarge."""
        return self._of(caller).admit(now_s, tokens)

    def snapshot(self, caller: Caller, now_s: float) -> Snapshot:
        """What is left, for the answer's headers."""
        return self._of(caller).snapshot(now_s)

    def _of(self, caller: Caller) -> CallerLimits:
        known = self._limits.get(caller.user_id)
        if known is not None and known[0] is caller.allowance:
            return known[1]
        if known is not None:
            limits = known[1]
            limits.change(caller.allowance)
        else:
            limits = CallerLimits(caller.allowance)
            if len(self._limits) >= REMEMBERED_MOST:
                self._limits = {user: entry for user, entry in self._limits.items() if entry[1].active}
        self._limits[caller.user_id] = (caller.allowance, limits)
        return limits
