"""Workspaces, users, tokens, limits: who may come in, and how much at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType

from tollhouse import ids, tokens
from tollhouse.admin.budgets import add_daily_tokens, move_budgets
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.lists import EVERY, page_of
from tollhouse.admin.views import (
    LimitsView,
    Listing,
    TokenMade,
    TokenView,
    UserView,
    WorkspaceView,
)
from tollhouse.errors import Conflict, Forbidden, NotFound, Unprocessable
from tollhouse.store import people
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.people import TokenState

DEFAULT_WORKSPACE = "default"
NAME_MOST = 200
LIMIT_MOST = 2**31 - 1


# --- workspaces ------------------------------------------------------------------------------------------------------


async def create_workspace(desk: Desk, actor: Actor, name: str, time_zone: str = "UTC") -> WorkspaceView:
    """Make a workspace.

    Args:
        time_zone: IANA name, whose calendar the workspace's budgets follow, and a user's who is made without one.

    Raises:
        Conflict: there is one of this name.
        Unprocessable: a name or time zone that is none.
    """
    check_name(name)
    _check_time_zone(time_zone)

    def work(tx: Writing) -> WorkspaceView:
        if people.find_workspace(tx, name) is not None:
            raise Conflict(f"There is a workspace {name!r} already.", param="name")
        return _add_workspace(tx, desk, actor, name, time_zone)

    return await desk.change(work)


async def change_workspace(desk: Desk, actor: Actor, id_or_name: str, *, time_zone: str) -> WorkspaceView:
    """Move a workspace to another time zone, and its own budgets with it: from now on their days and months are those
    of the new calendar. Budgets of its users stay in theirs.

    Raises:
        NotFound: no such workspace.
        Unprocessable: a time zone that is none.
    """
    _check_time_zone(time_zone)

    def work(tx: Writing) -> WorkspaceView:
        row = find_workspace(tx, id_or_name)
        people.change_workspace(tx, row["id"], {"time_zone": time_zone})
        desk.note(tx, actor, "workspace.change", row["id"], time_zone=time_zone)
        move_budgets(tx, desk, actor, row["id"], time_zone)
        return workspace_view({**row, "time_zone": time_zone})

    return await desk.change(work)


async def list_workspaces(desk: Desk, page: Page = EVERY) -> Listing[WorkspaceView]:
    """Workspaces, oldest first."""
    return await page_of(desk, page, lambda tx, page: [workspace_view(row) for row in people.workspaces(tx, page)])


# --- users -----------------------------------------------------------------------------------------------------------


async def create_user(
    desk: Desk,
    actor: Actor,
    *,
    name: str,
    email: str | None = None,
    time_zone: str | None = None,
    workspace: str | None = None,
    without_limits: bool = False,
) -> UserView:
    """Make a user, with a new user's limits and token budget unless `without_limits`.

    Args:
        time_zone: IANA name, whose calendar the user's budgets follow; without one, the workspace's of now.
        workspace: id or name; without one, the default workspace.

    Raises:
        NotFound: no such workspace.
        Unprocessable: a name, address or time zone that is none.
    """
    check_name(name)
    _check_email(email)
    if time_zone is not None:
        _check_time_zone(time_zone)

    def work(tx: Writing) -> UserView:
        return add_user(
            tx,
            desk,
            actor,
            name=name,
            email=email,
            time_zone=time_zone,
            workspace=workspace,
            without_limits=without_limits,
        )

    return await desk.change(work)


def add_user(
    tx: Writing,
    desk: Desk,
    actor: Actor,
    *,
    name: str,
    email: str | None = None,
    time_zone: str | None = None,
    workspace: str | None = None,
    without_limits: bool = False,
) -> UserView:
    """As `create_user`, of what was checked, in a transaction that does more."""
    new = desk.new_user.now
    user_id = ids.new("usr")
    belongs_to = _workspace_for(tx, desk, actor, workspace)
    time_zone = time_zone or belongs_to.time_zone
    values = {
        "id": user_id,
        "workspace_id": belongs_to.id,
        "name": name,
        "email": email,
        "time_zone": time_zone,
        "requests_per_minute": None if without_limits else new.requests_per_minute,
        "tokens_per_minute": None,
        "concurrent": None if without_limits else new.concurrent,
        "created_at": desk.clock.now(),
        "disabled_at": None,
    }
    people.add_user(tx, values)
    desk.note(tx, actor, "user.create", user_id, name=name, without_limits=without_limits)
    if not without_limits and new.tokens_per_day is not None:
        add_daily_tokens(tx, desk, actor, user_id, time_zone, new.tokens_per_day)
    return user_view(values)


async def list_users(desk: Desk, page: Page | None = None, *, workspace: str | None = None) -> Listing[UserView]:
    """A page of users, or a workspace's, newest first. Raises NotFound."""

    def query(tx: Reading, page: Page) -> list[UserView]:
        return [user_view(row) for row in people.users(tx, page, whose(tx, workspace=workspace)["workspace_id"])]

    return await page_of(desk, page or Page(), query)


