"""migrate, doctor, config and fake-provider: keeping an installation in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tollhouse.cli.opening import doubts, load_settings, with_house
from tollhouse.cli.options import Config, Data, Json
from tollhouse.cli.output import NOT_IN_ORDER, show_json, show_one, show_table
from tollhouse.errors import ConfigurationError, TollhouseError

if TYPE_CHECKING:
    from tollhouse.admin.doctor import Finding
    from tollhouse.app import House
    from tollhouse.settings import Settings

config = typer.Typer(name="config", help="The settings: are they right, and who said what.", no_args_is_help=True)

MARKS = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}


def migrate(
    create_key: Annotated[
        bool, typer.Option("--create-key", help="Also make the master key, where there is none yet.")
    ] = False,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Bring the database to this version. `serve` refuses one that is behind; `up` does this by itself.

    \b
    tollhouse migrate --config /etc/tollhouse.toml
    """
    from tollhouse.store.schema import HEAD, server_version

    settings = load_settings(data, config)
    version = with_house(
        settings, lambda house: house.store.read(server_version), may_migrate=True, may_create_key=create_key
    )
    show_one({"database": version, "schema": HEAD}, as_json)


def doctor(
    online: Annotated[bool, typer.Option("--online", help="Also ask providers whether they take the keys.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Look for what is wrong, and say what to do. Exit status 1 when there is a problem.

    Changes nothing, and without --online nothing leaves this machine.
    """
    from tollhouse.admin.doctor import cannot_open, examine_house, examine_machine

    settings = load_settings(data, config)
    findings = list(examine_machine(settings.data, doubts(settings)))

    async def examine(house: House) -> list[Finding]:
        return [
            finding
            async for finding in examine_house(house.desk, host=settings.host, port=settings.port, is_online=online)
        ]

    if not any(finding.level == "problem" for finding in findings):
        try:
            findings += with_house(settings, examine)
        except TollhouseError as error:
            findings.append(cannot_open(error))
    _show_findings(findings, as_json)
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(NOT_IN_ORDER)


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

    found = origins(load_settings(data, config))
    if as_json:
        show_json([dict(zip(("key", "value", "origin"), setting, strict=True)) for setting in found])
        return
    columns = ("key", "value", "origin") if origin else ("key", "value")
    show_table(columns, [[_written(getattr(setting, column)) for column in columns] for setting in found])


@config.command("schema")
def show_schema() -> None:
    """Print the JSON schema of `tollhouse.toml`, for editors."""
    from tollhouse.settings import json_schema

    show_json(json_schema())


def fake_provider(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one; it is printed first.")] = 0,
    text: Annotated[str, typer.Option(help="What it answers to everything.")] = "Hello from the fake provider.",
) -> None:
    """Run a provider that costs nothing, to try things. It speaks OpenAI's wire. Its port is printed first.

    \b
    tollhouse fake-provider --port 9000 --text "All is well."
    """
    from tollhouse.testing.process import run

    run(port=port, text=text)


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


def _show_findings(findings: Sequence[Finding], as_json: bool) -> None:
    if as_json:
        show_json(findings)
        return
    for finding in findings:
        typer.echo(f"{MARKS[finding.level]}  {finding.subject}: {finding.message}")
        if finding.advice is not None:
            typer.echo(f"         {finding.advice}")
