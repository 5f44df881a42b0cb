"""The command line: `tollhouse up`, and everything an operator does beside it.

Standard output belongs to the command, the log goes to standard error. Exit status: 0 done, 1 the thing asked about is
not in order, 2 wrong use. A command imports the house when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tollhouse import __version__
from tollhouse.cli.accounting import budgets, spend, verify
from tollhouse.cli.alerts import alerts, deliveries, webhooks
from tollhouse.cli.audit import audit
from tollhouse.cli.cache import cache
from tollhouse.cli.config import config
from tollhouse.cli.credentials import credentials, rotate_key
from tollhouse.cli.demo import demo
from tollhouse.cli.jobs import jobs
from tollhouse.cli.login import login
from tollhouse.cli.operating import doctor, fake_provider, migrate
from tollhouse.cli.output import explain
from tollhouse.cli.people import tokens, users, workspaces
from tollhouse.cli.providers import providers
from tollhouse.cli.serving import serve, up, work
from tollhouse.cli.traffic import requests, routes
from tollhouse.errors import TollhouseError

app = typer.Typer(
    help="Tollhouse: one door to every model provider, exact about money.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (up, serve, work, login, migrate, doctor, verify, spend, rotate_key, fake_provider):
    app.command(command.__name__.replace("_", "-"))(command)
for group in (workspaces, users, tokens, credentials, budgets, routes, providers, requests, jobs):
    app.add_typer(group)
for group in (alerts, webhooks, deliveries, audit, cache, config, demo):
    app.add_typer(group)


def main() -> None:
    """Run the command that `sys.argv` names. What goes wrong on purpose is one line on standard error."""
    try:
        app(prog_name="tollhouse")
    except TollhouseError as error:
        sys.exit(explain(error, as_json="--json" in sys.argv))


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"tollhouse {__version__}")
        raise typer.Exit


@app.callback()
def _tollhouse(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
