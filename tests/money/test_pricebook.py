"""Which price is in force: the operator's, else the one imported before, else the one published today."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tollhouse.dialects import openai_chat
from tollhouse.money.amounts import price_from_usd_per_million as per_million
from tollhouse.money.pricebook import UNPRICED, PriceBook, Terms
from tollhouse.money.prices import Price
from tollhouse.money.published import published_context, published_price
from tollhouse.providers.base import Limits, ListedPrice, Provider
from tollhouse.store import catalog
from tollhouse.store.engine import Store, Writing
from tollhouse.testing import ManualClock

NOW = datetime(2026, 1, 15, tzinfo=UTC)
MODEL = "gpt-4o-mini"
PUBLISHED = published_price("openai", MODEL, NOW.date())


@pytest.fixture
def book(store: Store) -> PriceBook:
    return PriceBook(store, ManualClock(NOW))


def provider(**more: Any) -> Provider:
    return Provider(name="acme", dialect=openai_chat, base_url="https://api.example.com/v1", **more)


async def imported(store: Store) -> list[Any]:
    return await store.read(catalog.prices)


async def import_anew(store: Store, price: Price, *, context_tokens: int | None = None) -> None:
    """What a refresh does, with a price of ours."""

    def work(tx: Writing) -> None:
        catalog.forget_prices(tx)
        value = msgspec.to_builtins(price)
        catalog.import_price(
            tx, "acme", MODEL, version=price.version, value=value, context_tokens=context_tokens, at=NOW
        )

    await store.write(work)


CHEAP = Price(input=per_million("0.01"), output=per_million("0.02"), version="imported last year")


async def test_a_published_price_is_imported_with_its_context_and_kept(store: Store, book: PriceBook):
    terms = await book.terms(provider(priced_as="openai"), MODEL)
    assert PUBLISHED is not None
    assert (terms.price, terms.version) == (PUBLISHED, PUBLISHED.version)
    assert terms.context_tokens == published_context("openai", MODEL)
    (row,) = await imported(store)
    assert (row["provider"], row["model"], row["version"]) == ("acme", MODEL, PUBLISHED.version)
    assert msgspec.convert(row["price"], Price) == PUBLISHED


async def test_an_imported_price_stays_in_force_though_another_is_published_now(store: Store, book: PriceBook):
    await import_anew(store, CHEAP, context_tokens=4_096)
    terms = await book.terms(provider(priced_as="openai"), MODEL)
    assert (terms.price, terms.version, terms.context_tokens) == (CHEAP, "imported last year", 4_096)
    assert len(await imported(store)) == 1


async def test_the_operators_price_comes_first(store: Store, book: PriceBook):
    await import_anew(store, CHEAP)
    listed = ListedPrice(input="1.5", output="2.5", input_cached="0.5")
    terms = await book.terms(provider(priced_as="openai", prices={MODEL: listed}), MODEL)
    assert terms.price == Price(
        input=per_million("1.5"),
        output=per_million("2.5"),
        input_cached=per_million("0.5"),
        version=f"acme/{MODEL} as configured",
    )
    assert [row["version"] for row in await imported(store)] == ["imported last year"]


async def test_half_a_price_of_the_operators_is_none_and_nothing_is_put_in_its_place(store: Store, book: PriceBook):
    await import_anew(store, CHEAP)
    terms = await book.terms(provider(priced_as="openai", prices={MODEL: ListedPrice(input="1.5")}), MODEL)
    assert (terms.price, terms.version) == (None, UNPRICED)


async def test_what_costs_nothing_is_free_and_never_looked_up(store: Store, book: PriceBook):
    terms = await book.terms(provider(priced_as="openai", free=True), MODEL)
    assert (terms.price, terms.version) == (Price.FREE, "free")
    assert await imported(store) == []


async def test_a_declared_provider_takes_no_published_price(store: Store, book: PriceBook):
    terms = await book.terms(provider(), MODEL)
    assert (terms.price, terms.version) == (None, UNPRICED)
    assert await imported(store) == []


async def test_that_a_model_is_unknown_is_remembered_too(store: Store, book: PriceBook):
    terms = await book.terms(provider(priced_as="openai"), "acme-unheard-of")
    assert (terms.price, terms.version) == (None, UNPRICED)
    (row,) = await imported(store)
    assert (row["version"], row["price"]) == (UNPRICED, None)
    assert (await PriceBook(store, ManualClock(NOW)).terms(provider(priced_as="openai"), "acme-unheard-of")) == terms


async def test_what_the_providers_own_file_tells_of_a_model_comes_before_what_is_published(
    store: Store, book: PriceBook
):
    known = provider(priced_as="openai", limits={MODEL: Limits(context_tokens=99, max_output_tokens=9)})
    terms = await book.terms(known, MODEL)
    assert (terms.context_tokens, terms.max_output_tokens) == (99, 9)


async def test_terms_are_read_once_and_again_after_a_change(store: Store, book: PriceBook):
    acme = provider(priced_as="openai")
    assert book.known(acme, MODEL) is None
    before = await book.terms(acme, MODEL)
    assert book.known(acme, MODEL) is before
    await import_anew(store, CHEAP)
    assert (await book.terms(acme, MODEL)) is before
    book.forget()
    assert (await book.terms(acme, MODEL)).price == CHEAP


async def test_a_price_that_changes_while_it_is_looked_up_is_looked_up_again(book: PriceBook):
    acme = provider(priced_as="openai")
    looking = asyncio.create_task(book.terms(acme, MODEL))
    await asyncio.sleep(0)
    book.forget()
    await looking
    assert book.known(acme, MODEL) is None


async def test_first_calls_at_once_agree_and_import_once(store: Store, book: PriceBook):
    acme = provider(priced_as="openai")
    other = PriceBook(store, ManualClock(NOW))
    found: list[Terms] = await asyncio.gather(*((book, other)[each % 2].terms(acme, MODEL) for each in range(8)))
    assert all(terms == found[0] for terms in found)
    assert len(await imported(store)) == 1
