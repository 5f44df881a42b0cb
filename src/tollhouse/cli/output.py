"""What commands print: JSON for programs, tables for people, one line for what went wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import typer

from tollhouse.errors import ConfigurationError, InvalidRequest, TollhouseError, Unprocessable

WRONG_USE = 2
NOT_IN_ORDER = 1


def show_one(view: Any, as_json: bool) -> None:
    """A view, field by field."""
    if as_json:
        show_json(view)
        return
    fields = msgspec.structs.asdict(view) if isinstance(view, msgspec.Struct) else dict(view)
    width = max(map(len, fields))
    for name, value in fields.items():
        typer.echo(f"{name:{width}}  {cell(value)}")


def show_list(listing: Any, columns: Sequence[str], as_json: bool) -> None:
    """A list of views as a table of these columns; JSON has all."""
    if as_json:
        show_json(listing)
        return
    show_table(columns, [[cell(getattr(view, column)) for column in columns] for view in listing])


def show_json(value: Any) -> None:
    """One line of JSON."""
    typer.echo(msgspec.json.encode(value).decode())


def show_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns under their heads: drawn on a terminal, plain for everything else."""
    heads = [column.replace("_", " ") for column in columns]
    if not sys.stdout.isatty():
        _show_plain_table(heads, rows)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def cell(value: Any) -> str:
    """A value as people read it."""
    match value:
        case None | msgspec.UNSET:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case dict():
            return ", ".join(f"{name} {cell(inner)}" for name, inner in value.items()) or "-"
        case tuple() | list():
            return ", ".join(map(cell, value)) or "-"
        case msgspec.Struct():
            return cell(msgspec.structs.asdict(value))
    return str(value)


def warn(message: str) -> None:
    """A line for people, beside the output."""
    typer.echo(f"tollhouse: {message}", err=True)


def explain(error: TollhouseError, *, as_json: bool) -> int:
    """Say what went wrong on standard error; gives the exit status."""
    if as_json:
        told = {"code": error.code, "message": error.message, "param": error.param, **error.details}
        typer.echo(msgspec.json.encode({"error": told}).decode(), err=True)
    else:
        for line in error.message.splitlines():
            warn(line)
    is_wrong_use = isinstance(error, InvalidRequest | Unprocessable | ConfigurationError)
    return WRONG_USE if is_wrong_use else NOT_IN_ORDER


def _show_plain_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        typer.echo("  ".join(f"{text:{width}}" for text, width in zip(line, widths, strict=True)).rstrip())
