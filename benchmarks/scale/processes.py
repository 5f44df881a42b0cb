"""Several gateway processes on one PostgreSQL, all asked by one token: its budget is the hottest row there can be."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.cost import SETTLE_S, WARM_UP_S
from benchmarks.gateways.base import Gateway
from benchmarks.gateways.tollhouse import POSTGRES_NAME, install, serve
from benchmarks.ground import Ground
from benchmarks.medians import median_of
from benchmarks.plan import Plan
from benchmarks.postgres import Server
from benchmarks.progress import tell
from benchmarks.results import Cost
from benchmarks.scale.points import Point
from benchmarks.shapes import SMALL

COUNTS, QUICK_COUNTS = (1, 2, 4), (1, 2)


def measure(ground: Ground, database: Server, plan: Plan) -> list[Point]:
    """A point for each number of processes; each has a core of its own while there are enough."""
    points = []
    for count in QUICK_COUNTS if plan.is_quick else COUNTS:
        tell(f"scale: {count} processes on one PostgreSQL")
        installed = install(ground, database_url=database.new_database())
        with ground.speaking(), ExitStack() as stack:
            gateways = [
                stack.enter_context(serve(ground, installed, name=POSTGRES_NAME, core=core, database=database))
                for core in range(count)
            ]
            sample(ground, gateways, min(WARM_UP_S, plan.seconds))
            cost = median_of([sample(ground, gateways, plan.seconds) for _ in range(plan.rounds)])
        points.append(Point(database="PostgreSQL", count=count, cost=cost))
    return points


def sample(ground: Ground, gateways: Sequence[Gateway], seconds: float) -> Cost:
    """All of them under load at once; times are the worst process's, processor time is of all together."""
    before_s, database_before_s = sum(one.cpu_s() for one in gateways), gateways[0].database_cpu_s()
    with ExitStack() as stack:
        connections = max(SMALL.connections // len(gateways), 1)
        loads = [
            stack.enter_context(ground.asking(SMALL, [one.door], seconds, connections=connections)) for one in gateways
        ]
        told = [load.told() for load in loads]
    time.sleep(SETTLE_S)
    answers = max(sum(one.answers for one in told), 1)
    return Cost(
        cpu_us=(sum(one.cpu_s() for one in gateways) - before_s) / answers * 1e6,
        database_cpu_us=(gateways[0].database_cpu_s() - database_before_s) / answers * 1e6,
        per_second=sum(one.per_second for one in told),
        p50_us=max(one.p50_us for one in told),
        p99_us=max(one.p99_us for one in told),
        answers=answers,
        errors=sum(one.errors for one in told),
    )
