"""Memory of one process as the number of live streams grows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import memory, usage
from benchmarks.gateways.tollhouse import ON_SQLITE
from benchmarks.ground import Ground
from benchmarks.plan import Plan
from benchmarks.progress import tell
from benchmarks.scale.points import Streams
from benchmarks.shapes import SMALL

COUNTS, QUICK_COUNTS = (250, 500, 1_000, 2_000), (50, 200)


def measure(ground: Ground, plan: Plan) -> Iterator[Streams]:
    """A point for each number of streams; the first is none, after some load."""
    gap_us = memory.QUICK_GAP_US if plan.is_quick else memory.GAP_US
    with ExitStack() as stack:
        with ground.speaking():
            gateway = stack.enter_context(ON_SQLITE.run(ground))
            ground.ask(SMALL, [gateway.door], min(memory.LOAD_S, plan.seconds))
        yield Streams(count=0, pss_mib=usage.memory(gateway.pid).pss_mib)
        for count in QUICK_COUNTS if plan.is_quick else COUNTS:
            tell(f"scale: {count:,} live streams")
            yield Streams(count=count, pss_mib=memory.during_streams(ground, gateway, count, gap_us).pss_mib)
