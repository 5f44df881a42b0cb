"""Processor time per request, and how many a second one core gives: closed loop, every gateway in turn."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.gateways.base import Gateway
from benchmarks.ground import Ground
from benchmarks.medians import median_of
from benchmarks.plan import Plan
from benchmarks.progress import tell
from benchmarks.results import Cost
from benchmarks.shapes import Door, Shape

WARM_UP_S = 0.5
FEWEST_STREAMS = 4
"""One after the other, that a measurement must hold."""
SETTLE_S = 0.1
"""For what a gateway does behind its answers: batches, closed connections."""


def measure(ground: Ground, shape: Shape, gateways: Sequence[Gateway], plan: Plan) -> dict[str, Cost]:
    """The medians of interleaved rounds, by the gateway's name; without those that cannot be asked this.

    The processor time of the whole process tree is divided by all answers, those included that come after the time:
    the load generator waits for what it has asked.
    """
    able = [(gateway, door) for gateway in gateways if (door := gateway.door_for(shape)) is not None]
    taken: dict[str, list[Cost]] = {gateway.name: [] for gateway, _ in able}
    if not able:
        return {}
    seconds = max(plan.seconds, FEWEST_STREAMS * shape.stream_s)
    with ground.speaking(shape.gap_us, is_tls=shape.is_tls):
        for gateway, door in able:
            tell(f"{shape.name}: warming up {gateway.title}")
            ground.ask(shape, [door], min(WARM_UP_S, plan.seconds))
        for number in range(1, plan.rounds + 1):
            for gateway, door in able:
                tell(f"{shape.name}: round {number} of {plan.rounds}, {gateway.title}")
                taken[gateway.name].append(sample(ground, shape, gateway, [door], seconds))
    return {name: median_of(samples) for name, samples in taken.items()}


def sample(ground: Ground, shape: Shape, gateway: Gateway, doors: Sequence[Door], seconds: float) -> Cost:
    """One gateway under load for some seconds; `doors` are its own, with the tokens that ask in turn."""
    before_s, database_before_s = gateway.cpu_s(), gateway.database_cpu_s()
    told = ground.ask(shape, doors, seconds)
    time.sleep(SETTLE_S)
    answers = max(told.answers, 1)
    database_s = gateway.database_cpu_s() - database_before_s
    return Cost(
        cpu_us=(gateway.cpu_s() - before_s) / answers * 1e6,
        per_second=told.per_second,
        p50_us=told.p50_us,
        p99_us=told.p99_us,
        answers=told.answers,
        errors=told.errors,
        database_cpu_us=database_s / answers * 1e6 if gateway.database else None,
    )
