"""Sealed provider credentials. What stands here opens nothing without the key ring."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, insert, select, update

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.tables import credential, user

SEALING = 0x7011_5EA1
"""The advisory lock of those who seal."""


def add(tx: Writing, values: dict[str, Any]) -> None:
    tx.execute(insert(credential).values(**values))


def usable(tx: Reading, user_id: str) -> list[Any]:
    """A user's active credentials: primaries before fallbacks, older before newer."""
    query = (
        select(credential)
        .where(credential.c.user_id == user_id, credential.c.active)
        .order_by(case((credential.c.role == "primary", 0), else_=1), credential.c.id)
    )
    return list(tx.execute(query).mappings())


def by_provider(tx: Reading) -> list[Any]:
    """For each provider how many active credentials there are, and when one last worked, and last failed."""
    query = select(
        credential.c.provider,
        func.sum(case((credential.c.active, 1), else_=0)).label("credentials"),
        func.max(credential.c.last_used_at).label("last_used_at"),
        func.max(credential.c.last_error_at).label("last_error_at"),
    )
    return list(tx.execute(query.group_by(credential.c.provider)).mappings())


def listed(tx: Reading, page: Page, *, user_id: str | None = None, workspace_id: str | None = None) -> list[Any]:
    """Credentials by id, which is by age."""
    query = select(credential, user.c.workspace_id).join(user, user.c.id == credential.c.user_id)
    if workspace_id is not None:
        query = query.where(user.c.workspace_id == workspace_id)
    if user_id is not None:
        query = query.where(credential.c.user_id == user_id)
    return list(tx.execute(page.of(query, credential.c.id)).mappings())


def find(tx: Reading, credential_id: str) -> Any | None:
    query = (
        select(credential, user.c.workspace_id)
        .join(user, user.c.id == credential.c.user_id)
        .where(credential.c.id == credential_id)
    )
    return tx.execute(query).mappings().first()


def change(tx: Writing, credential_id: str, values: dict[str, Any]) -> bool:
    return tx.execute(update(credential).where(credential.c.id == credential_id).values(**values)).rowcount == 1


def remove(tx: Writing, credential_id: str) -> bool:
    return tx.execute(delete(credential).where(credential.c.id == credential_id)).rowcount == 1


def demote_primary(tx: Writing, user_id: str, provider: str) -> None:
    """Make room for a new primary: the old one becomes a fallback."""
    tx.execute(
        update(credential)
        .where(credential.c.user_id == user_id, credential.c.provider == provider, credential.c.role == "primary")
        .values(role="fallback")
    )


def note_use(tx: Writing, worked: set[str], failed: dict[str, str], at: datetime) -> None:
    """Note which credentials worked, and how others failed. An operator's shared key is no row, and passed over."""
    for credential_id in sorted(worked):
        change(tx, credential_id, {"last_used_at": at})
    for credential_id, code in sorted(failed.items()):
        change(tx, credential_id, {"last_error": code, "last_error_at": at})


def sealed_under(tx: Reading, kid: str, *, after: str = "", limit: int = 200) -> list[Any]:
    """Credentials whose data key is wrapped by this key of the ring, by id, beyond `after`."""
    query = (
        select(credential, user.c.workspace_id)
        .join(user, user.c.id == credential.c.user_id)
        .where(credential.c.kid == kid, credential.c.id > after)
        .order_by(credential.c.id)
        .limit(limit)
    )
    return list(tx.execute(query).mappings())


def counts_by_kid(tx: Reading) -> dict[str, int]:
    query = select(credential.c.kid, func.count()).where(credential.c.kid.is_not(None)).group_by(credential.c.kid)
    return {row[0]: row[1] for row in tx.execute(query)}


def lock_sealing(tx: Writing, *, alone: bool = False) -> None:
    """Until the transaction ends no master key is dropped or, `alone`, nobody seals. SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        tx.execute(select(lock(SEALING)))
