"""Which columns are to be filled after a change, and in which order. Pure.

A generated column may be the source of another one; the second is asked for when the first is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from tollhouse.columns.field import Field

Fields = Mapping[str, Field]


def check(fields: Fields, columns: Collection[str]) -> None:
    """Raise ValueError for a source that is not there, and for columns that are made of one another."""
    for name, field in fields.items():
        if missing := [source for source in field.sources if source not in columns]:
            raise ValueError(f"{name} is made of {', '.join(missing)}, and there is no such column")
    try:
        TopologicalSorter({name: field.sources for name, field in fields.items()}).prepare()
    except CycleError as error:
        raise ValueError(f"columns are made of one another: {' of '.join(map(str, error.args[1]))}") from None


def touched(fields: Fields, changed: Collection[str]) -> set[str]:
    """The columns that are made of one of these."""
    return {name for name, field in fields.items() if not {*field.sources}.isdisjoint(changed)}


def ready(fields: Fields, wanted: Collection[str]) -> set[str]:
    """Those of the wanted columns that wait for no other of them; the others follow when those are there."""
    return {name for name in wanted if _before(fields, name).isdisjoint(wanted)}


def _before(fields: Fields, name: str) -> set[str]:
    """All columns that one is made of, and those are made of."""
    seen: set[str] = set()
    waiting = [*fields[name].sources]
    while waiting:
        source = waiting.pop()
        if source not in seen:
            seen.add(source)
            waiting += fields[source].sources if source in fields else ()
    return seen
