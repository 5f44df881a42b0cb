"""Answers to what was asked before, to the letter."""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.cache import kept as keeping
from tollhouse.cache.kept import Kept
from tollhouse.cache.shelf import Shelf
from tollhouse.cache.wishes import Wishes
from tollhouse.clock import Clock
from tollhouse.held import Held
from tollhouse.store.kept_answers import Row

SECOND_US: Final = 1_000_000


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """For how long an answer is kept at most, in seconds, and how large it may be."""

    ttl_s: int
    answer_bytes: int


class Exact:
    """What is kept, and for how long."""

    def __init__(self, shelf: Shelf, clock: Clock, keeping: Held[Keeping]) -> None:
        self._shelf = shelf
        self._clock = clock
        self._keeping = keeping

    @property
    def answer_bytes(self) -> int:
        """A larger answer is not kept."""
        return self._keeping.now.answer_bytes

    async def find(self, key: str, wishes: Wishes) -> Kept | None:
        """The answer, unless it is too old. Raises Unavailable."""
        row = await self._shelf.find(key)
        if row is None:
            return None
        now_us = self._now_us()
        oldest_us = 0 if wishes.max_age_s is None else now_us - wishes.max_age_s * SECOND_US
        if row.expires_at <= now_us or row.created_at < oldest_us:
            return None
        try:
            return keeping.load(row.answer)
        except msgspec.ValidationError:
            # What another version has kept otherwise is as good as gone.
            return None

    def hit(self, key: str) -> None:
        """It is given again."""
        self._shelf.hit(key)

    def age_s(self, kept: Kept) -> int:
        """Whole seconds since it was given first."""
        return max(0, self._now_us() - kept.at_us) // SECOND_US

    def keep(self, key: str, kept: Kept, *, user_id: str, tag: str | None, wishes: Wishes) -> bool:
        """Keep an answer for as long as who asked wants, and at most as long as may be; whether it is kept."""
        most = self._keeping.now
        ttl_s = most.ttl_s if wishes.ttl_s is None else min(wishes.ttl_s, most.ttl_s)
        answer = keeping.dump(kept)
        if not ttl_s or len(answer) > most.answer_bytes:
            return False
        row = Row(
            id=key,
            user_id=user_id,
            model=f"{kept.provider}/{kept.model}",
            tag=tag or "",
            answer=answer.decode(),
            size_bytes=len(answer),
            cost=kept.cost or 0,
            hits=0,
            created_at=kept.at_us,
            expires_at=kept.at_us + ttl_s * SECOND_US,
        )
        self._shelf.keep(row)
        return True

    def _now_us(self) -> int:
        return self._clock.time_ns() // 1_000
