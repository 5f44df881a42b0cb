"""What a run has measured: figures as values, kept as JSON so that a page can be written from them at any time."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from benchmarks.plan import Plan
from benchmarks.usage import Memory

T = TypeVar("T")

HERE = Path(__file__).parent
ROOT = HERE.parent
CACHE = ROOT / ".bench"
"""Compiled tools, the peers' environments, the latest results. Not part of the repository."""
KEPT = HERE / "results"
"""Results that a page was written from."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how it was measured. `load` is the machine's load average before, where 0 is quiet."""

    command: str
    date: str
    machine: str
    cores: int
    system: str
    python: str
    load: float
    rounds: int
    seconds: float
    is_quick: bool


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway under one shape of load, closed loop. `*_cpu_us` are processor microseconds per answer."""

    cpu_us: float
    per_second: float
    p50_us: int
    p99_us: int
    answers: int
    errors: int
    database_cpu_us: float | None = None


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Time to the last byte at a fixed rate, and what of it the gateway added, in microseconds.

    `per_second` shows whether the gateway kept up with the rate at all.
    """

    p50_us: int
    p99_us: int
    added_p50_us: int
    added_p99_us: int
    per_second: float


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """Memory at rest, after load, and per live stream."""

    idle: Memory
    loaded: Memory
    stream_kib: float
    streams: int


class Figures(msgspec.Struct, kw_only=True):
    """All about one gateway; what was not asked for stays empty. `cost` is by the shape's name."""

    name: str
    title: str
    cost: dict[str, Cost] = msgspec.field(default_factory=dict)
    latency: Latency | None = None
    footprint: Footprint | None = None
    start_s: float | None = None


class Glimpse(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway at one moment of a soak."""

    at_s: float
    memory_mib: float
    descriptors: int
    tasks: int


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """A long run at an even load. `rate` is of unstreamed requests per second; `streams` run beside them."""

    seconds: float
    rate: float
    streams: int
    answers: int
    errors: int
    p99_us: int
    glimpses: list[Glimpse]


class Results(msgspec.Struct, kw_only=True):
    """A whole run. `absent` tells why a gateway was not measured; `database` is PostgreSQL's version and durability."""

    conditions: Conditions
    database: str | None = None
    gateways: list[Figures] = msgspec.field(default_factory=list)
    absent: dict[str, str] = msgspec.field(default_factory=dict)
    soak: Soak | None = None


def conditions(plan: Plan) -> Conditions:
    """This machine, now."""
    return Conditions(
        command=plan.command,
        date=datetime.now(UTC).date().isoformat(),
        machine=_processor(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=_interpreter(),
        load=os.getloadavg()[0],
        rounds=plan.rounds,
        seconds=plan.seconds,
        is_quick=plan.is_quick,
    )


def save(results: object, path: Path) -> None:
    """Write results as JSON that diffs well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def load(path: Path, kind: type[T]) -> T:
    """Read what `save` wrote. Raises msgspec.ValidationError when it is of another kind."""
    return msgspec.json.decode(path.read_bytes(), type=kind)


def _interpreter() -> str:
    """The version, and whose build: distributions optimise theirs by a profile, and few others do."""
    is_systems = Path(sys.executable).resolve().is_relative_to("/usr/bin")
    whose = "the build of the system" if is_systems else "a build of one's own"
    return f"{platform.python_version()} ({whose})"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
