"""Who of several is asked first: by weight, price, speed or load; the others follow as they are written. Pure.

Each function is told one figure for each, in the order in which they are written, and gives the place of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tollhouse.upstream.pace import Heard

FRESH_S: Final = 60.0
"""Whom nobody has asked for so long may have become faster, or slower."""

EXPLORED: Final = 0.05
"""The share of requests that is asked first of whom that is to be found out."""


def weighted(weights: Sequence[int], chance: float) -> int:
    """Each as often as its weight, beside the others', is large; `chance` is from 0 to 1."""
    point = chance * sum(weights)
    for place, weight in enumerate(weights):
        point -= weight
        if point < 0:
            return place
    return len(weights) - 1


def cheapest(costs: Sequence[int | None]) -> int:
    """The least cost; one that is unknown, None, comes last."""
    return min(range(len(costs)), key=lambda place: (costs[place] is None, costs[place]))


def least_busy(calls: Sequence[int]) -> int:
    """The fewest calls under way."""
    return min(range(len(calls)), key=calls.__getitem__)


def fastest(heard: Sequence[Heard | None], now_s: float, chance: float) -> int:
    """The one that begins to answer soonest, as far as that is known.

    Now and then it is the one of whom least is known; and who is written first, while nothing is known of anybody.
    """
    known = [place for place, one in enumerate(heard) if one is not None]
    if not known:
        return 0
    latest_s = [float("-inf") if one is None else one.at_s for one in heard]
    forgotten = min(range(len(heard)), key=latest_s.__getitem__)
    if chance < EXPLORED and now_s - latest_s[forgotten] > FRESH_S:
        return forgotten
    return min(known, key=lambda place: heard[place].mean_s)  # type: ignore[union-attr]  # `known` are those
