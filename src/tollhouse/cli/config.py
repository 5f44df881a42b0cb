"""config: the settings. Are they right, who said what, and those changed that may be while the gateway runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tollhouse.cli.opening import doubts, load_settings, with_desk
from tollhouse.cli.options import Config, Data, Json
from tollhouse.cli.output import NOT_IN_ORDER, show_json, show_one, show_table, warn
from tollhouse.errors import CannotStart, ConfigurationError, Unavailable

if TYPE_CHECKING:
    from tollhouse.admin.desk import Actor, Desk
    from tollhouse.admin.settings import SettingView
    from tollhouse.settings import Settings

config = typer.Typer(name="config", help="The settings: are they right, and who said what.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="As TOML would write it: `requests.max_age_days`.")]


@config.command("check")
def check_config(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Read all settings. Exit status 1 when one cannot be used; every problem is named, with its place."""
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    try:
        settings = load_settings(data, config)
        warnings = doubts(settings)
        _put_together(settings)
    except ConfigurationError as error:
        problems = error.problems
    if as_json:
        show_json({"problems": list(problems), "warnings": list(warnings)})
    else:
        for problem in problems:
            typer.echo(f"problem  {problem}")
        for warning in warnings:
            typer.echo(f"warning  {warning}")
        if not problems:
            typer.echo("The settings can be used.")
    if problems:
        raise typer.Exit(NOT_IN_ORDER)


@config.command("show")
def show_config(
    origin: Annotated[bool, typer.Option("--origin", help="Also say where each comes from.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show every setting as it is in force; secrets are hidden."""
    from tollhouse.settings import origins

    found = origins(_with_the_database(load_settings(data, config)))
    if as_json:
        show_json([dict(zip(("key", "value", "origin"), setting, strict=True)) for setting in found])
        return
    columns = ("key", "value", "origin") if origin else ("key", "value")
    show_table(columns, [[_written(getattr(setting, column)) for column in columns] for setting in found])


@config.command("set")
def set_setting(
    name: Name,
    value: Annotated[str, typer.Argument(help="As it would be written in the environment: `none`, `true`, `a, b`.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Change a setting in the database; what runs takes it over within five seconds, without a restart.

    The reference of settings marks those that may be changed so. What stands in the file, or in the environment, counts
    before it.

    \b
    tollhouse config set requests.max_age_days 30
    tollhouse config set guards.input.deny "Project Tulip, Project Rose"
    """
    from tollhouse.admin import settings as room

    (view,) = with_desk(data, config, lambda desk, actor: room.change_settings(desk, actor, {name: value}))
    if as_json:
        show_json(view)
    else:
        show_one({"setting": view.name, "value": _written(view.value), "counts": view.taken}, as_json=False)


@config.command("unset")
def unset_setting(name: Name, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Forget what was set in the database, so that the file counts, or the default.

    \b
    tollhouse config unset requests.max_age_days
    """
    from tollhouse.admin import settings as room

    async def reset(desk: Desk, actor: Actor) -> SettingView:
        await room.reset_setting(desk, actor, name)
        return next(view for view in await room.list_settings(desk) if view.name == name)

    view = with_desk(data, config, reset)
    if as_json:
        show_json(view)
    else:
        show_one({"setting": view.name, "value": _written(view.value), "origin": view.origin}, as_json=False)


@config.command("schema")
def show_schema() -> None:
    """Print the JSON schema of `tollhouse.toml`, for editors."""
    from tollhouse.settings import json_schema

    show_json(json_schema())


def _with_the_database(settings: Settings) -> Settings:
    """With what was set there, if there is one yet, and it can be read."""
    from tollhouse.admin.in_force import InForce
    from tollhouse.app import database_url
    from tollhouse.store.opening import open_store
    from tollhouse.telemetry import configure_logs

    async def look() -> Settings:
        store = await open_store(database_url=database_url(settings), may_migrate=False)
        try:
            in_force = InForce(settings, store)
            await in_force.begin(strictly=False)
            return in_force.settings
        finally:
            await store.aclose()

    if settings.database_url is None and not (settings.data / "tollhouse.db").exists():
        return settings
    configure_logs(level="warning", format=settings.log.format)
    try:
        return asyncio.run(look())
    except (CannotStart, ConfigurationError, Unavailable) as error:
        warn(f"what is set in the database is not shown: {error.message}")
        return settings


def _written(value: Any) -> str:
    """A setting's value as it is written down."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value))
    return str(value)


def _put_together(settings: Settings) -> None:
    """Be sure of what only shows when providers and routes are put together. Raises ConfigurationError."""
    from tollhouse.app import all_providers, map_of
    from tollhouse.gateway.targets import Targets
    from tollhouse.redis.address import read_address
    from tollhouse.upstream.demo import DemoUpstream

    providers = all_providers(settings)
    Targets(providers.values(), lambda provider: DemoUpstream())
    map_of(settings, providers, ())
    if settings.redis_url is not None:
        read_address(settings.redis_url.resolve())
