"""Workspaces, users and tokens. What the hot path asks of them is in `callers`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias, assert_never

from sqlalchemy import func, insert, or_, select, update

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.tables import token, user, workspace

TokenState: TypeAlias = Literal["active", "expired", "revoked"]
"""How a token stands by itself; its user may be disabled besides."""


def by_token(tx: Reading, token_id: str) -> Any | None:
    """A token, its user and workspace, in one row; None when there is none."""
    query = select(
        token,
        user.c.workspace_id,
        user.c.requests_per_minute,
        user.c.tokens_per_minute,
        user.c.concurrent,
        user.c.disabled_at,
    ).join(user, user.c.id == token.c.user_id)
    return tx.execute(query.where(token.c.id == token_id)).mappings().first()


def touch_tokens(tx: Writing, used: dict[str, datetime]) -> None:
    """Note when tokens were last used."""
    for token_id, at in sorted(used.items()):
        tx.execute(update(token).where(token.c.id == token_id).values(last_used_at=at))


def add_workspace(tx: Writing, values: dict[str, Any]) -> None:
    tx.execute(insert(workspace).values(**values))


def workspaces(tx: Reading, page: Page) -> list[Any]:
    return list(tx.execute(page.of(select(workspace), workspace.c.id)).mappings())


def change_workspace(tx: Writing, workspace_id: str, values: dict[str, Any]) -> None:
    tx.execute(update(workspace).where(workspace.c.id == workspace_id).values(**values))


def find_workspace(tx: Reading, id_or_name: str) -> Any | None:
    query = select(workspace).where((workspace.c.id == id_or_name) | (workspace.c.name == id_or_name))
    return tx.execute(query).mappings().first()


def add_user(tx: Writing, values: dict[str, Any]) -> None:
    tx.execute(insert(user).values(**values))


def users(tx: Reading, page: Page, workspace_id: str | None = None) -> list[Any]:
    """Users by id, which is by age."""
    query = select(user)
    if workspace_id is not None:
        query = query.where(user.c.workspace_id == workspace_id)
    return list(tx.execute(page.of(query, user.c.id)).mappings())


def find_user(tx: Reading, id_or_name: str) -> Any | None:
    """A user by id, or by name or e-mail address when that is unique."""
    found = tx.execute(select(user).where(user.c.id == id_or_name)).mappings().first()
    if found is not None:
        return found
    query = select(user).where((user.c.name == id_or_name) | (user.c.email == id_or_name)).limit(2)
    named = list(tx.execute(query).mappings())
    return named[0] if len(named) == 1 else None


def change_user(tx: Writing, user_id: str, values: dict[str, Any]) -> bool:
    return tx.execute(update(user).where(user.c.id == user_id).values(**values)).rowcount == 1


def add_token(tx: Writing, values: dict[str, Any]) -> None:
    tx.execute(insert(token).values(**values))


def tokens(
    tx: Reading,
    page: Page,
    now: datetime,
    *,
    user_id: str | None = None,
    workspace_id: str | None = None,
    state: TokenState | None = None,
    unused_since: datetime | None = None,
) -> list[Any]:
    """Tokens by id, which is by age. One that is revoked is that, whether it has expired or not."""
    query = select(token)
    if user_id is not None:
        query = query.where(token.c.user_id == user_id)
    if workspace_id is not None:
        query = query.where(token.c.user_id.in_(select(user.c.id).where(user.c.workspace_id == workspace_id)))
    match state:
        case "active":
            query = query.where(
                token.c.revoked_at.is_(None), or_(token.c.expires_at.is_(None), token.c.expires_at > now)
            )
        case "expired":
            query = query.where(token.c.revoked_at.is_(None), token.c.expires_at <= now)
        case "revoked":
            query = query.where(token.c.revoked_at.is_not(None))
        case None:
            pass
        case _:
            assert_never(state)
    if unused_since is not None:
        query = query.where(func.coalesce(token.c.last_used_at, token.c.created_at) < unused_since)
    return list(tx.execute(page.of(query, token.c.id)).mappings())


def find_token(tx: Reading, id_or_lookup: str) -> Any | None:
    query = select(token).where((token.c.id == id_or_lookup) | (token.c.lookup == id_or_lookup))
    return tx.execute(query).mappings().first()


def revoke_token(tx: Writing, token_id: str, at: datetime) -> bool:
    """Revoke; a token revoked before keeps its first moment."""
    changed = tx.execute(
        update(token).where(token.c.id == token_id, token.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    return changed.rowcount == 1