async def get_user(desk: Desk, id_or_name: str) -> UserView:
    """One user, by id, or by name or address when that is unique. Raises NotFound."""
    return user_view(await desk.store.read(lambda tx: find_user(tx, id_or_name)))


async def disable_user(desk: Desk, actor: Actor, id_or_name: str) -> UserView:
    """Refuse all of the user's tokens: here at once, in other processes within seconds."""
    return await _change_user(desk, actor, id_or_name, "user.disable", {"disabled_at": desk.clock.now()})


async def enable_user(desk: Desk, actor: Actor, id_or_name: str) -> UserView:
    """Let a disabled user in again."""
    return await _change_user(desk, actor, id_or_name, "user.enable", {"disabled_at": None})


async def set_limits(
    desk: Desk,
    actor: Actor,
    user: str,
    *,
    requests_per_minute: int | UnsetType | None = UNSET,
    tokens_per_minute: int | UnsetType | None = UNSET,
    concurrent: int | UnsetType | None = UNSET,
) -> UserView:
    """Set the user's limits: None for unlimited; what is not said stays. Raises Unprocessable, NotFound."""
    told = {
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "concurrent": concurrent,
    }
    values = {name: limit for name, limit in told.items() if limit is not UNSET}
    for name, limit in values.items():
        if limit is not None and (not isinstance(limit, int) or not 1 <= limit <= LIMIT_MOST):
            raise Unprocessable(
                f"`{name}` is a whole number from 1 to {LIMIT_MOST}, or null for no limit. "
                "To refuse a user altogether, disable them.",
                param=name,
            )
    return await _change_user(desk, actor, user, "user.limits", values)


async def _change_user(desk: Desk, actor: Actor, id_or_name: str, deed: str, values: dict[str, Any]) -> UserView:
    def work(tx: Writing) -> UserView:
        row = find_user(tx, id_or_name)
        if values:
            people.change_user(tx, row["id"], values)
        desk.note(tx, actor, deed, row["id"], **values)
        return user_view({**row, **values})

    return await desk.change(work)


# --- tokens ----------------------------------------------------------------------------------------------------------


async def create_token(
    desk: Desk,
    actor: Actor,
    user: str,
    *,
    name: str,
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
) -> TokenMade:
    """Make a token, whose text is shown this once.

    Args:
        scopes: every one but `admin:*` when not said, as far as the actor may hand them on.
        expires_at: an aware instant; when not said, that of the actor's own token, if it has one.

    Raises:
        Forbidden: more, or for longer, than the actor's own token may.
        Unprocessable: an instant that is past or has no time zone.
        NotFound: no such user.
    """
    check_name(name)
    granted = _grant(actor, scopes)
    expiry = _expiry(desk, actor, expires_at)

    def work(tx: Writing) -> TokenMade:
        return add_token(tx, desk, actor, find_user(tx, user)["id"], name=name, scopes=granted, expires_at=expiry)

    return await desk.change(work)


