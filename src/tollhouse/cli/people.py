"""workspaces, users and tokens: who may come in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from tollhouse.cli.opening import with_desk
from tollhouse.cli.options import Config, Data, Json, User, Workspace
from tollhouse.cli.output import show_list, show_one, warn
from tollhouse.errors import InvalidRequest

workspaces = typer.Typer(name="workspaces", help="Groups of users who share budgets.", no_args_is_help=True)
users = typer.Typer(name="users", help="Who has tokens, credentials and limits.", no_args_is_help=True)
tokens = typer.Typer(name="tokens", help="What applications show at the door.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(metavar="USER", help="An id, a name or an address.")]
Zone = Annotated[str, typer.Option(help="IANA name: in which calendar budgets begin anew.")]
State = Literal["active", "expired", "revoked"]
Limit = Annotated[str | None, typer.Option(metavar="N|none", help="A whole number, or `none` for no limit.")]


@workspaces.command("create")
def create_workspace(
    name: Annotated[str, typer.Argument(help="What the workspace is called.")],
    time_zone: Zone = "UTC",
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a workspace.

    \b
    tollhouse workspaces create lab --time-zone Asia/Kathmandu
    """
    from tollhouse.admin import access

    show_one(
        with_desk(data, config, lambda desk, actor: access.create_workspace(desk, actor, name, time_zone)), as_json
    )


@workspaces.command("list")
def list_workspaces(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """List workspaces, oldest first."""
    from tollhouse.admin import access

    found = with_desk(data, config, lambda desk, _: access.list_workspaces(desk))
    show_list(found, ("id", "name", "time_zone", "created_at"), as_json)


@workspaces.command("time-zone")
def move_workspace(
    workspace: Annotated[str, typer.Argument(metavar="WORKSPACE", help="An id or a name.")],
    time_zone: Annotated[str, typer.Argument(metavar="ZONE", help="IANA name: in which calendar budgets begin anew.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Move a workspace to another time zone, and the budgets that it owns with it. Those of its users stay in theirs.

    \b
    tollhouse workspaces time-zone default Europe/Vienna
    """
    from tollhouse.admin import access

    view = with_desk(
        data, config, lambda desk, actor: access.change_workspace(desk, actor, workspace, time_zone=time_zone)
    )
    show_one(view, as_json)


@users.command("create")
def create_user(
    name: Annotated[str, typer.Argument(help="What the user is called.")],
    email: Annotated[str | None, typer.Option(help="An address, by which the user can be named too.")] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(help="IANA name: in which calendar budgets begin anew.", show_default="the workspace's"),
    ] = None,
    workspace: Annotated[str | None, typer.Option(help="An id or a name.", show_default="default")] = None,
    without_limits: Annotated[bool, typer.Option("--without-limits", help="No limits and no token budget.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a user, with the usual limits and a budget of tokens a day.

    \b
    tollhouse users create alice --email alice@example.com --time-zone Europe/Vienna
    """
    from tollhouse.admin import access

    view = with_desk(
        data,
        config,
        lambda desk, actor: access.create_user(
            desk,
            actor,
            name=name,
            email=email,
            time_zone=time_zone,
            workspace=workspace,
            without_limits=without_limits,
        ),
    )
    show_one(view, as_json)


@users.command("list")
def list_users(
    workspace: Workspace = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 100,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List users, newest first."""
    from tollhouse.admin import access
    from tollhouse.store.paging import Page

    page = Page(limit=limit)
    found = with_desk(data, config, lambda desk, _: access.list_users(desk, page, workspace=workspace))
    show_list(found, ("id", "name", "email", "time_zone", "limits", "created_at", "disabled_at"), as_json)
    if found.has_more and not as_json:
        warn(f"there are more than {limit}: --limit {limit * 2}")


@users.command("disable")
def disable_user(user: Named, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Refuse all of a user's tokens, within 5 seconds everywhere. Nothing is deleted."""
    from tollhouse.admin import access

    show_one(with_desk(data, config, lambda desk, actor: access.disable_user(desk, actor, user)), as_json)


@users.command("enable")
def enable_user(user: Named, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Let a disabled user in again."""
    from tollhouse.admin import access

    show_one(with_desk(data, config, lambda desk, actor: access.enable_user(desk, actor, user)), as_json)


@users.command("limits")
def set_limits(
    user: Named,
    requests_per_minute: Limit = None,
    tokens_per_minute: Limit = None,
    concurrent: Limit = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Change how much a user may do at a time; what is not said stays.

    \b
    tollhouse users limits alice --requests-per-minute 60 --concurrent none
    """
    from tollhouse.admin import access

    told = {
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "concurrent": concurrent,
    }
    limits = {name: _limit(name, text) for name, text in told.items() if text is not None}
    show_one(with_desk(data, config, lambda desk, actor: access.set_limits(desk, actor, user, **limits)), as_json)


@tokens.command("create")
def create_token(
    user: Named,
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; again for more.", show_default="all but admin:*")
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="When it ends, in UTC.", show_default="never"),
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a token for a user. It is shown once, and kept nowhere.

    \b
    tollhouse tokens create alice --name laptop
    tollhouse tokens create admin --name deploy --scope admin:* --expires 2027-12-31
    """
    from tollhouse.admin import access

    expires_at = expires.replace(tzinfo=UTC) if expires else None
    made = with_desk(
        data,
        config,
        lambda desk, actor: access.create_token(desk, actor, user, name=name, scopes=scope, expires_at=expires_at),
    )
    show_one(made, as_json)
    if not as_json:
        warn("keep the token: it is not shown again")


@tokens.command("list")
def list_tokens(
    user: User = None,
    workspace: Workspace = None,
    state: Annotated[State | None, typer.Option(help="Only those that are so.")] = None,
    unused_since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="Only those not used from then on, in UTC."),
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List tokens by the part that is no secret, oldest first: everybody's, or those of a user, a workspace or a state.

    \b
    tollhouse tokens list --state active --unused-since 2026-09-01
    """
    from tollhouse.admin import access

    since = unused_since.replace(tzinfo=UTC) if unused_since else None
    found = with_desk(
        data,
        config,
        lambda desk, _: access.list_tokens(desk, user, workspace=workspace, state=state, unused_since=since),
    )
    columns = ("id", "user", "name", "prefix", "scopes", "last_used_at", "expires_at", "revoked_at")
    show_list(found, columns, as_json)


@tokens.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `tokens list` shows it.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Refuse a token from now on, within 5 seconds everywhere."""
    from tollhouse.admin import access

    show_one(with_desk(data, config, lambda desk, actor: access.revoke_token(desk, actor, token)), as_json)


def _limit(name: str, text: str) -> int | None:
    if text == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise InvalidRequest(f"--{name.replace('_', '-')} is a whole number or `none`, not {text[:40]!r}.") from None
