"""How long a gateway takes from nothing to its first answer."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.gateways.base import Kind
from benchmarks.ground import Ground
from benchmarks.plan import Plan
from benchmarks.progress import tell


def measure(ground: Ground, kinds: Sequence[Kind], plan: Plan) -> dict[str, float]:
    """The median of several starts in seconds, by name; nothing else runs meanwhile."""
    taken: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    with ground.speaking():
        for number in range(1, plan.rounds + 1):
            for kind in kinds:
                tell(f"start: round {number} of {plan.rounds}, {kind.name}")
                with kind.run(ground) as gateway:
                    taken[kind.name].append(gateway.start_s)
    return {name: median(seconds) for name, seconds in taken.items()}
