"""Vectors of length one as float32, and how alike two are. Pure.

They are brought to length one when they are written, so that their product alone is the cosine of their angle.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Sequence

import numpy as np


class Misfit(ValueError):
    """The model's vectors are not those that the column is for."""


def unit(numbers: Sequence[float], dims: int) -> tuple[float, ...]:
    """The vector of length one in the same direction. Raises Misfit for another size, and for none."""
    if len(numbers) != dims:
        raise Misfit(f"the model gives vectors of {len(numbers)} numbers, and the column is for {dims}")
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if not 0 < length < math.inf:
        raise Misfit("the model gives a vector without a direction")
    return tuple(number / length for number in numbers)


def mean(vectors: Sequence[tuple[float, ...]], weights: Sequence[float]) -> tuple[float, ...]:
    """The vector of length one between vectors of length one. Raises Misfit when they cancel one another out."""
    if len(vectors) == 1:
        return vectors[0]
    sums = [math.fsum(map(operator.mul, numbers, weights)) for numbers in zip(*vectors, strict=True)]
    return unit(sums, len(sums))


def pack(numbers: Sequence[float]) -> bytes:
    """As little-endian float32."""
    return struct.pack(f"<{len(numbers)}f", *numbers)


def unpack(blob: bytes) -> tuple[float, ...]:
    """Of little-endian float32."""
    return struct.unpack(f"<{len(blob) // 4}f", blob)


def likeness(one: bytes | None, other: bytes | None) -> float | None:
    """The cosine of two packed unit vectors, in [-1, 1]; None when one is missing or they are of different sizes."""
    if one is None or other is None or len(one) != len(other):
        return None
    return float(np.frombuffer(one, "<f4") @ np.frombuffer(other, "<f4"))