def add_token(
    tx: Writing,
    desk: Desk,
    actor: Actor,
    user_id: str,
    *,
    name: str,
    scopes: frozenset[tokens.Scope],
    expires_at: datetime | None = None,
) -> TokenMade:
    """As `create_token`, of what was checked, in a transaction that does more."""
    minted = tokens.mint(pepper=desk.pepper)
    values: dict[str, Any] = {
        "id": ids.new("tok"),
        "lookup": minted.lookup,
        "user_id": user_id,
        "name": name,
        "digest": minted.digest,
        "scopes": sorted(scopes),
        "created_by": actor.name,
        "created_at": desk.clock.now(),
        "expires_at": expires_at,
        "revoked_at": None,
        "last_used_at": None,
    }
    people.add_token(tx, values)
    desk.note(tx, actor, "token.create", values["id"], user=user_id, scopes=values["scopes"])
    return TokenMade(**msgspec.structs.asdict(token_view(values)), token=minted.text)


async def list_tokens(
    desk: Desk,
    user: str | None = None,
    page: Page = EVERY,
    *,
    workspace: str | None = None,
    state: TokenState | None = None,
    unused_since: datetime | None = None,
) -> Listing[TokenView]:
    """Tokens, or those of one user, one workspace or one state, oldest first.

    Args:
        unused_since: only those that nobody has used from this instant on, and that were made before it.

    Raises:
        NotFound: no such user or workspace.
    """
    now = desk.clock.now()

    def query(tx: Reading, page: Page) -> list[TokenView]:
        said = whose(tx, user=user, workspace=workspace)
        return [token_view(row) for row in people.tokens(tx, page, now, **said, state=state, unused_since=unused_since)]

    return await page_of(desk, page, query)


async def get_token(desk: Desk, token_id: str) -> TokenView:
    """One token, by its id or the part that is no secret. Raises NotFound."""
    return token_view(await desk.store.read(lambda tx: find_token(tx, token_id)))


async def revoke_token(desk: Desk, actor: Actor, token_id: str) -> TokenView:
    """Refuse a token from now on: here at once, in other processes within seconds. Again is no error."""

    def work(tx: Writing) -> TokenView:
        row = find_token(tx, token_id)
        now = desk.clock.now()
        if people.revoke_token(tx, row["id"], now):
            desk.note(tx, actor, "token.revoke", row["id"], user=row["user_id"])
        return token_view({**row, "revoked_at": row["revoked_at"] or now})

    return await desk.change(work)


def _grant(actor: Actor, scopes: Iterable[str] | None) -> frozenset[tokens.Scope]:
    wanted = tokens.DEFAULT_SCOPES if scopes is None else tokens.read_scopes(scopes)
    if actor.caller is None:
        return wanted
    grantable = tokens.grantable(wanted, actor.caller.scopes)
    if grantable != wanted:
        missing = ", ".join(sorted(wanted - grantable))
        raise Forbidden(f"Your own token lacks what you would hand on: {missing}.", param="scopes")
    return wanted


def _expiry(desk: Desk, actor: Actor, expires_at: datetime | None) -> datetime | None:
    own = actor.caller.expires_at if actor.caller else None
    if expires_at is None:
        return own
    if expires_at.tzinfo is None:
        raise Unprocessable("`expires_at` needs a time zone: 2027-01-31T00:00:00Z.", param="expires_at")
    if expires_at <= desk.clock.now():
        raise Unprocessable("`expires_at` is past.", param="expires_at")
    if own is not None and expires_at > own:
        raise Forbidden("A token cannot outlive the one that makes it.", param="expires_at")
    return expires_at.astimezone(UTC)


# --- finding and checking --------------------------------------------------------------------------------------------


