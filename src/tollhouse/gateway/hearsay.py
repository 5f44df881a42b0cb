"""What all other processes let callers use, put together from what each has told. Pure: `now_s` is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tollhouse.limits import NOTHING, WINDOW_S, Use

ALIVE_S: Final = 15.0
"""Longer than a process that answers somebody is ever silent."""


class Hearsay:
    """Sums by user, kept up with each word.

    What a process tells holds until it tells something else. One that is silent answers nobody any more after
    `ALIVE_S`, and what it had let in has left the window after `WINDOW_S`.
    """

    def __init__(self) -> None:
        self._tellers: dict[str, _Teller] = {}
        self._sums: dict[str, Use] = {}
        self._changed: set[str] = set()

    def take(self, boot_id: str, uses: Mapping[str, Use], told_at_s: float) -> None:
        """A process has told what it lets these users use; of one process in the order in which it told."""
        teller = self._tellers.get(boot_id)
        if teller is None:
            teller = self._tellers[boot_id] = _Teller()
        teller.told_at_s = told_at_s
        for user_id, use in uses.items():
            self._put(teller, user_id, use)

    def all(self, now_s: float) -> dict[str, Use]:
        """What they let everybody use."""
        self._forget(now_s)
        self._changed.clear()
        return dict(self._sums)

    def changed(self, now_s: float) -> dict[str, Use]:
        """The same for those for whom it has changed since it was asked last."""
        self._forget(now_s)
        changed = {user_id: self._sums.get(user_id, NOTHING) for user_id in self._changed}
        self._changed.clear()
        return changed

    def _put(self, teller: _Teller, user_id: str, use: Use) -> None:
        before = teller.uses.pop(user_id, NOTHING)
        if use != NOTHING:
            teller.uses[user_id] = use
        if use == before:
            return
        total = self._sums.pop(user_id, NOTHING)
        total = Use(*(each - old + new for each, old, new in zip(total, before, use, strict=True)))
        if total != NOTHING:
            self._sums[user_id] = total
        self._changed.add(user_id)

    def _forget(self, now_s: float) -> None:
        for boot_id, teller in [*self._tellers.items()]:
            silent_s = now_s - teller.told_at_s
            if silent_s >= WINDOW_S:
                for user_id in [*teller.uses]:
                    self._put(teller, user_id, NOTHING)
                del self._tellers[boot_id]
            elif silent_s >= ALIVE_S:
                for user_id, use in [*teller.uses.items()]:
                    if use.concurrent:
                        self._put(teller, user_id, use._replace(concurrent=0))


class _Teller:
    __slots__ = ("told_at_s", "uses")

    def __init__(self) -> None:
        self.told_at_s = 0.0
        self.uses: dict[str, Use] = {}
