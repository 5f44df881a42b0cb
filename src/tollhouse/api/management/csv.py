"""A report as CSV, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""


def is_wanted(accept: str) -> bool:
    """Whether the client prefers CSV: it names it, and JSON not before it."""
    named = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return "text/csv" in named and "application/json" not in named[: named.index("text/csv")]


def response(rows: Sequence[Any]) -> Response:
    """The rows, one line each under a line of names."""
    plain = [msgspec.to_builtins(row) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(plain[0]) if plain else [], lineterminator="\r\n")
    if plain:
        writer.writeheader()
    writer.writerows({name: as_text(value) for name, value in row.items()} for row in plain)
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8")


def as_text(value: Any) -> Any:
    """A cell; what would be a formula begins with an apostrophe, which spreadsheets hide."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
