"""What a call costs, or may cost at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec
from msgspec.structs import replace

from tollhouse.dialects.chat import Usage
from tollhouse.money.amounts import (
    MAX_NANODOLLARS,
    FemtodollarsPerToken,
    Nanodollars,
    nanodollars_from_usd,
    price_from_usd_per_million,
    rounded_up,
)
from tollhouse.providers.base import ListedPrice

TOKENS_PER_MESSAGE: Final = 4
"""What frames one message beyond its JSON: 3 tokens and 1 for a name (OpenAI's cookbook, How to count tokens)."""

UNKNOWN_CONTEXT_TOKENS: Final = 10_000_000
"""Stands for a context window nobody has told us: the largest that any vendor publishes (Llama 4 Scout)."""

BATCH: Final = "batch"
"""The service tier of calls that are answered some time later, together with others, for less."""

UNBOUNDED_SEARCHES: Final = 100
"""What a call is held to look up at most when its client sets no bound: what it finds fills a context window before."""

UNLIMITED_TOKENS: Final = 2**63 - 1
"""More output than any model makes: what any money affords when output costs nothing."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What a token costs, by kind, in femtodollars. None: a kind without a price of its own costs what `input` or
    `output` does."""

    input: FemtodollarsPerToken
    output: FemtodollarsPerToken
    input_cached: FemtodollarsPerToken | None = None
    input_cache_write: FemtodollarsPerToken | None = None
    input_cache_write_1h: FemtodollarsPerToken | None = None
    input_audio: FemtodollarsPerToken | None = None
    output_audio: FemtodollarsPerToken | None = None
    output_reasoning: FemtodollarsPerToken | None = None

    def dearest_input(self) -> int:
        """The most that one token of input can cost."""
        return max(
            self.input,
            self.input_cached or 0,
            self.input_cache_write or 0,
            self.input_cache_write_1h or 0,
            self.input_audio or 0,
        )

    def dearest_output(self) -> int:
        """The most that one token of output can cost."""
        return max(self.output, self.output_audio or 0, self.output_reasoning or 0)


class Tier(msgspec.Struct, frozen=True):
    """Long context: with more than `above_input_tokens` of input, every token of the call costs these rates instead."""

    above_input_tokens: int
    rates: Rates


class Price(Rates, frozen=True, kw_only=True):
    """What a model costs.

    Attributes:
        tiers: steps for long context, ascending.
        per_request: what a call costs besides its tokens.
        per_web_search, per_file_search: what each time costs that the provider looks something up.
        searches_charged_most: of these so many in one call, at most; None for all.
        by_tier: what it costs on another service tier, by the tier's name.
        version: names this price and where it comes from, so that a settled call can be recomputed.
    """

    tiers: tuple[Tier, ...] = ()
    per_request: Nanodollars = Nanodollars(0)
    per_web_search: Nanodollars = Nanodollars(0)
    per_file_search: Nanodollars = Nanodollars(0)
    searches_charged_most: int | None = None
    by_tier: Mapping[str, Price] = {}
    version: str = ""

    FREE: ClassVar[Price]

    @property
    def has_free_output(self) -> bool:
        """Output costs nothing, however long the context."""
        return not any(rates.dearest_output() for rates in (self, *(tier.rates for tier in self.tiers)))

    def on(self, service_tier: str | None) -> Price:
        """The price on a service tier: the standard one when the tier has none of its own."""
        return self.by_tier.get(service_tier, self) if self.by_tier and service_tier else self

    def held_for(self, service_tier: str | None, searches: int | None) -> Price:
        """The price to hold a call by.

        Args:
            service_tier: the one it asks for. No client is believed that its call is part of a batch.
            searches: what it may look up; None when its client sets no bound.
        """
        price = self if service_tier == BATCH else self.on(service_tier)
        if searches == 0 or not (price.per_web_search or price.per_file_search):
            return price
        web = _charged(price, UNBOUNDED_SEARCHES if searches is None else searches) * price.per_web_search
        files = (UNBOUNDED_SEARCHES if searches is None else searches) * price.per_file_search
        return replace(price, per_request=Nanodollars(price.per_request + max(web, files)))

    def raised(self, percent: int) -> Price:
        """So many percent of this price, each rate rounded upward.

        >>> usd = price_from_usd_per_million
        >>> Price(input=usd("1"), output=usd("4"), per_request=Nanodollars(3)).raised(150).per_request
        5
        """
        if percent == 100:
            return self
        return replace(
            self,
            **_raised(self, percent),
            tiers=tuple(
                replace(tier, rates=replace(tier.rates, **_raised(tier.rates, percent))) for tier in self.tiers
            ),
            per_request=Nanodollars(_part(self.per_request, percent)),
        )

    def at(self, input_tokens: int) -> Rates:
        """The rates for a call that reads so many tokens."""
        rates: Rates = self
        for tier in self.tiers:
            if input_tokens > tier.above_input_tokens:
                rates = tier.rates
        return rates


Price.FREE = Price(input=FemtodollarsPerToken(0), output=FemtodollarsPerToken(0), version="free")


def cost_of(usage: Usage, price: Price) -> Nanodollars:
    """The cost of one call, in nanodollars, rounded once and upward.

    Raises:
        ValueError: more cached input than input, or another part above its whole; a dialect has misread the provider's
            usage, or the provider lies.

    >>> million = Usage(input_tokens=1_000_000, input_cached_tokens=400_000, output_tokens=0)
    >>> usd = price_from_usd_per_million
    >>> cost_of(million, Price(input=usd("1"), input_cached=usd("0.1"), output=usd("4")))
    640000000
    """
    rates = price.at(usage.input_tokens)
    return Nanodollars(_fees(usage, price) + rounded_up(_read(usage, rates) + _made(usage, rates)))


def split_cost(usage: Usage, price: Price) -> tuple[Nanodollars, Nanodollars]:
    """The cost of what was read, fees included, and of what was made; together exactly `cost_of`, and raises as it."""
    rates = price.at(usage.input_tokens)
    read, fees = _read(usage, rates), _fees(usage, price)
    input_cost = fees + rounded_up(read)
    whole = fees + rounded_up(read + _made(usage, rates))
    return Nanodollars(input_cost), Nanodollars(whole - input_cost)


def most(price: Price, input_tokens_bound: int, output_tokens_cap: int, n: int = 1) -> Nanodollars:
    """The worst case of one call: every token at the dearest rate it can have.

    Args:
        input_tokens_bound: no more is read (`input_bound`).
        output_tokens_cap: no more is made per choice.
        n: choices asked for.

    Returns:
        At most `MAX_NANODOLLARS`, for caps that no model honours.
    """
    input_rate, output_rate = _dearest(price, input_tokens_bound)
    femtodollars = input_tokens_bound * input_rate + output_tokens_cap * n * output_rate
    if femtodollars > (MAX_NANODOLLARS - price.per_request) * 10**6:
        return MAX_NANODOLLARS
    return Nanodollars(price.per_request + rounded_up(femtodollars))


def affordable_output(price: Price, input_tokens_bound: int, n: int, available: int) -> int:
    """The largest output cap per choice with which `most` fits into what is available, in nanodollars.

    Returns:
        0 when not even the input is affordable, `UNLIMITED_TOKENS` when output costs nothing.
    """
    input_rate, output_rate = _dearest(price, input_tokens_bound)
    left = (available - price.per_request) * 10**6 - input_tokens_bound * input_rate
    if left < 0:
        return 0
    return left // (n * output_rate) if output_rate else UNLIMITED_TOKENS


def input_bound(
    body_bytes: int, message_count: int, hidden_tokens: int, context_tokens: int | None, media: bool
) -> int:
    """No more tokens than this can be read, whatever the tokenizer: a token is at least one byte of the rendered body.

    Args:
        body_bytes: size of the request as it is sent.
        message_count: messages in it.
        hidden_tokens: what the provider adds unseen (`Provider.hidden_tokens`).
        context_tokens: the model's window, which nothing exceeds; None when unknown. A batch (several texts to embed)
            has a window for each text: multiply.
        media: it holds images, files or sound, whose tokens have nothing to do with their bytes (recorded: 8,513 tokens
            for a picture of 70 bytes), least of all when they are addresses.
    """
    window = UNKNOWN_CONTEXT_TOKENS if context_tokens is None else context_tokens
    if media:
        return window
    return min(body_bytes + TOKENS_PER_MESSAGE * message_count + hidden_tokens, window)


def from_listed(listed: ListedPrice, version: str) -> Price | None:
    """The price an operator wrote; None when it does not tell both input and output, so the price is unknown.

    Raises:
        ValueError: not a plain decimal number.
    """
    if listed.input is None or listed.output is None:
        return None
    return Price(
        input=price_from_usd_per_million(listed.input),
        output=price_from_usd_per_million(listed.output),
        input_cached=_if_told(listed.input_cached),
        input_cache_write=_if_told(listed.input_cache_write),
        per_request=nanodollars_from_usd(listed.per_request or "0"),
        version=version,
    )


def _fees(usage: Usage, price: Price) -> int:
    """Nanodollars for what is not counted in tokens."""
    if not (usage.web_searches or usage.file_searches):
        return price.per_request
    if min(usage.web_searches, usage.file_searches) < 0:
        raise ValueError("less than nothing was looked up")
    searched = _charged(price, usage.web_searches) * price.per_web_search
    return price.per_request + searched + usage.file_searches * price.per_file_search


def _charged(price: Price, searches: int) -> int:
    return searches if price.searches_charged_most is None else min(searches, price.searches_charged_most)


def _read(usage: Usage, rates: Rates) -> int:
    """Femtodollars for the input."""
    cached, written, audio = usage.input_cached_tokens, usage.input_cache_write_tokens, usage.input_audio_tokens
    if not (cached or written or audio or usage.input_cache_write_1h_tokens) and usage.input_tokens >= 0:
        return usage.input_tokens * rates.input
    fresh = usage.input_tokens - cached - written
    for_1h = usage.input_cache_write_1h_tokens
    if min(fresh, cached, written, audio, for_1h, written - for_1h) < 0 or audio > usage.input_tokens:
        raise ValueError("the parts of the input are more than the input")
    fresh -= audio
    if fresh < 0:
        # Some of the sound came from the cache, and nobody says how much: it counts as sound, the dearer of the two.
        cached, fresh = cached + fresh, 0
        if cached < 0:
            written, cached = written + cached, 0
    write_rate = rates.input if rates.input_cache_write is None else rates.input_cache_write
    for_1h = min(for_1h, written)
    return (
        fresh * rates.input
        + cached * (rates.input if rates.input_cached is None else rates.input_cached)
        + (written - for_1h) * write_rate
        + for_1h * (write_rate if rates.input_cache_write_1h is None else rates.input_cache_write_1h)
        + audio * (rates.input if rates.input_audio is None else rates.input_audio)
    )


def _made(usage: Usage, rates: Rates) -> int:
    """Femtodollars for the output."""
    reasoning, audio = usage.output_reasoning_tokens, usage.output_audio_tokens
    text = usage.output_tokens - reasoning - audio
    if text < 0 or reasoning < 0 or audio < 0:
        raise ValueError("the parts of the output are more than the output")
    return (
        text * rates.output
        + reasoning * (rates.output if rates.output_reasoning is None else rates.output_reasoning)
        + audio * (rates.output if rates.output_audio is None else rates.output_audio)
    )


def _raised(rates: Rates, percent: int) -> dict[str, int]:
    told = {name: getattr(rates, name) for name in Rates.__struct_fields__}
    return {name: _part(rate, percent) for name, rate in told.items() if rate is not None}


def _part(amount: int, percent: int) -> int:
    """Rounded upward."""
    return -(-amount * percent // 100)


def _dearest(price: Price, input_tokens_bound: int) -> tuple[int, int]:
    """The dearest rate of input and of output among the steps a call of this size can reach."""
    if not price.tiers:
        return price.dearest_input(), price.dearest_output()
    reachable = [price, *(tier.rates for tier in price.tiers if tier.above_input_tokens < input_tokens_bound)]
    return max(rates.dearest_input() for rates in reachable), max(rates.dearest_output() for rates in reachable)


def _if_told(usd_per_million: str | None) -> FemtodollarsPerToken | None:
    return None if usd_per_million is None else price_from_usd_per_million(usd_per_million)
