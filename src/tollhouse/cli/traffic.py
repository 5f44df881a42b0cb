"""routes and requests: who would answer, and who did."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tollhouse.cli.opening import with_desk
from tollhouse.cli.options import Config, Data, Json, User, Workspace
from tollhouse.cli.output import show_json, show_list, show_one, show_table, warn

routes = typer.Typer(name="routes", help="Aliases, and who would answer for a model.", no_args_is_help=True)
requests = typer.Typer(name="requests", help="The request log.", no_args_is_help=True)


@routes.command("list")
def list_routes(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """List the aliases of the configuration, with their candidates in order."""
    from tollhouse.admin import catalog

    found = with_desk(data, config, lambda desk, _: catalog.list_routes(desk))
    show_list(found, ("name", "strategy", "candidates", "weights"), as_json)


@routes.command("explain")
def explain_route(
    model: Annotated[str, typer.Argument(help="A model, `provider/model`, or an alias.")],
    user: Annotated[str, typer.Option(metavar="USER", help="For this user.")] = "default",
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show who would answer a user's request for a model, in which order, why, and at what price.

    \b
    tollhouse routes explain openai/gpt-4.1 --user alice
    """
    from tollhouse.admin import catalog

    found = with_desk(data, config, lambda desk, _: catalog.explain(desk, user, model))
    if as_json:
        show_json(found)
        return
    rows = [
        (
            str(candidate.position),
            f"{candidate.provider}/{candidate.model}",
            candidate.credential or "-",
            candidate.price.input_usd_per_million or "unknown",
            candidate.price.output_usd_per_million or "unknown",
            candidate.why,
        )
        for candidate in found.candidates
    ]
    show_table(("", "model", "credential", "input $/M", "output $/M", "why"), rows)


@requests.command("list")
def list_requests(
    user: User = None,
    workspace: Workspace = None,
    model: Annotated[str | None, typer.Option(help="Only of this model, also as `provider/model`.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only of this provider.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only with this outcome: succeeded, client_left …")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what did not succeed, for whichever reason.")] = False,
    token: Annotated[str | None, typer.Option(metavar="TOKEN", help="Only asked with this token: its id.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only with this tag.")] = None,
    conversation: Annotated[
        str | None, typer.Option(metavar="CONVERSATION", help="Only the turns of this conversation: its id.")
    ] = None,
    unpriced: Annotated[bool, typer.Option("--unpriced", help="Only those whose price is unknown.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 20,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the newest requests, or the newest that are as you say.

    \b
    tollhouse requests list --failed --tag nightly
    """
    from tollhouse.admin import request_log

    said: dict[str, Any] = {
        "user": user,
        "workspace": workspace,
        "model": model,
        "provider": provider,
        "outcome": outcome,
        "failed": failed or None,
        "token": token,
        "tag": tag,
        "conversation_id": conversation,
        "cost_status": "unpriced" if unpriced else None,
    }
    found = with_desk(data, config, lambda desk, _: request_log.find_requests(desk, limit, **said))
    columns = ("id", "created_at", "user", "provider", "model", "status", "outcome", "cost_usd", "response_time_ms")
    show_list(found, columns, as_json)
    if found.has_more and not as_json:
        warn(f"there are more than {limit}: --limit {limit * 2}")


@requests.command("show")
def show_request(
    request: Annotated[str, typer.Argument(metavar="ID", help="Our id, or the one the client gave.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show one request: who, what, when, how long, how much, and every attempt."""
    from tollhouse.admin import reports

    show_one(with_desk(data, config, lambda desk, actor: reports.show_request(desk, actor, request)), as_json)
