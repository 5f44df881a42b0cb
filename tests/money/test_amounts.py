"""The nanodollar: exact in, exact out, one rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.money.amounts import (
    MAX_NANODOLLARS,
    Nanodollars,
    cost,
    nanodollars_from_usd,
    price_from_usd_per_million,
    usd_text,
    whole_nanodollars,
)

counts = st.integers(min_value=0, max_value=10**8)
prices = st.integers(min_value=0, max_value=10**12)
parts = st.lists(st.tuples(counts, prices), max_size=8)


@pytest.mark.parametrize(
    ("text", "nanodollars"),
    [
        ("0", 0),
        ("1", 1_000_000_000),
        ("0.0001475", 147_500),
        ("0.000000001", 1),
        ("2.50", 2_500_000_000),
        ("007.1", 7_100_000_000),
        ("0.1000000000000", 100_000_000),
        ("9223372036.854775807", MAX_NANODOLLARS),
        (Decimal("1E+3"), 1_000_000_000_000),
        (Decimal("1E-9"), 1),
    ],
)
def test_dollars_become_nanodollars_exactly(text: str | Decimal, nanodollars: int) -> None:
    assert nanodollars_from_usd(text) == nanodollars
    assert price_from_usd_per_million(text) == nanodollars


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "-1", "-0.5", "+1", "1e3", "1_000", "1,5", ".5", "1.", "٣", "NaN", "Infinity", "0x1", "1\n"],
)
def test_only_plain_decimal_numbers_are_money(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        nanodollars_from_usd(text)


@pytest.mark.parametrize(
    "number", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal(-1), Decimal("-1E-9")]
)
def test_a_decimal_that_is_no_amount_is_refused(number: Decimal) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        nanodollars_from_usd(number)


@pytest.mark.parametrize(
    "text", ["0.0000000001", "1.0000000001", Decimal("1E-10"), Decimal("1E-999999999"), "0." + "1" * 99]
)
def test_what_is_finer_than_a_nanodollar_is_refused_and_not_rounded(text: str | Decimal) -> None:
    with pytest.raises(ValueError, match="nine decimals"):
        nanodollars_from_usd(text)


@pytest.mark.parametrize("text", ["9223372036.854775808", "10000000000", "9" * 40, Decimal("1E+999999999")])
def test_more_than_a_bigint_holds_is_refused(text: str | Decimal) -> None:
    with pytest.raises(ValueError, match="not an amount between"):
        nanodollars_from_usd(text)


@pytest.mark.parametrize("value", [0.1, 1, True, None, b"1"])
def test_floats_and_other_things_are_not_money(value: Any) -> None:
    with pytest.raises(TypeError, match=r"string or a Decimal"):
        nanodollars_from_usd(value)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("x" * 50, repr("x" * 40)),
        (Decimal(-1), repr("-1")),
        ("9" * 50, repr("9" * 40)),
        ("0." + "1" * 50, repr("0." + "1" * 38)),
        (0.1, "not float:"),
    ],
)
def test_a_refusal_names_what_was_said_and_not_at_length(value: Any, names: str) -> None:
    with pytest.raises((ValueError, TypeError)) as refused:
        nanodollars_from_usd(value)
    assert names in str(refused.value)


@pytest.mark.parametrize(
    ("usd", "nanodollars"),
    [
        ("0", 0),
        ("1E-30", 1),
        ("0.000000001", 1),
        ("0.0000000010000000000000001", 2),
        ("0.0004970133333333333", 497_014),
        ("1.5", 1_500_000_000),
        ("9223372036.854775807", MAX_NANODOLLARS),
    ],
)
def test_somebody_elses_amount_is_rounded_up_however_fine(usd: str, nanodollars: int) -> None:
    assert whole_nanodollars(Decimal(usd)) == nanodollars


@pytest.mark.parametrize("usd", ["-1E-30", "NaN", "Infinity", "9223372036.8547758071", "9" * 50])
def test_somebody_elses_amount_is_refused_by_name_when_it_is_none(usd: str) -> None:
    with pytest.raises(ValueError, match="not an amount between 0 and 9223372036") as refused:
        whole_nanodollars(Decimal(usd))
    assert repr(str(Decimal(usd))[:40]) in str(refused.value)


@given(st.decimals(min_value=0, max_value=10**6, places=15))
def test_somebody_elses_amount_is_less_than_a_nanodollar_above_it(usd: Decimal) -> None:
    assert 0 <= whole_nanodollars(usd) - Fraction(usd) * 10**9 < 1


@pytest.mark.parametrize(
    ("nanodollars", "text"),
    [(147_500, "0.0001475"), (0, "0"), (10**9, "1"), (10**10, "10"), (1, "0.000000001"), (-1_500_000_000, "-1.5")],
)
def test_amounts_are_shown_without_exponent_or_trailing_zeros(nanodollars: int, text: str) -> None:
    assert usd_text(Nanodollars(nanodollars)) == text


@given(st.integers(min_value=0, max_value=MAX_NANODOLLARS))
def test_what_is_shown_reads_back_as_the_same_amount(nanodollars: int) -> None:
    assert nanodollars_from_usd(usd_text(Nanodollars(nanodollars))) == nanodollars


@given(parts)
def test_a_cost_is_never_below_the_fraction_and_less_than_one_above(
    parts: list[tuple[int, int]],
) -> None:
    exact = sum((Fraction(tokens * price, 10**6) for tokens, price in parts), Fraction(0))
    assert 0 <= cost(parts) - exact < 1


@given(parts)
def test_a_cost_is_an_integer(parts: list[tuple[int, int]]) -> None:
    assert type(cost(parts)) is int


def test_the_rounding_is_upward_and_happens_once() -> None:
    assert cost([(1, 1)]) == 1
    assert cost([(1, 500_000), (1, 500_000)]) == 1
    assert cost([]) == 0


def test_a_cost_no_account_can_hold_is_refused() -> None:
    assert cost([(10**6, MAX_NANODOLLARS)]) == MAX_NANODOLLARS
    with pytest.raises(ValueError, match="cannot be true"):
        cost([(10**6, MAX_NANODOLLARS + 1)])
