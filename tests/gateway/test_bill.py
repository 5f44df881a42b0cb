"""What an attempt came to, from what the provider counted and what it says that it bills."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tollhouse.dialects.chat import Usage
from tollhouse.gateway.bill import bill_of
from tollhouse.money.amounts import FemtodollarsPerToken, Nanodollars
from tollhouse.money.prices import Price

PRICE = Price(
    input=FemtodollarsPerToken(1_000_000),
    output=FemtodollarsPerToken(4_000_000),
    input_cached=FemtodollarsPerToken(100_000),
    per_web_search=Nanodollars(10_000_000),
)
USAGE = Usage(input_tokens=100, output_tokens=10)
TOLD = Usage(input_tokens=100, output_tokens=10, told_usd=Decimal("0.000000200"))


def billed(usage: Usage | None, price: Price | None = PRICE, *, tells_cost: bool = False) -> tuple[int | None, str]:
    bill = bill_of(usage, price, 1_000, 50, tells_cost=tells_cost)
    return bill.cost, bill.status


def test_what_was_counted_costs_what_the_price_says():
    assert billed(USAGE) == (140, "exact")


def test_a_count_beyond_all_that_the_call_can_use_is_none():
    """A68: at most ten times what was held, and no more."""
    read, made = Usage(input_tokens=10_001, output_tokens=10), Usage(input_tokens=100, output_tokens=1_001)
    assert billed(read) == billed(None) == (1_200, "estimated")
    assert billed(made) == (4_104, "exact")
    assert bill_of(made, PRICE, 1_000, 50, output_most=100).status == "estimated"
    assert bill_of(Usage(input_tokens=10_000, output_tokens=1_000), PRICE, 1_000, 50, output_most=100).status == "exact"


def test_where_it_is_computed_may_cost_more():
    assert billed(Usage(input_tokens=100, output_tokens=10, price_percent=110)) == (154, "exact")


def test_a_search_of_the_web_has_its_fee():
    assert billed(Usage(input_tokens=100, output_tokens=10, web_searches=3)) == (30_000_140, "exact")


def test_a_provider_that_bills_what_it_says_is_charged_so():
    assert billed(TOLD, tells_cost=True) == (200, "exact")


def test_what_a_provider_says_is_the_truth_even_where_no_price_is_known():
    assert billed(TOLD, None, tells_cost=True) == (200, "exact")


def test_a_provider_that_is_not_known_to_bill_what_it_says_is_not_believed():
    assert billed(TOLD) == (140, "exact")
    assert billed(TOLD, None) == (None, "unpriced")


def test_a_provider_that_forgets_to_say_it_is_charged_by_the_price():
    assert billed(USAGE, tells_cost=True) == (140, "exact")


def test_what_is_told_is_divided_as_far_as_our_price_knows_it():
    bill = bill_of(TOLD, PRICE, 1_000, 50, tells_cost=True)
    assert (bill.input_cost, bill.output_cost) == (160, 40)
    dear = Usage(input_tokens=1, output_tokens=99, told_usd=Decimal("0.00000005"))
    bill = bill_of(dear, PRICE, 1, 99, tells_cost=True)
    assert (bill.input_cost, bill.output_cost) == (0, 50)


def test_nothing_is_what_a_free_model_says_that_it_costs():
    assert billed(Usage(input_tokens=100, output_tokens=10, told_usd=Decimal(0)), tells_cost=True) == (0, "exact")


def test_what_was_mended_is_charged_as_the_most_it_can_mean_and_called_estimated():
    mended = Usage(input_tokens=166, input_cached_tokens=161, output_tokens=10, is_mended=True)
    assert billed(mended) == (-(-(5 * 1_000_000 + 161 * 100_000 + 10 * 4_000_000) // 10**6), "estimated")


NOTHING = Usage(input_tokens=0, output_tokens=0)
IMPOSSIBLE = Usage(input_tokens=5, output_tokens=1, output_reasoning_tokens=2)


@pytest.mark.parametrize("usage", [None, NOTHING, IMPOSSIBLE])
def test_what_was_not_counted_is_charged_by_our_own_bound_and_called_estimated(usage: Usage | None):
    assert billed(usage) == (1_200, "estimated")
