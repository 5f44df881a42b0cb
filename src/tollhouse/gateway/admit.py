"""Within the caller's limits: requests and tokens in a minute, calls at once?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tollhouse.gateway.identify import Caller
from tollhouse.limits import NOTHING, Admission, Allowance, CallerLimits, Snapshot, Use

REMEMBERED_MOST = 50_000

TOLD_AGAIN_S = 10.0
"""What was used leaves the window without anybody asking: others hear of it after so long."""


class Admit:
    """The limits of every caller this process has met. They belong to the user, whichever token is used."""

    def __init__(self) -> None:
        self._limits: dict[str, tuple[Allowance, CallerLimits]] = {}
        self._elsewhere: dict[str, Use] = {}
        self._touched: set[str] = set()
        self._told: dict[str, tuple[float, Use]] = {}
        self._active: set[str] = set()

    def admit(self, caller: Caller, now_s: float, tokens: int) -> Admission:
        """Count one request that may use so many tokens. Raises Busy or TooLarge."""
        limits = self._of(caller)
        self._touched.add(caller.user_id)
        return limits.admit(now_s, tokens)

    def snapshot(self, caller: Caller, now_s: float) -> Snapshot:
        """What is left, for the answer's headers."""
        return self._of(caller).snapshot(now_s)

    def news(self, now_s: float) -> dict[str, Use]:
        """What those use whose use others should hear of now: it is another one, or was told a while ago."""
        stale = []
        for user_id, (told_at_s, _) in self._told.items():
            if told_at_s + TOLD_AGAIN_S > now_s:
                break
            stale.append(user_id)
        for user_id in stale:
            del self._told[user_id]
        news: dict[str, Use] = {}
        active = set()
        for user_id in {*self._touched, *self._active, *stale}:
            known = self._limits.get(user_id)
            use = NOTHING if known is None else known[1].use(now_s)
            if use.concurrent:
                active.add(user_id)
            told = self._told.get(user_id)
            if told is not None and told[1] == use:
                continue
            news[user_id] = use
            # The latest told stands last.
            self._told.pop(user_id, None)
            if use != NOTHING:
                self._told[user_id] = now_s, use
        self._touched.clear()
        self._active = active
        return news

    def untold(self, user_ids: Iterable[str]) -> None:
        """Others have not heard the news of these."""
        for user_id in user_ids:
            self._told.pop(user_id, None)
            self._touched.add(user_id)

    def tell_anew(self) -> None:
        """Others may have forgotten all that they were told."""
        self.untold([*self._told])

    def hear(self, elsewhere: Mapping[str, Use]) -> None:
        """What other processes let users use, all of it."""
        self.hear_more(dict.fromkeys(self._elsewhere.keys() - elsewhere.keys(), NOTHING) | dict(elsewhere))

    def hear_more(self, elsewhere: Mapping[str, Use]) -> None:
        """The same for some users; what was heard of the others still holds."""
        for user_id, use in elsewhere.items():
            if use == NOTHING:
                self._elsewhere.pop(user_id, None)
            else:
                self._elsewhere[user_id] = use
            if (known := self._limits.get(user_id)) is not None:
                known[1].hear(use)

    def _of(self, caller: Caller) -> CallerLimits:
        known = self._limits.get(caller.user_id)
        if known is not None and known[0] is caller.allowance:
            return known[1]
        if known is not None:
            limits = known[1]
            limits.change(caller.allowance)
        else:
            limits = CallerLimits(caller.allowance)
            limits.hear(self._elsewhere.get(caller.user_id, NOTHING))
            if len(self._limits) >= REMEMBERED_MOST:
                self._limits = {user: entry for user, entry in self._limits.items() if entry[1].active}
                self._touched &= self._limits.keys()
        self._limits[caller.user_id] = (caller.allowance, limits)
        return limits
