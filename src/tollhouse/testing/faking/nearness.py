"""Vectors that are near where texts are: made of their words and of the groups of three letters in them. Pure."""

from __future__ import annotations

import re
import struct
from typing import Final

from tollhouse.upstream.demo_texts import vector

_WORD: Final = re.compile(r"\w+")


def vector_of(text: str, dims: int) -> list[float]:
    """A vector of length one, of numbers that a float of 32 bits holds exactly.

    >>> far, near = [sum(a * b for a, b in zip(vector_of("to run", 64), vector_of(other, 64)))
    ...              for other in ("a meal", "running")]
    >>> far < near
    True
    """
    words = _WORD.findall(text.casefold()) or [text]
    numbers = vector([*words, *(group for word in words for group in _groups(word))], dims)
    return list(struct.unpack(f"<{dims}f", struct.pack(f"<{dims}f", *numbers)))


def _groups(word: str) -> list[str]:
    """Its beginning and its end are among them."""
    framed = f"<{word}>"
    return [framed[at : at + 3] for at in range(len(framed) - 2)]
