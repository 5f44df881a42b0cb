"""The settings, for people: which there are, who said what; and those changed that may be while we run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast

import msgspec

from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.views import Listing, listing
from tollhouse.errors import ConfigurationError, NotFound, Unprocessable
from tollhouse.settings import Settings, changeable, laid_over, origins, refusals, unknown, value_of
from tollhouse.settings.layers import shown
from tollhouse.settings.table import of_name, path_of, variable
from tollhouse.store import stored_settings as sql
from tollhouse.store.engine import Writing

Origin: TypeAlias = Literal["default", "database", "file", "secrets_directory", "environment", "command_line"]


class SettingView(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as it is in force.

    Attributes:
        name: as TOML would write it: `requests.max_age_days`. With `variable` it is its name in the environment.
        value: with secrets hidden.
        origin: who said so, the highest of all who have.
        set_in: the file, folder or variable, where it is one.
        changeable: whether it may be changed here: it is one of those, and nobody higher has set it.
        taken: from when on a change counts; null when it is taken over at a start only.
        stored: whether the database has a value for it, even when that does not count.
    """

    name: str
    value: Any
    default: Any
    origin: Origin
    set_in: str | None
    variable: str
    meaning: str
    changeable: bool
    taken: str | None
    stored: bool


async def list_settings(desk: Desk) -> Listing[SettingView]:
    """Every setting as it is in force in this process. Raises Unavailable."""
    await desk.in_force.look()
    return listing(views(desk.in_force.settings, desk.in_force.stored))


async def change_settings(desk: Desk, actor: Actor, changes: Mapping[str, Any]) -> Listing[SettingView]:
    """Set some, all or none of them: here at once, in other processes within seconds.

    Raises:
        Unprocessable: names each that is not set so, and why.
    """
    await desk.in_force.look()
    refused = dict(refusals(desk.in_force.settings, changes))
    if refused:
        raise _refusal(refused)
    try:
        settings = desk.in_force.try_on({**desk.in_force.stored, **changes})
    except ConfigurationError as error:
        # What only shows when the parts are put together, such as a pattern that is none.
        raise _refusal(dict.fromkeys(changes, error.message)) from None
    values = {name: value_of(settings, name) for name in changes}
    below = {name: _below(desk, name) for name in changes}

    def change(tx: Writing) -> None:
        before = sql.all_set(tx)
        for name, value in values.items():
            sql.put(tx, name, value)
            desk.note(tx, actor, "setting.set", name, before=before.get(name, below[name]), after=value)

    await desk.store.write(change)
    await desk.in_force.look()
    found = views(desk.in_force.settings, desk.in_force.stored)
    return listing([view for view in found if view.name in changes])


async def reset_setting(desk: Desk, actor: Actor, name: str) -> None:
    """Forget what was set, so that what the operator has said counts, or the default.

    Raises:
        NotFound: there is no such setting, or the database has no value for it.
    """

    def change(tx: Writing) -> None:
        before = sql.all_set(tx)
        if name not in before:
            known = {found.key: found.origin for found in origins(desk.in_force.settings)}
            why = f"Nothing is set for it here; it comes from: {known[name]}." if name in known else unknown(name)
            raise NotFound(why)
        sql.drop(tx, name)
        desk.note(tx, actor, "setting.reset", name, before=before[name], after=_below(desk, name))

    await desk.store.write(change)
    await desk.in_force.look()


def views(settings: Settings, stored: Mapping[str, Any]) -> list[SettingView]:
    """Every setting, in the order of the table of settings."""
    found = []
    for name, value, origin in origins(settings):
        entry = of_name(Settings, name)
        if entry is None:
            # An empty table of what the operator may name.
            continue
        kind, where = _parted(origin)
        found.append(
            SettingView(
                name=name,
                value=value,
                default=shown(entry.default),
                origin=kind,
                set_in=where,
                variable=variable(path_of(name)),
                meaning=" ".join(entry.meaning.split()),
                changeable=entry.taken is not None and kind in ("default", "database"),
                taken=entry.taken,
                stored=name in stored,
            )
        )
    return found


def _below(desk: Desk, name: str) -> Any:
    """The value that a setting has without the database; None for one that we do not know."""
    return value_of(laid_over(desk.in_force.settings, {}), name) if name in changeable() else None


def _parted(origin: str) -> tuple[Origin, str | None]:
    """`environment TOLLHOUSE_PORT` as its kind and the place in it."""
    kinds = ("default", "database", "file", "secrets directory", "environment", "command line")
    kind = next(kind for kind in kinds if origin.startswith(kind))
    return cast(Origin, kind.replace(" ", "_")), origin.removeprefix(kind).strip() or None


def _refusal(refused: Mapping[str, str]) -> Unprocessable:
    told = " ".join(f"{name}: {why}" for name, why in refused.items())
    escaped = {name: name.replace("~", "~0").replace("/", "~1") for name in refused}
    return Unprocessable(
        f"Nothing was changed. {told}",
        code="invalid_fields",
        details={"errors": [{"pointer": f"/{escaped[name]}", "detail": why} for name, why in refused.items()]},
    )
