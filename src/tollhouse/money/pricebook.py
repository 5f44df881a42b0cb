"""The price of each model in force, in memory for the hot path and in the store for good.

The operator's own price comes first, then the one imported before, then the one published today, which is imported by
that: a model's price does not change under a running installation until an operator refreshes it.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import msgspec

from tollhouse.clock import Clock
from tollhouse.money.prices import Price, from_listed
from tollhouse.money.published import published_context, published_price
from tollhouse.providers.base import Limits, Provider
from tollhouse.store import catalog
from tollhouse.store.engine import Store

UNPRICED = "unpriced"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs and can do; None for what is unknown. `version` names the price, for the hold."""

    price: Price | None
    version: str
    context_tokens: int | None
    max_output_tokens: int | None


class PriceBook:
    """The terms of every model asked for since the start."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._terms: dict[tuple[str, str], Terms] = {}

    def known(self, provider: Provider, model: str) -> Terms | None:
        """The terms, if they are in memory."""
        return self._terms.get((provider.name, model))

    async def terms(self, provider: Provider, model: str) -> Terms:
        """The terms, importing a published price when this is the first call to the model. Raises Unavailable."""
        # Prices may change while we look: what was found then belongs to the old book.
        book = self._terms
        known = book.get((provider.name, model))
        if known is None:
            known = book[provider.name, model] = await self._find(provider, model)
        return known

    def forget(self) -> None:
        """Prices changed: look again."""
        self._terms = {}

    async def _find(self, provider: Provider, model: str) -> Terms:
        limits = provider.limits.get(model, Limits())
        if provider.free:
            return terms_of(Price.FREE, limits, None)
        listed = provider.prices.get(model)
        if listed is not None:
            return terms_of(from_listed(listed, f"{provider.name}/{model} as configured"), limits, None)
        imported = await self._store.read(lambda tx: catalog.prices(tx, provider.name, model))
        if imported:
            return terms_of_row(imported[0], limits)
        if provider.priced_as is None:
            return terms_of(None, limits, None)
        return await self._import(provider, model, limits)

    async def _import(self, provider: Provider, model: str, limits: Limits) -> Terms:
        """The price published today, or the one that another process has imported meanwhile."""
        now = self._clock.now()
        price, context_tokens = await asyncio.to_thread(look_up, provider.priced_as or "", model, now.date())
        row = await self._store.write(
            lambda tx: catalog.import_price(
                tx,
                provider.name,
                model,
                version=price.version if price else UNPRICED,
                value=None if price is None else msgspec.to_builtins(price),
                context_tokens=context_tokens,
                at=now,
            )
        )
        return terms_of_row(row, limits)


def look_up(provider_id: str, model: str, today: date) -> tuple[Price | None, int | None]:
    """Published price and context window. Slow the first time: run it in a thread."""
    return published_price(provider_id, model, today), published_context(provider_id, model)


def terms_of_row(row: Any, limits: Limits) -> Terms:
    """The terms of an imported price."""
    price = None if row["price"] is None else msgspec.convert(row["price"], Price)
    return terms_of(price, limits, row["context_tokens"])


def terms_of(price: Price | None, limits: Limits, context_tokens: int | None) -> Terms:
    """The terms; a limit the provider's own file tells comes before a published one."""
    return Terms(
        price=price,
        version=UNPRICED if price is None else price.version,
        context_tokens=limits.context_tokens or context_tokens,
        max_output_tokens=limits.max_output_tokens,
    )
