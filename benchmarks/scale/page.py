"""The page on scale: figures in the text of page.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.report import NOT_MEASURED, told
from benchmarks.scale.arithmetic import BASE_PER_SECOND, BASE_STREAMS, TIMES, Outlook, bytes_per_stream, outlook
from benchmarks.scale.points import Point, Report, Scale, Streams

TEMPLATE = Path(__file__).with_suffix(".md")
KIB, GIB, TIB = 2**10, 2**30, 2**40


def page(scale: Scale) -> str:
    """The whole page in Markdown."""
    further = outlook(scale)
    sections = {
        "processes": _table("processes", scale.processes),
        "rows": _table("requests kept", scale.rows),
        "users": _table("users", scale.users),
        "reports": _reports("report", "rows of sums", scale.reports),
        "log": _reports("what is looked for", "requests kept", scale.log),
        "streams": _streams(scale.streams),
        "further": _further(further) if further else (),
    }
    texts = {name: "\n".join(lines) or f"This was {NOT_MEASURED}." for name, lines in sections.items()}
    return TEMPLATE.read_text(encoding="utf-8").format(
        database=scale.database or f"PostgreSQL was {NOT_MEASURED}", **texts, **told(scale.conditions)
    )


def _table(counted: str, points: Sequence[Point]) -> Iterator[str]:
    if not points:
        return
    yield f"| database | {counted} | requests a second | CPU us a request | in the database | p50 ms | p99 ms |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for point in points:
        cost = point.cost
        failed = f" ({cost.errors:,} of {cost.answers:,} failed)" if cost.errors else ""
        database = "" if cost.database_cpu_us is None else f"{cost.database_cpu_us:.1f}"
        yield (
            f"| {point.database} | {point.count:,} | {cost.per_second:,.0f}{failed} | {cost.cpu_us:.1f} | {database} "
            f"| {cost.p50_us / 1000:.1f} | {cost.p99_us / 1000:.1f} |"
        )


def _reports(asked: str, counted: str, found: Sequence[Report]) -> Iterator[str]:
    if not found:
        return
    yield f"| database | {asked} | {counted} | ms |"
    yield "|---|---|---:|---:|"
    yield from (f"| {it.database} | {it.name} | {it.rows:,} | {it.ms:.1f} |" for it in found)


def _streams(points: Sequence[Streams]) -> Iterator[str]:
    if not points:
        return
    yield "| streams | MiB, PSS |"
    yield "|---:|---:|"
    yield from (f"| {point.count:,} | {point.pss_mib:.1f} |" for point in points)
    if len(points) > 1:
        yield ""
        yield f"That is {bytes_per_stream(points) / KIB:.1f} KiB for each."


def _further(it: Outlook) -> Iterator[str]:
    """What it takes, and the sum behind it."""
    rate, each = f"{it.per_second:,} requests a second", it.stream_bytes / KIB
    disk = f"{rate} x {it.request_bytes:,.0f} bytes; the request log's share goes after 90 days, the ledger's stays"
    yield f"From {BASE_PER_SECOND} requests a second and {BASE_STREAMS:,} live streams, which one process serves, to"
    yield f"{rate} and {it.streams:,} live streams, at the costs of the fullest tables on PostgreSQL above:"
    yield ""
    yield "| what | how much | why |"
    yield "|---|---:|---|"
    yield f"| busy cores, gateways | {it.gateway_cores:.1f} | {rate} x CPU of one |"
    yield f"| busy cores, database | {it.database_cores:.1f} | {rate} x CPU of one in the database |"
    yield f"| memory for streams | {it.streams_bytes / GIB:,.0f} GiB | {it.streams:,} streams x {each:.1f} KiB |"
    yield f"| processes | {TIMES:,} | {it.streams:,} streams, {BASE_STREAMS:,} in each; fewer where cores are fast |"
    yield f"| disk in a year | {it.store_bytes_a_year / TIB:,.0f} TiB | {disk} |"
