"""Measure what a request costs: `python -m benchmarks`.

CPU per request is the processor time of the gateway's whole process tree, divided by its answers; the gateway is pinned
to one core, provider and load to another. Rounds are interleaved and medians compared, because only figures of one run
can be compared at all.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import OTHER_CORE, Gateway, compile_tools, free_port, gateways, running, upstream

PACED_GAP_US = 5_000
CHUNKS = 58

CONDITIONS = (
    "Conditions: {}, Python {}, gateway alone on one core, provider and load on another, loopback; Tollhouse with its "
    "SQLite ledger, limits, request log and metrics on. The paced stream has 5 ms between its events."
)


@dataclass(frozen=True)
class Shape:
    """A kind of request. `gap_us` is the time between two events of a stream."""

    name: str
    text_bytes: int
    stream: bool
    gap_us: int
    connections: int

    def body(self) -> bytes:
        """The request, as a client sends it."""
        text = ("What is the capital of France, and how many people live there? " * (self.text_bytes // 60 + 1))[
            : self.text_bytes
        ]
        asked = {
            "model": "bench/bench-1",
            "messages": [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": text}],
            "max_tokens": 100,
        }
        if self.stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        return json.dumps(asked).encode()


SHAPES = (
    Shape("unstreamed, 0.35 KB", 220, stream=False, gap_us=0, connections=32),
    Shape("unstreamed, 17 KB", 17_000, stream=False, gap_us=0, connections=32),
    Shape("paced stream, 61 events", 220, stream=True, gap_us=PACED_GAP_US, connections=64),
)


@dataclass(frozen=True)
class Sample:
    """One gateway under one load."""

    cpu_us: float
    per_second: float
    p50_us: int
    p99_us: int


def main() -> int:
    """Run every shape and print one table."""
    arguments = read_arguments()
    if not sys.platform.startswith("linux"):
        sys.stderr.write("Measuring needs Linux: processor time is read from /proc.\n")
        return 2
    rows = []
    with tempfile.TemporaryDirectory(prefix="tollhouse-bench-") as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        compile_tools(folder)
        with upstream(folder, port, gap_us=0, chunks=CHUNKS):
            found = stack.enter_context(gateways(folder, port))
        idle_mib = {gateway.name: gateway.memory_mib() for gateway in found}
        for shape in SHAPES:
            with upstream(folder, port, gap_us=shape.gap_us, chunks=CHUNKS):
                rows.append((shape, measure(folder, shape, found, arguments.rounds, arguments.seconds)))
    table = render(rows, idle_mib, arguments)
    sys.stdout.write(table)
    if arguments.write:
        arguments.write.write_text(table)
    return 0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds, of which the median counts (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement (3)")
    parser.add_argument("--write", type=Path, help="also write the table to this file")
    return parser.parse_args()


def measure(folder: Path, shape: Shape, found: list[Gateway], rounds: int, seconds: float) -> dict[str, Sample]:
    """Every gateway in turn, several times; the median of each figure."""
    samples: dict[str, list[Sample]] = {gateway.name: [] for gateway in found}
    for gateway in found:
        sample(folder, shape, gateway, 0.5)
    for number in range(rounds):
        for gateway in found:
            sys.stderr.write(f"\r{shape.name}: round {number + 1} of {rounds}, {gateway.name}          ")
            samples[gateway.name].append(sample(folder, shape, gateway, seconds))
    sys.stderr.write("\n")
    return {
        name: Sample(
            statistics.median(one.cpu_us for one in taken),
            statistics.median(one.per_second for one in taken),
            int(statistics.median(one.p50_us for one in taken)),
            int(statistics.median(one.p99_us for one in taken)),
        )
        for name, taken in samples.items()
    }


def sample(folder: Path, shape: Shape, gateway: Gateway, seconds: float) -> Sample:
    """One gateway under load for some seconds."""
    body = folder / "body.json"
    body.write_bytes(shape.body())
    command = [str(folder / "load"), str(gateway.port), str(body), gateway.token, str(shape.connections), str(seconds)]
    before_s = gateway.cpu_s()
    with running(command, OTHER_CORE, stdout=subprocess.PIPE) as load:
        told = json.loads(load.communicate()[0])
    if told["errors"]:
        raise RuntimeError(f"{gateway.name} answered {told['errors']} of {told['answers']} requests with an error")
    cpu_us = (gateway.cpu_s() - before_s) * 1e6 / told["answers"]
    return Sample(cpu_us, told["per_second"], told["p50_us"], told["p99_us"])


def render(
    rows: list[tuple[Shape, dict[str, Sample]]], idle_mib: dict[str, float], arguments: argparse.Namespace
) -> str:
    """The table, ratios first."""
    command = f"python -m benchmarks --rounds {arguments.rounds} --seconds {arguments.seconds:g}"
    lines = [
        "# What a request costs",
        "",
        f"`{command}`, medians. Ratios of one run may be compared, times only with care.",
        "",
        "| shape | gateway | x nginx | CPU us a request | requests a second | p50 us | p99 us |",
        "|---|---|---|---|---|---|---|",
    ]
    for shape, samples in rows:
        floor = samples.get("nginx")
        for name, one in samples.items():
            ratio = f"{one.cpu_us / floor.cpu_us:.1f}" if floor else "nginx is not installed"
            lines.append(
                f"| {shape.name} | {name} | {ratio} | {one.cpu_us:.1f} | {one.per_second:,.0f} "
                f"| {one.p50_us:,} | {one.p99_us:,} |"
            )
    idle = ", ".join(f"{name} {mib:.0f} MiB" for name, mib in idle_mib.items())
    lines += ["", f"Idle memory: {idle}.", "", CONDITIONS.format(platform.machine(), platform.python_version()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
