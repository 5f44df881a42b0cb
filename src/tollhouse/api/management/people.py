"""/api/workspaces, /api/users, /api/tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tollhouse.admin import access
from tollhouse.admin.views import Listing, TokenMade, TokenView, UserView, WorkspaceView
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("people")


@table.post("/api/workspaces", scope=ADMIN, status=201)
async def create_workspace(here: Here, body: bodies.NewWorkspace) -> WorkspaceView:
    """Make a workspace."""
    return await access.create_workspace(here.desk, here.actor, body.name, body.time_zone)


@table.get("/api/workspaces", scope=ADMIN)
async def list_workspaces(here: Here, asked: Annotated[bodies.OldestFirst, Query()]) -> Listing[WorkspaceView]:
    """A page of workspaces, oldest first."""
    return await access.list_workspaces(here.desk, asked.page)


@table.patch("/api/workspaces/{workspace}", scope=ADMIN)
async def change_workspace(here: Here, workspace: str, body: bodies.WorkspaceChange) -> WorkspaceView:
    """Move a workspace to another time zone, and the budgets that it owns with it."""
    return await access.change_workspace(here.desk, here.actor, workspace, time_zone=body.time_zone)


@table.post("/api/users", scope=ADMIN, status=201)
async def create_user(here: Here, body: bodies.NewUser) -> UserView:
    """Make a user, with a new user's limits and daily token budget."""
    return await access.create_user(here.desk, here.actor, **body.model_dump())


@table.get("/api/users", scope=ADMIN)
async def list_users(here: Here, asked: Annotated[bodies.UsersAsked, Query()]) -> Listing[UserView]:
    """A page of users, or a workspace's, newest first."""
    return await access.list_users(here.desk, asked.page, workspace=asked.workspace)


@table.get("/api/users/{user}", scope=ADMIN)
async def get_user(here: Here, user: str) -> UserView:
    """One user."""
    return await access.get_user(here.desk, user)


@table.post("/api/users/{user}/disable", scope=ADMIN)
async def disable_user(here: Here, user: str) -> UserView:
    """Refuse all of the user's tokens."""
    return await access.disable_user(here.desk, here.actor, user)


@table.post("/api/users/{user}/enable", scope=ADMIN)
async def enable_user(here: Here, user: str) -> UserView:
    """Let a disabled user in again."""
    return await access.enable_user(here.desk, here.actor, user)


@table.put("/api/users/{user}/limits", scope=ADMIN)
async def set_limits(here: Here, user: str, body: bodies.Limits) -> UserView:
    """Set how much the user may use at a time."""
    return await access.set_limits(here.desk, here.actor, user, **body.model_dump(exclude_unset=True))


@table.post("/api/users/{user}/tokens", scope=ADMIN, status=201)
async def create_token(here: Here, user: str, body: bodies.NewToken) -> TokenMade:
    """Make a token. It is shown in this answer and never again."""
    return await access.create_token(here.desk, here.actor, user, **body.model_dump())


@table.get("/api/users/{user}/tokens", scope=ADMIN)
async def list_tokens(here: Here, user: str, asked: Annotated[bodies.OldestFirst, Query()]) -> Listing[TokenView]:
    """A page of a user's tokens, oldest first."""
    return await access.list_tokens(here.desk, user, asked.page)


@table.get("/api/tokens", scope=ADMIN)
async def list_all_tokens(here: Here, asked: Annotated[bodies.TokensAsked, Query()]) -> Listing[TokenView]:
    """A page of everybody's tokens, oldest first: of one user, one workspace or one state, or that nobody uses."""
    return await access.list_tokens(
        here.desk,
        asked.user,
        asked.page,
        workspace=asked.workspace,
        state=asked.state,
        unused_since=asked.unused_since,
    )


@table.get("/api/tokens/{token}", scope=ADMIN)
async def get_token(here: Here, token: str) -> TokenView:
    """One token, by its id or its prefix. What it is nobody can see any more."""
    return await access.get_token(here.desk, token)


@table.delete("/api/tokens/{token}", scope=ADMIN)
async def revoke_token(here: Here, token: str) -> None:
    """Refuse a token from now on."""
    await access.revoke_token(here.desk, here.actor, token)
