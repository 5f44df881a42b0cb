"""How alike two texts are in their words: a sketch of each, and the cosine between them. Pure.

No model is asked. Words count, pairs of neighbours, which tell who does what to whom, and threes of letters, for which
a slip of the pen is a small one. What means the same in other words is not found: that is what this costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import sqrt
from typing import TypeAlias
from zlib import crc32

from tollhouse.cache.words import IDLE, words_of

Sketch: TypeAlias = Mapping[int, float]
"""The weight of each feature, by its number; their squares come to 1."""

_PAIR, _LETTERS = 0.7, 0.35
"""What a pair of words and three letters weigh beside a word."""

_IDLE = 0.3
"""What all of that weighs where a word tells nothing."""


def sketch(text: str) -> Sketch:
    """The sketch of a text; an empty one of a text without words."""
    weights: defaultdict[int, float] = defaultdict(float)
    for feature, weight in _features(words_of(text)):
        weights[crc32(feature.encode())] += weight
    length = sqrt(sum(weight * weight for weight in weights.values()))
    return {number: weight / length for number, weight in weights.items()} if length else {}


def likeness(one: Sketch, other: Sketch) -> float:
    """0 for texts that share nothing, 1 for the same words in the same order.

    >>> round(likeness(sketch("How do I add a user?"), sketch("how do i add a user")), 6)
    1.0
    """
    small, large = (one, other) if len(one) < len(other) else (other, one)
    return sum([weight * large.get(number, 0.0) for number, weight in small.items()])


def _features(words: list[str]) -> Iterator[tuple[str, float]]:
    worth = [_IDLE if word in IDLE else 1.0 for word in words]
    for word, weight in zip(words, worth, strict=True):
        yield word, weight
        around = f" {word} "
        for at in range(len(around) - 2):
            yield f"#{around[at : at + 3]}", weight * _LETTERS
    for (one, other), weights in zip(pairwise(words), pairwise(worth), strict=True):
        yield f"{one} {other}", min(weights) * _PAIR
