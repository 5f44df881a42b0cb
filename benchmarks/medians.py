"""The arithmetic between measurements and figures: pure, and tested."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

FEWEST = 8
"""Values of a series whose quarters say something."""


def median_of(samples: Sequence[T]) -> T:
    """The median of each numeric field; of other fields the first sample's. Raises ValueError when there is none."""
    if not samples:
        raise ValueError("there is no sample")
    return msgspec.structs.replace(
        samples[0],
        **{
            name: _like(value, median(getattr(one, name) for one in samples))
            for name, value in msgspec.structs.asdict(samples[0]).items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        },
    )


def _like(value: float, number: float) -> float:
    """An integer stays one."""
    return round(number) if isinstance(value, int) else number


def ratio(figure: float | None, floor: float | None) -> float | None:
    """How many times the floor; None where one of the two was not measured."""
    return None if figure is None or not floor else figure / floor


def growth(values: Sequence[float]) -> float:
    """What was added from the second quarter of a series to the last, by their medians; the first is warming up.

    Raises:
        ValueError: fewer than eight values, of which a quarter says nothing.
    """
    if len(values) < FEWEST:
        raise ValueError(f"{len(values)} values are too few to tell whether they grow")
    quarter = len(values) // 4
    return median(values[-quarter:]) - median(values[quarter : 2 * quarter])


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The least-squares slope of a line through (x, y) points. Raises ValueError when all x are the same."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / max(count, 1), sum(y for _, y in points) / max(count, 1)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        raise ValueError("a line needs points of different x")
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
