"""A whole run, in order: who is there, what a request costs and adds, what it takes, how it starts, how it lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from benchmarks import cost, latency, memory, soak, start, usage
from benchmarks.gateways.base import Gateway, Kind
from benchmarks.gateways.nginx import NGINX
from benchmarks.gateways.tollhouse import (
    ON_POSTGRES,
    ON_SQLITE,
    UNLEDGERED_ON_POSTGRES,
    UNLEDGERED_ON_SQLITE,
)
from benchmarks.ground import Ground, prepared
from benchmarks.peers import PEERS
from benchmarks.plan import Plan
from benchmarks.progress import done, tell
from benchmarks.results import Figures, Results, conditions
from benchmarks.shapes import SHAPES

OURS = (ON_SQLITE, ON_POSTGRES, UNLEDGERED_ON_SQLITE, UNLEDGERED_ON_POSTGRES)
KINDS: tuple[Kind, ...] = (*OURS, NGINX, *(peer.kind for peer in PEERS))


def run(plan: Plan) -> Results:
    """Measure what is wanted. Raises RuntimeError when Tollhouse itself does not start."""
    wanted = [kind for kind in KINDS if plan.wants_gateway(kind.name)]
    results = Results(conditions=conditions(plan), absent={})
    results.absent.update({kind.name: why for kind in wanted if (why := kind.absent())})
    with prepared() as ground:
        if set(plan.parts) != {"soak"}:
            measure_all(ground, wanted, results, plan)
        if plan.wants("soak") and ON_SQLITE in wanted:
            results.soak = soak.measure(ground, ON_SQLITE, plan.soak_seconds)
    done()
    return results


def measure_all(ground: Ground, wanted: Sequence[Kind], results: Results, plan: Plan) -> None:
    """Everything that is measured with all gateways in turn, so that they meet the same machine."""
    figures: dict[str, Figures] = {}
    with alive(ground, wanted, results.absent) as gateways:
        idle = {gateway.name: usage.memory(gateway.pid) for gateway in gateways}
        for gateway in gateways:
            figures[gateway.name] = Figures(name=gateway.name, title=gateway.title)
            results.database = results.database or (gateway.database.title if gateway.database else None)
        if plan.wants("cost"):
            for shape in SHAPES:
                for name, measured in cost.measure(ground, shape, gateways, plan).items():
                    figures[name].cost[shape.name] = measured
        if plan.wants("latency"):
            for name, added in latency.measure(ground, gateways, plan).items():
                figures[name].latency = added
        if plan.wants("memory"):
            for gateway in gateways:
                figures[gateway.name].footprint = memory.footprint(ground, gateway, idle[gateway.name], plan)
    if plan.wants("start"):
        for name, seconds in start.measure(ground, [kind for kind in wanted if kind.name in figures], plan).items():
            figures[name].start_s = seconds
    results.gateways = list(figures.values())


def complaints(results: Results) -> list[str]:
    """What speaks against Tollhouse itself: failed requests, and a long run that was not flat."""
    names = {kind.name for kind in OURS}
    found = [
        f"{one.title}: {cost.errors} of {cost.answers} requests failed ({shape})"
        for one in results.gateways
        if one.name in names
        for shape, cost in one.cost.items()
        if cost.errors
    ]
    if results.soak and results.soak.seconds >= soak.LONG_ENOUGH_S:
        found += soak.findings(results.soak)
    return found


@contextmanager
def alive(ground: Ground, wanted: Sequence[Kind], absent: dict[str, str]) -> Iterator[list[Gateway]]:
    """All gateways, started and at rest; a peer that does not start is noted as absent."""
    gateways = []
    with ExitStack() as stack:
        with ground.speaking():
            for kind in wanted:
                if kind.name in absent:
                    continue
                tell(f"starting {kind.name}")
                try:
                    gateways.append(stack.enter_context(kind.run(ground)))
                except RuntimeError as error:
                    if kind in OURS:
                        raise
                    absent[kind.name] = f"did not start: {str(error).splitlines()[0]}"
        yield gateways
