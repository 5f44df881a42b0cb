"""login: a link that signs in to the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tollhouse.cli.opening import load_settings, with_house
from tollhouse.cli.options import Config, Data, Json
from tollhouse.cli.output import show_json, warn

if TYPE_CHECKING:
    from tollhouse.admin.sessions import CodeMade

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what is listened on, as an address to go to


def login(
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="USER", help="Sign in as this user.", show_default="who manages"),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", metavar="URL", help="Where browsers find the gateway.", show_default="http://127.0.0.1:8787"
        ),
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Print a link that signs in to the dashboard, once, within 15 minutes.

    What it opens may do what the newest token that manages may, or the user's newest one, and is over when that is.

    \b
    tollhouse login
    tollhouse login --user alice --url https://tollhouse.example.com
    """
    from tollhouse.admin.desk import COMMAND_LINE
    from tollhouse.admin.sessions import make_code

    settings = load_settings(data, config)
    made = with_house(settings, lambda house: make_code(house.desk, COMMAND_LINE, user))
    link = link_of(url or address_of(settings.host, settings.port), made)
    if as_json:
        show_json({"login_url": link, "expires_at": made.expires_at})
        return
    typer.echo(link)
    warn("it signs in once, within 15 minutes")


def address_of(host: str, port: int) -> str:
    """Where this machine finds who listens there."""
    return f"http://{EVERYWHERE.get(host, f'[{host}]' if ':' in host else host)}:{port}"


def link_of(url: str, made: CodeMade) -> str:
    """The link of a code. It stands behind the `#`, which browsers send to nobody."""
    return f"{url.rstrip('/')}/ui/#code={made.code}"
