"""A long run at half of what the gateway can do: memory, descriptors and tasks must not grow."""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from benchmarks import usage
from benchmarks.gateways.base import Gateway, Kind
from benchmarks.ground import Ground
from benchmarks.medians import growth
from benchmarks.progress import tell
from benchmarks.results import Glimpse, Soak
from benchmarks.shapes import PACED, SMALL

PEAK_SECONDS = 3.0
SHARE = 0.5
CONNECTIONS, STREAMS = 64, 16
GLIMPSES = 120
"""At most, evenly over the run."""
TASKS = b"tollhouse_asyncio_tasks"
LONG_ENOUGH_S = 60.0
"""Below this a gateway is still warming up, and growth says nothing."""


@dataclass(frozen=True)
class Bound:
    """What a figure may grow by from the second quarter of the run to the last: a share of it, or `slack` anyway.

    How many of the connections wait at a moment is chance, and the slack is what all of them take: a socket to the
    provider, a task that answers, one that watches whether the client is there. What is done every five minutes is done
    in the middle of the run for the first time, and takes some memory then. A leak would be one for each request.
    """

    figure: str
    unit: str
    share: float
    slack: float


BOUNDS = (
    Bound("memory_mib", "MiB", share=0.03, slack=4.0),
    Bound("descriptors", "open files", share=0.02, slack=CONNECTIONS + STREAMS),
    Bound("tasks", "asyncio tasks", share=0.02, slack=2 * (CONNECTIONS + STREAMS)),
)


def measure(ground: Ground, kind: Kind, seconds: float) -> Soak:
    """Start one anew, find its peak, then run at half of it, with streams beside."""
    with ground.speaking(PACED.gap_us), kind.run(ground) as gateway:
        tell(f"soak: looking for the peak of {gateway.title}")
        rate = SHARE * ground.ask(SMALL, [gateway.door], min(PEAK_SECONDS, seconds)).per_second
        with (
            ground.asking(SMALL, [gateway.door], seconds, rate=rate, connections=CONNECTIONS) as load,
            ground.asking(PACED, [gateway.door], seconds, connections=STREAMS) as streams,
        ):
            glimpses = watch(gateway, seconds)
            told, streamed = load.told(), streams.told()
    return Soak(
        seconds=seconds,
        rate=rate,
        streams=STREAMS,
        answers=told.answers + streamed.answers,
        errors=told.errors + streamed.errors,
        p99_us=told.p99_us,
        glimpses=glimpses,
    )


def watch(gateway: Gateway, seconds: float) -> list[Glimpse]:
    """Look at the gateway now and then, as long as the load lasts."""
    glimpses, began_s = [], time.monotonic()
    while (at_s := time.monotonic() - began_s) < seconds:
        glimpse = Glimpse(
            at_s=at_s,
            memory_mib=usage.memory(gateway.pid).pss_mib,
            descriptors=usage.descriptors(gateway.pid),
            tasks=tasks(gateway.door.port),
        )
        glimpses.append(glimpse)
        tell(f"soak: {at_s:.0f} of {seconds:.0f} s, {glimpse.memory_mib:.0f} MiB, {glimpse.tasks} tasks")
        time.sleep(seconds / GLIMPSES)
    return glimpses


def tasks(port: int) -> int:
    """The event loop's tasks, as the gateway's metrics tell. Raises RuntimeError when they do not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        page = connection.getresponse().read()
    finally:
        connection.close()
    for line in page.splitlines():
        name, _, value = line.partition(b" ")
        if name == TASKS:
            return int(float(value))
    raise RuntimeError(f"/metrics does not tell {TASKS.decode()}")


def findings(soak: Soak) -> list[str]:
    """What speaks against the gateway; nothing when all is flat and answered."""
    found = [f"{soak.errors} of {soak.answers} requests failed"] if soak.errors else []
    return found + [finding for bound in BOUNDS if (finding := _growth_of(soak.glimpses, bound))]


def verdict(soak: Soak) -> str:
    """One sentence."""
    if soak.seconds < LONG_ENOUGH_S:
        return f"too short to judge: {LONG_ENOUGH_S:g} seconds at least are needed"
    found = findings(soak)
    return "; ".join(found) if found else "flat: neither memory nor descriptors nor tasks grew"


def _growth_of(glimpses: Sequence[Glimpse], bound: Bound) -> str | None:
    values = [float(msgspec.structs.asdict(glimpse)[bound.figure]) for glimpse in glimpses]
    grown = growth(values)
    if grown <= max(bound.slack, bound.share * values[len(values) // 2]):
        return None
    return f"{bound.unit} grew by {grown:.1f} to {values[-1]:.0f}"
