"""A settings model as a table of its keys: for the documentation, and to find the key that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from tollhouse.settings.live import Live

Path = tuple[str, ...]

ANY = "*"
"""Stands in a path for a name that the operator chooses, such as a provider's."""


class Entry(NamedTuple):
    """One setting.

    Attributes:
        path: `("providers", "*", "share")`.
        default: as TOML would show it.
        taken: from when on a change counts that management makes while we run; None where it makes none.
    """

    path: Path
    default: Any
    meaning: str
    taken: str | None


def entries(model: type[BaseModel], at: Path = ()) -> Iterator[Entry]:
    """Every setting of a model and of the tables in it, in the order in which they are written down."""
    for name, field in model.model_fields.items():
        path = (*at, name)
        table, is_named = _table(field.annotation)
        is_choice = field.default is None
        if table is None or is_choice:
            taken = next((mark.taken for mark in field.metadata if isinstance(mark, Live)), None)
            yield Entry(path, field.get_default(call_default_factory=True), field.description or "", taken)
        if table is not None:
            yield from entries(table, (*path, ANY) if is_named else path)


def dotted(path: Path) -> str:
    """A path as TOML writes it: `providers.acme.models."acme-1.5".context_tokens`."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+|\*", part) else f'"{part}"' for part in path)


def path_of(name: str) -> Path:
    """The path that is written so.

    >>> path_of('providers.acme.models."acme-1.5".context_tokens')
    ('providers', 'acme', 'models', 'acme-1.5', 'context_tokens')
    """
    return tuple(quoted or bare for quoted, bare in re.findall(r'"([^"]+)"|([^."]+)', name))


def of_name(model: type[BaseModel], name: str) -> Entry | None:
    """The setting of this name, whatever names the operator has chosen in it; None when there is none."""
    path = path_of(name)
    return next((entry for entry in _every(model) if _named(entry.path, path) == path), None)


def variable(path: Path) -> str:
    """The environment variable of a setting: `TOLLHOUSE_TIMEOUTS__CONNECT_S`."""
    return "TOLLHOUSE_" + "__".join(path).upper()


def near(model: type[BaseModel], path: Path) -> Path | None:
    """The known setting that an unknown path most likely means, or None."""
    known = {dotted(found): found for found in (_named(entry.path, path) for entry in entries(model))}
    siblings = [key for key, found in known.items() if found[:-1] == path[:-1]]
    matches = get_close_matches(dotted(path), siblings, n=1) or get_close_matches(dotted(path), known, n=1)
    return known[matches[0]] if matches else None


def leaves(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each single setting in a model, or in tables of plain values, with its path."""
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if not isinstance(value, Mapping) or (at and not value):
        yield at, value
        return
    for name, inner in value.items():
        yield from leaves(inner, (*at, str(name)))


@cache
def _every(model: type[BaseModel]) -> tuple[Entry, ...]:
    return tuple(entries(model))


def _named(pattern: Path, path: Path) -> Path:
    """The pattern with the operator's names of `path` in it."""
    names = (*path, *pattern[len(path) :])
    return tuple(name if part == ANY else part for part, name in zip(pattern, names, strict=False))


def _table(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The table that a setting holds, if any, and whether it holds many of them by name; not those of a list."""
    if get_origin(annotation) is tuple:
        return None, False
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    if get_origin(annotation) is not None:
        is_named = get_origin(annotation) is Mapping
        for argument in get_args(annotation):
            table, is_inner_named = _table(argument)
            if table is not None:
                return table, is_named or is_inner_named
    return None, False
