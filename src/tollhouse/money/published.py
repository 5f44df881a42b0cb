"""Published prices: what genai-prices knows of a model, as our own values.

The library's data is bundled with it; nothing is fetched and no price changes by itself. Importing it costs 0.3 s and
20 MiB, which a request must never pay for: it is imported inside `_snapshot`, when prices are first asked for.

Sound from a cache is charged like other sound: a `Usage` does not tell it apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from tollhouse.money.amounts import FemtodollarsPerToken, Nanodollars
from tollhouse.money.prices import BATCH, Price, Rates, Tier

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

    Published = Mapping[str, Decimal | TieredPrices]

_RATES: Final = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "input_cached",
    "cache_write_mtok": "input_cache_write",
    "cache_write_1h_mtok": "input_cache_write_1h",
    "input_audio_mtok": "input_audio",
    "output_audio_mtok": "output_audio",
    "output_reasoning_mtok": "output_reasoning",
}
_FEES: Final = {"requests_kcount", "web_searches_kcount", "storage_searches_kcount"}
"""Per thousand."""
_UNTOLD_FEE: Final = re.compile(r"-search-(preview|api)")
"""OpenAI's models that search with every call, for a fee that is not in their price."""
_NOT_CHARGED: Final = {"cache_audio_read_mtok"}
_ONE_SEARCH: Final = ("google", "gemini-2")
"""Vendor and beginning of the names of models that charge a call which searches once, however often it does (Google's
page on prices, "Grounding with Google Search", read 2026-11-30)."""
_TIERS: Final = ("priority", "flex", "fast", BATCH)


def published_price(provider_id: str, model: str, today: date, tier: str | None = None) -> Price | None:
    """The price a vendor publishes for a model on a day (UTC), with those of its service tiers.

    Args:
        provider_id: the vendor's id in genai-prices.
        model: as a request names it; dated and aliased names are recognised.
        today: prices have a first day, and some vendors' depend on the hour: of these, the day's dearest.
        tier: service tier (`priority`, `flex` …); None and tiers the vendor does not price cost the standard price.

    Returns:
        None when vendor or model is unknown, or charges by something that a `Usage` does not count (images, seconds,
        characters): a price that leaves out a part is worse than none. `version` names package, model and first day.
    """
    found = _find(provider_id, model)
    if found is None or (provider_id == "openai" and _UNTOLD_FEE.search(model)):
        return None
    provider, info = found
    # A model found in another vendor's list, as Azure's are in OpenAI's, has the price but not that vendor's tiers.
    has_tiers = any(own is info for own in provider.models) and bool(info.price_variants)
    # What others call a tier, Anthropic calls a speed, and a batch is a way of processing.
    context = {"service_tier": tier, "speed": tier, "processing": tier} if tier and has_tiers else None
    version = _version(provider, info, today, tier if context else None)
    once = provider.id == _ONE_SEARCH[0] and info.id.startswith(_ONE_SEARCH[1])
    prices = [
        _price(info.get_prices(instant, context), version, 1 if once else None) for instant in _instants(info, today)
    ]
    dearest = max((price for price in prices if price), key=lambda price: price.input + price.output, default=None)
    if dearest is None or tier or not has_tiers:
        return dearest
    tiers = {name: price for name in _TIERS if (price := published_price(provider_id, model, today, name)) is not None}
    return replace(dearest, by_tier={name: price for name, price in tiers.items() if not _alike(price, dearest)})


def published_context(provider_id: str, model: str) -> int | None:
    """The model's context window in tokens, None when unknown. Sometimes rounded: a provider's `limits` come first."""
    found = _find(provider_id, model)
    return found[1].context_window if found else None


def published_models(provider_id: str) -> list[str]:
    """The vendor's models by their ids; empty when the vendor is unknown."""
    for provider in _snapshot().providers:
        if provider.id == provider_id:
            return [info.id for info in provider.models]
    return []


def _alike(price: Price, other: Price) -> bool:
    return replace(price, version=other.version) == other


def _snapshot() -> DataSnapshot:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


def _find(provider_id: str, model: str) -> tuple[Provider, ModelInfo] | None:
    try:
        return _snapshot().find_provider_model(model, None, provider_id, None)
    except LookupError:
        return None


def _instants(info: ModelInfo, today: date) -> Iterator[datetime]:
    """Midnight, and every moment of the day at which a price changes."""
    yield datetime.combine(today, time(), UTC)
    for condition in info.prices if isinstance(info.prices, list) else ():
        for edge in ("start_time", "end_time"):
            if (moment := getattr(condition.constraint, edge, None)) is not None:
                yield datetime.combine(today, moment)


def _version(provider: Provider, info: ModelInfo, today: date, tier: str | None) -> str:
    from genai_prices import __version__

    dated = [*(info.prices if isinstance(info.prices, list) else ()), *((tier and info.price_variants) or ())]
    starts = [getattr(condition.constraint, "start_date", None) for condition in dated]
    since = max((start for start in starts if start is not None and start <= today), default=None)
    words = [f"genai-prices {__version__} {provider.id}/{info.id}", tier, since and f"since {since}"]
    return " ".join(word for word in words if word)


def _price(prices: ModelPrice, version: str, searches_charged_most: int | None) -> Price | None:
    published: Published = {key: price for key, price in vars(prices).items() if price is not None}
    if "input_mtok" not in published or published.keys() - _RATES.keys() - _FEES - _NOT_CHARGED:
        return None
    if any(price < 0 for price in _amounts(published)):
        return None
    steps = sorted({step.start for price in published.values() for step in getattr(price, "tiers", ())})
    base = _rates(published, 0)
    return Price(
        **{name: getattr(base, name) for name in base.__struct_fields__},
        tiers=tuple(Tier(start, _rates(published, start + 1)) for start in steps),
        per_request=_fee(published, "requests_kcount"),
        per_web_search=_fee(published, "web_searches_kcount"),
        per_file_search=_fee(published, "storage_searches_kcount"),
        searches_charged_most=searches_charged_most if "web_searches_kcount" in published else None,
        version=version,
    )


def _fee(published: Published, key: str) -> Nanodollars:
    return Nanodollars(_ceiling(_at(published.get(key, Decimal(0)), 0) * 10**6))


def _rates(published: Published, input_tokens: int) -> Rates:
    rates = {
        name: FemtodollarsPerToken(_ceiling(_at(published[key], input_tokens) * 10**9))
        for key, name in _RATES.items()
        if key in published
    }
    # Models that make no text, such as embeddings, publish no price of output.
    return Rates(**{"output": FemtodollarsPerToken(0), **rates})


def _at(price: Decimal | TieredPrices, input_tokens: int) -> Decimal:
    if isinstance(price, Decimal):
        return price
    reached = [step.price for step in price.tiers if input_tokens > step.start]
    return reached[-1] if reached else price.base


def _amounts(published: Published) -> Iterator[Decimal]:
    for price in published.values():
        if isinstance(price, Decimal):
            yield price
        else:
            yield price.base
            yield from (step.price for step in price.tiers)


def _ceiling(number: Decimal) -> int:
    # A few resellers publish quotients (0.0833333333333333): charged a femtodollar too much rather than too little.
    return int(number.to_integral_value(ROUND_CEILING))
