"""The page on conversations: figures in the text of page.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.conversations.figures import Talked
from benchmarks.report import NOT_MEASURED, told

TEMPLATE = Path(__file__).with_suffix(".md")
GIB = 2**30


def page(talked: Talked) -> str:
    """The whole page in Markdown."""
    return TEMPLATE.read_text(encoding="utf-8").format(
        conversations=f"{talked.conversations:,}",
        messages=f"{talked.messages:,}",
        waits="\n".join(_table(talked)) or f"This was {NOT_MEASURED}.",
        sizes="; ".join(f"{name} {size / GIB:.1f} GiB" for name, size in talked.size_bytes.items()) or "unknown",
        database=talked.database or f"PostgreSQL was {NOT_MEASURED}",
        **told(talked.conditions),
    )


def _table(talked: Talked) -> Iterator[str]:
    if not talked.waits:
        return
    yield "| database | conversations of the user | deed | p50 ms | p95 ms | most ms | times |"
    yield "|---|---:|---|---:|---:|---:|---:|"
    for one in talked.waits:
        figures = f"{one.p50_ms:.1f} | {one.p95_ms:.1f} | {one.most_ms:.1f} | {one.count:,}"
        yield f"| {one.database} | {one.owned:,} | {one.deed} | {figures} |"
