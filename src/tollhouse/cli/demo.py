"""demo: traffic that never was, to look at."""

from __future__ import annotations

from random import Random
from typing import Annotated

import typer

from tollhouse.cli.opening import with_desk
from tollhouse.cli.options import Config, Data, Json
from tollhouse.cli.output import show_one

demo = typer.Typer(name="demo", help="Traffic that never was, to look at.", no_args_is_help=True)


@demo.command("seed")
def seed_demo(
    a_day: Annotated[int, typer.Option(min=1, max=10_000, help="Requests on a working day, about.")] = 80,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Fill in thirty days of labelled synthetic traffic: in the workspace `demo`, tagged `demo`, with users of its own.

    \b
    tollhouse demo seed
    tollhouse spend --by model
    """
    from tollhouse.admin import demo as room

    chance = Random(30)  # noqa: S311 - no secret: it is the same each time
    made = with_desk(data, config, lambda desk, actor: room.seed(desk, actor, chance=chance, a_day=a_day))
    show_one(made, as_json)


@demo.command("clear")
def clear_demo(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Remove all of it again."""
    from tollhouse.admin import demo as room

    show_one(with_desk(data, config, room.clear), as_json)
