"""Memory of a gateway: at rest, after load, and per stream that is under way."""

from __future__ import annotations

import time

from benchmarks import usage
from benchmarks.gateways.base import Gateway
from benchmarks.ground import Ground
from benchmarks.plan import Plan
from benchmarks.progress import tell
from benchmarks.results import Footprint
from benchmarks.shapes import CHUNKS, PACED, SMALL

LOAD_S = 2.0
SETTLE_S = 0.5
GAP_US, QUICK_GAP_US = 250_000, 60_000
"""Between two events of a stream, so that it lasts while we look."""
STREAMS, QUICK_STREAMS = 400, 50
LOOK_AFTER = 0.7
"""Of a stream's duration: all have begun, none has ended."""


def footprint(ground: Ground, gateway: Gateway, idle: usage.Memory, plan: Plan) -> Footprint:
    """What it takes now. `idle` was taken when it had just started."""
    tell(f"memory: {gateway.title} after load")
    with ground.speaking():
        ground.ask(SMALL, [gateway.door], min(LOAD_S, plan.seconds))
    time.sleep(SETTLE_S)
    loaded = usage.memory(gateway.pid)
    count = QUICK_STREAMS if plan.is_quick else STREAMS
    gap_us = QUICK_GAP_US if plan.is_quick else GAP_US
    tell(f"memory: {gateway.title} with {count} live streams")
    with_streams = during_streams(ground, gateway, count, gap_us)
    return Footprint(
        idle=idle, loaded=loaded, streams=count, stream_kib=(with_streams.pss_mib - loaded.pss_mib) * 1024 / count
    )


def during_streams(ground: Ground, gateway: Gateway, count: int, gap_us: int) -> usage.Memory:
    """The memory while so many streams are under way, late in their course."""
    look_after_s = gap_us * 1e-6 * CHUNKS * LOOK_AFTER
    with (
        ground.speaking(gap_us),
        ground.asking(PACED, [gateway.door], look_after_s, connections=count) as load,
    ):
        time.sleep(look_after_s)
        found = usage.memory(gateway.pid)
        load.told()
    return found
