"""Settings that management changes while we run: which ones, and what may be said of them.

They lie in the database, one row each, by their dotted name (`requests.max_age_days`), and count where nothing else is
said. What the operator has written in a file or in the environment so cannot be loosened by who only has a token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tollhouse.errors import ConfigurationError
from tollhouse.settings import layers, table
from tollhouse.settings.model import Settings, origins

Stored = Mapping[str, Any]
"""Values as JSON knows them, by dotted name."""


@cache
def changeable() -> Mapping[str, table.Entry]:
    """Every setting that may be changed, by its name."""
    return {table.dotted(entry.path): entry for entry in table.entries(Settings) if entry.taken is not None}


def laid_over(settings: Settings, stored: Stored) -> Settings:
    """The settings in force, with what is stored; what another version has stored, and we do not know, is left out.

    Raises:
        ConfigurationError: what is stored cannot be used.
    """
    nested: dict[str, Any] = {}
    for name, value in stored.items():
        if name in changeable():
            *tables, key = name.split(".")
            at = nested
            for part in tables:
                at = at.setdefault(part, {})
            at[key] = value
    return settings.over(nested)


def value_of(settings: Settings, name: str) -> Any:
    """The value in force of a setting that may be changed, as JSON knows it."""
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return layers.shown(value)


def refusals(settings: Settings, changes: Stored) -> Iterator[tuple[str, str]]:
    """The name of each setting that cannot be changed so, and a sentence that says why."""
    known = {found.key: found.origin for found in origins(settings)}
    for name, value in changes.items():
        why = _foreign(name, known) or _unfit(settings, name, value)
        if why is not None:
            yield name, why


def unknown(name: str) -> str:
    """The sentence for a name that is none."""
    meant = table.near(Settings, table.path_of(name))
    return "There is no such setting" + (f"; did you mean {table.dotted(meant)}?" if meant else ".")


def _foreign(name: str, known: Mapping[str, str]) -> str | None:
    """Why a setting is not changed from here, whatever its value."""
    if name not in changeable():
        if table.of_name(Settings, name) is None:
            return unknown(name)
        where = known.get(name, "default")
        place = "it has its default" if where == "default" else f"it is set in: {where}"
        return f"This is not changed while we run ({place}): write it in {layers.FILE_NAME}, and start again."
    where = known[name]
    if where not in ("default", layers.DATABASE):
        return f"This is set in: {where}. That counts before what is set here: change it there."
    return None


def _unfit(settings: Settings, name: str, value: Any) -> str | None:
    """Why a setting cannot have a value."""
    try:
        taken = value_of(laid_over(settings, {name: value}), name)
    except ConfigurationError as error:
        return "; ".join(_bare(problem, name) for problem in error.problems)
    if isinstance(value, bool) and not isinstance(taken, bool):
        # It would pass for a number: 1 day, 1 row.
        return "Input should be a number"
    return None


def _bare(problem: str, name: str) -> str:
    """A problem without the name that is known, and without the place, which is the caller's own."""
    return problem.removeprefix(f"{name}: ").removesuffix(f" ({layers.DATABASE})")
