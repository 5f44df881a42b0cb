"""What was asked and what it cost, to be asserted; whatever fails shows what was asked instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import msgspec

from tollhouse.money.amounts import Nanodollars, nanodollars_from_usd, usd_text
from tollhouse.testing.billing import Billed
from tollhouse.testing.faking.asked import Asked
from tollhouse.testing.faking.prices import Prices
from tollhouse.testing.script import Tokens, usage_of


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what a real provider would bill for it; None: nothing."""

    asked: Asked
    billed: Billed | None

    def shown(self) -> str:
        """For people."""
        if self.billed is None:
            return f"{self.asked.shown()}\n  billed: nothing"
        usage = self.billed.usage
        return f"{self.asked.shown()}\n  billed: {usage.input_tokens} tokens read, {usage.output_tokens} made"


class Called:
    """Some of the requests, by what they were like."""

    def __init__(self, chosen: Sequence[Asking], everything: Sequence[Asking], like: str, prices: Prices) -> None:
        """`like` says what the chosen ones are like."""
        self._chosen = tuple(chosen)
        self._everything = tuple(everything)
        self._like = like
        self._prices = prices

    @property
    def askings(self) -> tuple[Asking, ...]:
        """The requests themselves, in order."""
        return self._chosen

    def times(self, number: int) -> Self:
        """There are exactly so many. Raises AssertionError."""
        if len(self._chosen) != number:
            raise self._failed(f"{number} requests like {self._like}", f"{len(self._chosen)}")
        return self

    def at_least_once(self) -> Self:
        """There is one. Raises AssertionError."""
        if not self._chosen:
            raise self._failed(f"a request like {self._like}", "none")
        return self

    def with_message(self, role: str, text: str | None = None, *, contains: str | None = None) -> Called:
        """Those that have a message of this role, with exactly this text or with these words in it; one at least.

        Raises:
            AssertionError: none has.
        """

        def has(asked: Asked) -> bool:
            return any(
                message.role == role
                and (text is None or message.text == text)
                and (contains is None or contains in message.text)
                for message in asked.messages
            )

        told = ", ".join(
            [repr(role)]
            + ([] if text is None else [repr(text)])
            + ([] if contains is None else [f"contains={contains!r}"])
        )
        return self._narrowed([one for one in self._chosen if has(one.asked)], f"with_message({told})")

    def with_tool(self, name: str) -> Called:
        """Those that offered the model this tool; one at least. Raises AssertionError."""
        return self._narrowed([one for one in self._chosen if name in one.asked.tools], f"with_tool({name!r})")

    def billed(self, *, cost: str | None = None, tokens: Tokens | None = None) -> Self:
        """All of these together are billed so.

        Args:
            cost: in US dollars, exactly.
            tokens: (read, made).

        Raises:
            AssertionError: they are not.
            LookupError: the price of a model is not known.
        """
        if tokens is not None:
            wanted = usage_of(tokens)
            read, made = self.tokens
            if (read, made) != (wanted.input_tokens, wanted.output_tokens):
                told = f"{wanted.input_tokens} tokens read and {wanted.output_tokens} made"
                raise self._failed(f"{told} for {self._like}", f"{read} and {made}")
        if cost is not None and self.cost_nanodollars != nanodollars_from_usd(cost):
            raise self._failed(f"${cost} for {self._like}", f"${usd_text(self.cost_nanodollars)}")
        return self

    @property
    def tokens(self) -> tuple[int, int]:
        """Read and made, by all of these."""
        usages = [one.billed.usage for one in self._chosen if one.billed is not None]
        return sum(usage.input_tokens for usage in usages), sum(usage.output_tokens for usage in usages)

    @property
    def cost_nanodollars(self) -> Nanodollars:
        """What all of these come to. Raises LookupError when the price of a model is not known."""
        return Nanodollars(
            sum(
                self._prices.cost_of(one.asked.dialect, one.billed.model, one.billed.usage)
                for one in self._chosen
                if one.billed is not None
            )
        )

    def _narrowed(self, chosen: Sequence[Asking], how: str) -> Called:
        if not chosen:
            raise self._failed(f"a request like {self._like} {how}", "none")
        return Called(chosen, self._everything, f"{self._like} {how}", self._prices)

    def _failed(self, expected: str, found: str) -> AssertionError:
        shown = "\n".join(
            f"{number}. {line}" if at == 0 else f"   {line}"
            for number, one in enumerate(self._everything, 1)
            for at, line in enumerate(one.shown().splitlines())
        )
        return AssertionError(f"expected {expected}, but there is {found}. This was asked:\n{shown or 'nothing'}")
