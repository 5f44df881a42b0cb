"""What a call costs, and the bound that holds before it is made."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tollhouse.dialects.chat import Usage
from tollhouse.money.amounts import MAX_NANODOLLARS, FemtodollarsPerToken, Nanodollars
from tollhouse.money.amounts import price_from_usd_per_million as usd
from tollhouse.money.prices import (
    UNKNOWN_CONTEXT_TOKENS,
    UNLIMITED_TOKENS,
    Price,
    Rates,
    Tier,
    affordable_output,
    cost_of,
    from_listed,
    input_bound,
    most,
    split_cost,
)
from tollhouse.providers.base import ListedPrice

femto = st.integers(min_value=0, max_value=10**12).map(FemtodollarsPerToken)
counts = st.integers(min_value=0, max_value=2_000_000)
KINDS = ("input_cached", "input_cache_write", "input_audio", "output_audio", "output_reasoning")


@st.composite
def rates(draw: st.DrawFn) -> dict[str, FemtodollarsPerToken]:
    own = {kind: draw(st.none() | femto) for kind in KINDS}
    return {"input": draw(femto), "output": draw(femto), **{k: v for k, v in own.items() if v is not None}}


@st.composite
def priced(draw: st.DrawFn) -> Price:
    starts = sorted(draw(st.sets(counts, max_size=2)))
    steps = tuple(Tier(start, Rates(**draw(rates()))) for start in starts)
    return Price(**draw(rates()), tiers=steps, per_request=Nanodollars(draw(st.integers(0, 10**8))))


@st.composite
def used(draw: st.DrawFn) -> Usage:
    cached, written, fresh = draw(counts), draw(counts), draw(counts)
    reasoning, spoken, text = draw(counts), draw(counts), draw(counts)
    return Usage(
        input_tokens=cached + written + fresh,
        input_cached_tokens=cached,
        input_cache_write_tokens=written,
        input_audio_tokens=draw(st.integers(0, cached + written + fresh)),
        output_tokens=reasoning + spoken + text,
        output_reasoning_tokens=reasoning,
        output_audio_tokens=spoken,
    )


PLAIN = Price(input=usd("2.50"), output=usd("10"))
RICH = Price(
    input=usd("1"),
    input_cached=usd("0.1"),
    input_cache_write=usd("1.25"),
    input_audio=usd("32"),
    output=usd("4"),
    output_reasoning=usd("3"),
    output_audio=usd("64"),
)


@pytest.mark.parametrize(
    ("usage", "price", "nanodollars"),
    [
        (Usage(input_tokens=19, output_tokens=10), PLAIN, 147_500),
        (Usage(input_tokens=0, output_tokens=0), PLAIN, 0),
        (Usage(input_tokens=10, output_tokens=0, input_cached_tokens=4), RICH, 6_000 + 400),
        (Usage(input_tokens=10, output_tokens=0, input_cache_write_tokens=4), RICH, 6_000 + 5_000),
        (Usage(input_tokens=10, output_tokens=0, input_audio_tokens=4), RICH, 6_000 + 128_000),
        (Usage(input_tokens=0, output_tokens=10, output_reasoning_tokens=4), RICH, 24_000 + 12_000),
        (Usage(input_tokens=0, output_tokens=10, output_audio_tokens=4), RICH, 24_000 + 256_000),
        (Usage(input_tokens=10, output_tokens=10, input_cached_tokens=5, output_reasoning_tokens=9), PLAIN, 125_000),
        (Usage(input_tokens=10**9, output_tokens=10**9), Price.FREE, 0),
    ],
)
def test_each_kind_of_token_costs_its_own_price_or_that_of_its_direction(
    usage: Usage, price: Price, nanodollars: int
) -> None:
    assert cost_of(usage, price) == nanodollars


def test_sound_read_from_the_cache_is_charged_as_sound() -> None:
    usage = Usage(input_tokens=10, input_cached_tokens=8, input_audio_tokens=6, output_tokens=0)
    assert cost_of(usage, RICH) == 6 * 32_000 + 4 * 100


def test_sound_written_to_the_cache_is_charged_as_sound() -> None:
    usage = Usage(
        input_tokens=10, input_cached_tokens=1, input_cache_write_tokens=8, input_audio_tokens=9, output_tokens=0
    )
    assert cost_of(usage, RICH) == 9 * 32_000 + 1 * 1_250


def test_every_token_costs_the_step_that_a_long_input_reaches() -> None:
    long = Rates(input=usd("4"), output=usd("15"), input_cached=usd("0.4"))
    price = Price(input=usd("2"), output=usd("10"), input_cached=usd("0.2"), tiers=(Tier(272_000, long),))
    assert cost_of(Usage(input_tokens=272_000, output_tokens=100), price) == 272_000 * 2_000 + 100 * 10_000
    assert cost_of(Usage(input_tokens=272_001, output_tokens=100), price) == 272_001 * 4_000 + 100 * 15_000


def test_a_price_per_request_is_charged_once_and_with_the_input() -> None:
    price = Price(input=usd("1"), output=usd("1"), per_request=Nanodollars(12_000_000))
    assert split_cost(Usage(input_tokens=1, output_tokens=1), price) == (12_001_000, 1_000)


@pytest.mark.parametrize(
    "usage",
    [
        Usage(input_tokens=5, output_tokens=0, input_cached_tokens=6),
        Usage(input_tokens=5, output_tokens=0, input_cached_tokens=3, input_cache_write_tokens=3),
        Usage(input_tokens=5, output_tokens=0, input_audio_tokens=6),
        Usage(input_tokens=0, output_tokens=5, output_reasoning_tokens=6),
        Usage(input_tokens=0, output_tokens=5, output_reasoning_tokens=3, output_audio_tokens=3),
        Usage(input_tokens=-1, output_tokens=0),
        Usage(input_tokens=5, output_tokens=0, input_cached_tokens=-1),
        Usage(input_tokens=0, output_tokens=-1),
        Usage(input_tokens=0, output_tokens=5, output_audio_tokens=-1),
    ],
)
def test_a_part_larger_than_its_whole_is_an_error(usage: Usage) -> None:
    with pytest.raises(ValueError, match="the parts of the"):
        cost_of(usage, RICH)


@given(used(), priced())
def test_a_cost_is_exact_but_for_one_rounding_upward(usage: Usage, price: Price) -> None:
    rates = price.at(usage.input_tokens)
    dearest = Fraction(usage.input_tokens * rates.dearest_input() + usage.output_tokens * rates.dearest_output(), 10**6)
    paid = cost_of(usage, price)
    assert type(paid) is int
    assert price.per_request <= paid < price.per_request + dearest + 1


@given(st.integers(0, 10**9), st.integers(0, 10**9), femto, femto)
def test_a_plain_cost_is_less_than_a_nanodollar_above_the_fraction(
    read: int, made: int, p_in: FemtodollarsPerToken, p_out: FemtodollarsPerToken
) -> None:
    exact = Fraction(read * p_in + made * p_out, 10**6)
    assert 0 <= cost_of(Usage(input_tokens=read, output_tokens=made), Price(input=p_in, output=p_out)) - exact < 1


GROWTH = [
    {"input_tokens": 1},
    {"input_tokens": 1, "input_cached_tokens": 1},
    {"input_tokens": 1, "input_cache_write_tokens": 1},
    {"input_tokens": 1, "input_audio_tokens": 1},
    {"output_tokens": 1},
    {"output_tokens": 1, "output_reasoning_tokens": 1},
    {"output_tokens": 1, "output_audio_tokens": 1},
]


@given(used(), priced(), st.sampled_from(GROWTH), st.integers(1, 10_000))
def test_more_tokens_of_any_kind_never_cost_less(usage: Usage, price: Price, grown: dict[str, int], times: int) -> None:
    # Within one step: a vendor who made long context cheaper would break this, and rightly.
    flat = Price(**{kind: getattr(price, kind) for kind in ("input", "output", *KINDS)})
    more = replace(usage, **{name: getattr(usage, name) + times * tokens for name, tokens in grown.items()})
    assert cost_of(more, flat) >= cost_of(usage, flat)


@given(used(), priced())
def test_the_two_halves_of_a_cost_are_the_whole(usage: Usage, price: Price) -> None:
    read, made = split_cost(usage, price)
    assert read + made == cost_of(usage, price)
    assert min(read, made) >= 0


@given(used(), priced(), counts, st.integers(1, 4))
def test_no_call_within_its_bounds_costs_more_than_its_worst_case(
    usage: Usage, price: Price, slack: int, n: int
) -> None:
    cap = -(-usage.output_tokens // n)
    assert cost_of(usage, price) <= most(price, usage.input_tokens + slack, cap, n)


def test_the_worst_case_reaches_every_step_that_the_bound_does() -> None:
    price = Price(input=usd("2"), output=usd("10"), tiers=(Tier(100, Rates(input=usd("4"), output=usd("15"))),))
    assert most(price, 100, 10) == 100 * 2_000 + 10 * 10_000
    assert most(price, 101, 10) == 101 * 4_000 + 10 * 15_000


def test_a_step_cheaper_than_the_base_does_not_lower_the_worst_case() -> None:
    price = Price(input=usd("2"), output=usd("10"), tiers=(Tier(100, Rates(input=usd("1"), output=usd("5"))),))
    assert most(price, 101, 10) == 101 * 2_000 + 10 * 10_000


def test_a_cap_beyond_all_money_is_the_most_an_account_holds() -> None:
    assert most(PLAIN, 100, 10**30) == MAX_NANODOLLARS


@pytest.mark.parametrize("beyond", [-1, 0, 1, 10**9, MAX_NANODOLLARS, 10 * MAX_NANODOLLARS])
def test_the_worst_case_is_exact_up_to_what_an_account_holds(beyond: int) -> None:
    fee = Nanodollars(10**9)
    nanodollar = Price(input=FemtodollarsPerToken(10**6), output=FemtodollarsPerToken(0), per_request=fee)
    assert most(nanodollar, MAX_NANODOLLARS - fee + beyond, 0) == min(MAX_NANODOLLARS, MAX_NANODOLLARS + beyond)


@given(priced(), counts, st.integers(1, 4), st.integers(0, 10**15))
def test_the_affordable_output_is_the_largest_that_fits(price: Price, bound: int, n: int, available: int) -> None:
    cap = affordable_output(price, bound, n, available)
    if most(price, bound, 0, n) > available:
        assert cap == 0
    elif cap == UNLIMITED_TOKENS:
        assert most(price, bound, 10**40, n) <= available
    else:
        assert most(price, bound, cap, n) <= available < most(price, bound, cap + 1, n)


def test_nothing_is_affordable_from_an_overdrawn_budget() -> None:
    assert affordable_output(PLAIN, 0, 1, -1) == 0


def test_free_output_is_affordable_without_end() -> None:
    assert affordable_output(Price.FREE, 10**9, 1, 0) == UNLIMITED_TOKENS


def test_the_bound_counts_bytes_messages_and_what_is_hidden() -> None:
    assert input_bound(1_000, 3, 64, None, media=False) == 1_000 + 3 * 4 + 64


def test_nothing_is_read_beyond_the_window() -> None:
    assert input_bound(10**6, 1, 2**40, 128_000, media=False) == 128_000


def test_media_may_fill_the_whole_window() -> None:
    assert input_bound(200, 1, 0, 128_000, media=True) == 128_000
    assert input_bound(200, 1, 0, None, media=True) == UNKNOWN_CONTEXT_TOKENS


def test_a_listed_price_becomes_a_price_with_its_version() -> None:
    listed = ListedPrice(input="2.50", output="10.00", input_cached="1.25", input_cache_write="3.125")
    told = {"input": usd("2.5"), "output": usd("10"), "input_cached": usd("1.25"), "input_cache_write": usd("3.125")}
    assert from_listed(listed, "file acme/acme-1") == Price(**told, version="file acme/acme-1")


def test_what_stays_in_the_cache_for_an_hour_has_a_price_of_its_own_where_there_is_one() -> None:
    usage = Usage(input_tokens=10, output_tokens=0, input_cache_write_tokens=7, input_cache_write_1h_tokens=3)
    prices = {"input": usd("1"), "output": usd("4"), "input_cache_write": usd("1.25")}
    assert cost_of(usage, Price(**prices)) == 3 * 1_000 + 7 * 1_250
    assert cost_of(usage, Price(**prices, input_cache_write_1h=usd("2"))) == 3 * 1_000 + 4 * 1_250 + 3 * 2_000


@pytest.mark.parametrize(
    "parts",
    [
        {"input_cache_write_tokens": 2, "input_cache_write_1h_tokens": 3},
        {"input_cache_write_1h_tokens": -1},
        {"input_cache_write_tokens": -1},
    ],
)
def test_an_hour_is_part_of_what_is_written(parts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"^the parts of the input are more than the input$"):
        cost_of(Usage(input_tokens=10, output_tokens=0, **parts), RICH)


@pytest.mark.parametrize("listed", [ListedPrice(), ListedPrice(input="1"), ListedPrice(output="1")])
def test_half_a_price_is_an_unknown_price(listed: ListedPrice) -> None:
    assert from_listed(listed, "file") is None


# --- fees ------------------------------------------------------------------------------------------------------------

SEARCHING = Price(
    input=FemtodollarsPerToken(1_000_000),
    output=FemtodollarsPerToken(0),
    per_web_search=Nanodollars(10),
    per_file_search=Nanodollars(3),
    by_tier={"batch": Price(input=FemtodollarsPerToken(500_000), output=FemtodollarsPerToken(0))},
)


@pytest.mark.parametrize(("searches", "held"), [(0, 1), (5, 51), (None, 1 + 100 * 10)])
def test_what_may_be_looked_up_is_held_for(searches: int | None, held: int) -> None:
    assert most(SEARCHING.held_for(None, searches), 1, 1) == held


@given(web=st.integers(0, 9), files=st.integers(0, 9))
def test_no_division_of_the_searches_costs_more_than_was_held(web: int, files: int) -> None:
    usage = Usage(input_tokens=1, output_tokens=0, web_searches=web, file_searches=files)
    assert cost_of(usage, SEARCHING) <= most(SEARCHING.held_for(None, web + files), 1, 0)


def test_a_vendor_that_charges_one_search_is_held_for_one() -> None:
    once = replace(SEARCHING, searches_charged_most=1, per_file_search=Nanodollars(0))
    assert most(once.held_for(None, None), 1, 1) == 11


def test_no_client_is_believed_that_its_call_is_part_of_a_batch() -> None:
    assert SEARCHING.held_for("batch", 0) is SEARCHING


def test_less_than_nothing_cannot_have_been_looked_up() -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        cost_of(Usage(input_tokens=1, output_tokens=0, web_searches=-1, file_searches=2), SEARCHING)


def test_a_price_that_an_operator_wrote_may_have_a_part_for_the_call_itself() -> None:
    price = from_listed(ListedPrice(input="1", output="2", per_request="0.025"), "mine")
    assert price is not None
    assert cost_of(Usage(input_tokens=1, output_tokens=1), price) == 25_000_000 + 3_000


def test_a_call_is_held_by_the_price_of_the_tier_it_asks_for() -> None:
    priority = replace(SEARCHING, input=FemtodollarsPerToken(9_000_000))
    price = replace(SEARCHING, by_tier={"priority": priority})
    assert price.held_for("priority", 0) is priority
    assert price.held_for("priority", 2).per_request == 20


def test_all_of_the_input_may_be_sound_and_none_of_it_less_than_nothing() -> None:
    sound = FemtodollarsPerToken(7_000_000)
    price = Price(input=FemtodollarsPerToken(1_000_000), output=FemtodollarsPerToken(0), input_audio=sound)
    assert cost_of(Usage(input_tokens=5, output_tokens=0, input_audio_tokens=5), price) == 35
    for wrong in ({"input_audio_tokens": -1}, {"input_cached_tokens": 9, "input_cache_write_tokens": -1}):
        with pytest.raises(ValueError, match="parts of the input"):
            cost_of(Usage(input_tokens=9, output_tokens=0, **wrong), price)


@given(priced(), counts, counts, st.integers(100, 1_000))
def test_a_raised_price_holds_at_least_so_many_percent_and_hardly_more(price, read, made, percent):
    plain, raised = most(price, read, made), most(price.raised(percent), read, made)
    exact = Fraction(plain * percent, 100)
    # One femtodollar of rounding for each token, and the nanodollar that each amount was rounded up by.
    assert exact - Fraction(percent, 100) <= raised <= exact + (read + made) // 10**6 + 3


def test_a_price_is_raised_in_every_part():
    price = replace(RICH, per_request=Nanodollars(7), tiers=(Tier(10, PLAIN),))
    raised = price.raised(200)
    told = {**msgspec.structs.asdict(price), "tiers": ()}
    doubled = {name: value * 2 for name, value in told.items() if isinstance(value, int) and "search" not in name}
    assert {name: getattr(raised, name) for name in doubled} == doubled
    assert raised.tiers[0].rates.input == 2 * PLAIN.input
    assert price.raised(100) is price
