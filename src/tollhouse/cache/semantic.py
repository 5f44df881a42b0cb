"""Answers to what resembles what is asked: in everything but the last words of the user it must be the same.

Only questions are kept here, in memory. An answer lies where the exact cache keeps it, is found by the same key, and is
gone with it.
"""

from __future__ import annotations

from collections import OrderedDict
from heapq import nlargest
from typing import Final

import msgspec

from tollhouse.cache import gate
from tollhouse.cache.likeness import Sketch, likeness, sketch
from tollhouse.cache.words import words_of

IN_PARTITION: Final = 200
"""Questions that one is compared with, at most: the newest. Each takes some ten microseconds."""

LOOKED_AT: Final = 8
"""How many of those that are most alike are looked at for what makes them others."""

MOST: Final = 20_000
"""Questions of one process, all partitions together."""


class Near(msgspec.Struct, frozen=True):
    """A question that resembles another, by the key of its answer, and how much: 0 to 1."""

    key: str
    likeness: float


class _Seen(msgspec.Struct, frozen=True):
    text: str
    sketch: Sketch


class Semantic:
    """The questions of one process."""

    def __init__(self, least: float) -> None:
        """Take for alike what is so to this degree at least."""
        self._least = least
        self._partitions: OrderedDict[str, OrderedDict[str, _Seen]] = OrderedDict()
        self.size = 0

    def nearest(self, partition: str, text: str) -> Near | None:
        """The question most like this one that nothing is seen to make another; None when there is none."""
        seen = self._partitions.get(partition)
        if seen is None:
            return None
        self._partitions.move_to_end(partition)
        asked = sketch(text)
        near = [Near(key, likeness(asked, each.sketch)) for key, each in seen.items()]
        near = [each for each in near if each.likeness >= self._least]
        near = nlargest(LOOKED_AT, near, key=lambda each: each.likeness)
        return next((each for each in near if gate.difference(text, seen[each.key].text) is None), None)

    def add(self, partition: str, text: str, key: str) -> None:
        """This was asked, and its answer is kept by this key."""
        seen = self._partitions.setdefault(partition, OrderedDict())
        self._partitions.move_to_end(partition)
        self.size += key not in seen
        seen[key] = _Seen(text, sketch(text))
        if len(seen) > IN_PARTITION:
            seen.popitem(last=False)
            self.size -= 1
        while self.size > MOST:
            _, oldest = self._partitions.popitem(last=False)
            self.size -= len(oldest)

    def forget(self, partition: str, key: str) -> None:
        """Its answer is kept no more."""
        seen = self._partitions.get(partition)
        if seen is not None and seen.pop(key, None) is not None:
            self.size -= 1
            if not seen:
                del self._partitions[partition]


def is_same(one: str, other: str, least: float) -> bool:
    """Whether two answers say the same, as far as words tell: what is said otherwise counts as wrong."""
    if words_of(one) == words_of(other):
        return True
    return likeness(sketch(one), sketch(other)) >= least and gate.difference(one, other) is None
