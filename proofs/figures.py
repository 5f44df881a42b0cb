"""The table at the end of a proof: a column for each trial, a row for each figure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Figures = Mapping[str, int | float | str]
"""By what they are of."""


def table(columns: Mapping[str, Figures]) -> str:
    """The table, for people."""
    rows = [("", *columns)]
    rows += [(title, *[str(figures[title]) for figures in columns.values()]) for title in next(iter(columns.values()))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join([title.ljust(widths[0]), *[cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]])
        for title, *cells in rows
    )


def verdict(columns: Mapping[str, Figures], findings: Mapping[str, Sequence[str]], *, is_proven: bool) -> str:
    """The table, what was found, and whether that is nothing."""
    found = [f"{name}: {finding}" for name, some in findings.items() for finding in some[:20]]
    return "\n".join([table(columns), "", *found, "Proven." if is_proven else "NOT proven.", ""])


def as_json(columns: Mapping[str, Figures], findings: Mapping[str, Sequence[str]]) -> str:
    """The same for machines."""
    told = {
        name: {_name(title): value for title, value in figures.items()} | {"findings": list(findings[name])}
        for name, figures in columns.items()
    }
    return json.dumps(told, indent=2) + "\n"


def _name(title: str) -> str:
    return title.replace(", ", "_").replace(" ", "_")