def find_user(tx: Reading, id_or_name: str) -> Any:
    """The user's row. Raises NotFound."""
    row = people.find_user(tx, id_or_name)
    if row is None:
        raise NotFound(f"There is no user {id_or_name[:NAME_MOST]!r}, or several of that name: use the id.")
    return row


def find_workspace(tx: Reading, id_or_name: str) -> Any:
    """The workspace's row. Raises NotFound."""
    row = people.find_workspace(tx, id_or_name)
    if row is None:
        raise NotFound(f"There is no workspace {id_or_name[:NAME_MOST]!r}.", param="workspace")
    return row


def whose(tx: Reading, *, user: str | None = None, workspace: str | None = None) -> dict[str, str | None]:
    """The ids of those who were named, by the names of their columns. Raises NotFound."""
    return {
        "user_id": None if user is None else find_user(tx, user)["id"],
        "workspace_id": None if workspace is None else find_workspace(tx, workspace)["id"],
    }


def find_token(tx: Reading, id_or_prefix: str, user_id: str | None = None) -> Any:
    """The row of a token, of this user's only when said. Raises NotFound."""
    row = people.find_token(tx, id_or_prefix.removeprefix(tokens.PREFIX.decode()))
    if row is None or user_id not in (None, row["user_id"]):
        # Not repeated: somebody may have said the whole token.
        raise NotFound("There is no such token. Name it by its id, or by its prefix, as `tokens list` shows it.")
    return row


def check_name(name: str, param: str = "name") -> None:
    """Raise Unprocessable for a name that is empty, long, or not printable."""
    if not name.strip() or len(name) > NAME_MOST or not name.isprintable():
        raise Unprocessable(f"`{param}` is a printable text of 1 to {NAME_MOST} characters.", param=param)


def _check_email(email: str | None) -> None:
    if email is None:
        return
    local, at, domain = email.partition("@")
    if not (local and at and domain) or len(email) > NAME_MOST or not email.isprintable() or " " in email:
        raise Unprocessable("`email` is no e-mail address.", param="email")


def _check_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise Unprocessable("`time_zone` is an IANA name, such as Europe/Vienna.", param="time_zone") from None


def _workspace_for(tx: Writing, desk: Desk, actor: Actor, named: str | None) -> WorkspaceView:
    if named is not None:
        return workspace_view(find_workspace(tx, named))
    row = people.find_workspace(tx, DEFAULT_WORKSPACE)
    if row is not None:
        return workspace_view(row)
    return _add_workspace(tx, desk, actor, DEFAULT_WORKSPACE, "UTC")


def _add_workspace(tx: Writing, desk: Desk, actor: Actor, name: str, time_zone: str) -> WorkspaceView:
    workspace_id = ids.new("ws")
    values = {"id": workspace_id, "name": name, "time_zone": time_zone, "created_at": desk.clock.now()}
    people.add_workspace(tx, values)
    desk.note(tx, actor, "workspace.create", workspace_id, name=name, time_zone=time_zone)
    return workspace_view(values)


# --- rows as views ---------------------------------------------------------------------------------------------------


def workspace_view(row: Any) -> WorkspaceView:
    """A workspace's row, for people."""
    return WorkspaceView(id=row["id"], name=row["name"], time_zone=row["time_zone"], created_at=row["created_at"])


def user_view(row: Any) -> UserView:
    """A user's row, for people."""
    return UserView(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        workspace=row["workspace_id"],
        time_zone=row["time_zone"],
        limits=LimitsView(
            requests_per_minute=row["requests_per_minute"],
            tokens_per_minute=row["tokens_per_minute"],
            concurrent=row["concurrent"],
        ),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
    )


def token_view(row: Any) -> TokenView:
    """A token's row, for people: never its digest."""
    return TokenView(
        id=row["id"],
        user=row["user_id"],
        name=row["name"],
        prefix=tokens.PREFIX.decode() + row["lookup"],
        scopes=tuple(row["scopes"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )
