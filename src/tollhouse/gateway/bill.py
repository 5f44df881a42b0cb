"""What an attempt came to: the provider's count, or ours when it gave none."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.money.amounts import Nanodollars, whole_nanodollars
from tollhouse.money.prices import Price, split_cost

CostStatus = Literal["exact", "estimated", "unpriced"]

CREDIBLE: Final = 10
"""A count of more than so many times the most that a call can use is nonsense."""


class Bill(msgspec.Struct, frozen=True):
    """Usage and its cost; costs are None when the price is unknown."""

    usage: Usage
    input_cost: Nanodollars | None
    output_cost: Nanodollars | None
    status: CostStatus

    @property
    def cost(self) -> Nanodollars | None:
        """The whole cost."""
        if self.input_cost is None or self.output_cost is None:
            return None
        return Nanodollars(self.input_cost + self.output_cost)


def bill_of(
    usage: Usage | None,
    price: Price | None,
    input_bound: int,
    output_bound: int,
    *,
    output_most: int | None = None,
    tells_cost: bool = False,
) -> Bill:
    """The bill of one answer.

    Args:
        usage: the provider's count; None, nothing at all, nonsense, or parts above their whole mean that ours is taken.
            Parts that the dialect could mend are charged as the most they can mean, and called estimated.
        input_bound: tokens the input cannot have exceeded.
        output_bound: tokens the output cannot have exceeded: its bytes, since a token has at least one, or its cap.
        output_most: tokens that the call could make, seen or not; None for no end.
        tells_cost: what the provider says that it costs is what it bills, whatever our price.
    """
    if usage is not None and _is_nonsense(usage, input_bound, output_most):
        usage = None
    if tells_cost and usage is not None and usage.told_usd is not None:
        return _told(usage, whole_nanodollars(usage.told_usd), price)
    if usage is not None and usage.total_tokens > 0:
        if price is None:
            return Bill(usage, None, None, "unpriced")
        try:
            input_cost, output_cost = split_cost(usage, price.on(usage.service_tier).raised(usage.price_percent))
        except ValueError:
            return bill_of(None, price, input_bound, output_bound)
        return Bill(usage, input_cost, output_cost, "estimated" if usage.is_mended else "exact")
    counted = Usage(input_tokens=input_bound, output_tokens=output_bound)
    if price is None:
        return Bill(counted, None, None, "unpriced")
    # What is free costs exactly nothing, whoever counts.
    return Bill(counted, *split_cost(counted, price), "exact" if price is Price.FREE else "estimated")


def _is_nonsense(usage: Usage, input_bound: int, output_most: int | None) -> bool:
    return usage.input_tokens > CREDIBLE * input_bound or (
        output_most is not None and usage.output_tokens > CREDIBLE * output_most
    )


def _told(usage: Usage, cost: Nanodollars, price: Price | None) -> Bill:
    """The provider's own bill. What was made costs what our price says, as far as that goes; the rest, fees and all, is
    for what was read."""
    made = 0
    if price is not None and not usage.is_mended:
        try:
            made = min(cost, split_cost(usage, price.on(usage.service_tier))[1])
        except ValueError:
            made = 0
    return Bill(usage, Nanodollars(cost - made), Nanodollars(made), "exact")
