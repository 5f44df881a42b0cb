"""What operators have ordered about providers, as one process obeys it.

An order lies in the database: who is paused, and when breakers were to be closed. Every process looks there each other
second, beside its work and never on the way of a request, which finds what came of it in `Standing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from tollhouse.gateway.paused import Pause
from tollhouse.gateway.standing import Standing
from tollhouse.store import provider_orders as sql
from tollhouse.store.engine import Store
from tollhouse.telemetry import Event, log
from tollhouse.telemetry.surviving import survived

LOOK_EVERY_S: Final = 2.0
"""So that whatever is ordered counts everywhere within five seconds, though a look or two may fail."""


class Orders:
    """The orders of one process."""

    def __init__(self, store: Store, standing: Standing) -> None:
        """Let `standing` know of them, from the first `look` on."""
        self._store = store
        self._standing = standing
        # The latest reset of each provider that was obeyed; None before the first look, when nothing has failed yet.
        self._resets: dict[str, int] | None = None
        self._looking = asyncio.Lock()

    async def run(self) -> None:
        """Look until cancelled. A look that fails is logged, and what was ordered before goes on."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            with survived("look_for_orders"):
                await self.look()

    async def look(self) -> None:
        """Obey what was ordered since. Raises Unavailable."""
        # One after another, so that what was read before is not obeyed after what was read since.
        async with self._looking:
            rows = await self._store.read(sql.orders)
            paused = {row["provider"]: pause_of(row) for row in rows if row["paused_at"] is not None}
            if paused != self._standing.paused:
                self._standing.paused = paused
                log.info(Event.PROVIDERS_PAUSED, providers=sorted(paused))
            self._close(rows)

    def _close(self, rows: Sequence[Any]) -> None:
        """Close the breakers of those for whom that was ordered anew."""
        resets = {row["provider"]: row["reset_at"] for row in rows if row["reset_at"] is not None}
        obeyed, self._resets = self._resets, resets
        if obeyed is None:
            return
        for provider in (name for name, at in resets.items() if obeyed.get(name) != at):
            self._standing.breaker.reset(provider)
            log.info(Event.BREAKER_RESET, provider=provider)


def pause_of(row: Any) -> Pause:
    """The pause that an order's row tells of."""
    return Pause(at=row["paused_at"], by=row["paused_by"], reason=row["reason"])
