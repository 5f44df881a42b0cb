"""providers: how they are, and what is done about it."""

from __future__ import annotations

from typing import Annotated

import typer

from tollhouse.cli.opening import with_desk
from tollhouse.cli.options import Config, Data, Json, Reason
from tollhouse.cli.output import show_list, show_one

providers = typer.Typer(name="providers", help="Who is asked, and who is to rest.", no_args_is_help=True)

Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="Its name, as in `provider/model`.")]

COLUMNS = ("name", "dialect", "credentials", "has_shared_key", "attempts", "error_share", "last_success_at", "paused")


@providers.command("list")
def list_providers(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """List every provider, who is paused, and how each was in the last hour."""
    from tollhouse.admin import provider_report

    show_list(with_desk(data, config, lambda desk, _: provider_report.list_providers(desk)), COLUMNS, as_json)


@providers.command("pause")
def pause_provider(
    provider: Provider, reason: Reason = None, data: Data = None, config: Config = None, as_json: Json = False
) -> None:
    """Let nobody ask a provider, within 5 seconds everywhere. What is under way there comes to its end.

    \b
    tollhouse providers pause openai --reason "Their status page says so."
    """
    from tollhouse.admin import providers as admin

    view = with_desk(data, config, lambda desk, actor: admin.pause_provider(desk, actor, provider, reason=reason))
    show_one(view, as_json)


@providers.command("resume")
def resume_provider(provider: Provider, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Let a provider be asked again, within 5 seconds everywhere."""
    from tollhouse.admin import providers as admin

    show_one(with_desk(data, config, lambda desk, actor: admin.resume_provider(desk, actor, provider)), as_json)


@providers.command("reset")
def reset_breakers(provider: Provider, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Close a provider's breakers, within 5 seconds everywhere, so that it is asked though it kept failing."""
    from tollhouse.admin import providers as admin

    show_one(with_desk(data, config, lambda desk, actor: admin.reset_breakers(desk, actor, provider)), as_json)
