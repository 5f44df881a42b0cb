"""migrate, doctor and fake-provider: keeping an installation in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tollhouse.cli.opening import doubts, load_settings, with_house
from tollhouse.cli.options import Config, Data, Json
from tollhouse.cli.output import NOT_IN_ORDER, show_json, show_one
from tollhouse.errors import TollhouseError

if TYPE_CHECKING:
    from tollhouse.admin.doctor import Finding
    from tollhouse.app import House

KEPT_REQUESTS = 10_000
"""What a fake provider remembers of those that it has answered."""

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


def fake_provider(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one; it is printed first.")] = 0,
    text: Annotated[str, typer.Option(help="What it answers to everything.")] = "Hello from the fake provider.",
    rules: Annotated[Path | None, typer.Option(help="A TOML file of rules by which it answers instead.")] = None,
) -> None:
    """Run a provider that costs nothing, to try things. It speaks OpenAI's, Anthropic's and Google's wires. Its port is
    printed first.

    \b
    tollhouse fake-provider --port 9000 --text "All is well."
    tollhouse fake-provider --port 9000 --rules rules.toml
    """
    from tollhouse.testing.process import run

    if rules is None:
        run(port=port, text=text)
        return
    from tollhouse.testing.faking import AiFake
    from tollhouse.testing.faking.file import follow

    fake = AiFake(port=port, keep_requests=KEPT_REQUESTS)
    try:
        follow(fake, rules)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--rules") from None
    run(provider=fake)


def _show_findings(findings: Sequence[Finding], as_json: bool) -> None:
    if as_json:
        show_json(findings)
        return
    for finding in findings:
        typer.echo(f"{MARKS[finding.level]}  {finding.subject}: {finding.message}")
        if finding.advice is not None:
            typer.echo(f"         {finding.advice}")
