"""What is known of answers to questions like those that were asked, by name; every process adds to it."""

from __future__ import annotations

from typing import Final

from tollhouse.cache.evidence import Evidence
from tollhouse.clock import Clock
from tollhouse.store import likeness_trials as sql
from tollhouse.store.engine import Store
from tollhouse.store.likeness_trials import Trial

FRESH_S: Final = 60.0
"""For so long what others have found out need not be known."""

NOTHING: Final = Evidence()


class Trials:
    """The comparisons of the last thirty days."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, Evidence] = {}
        self._fresh_until_s = float("-inf")

    async def of(self, name: str) -> Evidence:
        """What is known of a name. Raises Unavailable."""
        if self._clock.monotonic() >= self._fresh_until_s:
            self._known = await self.all()
            self._fresh_until_s = self._clock.monotonic() + FRESH_S
        return self._known.get(name, NOTHING)

    async def all(self) -> dict[str, Evidence]:
        """What is known of every name. Raises Unavailable."""
        since = self._clock.time_ns() // 1_000 - sql.KEPT_US
        found = await self._store.read(lambda tx: sql.counts(tx, since))
        return {name: Evidence(compared, wrong) for name, (compared, wrong) in found.items()}

    def note(self, request_id: str, name: str, degree: float, *, is_wrong: bool) -> None:
        """An answer was compared with what the model said to this request."""
        at_us = self._clock.time_ns() // 1_000
        trial = Trial(id=request_id, name=name, likeness=int(degree * 1_000), is_wrong=int(is_wrong), created_at=at_us)
        self._store.put(sql.note, trial)
        self._known[name] = self._known.get(name, NOTHING).and_one(is_wrong=is_wrong)
