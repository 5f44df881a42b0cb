"""How far a model's price may be believed: what a call cost above the most that it could cost is expected of the next.

A provider that counts what nobody sees, or whose price we have wrong, bills more than was held. The difference is
posted and told of (`budget.overage`); and until this process ends, more is held for that model.
"""

from __future__ import annotations

from typing import Final

from tollhouse.money.amounts import Nanodollars

BELIEVED: Final = 100
"""Percent of the worst case that is held for a model which never cost more."""

MOST: Final = 1_000
"""Percent that are held at most: a bill beyond any measure says nothing of the next."""


class Trust:
    """What one process has seen."""

    def __init__(self) -> None:
        """Believe everybody."""
        self._percent: dict[tuple[str, str], int] = {}

    def percent(self, provider: str, model: str) -> int:
        """Percent of the worst case by its price that a call to the model is held for, `BELIEVED` to `MOST`."""
        return self._percent.get((provider, model), BELIEVED) if self._percent else BELIEVED

    def learn(self, provider: str, model: str, *, held: Nanodollars, cost: Nanodollars) -> None:
        """A call that was held for so much cost so much.

        >>> trust = Trust()
        >>> trust.learn("acme", "acme-1", held=Nanodollars(200), cost=Nanodollars(301))
        >>> trust.percent("acme", "acme-1"), trust.percent("acme", "acme-2")
        (151, 100)
        """
        if held <= 0 or cost <= held:
            return
        percent = -(-self.percent(provider, model) * cost // held)
        self._percent[provider, model] = min(percent, MOST)
