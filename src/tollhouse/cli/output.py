"""What commands print: JSON for programs, tables for people, one line for what went wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import typer

from tollhouse.errors import ConfigurationError, InvalidRequest, NoCredential, TollhouseError, Unprocessable

WRONG_USE = 2
NOT_IN_ORDER = 1

WIDEST = 10_000
BAR_CELLS_LEAST = 10

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
COUNTED = re.compile(r"-?[0-9][0-9,]*(\.[0-9]+)?|-")


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


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float] = ()) -> None:
    """Columns under their heads: drawn on a terminal, plain for everything else.

    Args:
        shares: of the greatest row, 0 to 1, for each row; drawn as bars, and left out where nothing is drawn.
    """
    heads = [column.replace("_", " ") for column in columns]
    if sys.stdout.isatty():
        _draw_table(heads, rows, shares)
    else:
        _show_plain_table(heads, rows)


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
    return WRONG_USE if is_wrong_use and not isinstance(error, NoCredential) else NOT_IN_ORDER


def _draw_table(heads: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float]) -> None:
    from rich.bar import Bar
    from rich.console import Console, ConsoleDimensions
    from rich.measure import Measurement
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", expand=bool(shares))
    shown = _shown(heads, [[_grouped(text) for text in row] for row in rows])
    for head, *_ in shown:
        table.add_column(head, no_wrap=True, min_width=len(head))
    if shares:
        table.add_column("", ratio=1, min_width=BAR_CELLS_LEAST)
    for number, line in enumerate(zip(*shown, strict=True)):
        if number:
            table.add_row(*line, *[Bar(1.0, 0.0, share) for share in shares[number - 1 : number]])
    # Half an id is no use to anybody: what is wider than the terminal is left to the terminal.
    console = Console(markup=False, highlight=False)
    needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).minimum
    console.size = ConsoleDimensions(max(console.width, needed), console.height)
    console.print(table)


def _show_plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for line in zip(*_shown(heads, rows), strict=True):
        typer.echo("  ".join(line).rstrip())


def _shown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The columns, each below its head."""
    columns = list(zip(*rows, strict=True)) or [()] * len(heads)
    return [_under(head, column) for head, column in zip(heads, columns, strict=True)]


def _under(head: str, column: Sequence[str]) -> list[str]:
    """A column below its head, as wide as it must be: text begins where its head begins, numbers end where it ends."""
    texts = _aligned(column)
    width = max(len(head), *map(len, texts), 0)
    side = ">" if _counts(column) else "<"
    return [f"{text:{side}{width}}" for text in (head, *texts)]


def _aligned(column: Sequence[str]) -> list[str]:
    """Numbers with their units below one another."""
    if not _counts(column):
        return list(column)
    most = max(len(text) - len(_whole(text)) for text in column)
    return [text + " " * (most - len(text) + len(_whole(text))) for text in column]


def _counts(column: Sequence[str]) -> bool:
    """Whether there is nothing but numbers in it, and at least one."""
    return any(text != "-" for text in column) and all(map(COUNTED.fullmatch, column))


def _grouped(text: str) -> str:
    """A number with its thousands apart; other text as it is."""
    whole = _whole(text)
    return f"{int(whole):,}{text[len(whole) :]}" if NUMBER.fullmatch(text) else text


def _whole(text: str) -> str:
    return text.partition(".")[0]
