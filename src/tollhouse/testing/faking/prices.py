"""What a test's calls would cost: by the prices that vendors publish, or by those that the test tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from tollhouse.dialects.chat import Usage
from tollhouse.money.amounts import Nanodollars, price_from_usd_per_million
from tollhouse.money.prices import Price, cost_of
from tollhouse.money.published import published_price

_VENDORS: Final = {
    "anthropic_messages": "anthropic",
    "gemini": "google",
    "gemini_embeddings": "google",
    "openai_chat": "openai",
    "openai_embeddings": "openai",
    "openai_responses": "openai",
}


class Prices:
    """The price of each model."""

    def __init__(self, today: Callable[[], date]) -> None:
        """`today`: published prices have a first day."""
        self._today = today
        self._told: list[tuple[str, Price]] = []

    def tell(self, model: str, *, input_usd_per_million: str, output_usd_per_million: str = "0") -> None:
        """From now on, models of this name cost so; `*` and `?` stand for any letters. The last one told counts."""
        price = Price(
            input=price_from_usd_per_million(input_usd_per_million),
            output=price_from_usd_per_million(output_usd_per_million),
            version=f"{model} as the test tells it",
        )
        self._told.append((model, price))

    def cost_of(self, dialect: str, model: str, usage: Usage) -> Nanodollars:
        """The cost of one call, exactly.

        Raises:
            LookupError: nobody told a price, and the maker of the dialect publishes none.
        """
        if dialect == "openai_moderations":
            return Nanodollars(0)
        for name, price in reversed(self._told):
            if fnmatchcase(model, name):
                return cost_of(usage, price)
        published = published_price(_VENDORS[dialect], model, self._today())
        if published is None:
            raise LookupError(
                f"nobody publishes a price of {model!r}: tell it with ai_fake.price({model!r},"
                ' input_usd_per_million="2.50", output_usd_per_million="10.00")'
            )
        return cost_of(usage, published)
