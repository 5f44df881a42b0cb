"""Results made up by hand, of which every figure of a page can be worked out."""

from __future__ import annotations

from typing import Any

from benchmarks.results import Conditions, Cost, Figures, Glimpse, Results, Soak

CONDITIONS = Conditions(
    command="python -m benchmarks",
    date="2026-11-22",
    machine="some processor",
    cores=2,
    system="Linux 6",
    python="3.11",
    load=0.0,
    rounds=3,
    seconds=3,
    is_quick=False,
)


def cost(cpu_us: float, **more: Any) -> Cost:
    """A cost of so many microseconds, with all requests answered."""
    told = {"per_second": 1_000, "p50_us": 1_000, "p99_us": 2_000, "answers": 3_000, "errors": 0}
    return Cost(cpu_us=cpu_us, **{**told, **more})


def results(**costs: Cost) -> Results:
    """One figure for each gateway: unstreamed, 0.35 KB."""
    gateways = [Figures(name=name, title=name.title(), cost={"unstreamed, 0.35 KB": it}) for name, it in costs.items()]
    return Results(conditions=CONDITIONS, gateways=gateways)


def soak(*, tasks: float = 0, memory_mib: float = 0, errors: int = 0, seconds: float = 600) -> Soak:
    """A long run in which tasks and memory grow by so much from one glimpse to the next."""
    glimpses = [
        Glimpse(at_s=5 * n, memory_mib=60 + memory_mib * n, descriptors=90, tasks=round(80 + tasks * n))
        for n in range(1, 121)
    ]
    return Soak(
        seconds=seconds, rate=5_000, streams=16, answers=3_000_000, errors=errors, p99_us=9_000, glimpses=glimpses
    )
