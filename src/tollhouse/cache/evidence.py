"""How often an answer to a question like it was the wrong one, and how sure that is. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, lgamma, log, log1p
from typing import Final

import msgspec

DOUBT: Final = 0.05
"""How often the bounds may be wrong, both together."""

_STEPS: Final = 60
"""Halvings of an interval from 0 to 1: more than a float can tell apart."""


class Evidence(msgspec.Struct, frozen=True):
    """So many answers were compared with what the model said, and so many were wrong."""

    compared: int = 0
    wrong: int = 0

    @property
    def rate(self) -> float:
        """The share of wrong ones among those compared; 0 of none."""
        return self.wrong / self.compared if self.compared else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """Between what the true share lies (Clopper and Pearson, 1934): exact for few, and 0 to 1 of none.

        >>> [round(bound, 4) for bound in Evidence(368, 0).bounds]
        [0.0, 0.01]
        """
        return _bounds(self.compared, self.wrong)

    def proves(self, most_wrong: float) -> bool:
        """The true share is surely no greater than this."""
        return self.bounds[1] <= most_wrong

    def and_one(self, *, is_wrong: bool) -> Evidence:
        """With one more comparison."""
        return Evidence(self.compared + 1, self.wrong + is_wrong)


@lru_cache(maxsize=256)
def _bounds(compared: int, wrong: int) -> tuple[float, float]:
    """Kept, because the same are asked for with each request until the next comparison."""
    low = 0.0 if not wrong else _root(lambda share: 1 - at_most(wrong - 1, compared, share) < DOUBT / 2)
    high = 1.0 if wrong == compared else _root(lambda share: at_most(wrong, compared, share) > DOUBT / 2)
    return low, high


def at_most(wrong: int, compared: int, share: float) -> float:
    """The chance of so many wrong ones or fewer, where the true share is between 0 and 1."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return float(wrong >= compared)
    whole, yes, no = lgamma(compared + 1), log(share), log1p(-share)
    return sum(
        exp(whole - lgamma(each + 1) - lgamma(compared - each + 1) + each * yes + (compared - each) * no)
        for each in range(wrong + 1)
    )


def _root(is_below: Callable[[float], bool]) -> float:
    """Where a statement that is true of 0 stops being true."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high
