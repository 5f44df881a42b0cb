"""audit: who changed what."""

from __future__ import annotations

from typing import Annotated

import typer

from tollhouse.cli.opening import with_desk
from tollhouse.cli.options import Config, Data, Json
from tollhouse.cli.output import show_list, warn

audit = typer.Typer(name="audit", help="Who changed what. Nothing ever deletes it.", no_args_is_help=True)


@audit.command("list")
def list_deeds(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 20,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List what was changed, newest first: by which token, or by the operator on the command line."""
    from tollhouse.admin import audit as room
    from tollhouse.store.paging import Page

    found = with_desk(data, config, lambda desk, _: room.list_deeds(desk, Page(limit=limit)))
    show_list(found, ("id", "at", "actor", "deed", "subject", "facts"), as_json)
    if found.has_more and not as_json:
        warn(f"there are more than {limit}: --limit {limit * 2}")
