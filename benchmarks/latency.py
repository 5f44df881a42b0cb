"""What a gateway adds to the time of an answer, at a fixed rate that no answer waits for (open loop)."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.gateways.base import Gateway
from benchmarks.ground import Ground, Told
from benchmarks.medians import median_of
from benchmarks.plan import Plan
from benchmarks.progress import tell
from benchmarks.results import Latency
from benchmarks.shapes import SMALL, Door

RATE = 200
CONNECTIONS = 64


def measure(ground: Ground, gateways: Sequence[Gateway], plan: Plan) -> dict[str, Latency]:
    """Medians over rounds of the percentiles, and of their differences from the provider's own in the same round."""
    taken: dict[str, list[Latency]] = {gateway.name: [] for gateway in gateways}
    with ground.speaking():
        for number in range(1, plan.rounds + 1):
            tell(f"latency: round {number} of {plan.rounds}, the provider itself")
            direct = ask(ground, ground.provider, plan.seconds)
            for gateway in gateways:
                tell(f"latency: round {number} of {plan.rounds}, {gateway.title}")
                taken[gateway.name].append(added(ask(ground, gateway.door, plan.seconds), direct))
    return {name: median_of(samples) for name, samples in taken.items()}


def ask(ground: Ground, door: Door, seconds: float) -> Told:
    return ground.ask(SMALL, [door], seconds, rate=RATE, connections=CONNECTIONS)


def added(told: Told, direct: Told) -> Latency:
    """What the gateway made of what the provider takes by itself."""
    return Latency(
        p50_us=told.p50_us,
        p99_us=told.p99_us,
        added_p50_us=told.p50_us - direct.p50_us,
        added_p99_us=told.p99_us - direct.p99_us,
        per_second=told.per_second,
    )
