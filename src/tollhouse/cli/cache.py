"""cache: answers that are given again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tollhouse.cli.opening import with_desk
from tollhouse.cli.options import Config, Data, Json
from tollhouse.cli.output import show_list, show_one
from tollhouse.errors import CannotStart

if TYPE_CHECKING:
    from tollhouse.admin.desk import Desk

cache = typer.Typer(name="cache", help="Answers that are given again.", no_args_is_help=True)

User = Annotated[str | None, typer.Option(metavar="USER", help="Only what this user has asked for.")]
Model = Annotated[str | None, typer.Option(help="Only what this model has answered, as `provider/model`.")]
Tag = Annotated[str | None, typer.Option(help="Only what was asked with this `x-tollhouse-tag`.")]


@cache.command("stats")
def show_stats(
    user: User = None,
    model: Model = None,
    tag: Tag = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show how many answers are kept, how often they were given again, and what that has saved."""
    from tollhouse.admin import cache as room

    found = with_desk(data, config, lambda desk, _: room.measure(shared(desk), user=user, model=model, tag=tag))
    show_one(found, as_json)


@cache.command("trials")
def list_trials(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Show how often an answer to a question like what was asked was the wrong one, and how sure that is."""
    from tollhouse.admin import cache as room

    found = with_desk(data, config, lambda desk, _: room.list_trials(desk))
    show_list(found, ("name", "compared", "wrong", "share", "low", "high"), as_json)


@cache.command("clear")
def clear(
    user: User = None,
    model: Model = None,
    tag: Tag = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Forget answers: all, or those of one user, model or tag.

    \b
    tollhouse cache clear --model acme/acme-1
    """
    from tollhouse.admin import cache as room

    count = with_desk(
        data, config, lambda desk, actor: room.clear(shared(desk), actor, user=user, model=model, tag=tag)
    )
    show_one({"cleared": count}, as_json)


def shared(desk: Desk) -> Desk:
    """The desk, if what the gateway keeps can be seen from here. Raises CannotStart."""
    if not desk.shelf.is_shared:
        raise CannotStart(
            'with cache.store = "memory" answers are in the memory of the gateway alone: ask it at GET or DELETE '
            "/api/cache, or restart it"
        )
    return desk
