"""Prices in force, as they were imported: what a call costs does not change under it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.tables import price


def prices(tx: Reading, provider: str | None = None, model: str | None = None) -> list[Any]:
    """Imported prices: all, of one provider, or of one model."""
    query = select(price).order_by(price.c.provider, price.c.model)
    if provider is not None:
        query = query.where(price.c.provider == provider)
    if model is not None:
        query = query.where(price.c.model == model)
    return list(tx.execute(query).mappings())


def import_price(
    tx: Writing, provider: str, model: str, *, version: str, value: Any, context_tokens: int | None, at: datetime
) -> Any:
    """Keep the price of a model, unless somebody else was first; gives the row in force.

    Args:
        value: the price as JSON; None says that none is known.
    """
    new = insert(price).values(
        provider=provider, model=model, version=version, price=value, context_tokens=context_tokens, imported_at=at
    )
    with suppress(IntegrityError), tx.begin_nested():
        tx.execute(new)
    return prices(tx, provider, model)[0]


def forget_prices(tx: Writing) -> int:
    """Drop every imported price; each is imported anew when it is next needed."""
    return tx.execute(delete(price)).rowcount
