"""What is measured of conversations: how long people wait for what they do with them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.results import Conditions


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """How long one deed took, again and again, in milliseconds. `owned`: conversations of whoever did it."""

    database: str
    deed: str
    owned: int
    count: int
    p50_ms: float
    p95_ms: float
    most_ms: float


class Talked(msgspec.Struct, kw_only=True):
    """A whole run. `size_bytes` is what the store takes on disk, by database."""

    conditions: Conditions
    conversations: int
    messages: int
    database: str | None = None
    size_bytes: dict[str, int] = msgspec.field(default_factory=dict)
    waits: list[Waits] = msgspec.field(default_factory=list)


def waits(database: str, deed: str, owned: int, times_ms: Sequence[float]) -> Waits:
    """What single times come to."""
    ordered = sorted(times_ms)
    return Waits(
        database=database,
        deed=deed,
        owned=owned,
        count=len(ordered),
        p50_ms=ordered[len(ordered) // 2],
        p95_ms=ordered[min(len(ordered) * 95 // 100, len(ordered) - 1)],
        most_ms=ordered[-1],
    )
