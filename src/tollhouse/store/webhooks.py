"""Endpoints that are told, and the sealed secrets that sign what they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.tables import webhook, webhook_secret


def add(tx: Writing, row: Mapping[str, Any]) -> None:
    tx.execute(insert(webhook).values(**row))


def endpoints(tx: Reading, page: Page) -> list[Any]:
    return list(tx.execute(page.of(select(webhook), webhook.c.id)).mappings())


def find(tx: Reading, webhook_id: str) -> Any | None:
    return tx.execute(select(webhook).where(webhook.c.id == webhook_id)).mappings().first()


def change(tx: Writing, webhook_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(update(webhook).where(webhook.c.id == webhook_id).values(**values))


def remove(tx: Writing, webhook_id: str) -> None:
    """Forget an endpoint with its secrets. What was sent to it stays in the list of deliveries."""
    tx.execute(delete(webhook_secret).where(webhook_secret.c.webhook_id == webhook_id))
    tx.execute(delete(webhook).where(webhook.c.id == webhook_id))


def subscribed(tx: Reading, event: str) -> list[str]:
    """Ids of the active endpoints that want an event."""
    rows = tx.execute(select(webhook.c.id, webhook.c.events).where(webhook.c.active).order_by(webhook.c.id))
    return [row.id for row in rows if event in row.events]


# --- secrets ---------------------------------------------------------------------------------------------------------


def add_secret(tx: Writing, row: Mapping[str, Any]) -> None:
    tx.execute(insert(webhook_secret).values(**row))


def secrets_of(tx: Reading, webhook_id: str, now: datetime) -> list[Any]:
    """The sealed secrets that sign at this moment, the newest first."""
    query = select(webhook_secret).where(
        webhook_secret.c.webhook_id == webhook_id,
        or_(webhook_secret.c.expires_at.is_(None), webhook_secret.c.expires_at > now),
    )
    return list(tx.execute(query.order_by(webhook_secret.c.id.desc())).mappings())


def retire_secrets(tx: Writing, webhook_id: str, now: datetime, until: datetime) -> None:
    """The secret in use signs until then, beside its successor; one that was retired before signs no more."""
    mine = webhook_secret.c.webhook_id == webhook_id
    tx.execute(delete(webhook_secret).where(mine, webhook_secret.c.expires_at.is_not(None)))
    tx.execute(update(webhook_secret).where(mine).values(expires_at=until))


def replace_sealed(tx: Writing, secret_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(update(webhook_secret).where(webhook_secret.c.id == secret_id).values(**values))


def sealed_under(tx: Reading, kids: Sequence[str]) -> list[Any]:
    """Secrets whose data key is wrapped by one of these keys of the ring, with the address they are bound to."""
    query = (
        select(webhook_secret, webhook.c.url)
        .join(webhook, webhook.c.id == webhook_secret.c.webhook_id)
        .where(webhook_secret.c.kid.in_(kids))
        .order_by(webhook_secret.c.id)
    )
    return list(tx.execute(query).mappings())


def counts_by_kid(tx: Reading) -> dict[str, int]:
    query = select(webhook_secret.c.kid, func.count()).group_by(webhook_secret.c.kid)
    return {row[0]: row[1] for row in tx.execute(query)}
