"""What an attempt came to: the provider's count, or ours when it gave none."""

from __future__ import annotations

from typing import Literal

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.money.amounts import Nanodollars
from tollhouse.money.prices import Price, split_cost

CostStatus = Literal["exact", "estimated", "unpriced"]


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


def bill_of(usage: Usage | None, price: Price | None, input_bound: int, output_bound: int) -> Bill:
    """The bill of one answer.

    Args:
        usage: the provider's count; None, nothing at all, or parts above their whole mean that ours is taken.
        input_bound: tokens the input cannot have exceeded.
        output_bound: tokens the output cannot have exceeded: its bytes, since a token has at least one, or its cap.
    """
    if usage is not None and usage.total_tokens > 0:
        if price is None:
            return Bill(usage, None, None, "unpriced")
        try:
            input_cost, output_cost = split_cost(usage, price.on(usage.service_tier))
        except ValueError:
            return bill_of(None, price, input_bound, output_bound)
        return Bill(usage, input_cost, output_cost, "exact")
    counted = Usage(input_tokens=input_bound, output_tokens=output_bound)
    if price is None:
        return Bill(counted, None, None, "unpriced")
    return Bill(counted, *split_cost(counted, price), "estimated")
