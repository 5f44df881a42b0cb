"""What is measured of scale: a cost at each of several sizes."""

from __future__ import annotations

import msgspec

from benchmarks.results import Conditions, Cost


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """What a request costs at one size. `count` is of what grows; `size_bytes` is the store on disk before."""

    database: str
    count: int
    cost: Cost
    size_bytes: int = 0


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """What a process takes with so many streams under way, in MiB (PSS)."""

    count: int
    pss_mib: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How long an answer takes over so many rows, in milliseconds."""

    database: str
    name: str
    rows: int
    ms: float


class Scale(msgspec.Struct, kw_only=True):
    """A whole run; what was not asked for stays empty."""

    conditions: Conditions
    database: str | None = None
    processes: list[Point] = msgspec.field(default_factory=list)
    rows: list[Point] = msgspec.field(default_factory=list)
    users: list[Point] = msgspec.field(default_factory=list)
    reports: list[Report] = msgspec.field(default_factory=list)
    log: list[Report] = msgspec.field(default_factory=list)
    streams: list[Streams] = msgspec.field(default_factory=list)
