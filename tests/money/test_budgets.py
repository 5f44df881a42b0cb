"""Whether a call fits, what it sets aside, which cap it is sent with, and when a window ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.money.amounts import MAX_NANODOLLARS, FemtodollarsPerToken, Nanodollars
from tollhouse.money.amounts import price_from_usd_per_million as per_million
from tollhouse.money.budgets import (
    ASSUMED_OUTPUT_TOKENS,
    UNKNOWN_MAXIMUM_TOKENS,
    Ask,
    Balance,
    Budget,
    Grant,
    Mode,
    Refusal,
    Unit,
    Window,
    applies,
    bucket_id,
    budget_id_of,
    decide,
    period,
    resets_at,
    unit_of,
)
from tollhouse.money.prices import Price, most

PRICE = Price(input=per_million("2.50"), output=per_million("10"), version="test")
LARGEST = 2**31 - 1

Buckets = list[tuple[Budget, Balance]]


def budget(limit: int, *, unit: Unit = "usd", mode: Mode = "strict", window: Window = "day", **more: object) -> Budget:
    told = {"id": "bud_1", "owner": "usr_1", "model": None, **more}
    return Budget(unit=unit, window=window, mode=mode, limit=limit, **told)  # type: ignore[arg-type]


def asked(cap: int | None = None, *, price: Price | None = PRICE, **more: object) -> Ask:
    told = {"owners": ("usr_1",), "models": frozenset({"acme/acme-1"}), "input_bound": 400, "input_estimate": 100}
    return Ask(price=price, cap=cap, **{**told, **more})  # type: ignore[arg-type]


def granted(ask: Ask, *buckets: tuple[Budget, Balance]) -> Grant:
    verdict = decide(ask, buckets)
    assert isinstance(verdict, Grant)
    return verdict


def refused(ask: Ask, *buckets: tuple[Budget, Balance]) -> Refusal:
    verdict = decide(ask, buckets)
    assert isinstance(verdict, Refusal)
    return verdict


# --- one budget ------------------------------------------------------------------------------------------------------


def test_a_strict_dollar_budget_holds_the_worst_case_of_the_clients_own_cap():
    limit = most(PRICE, 400, 500)
    grant = granted(asked(500), (budget(limit), Balance()))
    assert (grant.usd, grant.amounts, grant.cap, grant.remaining_usd) == (limit, (limit,), None, 0)


def test_a_nanodollar_too_little_refuses_and_names_what_could_be_afforded():
    limit = most(PRICE, 400, 500) - 1
    refusal = refused(asked(500), (budget(limit), Balance()))
    assert (refusal.needed, refusal.available, refusal.affordable_tokens) == (limit + 1, limit, 499)


def test_what_is_posted_open_or_unconfirmed_is_not_available():
    limit = most(PRICE, 400, 500)
    assert refused(asked(500), (budget(limit + 2), Balance(posted=1, open=1, unconfirmed=1))).available == limit - 1
    assert granted(asked(500), (budget(limit + 3), Balance(posted=1, open=1, unconfirmed=1))).remaining_usd == 0


@pytest.mark.parametrize(
    ("limit", "maximum", "cap"),
    [
        (most(PRICE, 400, 8_000) * 4, 16_384, 8_000),
        (most(PRICE, 400, 8_000) * 4, 2_048, 2_048),
        (most(PRICE, 400, 8_000) * 4, None, UNKNOWN_MAXIMUM_TOKENS),
        (most(PRICE, 400, 1_024), 16_384, 1_024),
        (most(PRICE, 400, 512), 512, 512),
    ],
    ids=["a quarter", "the model's maximum", "an unknown maximum", "just the floor", "a floor above the maximum"],
)
def test_without_a_cap_one_is_written(limit: int, maximum: int | None, cap: int):
    grant = granted(asked(max_output_tokens=maximum), (budget(limit), Balance()))
    assert grant.cap == cap
    assert grant.usd == most(PRICE, 400, cap)


def test_without_room_for_the_least_output_nothing_is_written_but_refused():
    refusal = refused(asked(max_output_tokens=16_384), (budget(most(PRICE, 400, 1_024) - 1), Balance()))
    assert refusal.affordable_tokens == 1_023
    assert refusal.needed == most(PRICE, 400, 1_024)


def test_each_budget_has_its_own_least_output_and_all_must_be_met():
    roomy = budget(most(PRICE, 400, 4_000) * 4, id="bud_roomy", min_output_tokens=2_000)
    tight = budget(most(PRICE, 400, 1_500), id="bud_tight", min_output_tokens=100)
    refusal = refused(asked(), (roomy, Balance()), (tight, Balance()))
    assert (refusal.budget.id, refusal.affordable_tokens) == ("bud_tight", 1_500)


def test_an_unknown_price_is_refused_under_strict_dollars_only():
    assert refused(asked(500, price=None), (budget(10**9), Balance())).unpriced
    for mode in ("estimate", "warn"):
        assert granted(asked(500, price=None), (budget(10**9, mode=mode), Balance())).amounts == (0,)
    assert granted(asked(500, price=None), (budget(1_000, unit="tokens"), Balance())).usd == 0


def test_what_costs_nothing_fits_into_a_spent_budget_and_is_not_capped():
    spent = Balance(posted=2 * 10**9)
    grant = granted(asked(price=Price.FREE, max_output_tokens=8_192), (budget(10**9), spent))
    assert (grant.cap, grant.amounts, grant.remaining_usd) == (None, (0,), 0)


def test_output_that_costs_nothing_is_not_capped_but_its_input_is_held():
    embedding = Price(input=per_million("0.1"), output=FemtodollarsPerToken(0))
    grant = granted(asked(price=embedding), (budget(10**9), Balance()))
    assert (grant.cap, grant.usd) == (None, most(embedding, 400, 0))
    assert refused(asked(price=embedding), (budget(39_999), Balance())).needed == 40_000


def test_an_estimate_holds_what_is_probable_and_leaves_the_request_alone():
    grant = granted(asked(), (budget(1_124, unit="tokens", mode="estimate"), Balance()))
    assert (grant.amounts, grant.cap) == ((100 + ASSUMED_OUTPUT_TOKENS,), None)
    refusal = refused(asked(), (budget(1_123, unit="tokens", mode="estimate"), Balance()))
    assert (refusal.needed, refusal.affordable_tokens) == (1_124, 1_023)


def test_a_strict_token_budget_holds_the_bound_and_writes_a_cap():
    grant = granted(asked(n=2), (budget(400 + 2 * 1_024, unit="tokens", mode="strict"), Balance()))
    assert (grant.cap, grant.amounts) == (1_024, (400 + 2 * 1_024,))


def test_a_warning_never_refuses_and_never_overflows():
    grant = granted(asked(LARGEST, n=128), (budget(1, mode="warn"), Balance(open=MAX_NANODOLLARS - 5)))
    assert grant.amounts == (5,)
    full = granted(asked(500), (budget(1, mode="warn"), Balance(posted=MAX_NANODOLLARS)))
    assert full.amounts == (0,)


def test_requests_are_counted_and_a_later_attempt_is_not_another_one():
    one = budget(1, unit="requests")
    assert granted(asked(), (one, Balance())).amounts == (1,)
    assert refused(asked(), (one, Balance(posted=1))).affordable_tokens is None
    assert granted(asked(requests=0), (one, Balance(posted=1))).amounts == (0,)


def test_only_budgets_of_the_owner_and_the_model_apply():
    ask = asked()
    assert applies(budget(1, owner="usr_1"), ask)
    assert not applies(budget(1, owner="usr_2"), ask)
    assert applies(budget(1, model="acme/acme-1"), ask)
    assert not applies(budget(1, model="acme/acme-2"), ask)


def test_without_any_budget_the_worst_case_of_the_clients_own_cap_is_told():
    assert granted(asked(500, n=2)).usd == most(PRICE, 400, 500, 2)
    assert granted(asked()).usd == most(PRICE, 400, ASSUMED_OUTPUT_TOKENS)


def test_an_estimate_of_dollars_holds_what_is_probable_of_every_choice():
    amounts = granted(asked(500, n=3), (budget(10**12, mode="estimate"), Balance())).amounts
    assert amounts == (most(PRICE, 100, 500, 3),)
    assert granted(asked(n=3), (budget(10**12, mode="estimate"), Balance())).amounts == (
        most(PRICE, 100, ASSUMED_OUTPUT_TOKENS, 3),
    )


def test_strict_dollars_hold_every_choice():
    assert granted(asked(500, n=3), (budget(10**12), Balance())).amounts == (most(PRICE, 400, 500, 3),)


def test_what_an_estimate_can_afford_is_reckoned_from_what_is_probable():
    limit = most(PRICE, 100, 77)
    refusal = refused(asked(500), (budget(limit, mode="estimate"), Balance()))
    assert refusal.affordable_tokens == 77
    tokens = refused(asked(500), (budget(110, unit="tokens", mode="estimate"), Balance()))
    assert tokens.affordable_tokens == 10


def test_what_strict_tokens_can_afford_is_reckoned_from_the_bound():
    assert refused(asked(500), (budget(410, unit="tokens"), Balance())).affordable_tokens == 10


def test_neither_a_warning_nor_a_count_of_requests_makes_a_cap_smaller():
    ample = budget(10**12)
    alone = granted(asked(max_output_tokens=LARGEST), (ample, Balance())).cap
    warned, counted = budget(1, unit="tokens", mode="warn"), budget(2, unit="requests", mode="estimate")
    assert (
        granted(asked(max_output_tokens=LARGEST), *((one, Balance()) for one in (warned, counted, ample))).cap == alone
    )


def test_a_cap_is_a_whole_number_however_the_quarter_comes_out():
    for limit in range(most(PRICE, 400, 1_200) * 4, most(PRICE, 400, 1_200) * 4 + 4):
        cap = granted(asked(max_output_tokens=LARGEST), (budget(limit), Balance())).cap
        assert isinstance(cap, int)


def test_requests_that_are_left_have_no_part_in_what_output_can_be_afforded():
    counted, tight = budget(5, unit="requests", mode="estimate"), budget(most(PRICE, 400, 77))
    assert refused(asked(500), (counted, Balance()), (tight, Balance())).affordable_tokens == 77


def test_a_refusal_for_an_unknown_price_needs_nothing():
    refusal = refused(asked(500, price=None), (budget(7), Balance(posted=3)))
    assert (refusal.needed, refusal.available, refusal.unpriced) == (0, 4, True)


def test_a_refusal_names_what_fits_into_all_budgets():
    tokens = budget(600, id="bud_tokens", unit="tokens", mode="estimate")
    dollars = budget(most(PRICE, 400, 300), id="bud_dollars")
    refusal = refused(asked(1_000), (tokens, Balance()), (dollars, Balance()))
    assert refusal.affordable_tokens == 300


@pytest.mark.parametrize("is_first", [True, False])
def test_when_no_request_is_left_no_smaller_output_is_suggested(is_first: bool):
    requests, dollars = (budget(0, unit="requests"), Balance()), (budget(most(PRICE, 400, 300)), Balance())
    refusal = refused(asked(1_000), *((requests, dollars) if is_first else (dollars, requests)))
    assert (refusal.budget.unit, refusal.affordable_tokens) == ("requests", None)


# --- laws ------------------------------------------------------------------------------------------------------------

rates = st.integers(0, 10**10).map(FemtodollarsPerToken)
prices = st.builds(Price, input=rates, output=rates, per_request=st.integers(0, 10**6).map(Nanodollars))
counts = st.integers(0, 10**10)
balances = st.builds(Balance, posted=counts, open=counts, unconfirmed=counts)
budgets = st.builds(
    Budget,
    id=st.just("bud_1"),
    owner=st.just("usr_1"),
    model=st.none(),
    unit=st.sampled_from(["usd", "tokens", "requests"]),
    window=st.just("total"),
    mode=st.sampled_from(["strict", "estimate", "warn"]),
    limit=st.integers(0, 10**11),
    min_output_tokens=st.integers(1, 5_000),
)
buckets = st.lists(st.tuples(budgets, balances), max_size=4)
bounds = st.integers(0, 200_000)


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    bound = draw(bounds)
    return Ask(
        owners=("usr_1",),
        models=frozenset(),
        price=draw(st.none() | prices),
        input_bound=bound,
        input_estimate=draw(st.integers(0, bound)),
        cap=draw(st.none() | st.integers(1, 100_000) | st.just(LARGEST)),
        n=draw(st.sampled_from([1, 2, 128])),
        max_output_tokens=draw(st.none() | st.integers(1, 200_000)),
        requests=draw(st.sampled_from([0, 1])),
    )


@given(asks(), buckets)
def test_what_is_granted_fits_into_every_budget_that_refuses(ask: Ask, buckets: Buckets):
    verdict = decide(ask, buckets)
    if isinstance(verdict, Refusal):
        return
    assert len(verdict.amounts) == len(buckets)
    for (rule, balance), amount in zip(buckets, verdict.amounts, strict=True):
        assert amount >= 0
        assert rule.mode == "warn" or amount == 0 or balance.taken + amount <= rule.limit


@given(asks(), buckets)
def test_what_is_held_under_a_strict_budget_is_the_most_that_can_be_used(ask: Ask, buckets: Buckets):
    verdict = decide(ask, buckets)
    if isinstance(verdict, Refusal):
        return
    cap = ask.cap if verdict.cap is None else verdict.cap
    for (rule, _), amount in zip(buckets, verdict.amounts, strict=True):
        if rule.mode != "strict" or rule.unit == "requests":
            continue
        if rule.unit == "tokens":
            assert cap is not None
            assert amount == ask.input_bound + cap * ask.n
        else:
            assert ask.price is not None
            assert cap is not None or ask.price.output == 0
            assert amount == verdict.usd == most(ask.price, ask.input_bound, cap or 0, ask.n)


@given(asks(), buckets)
def test_a_cap_is_written_only_when_none_was_given_and_within_what_the_model_can(ask: Ask, buckets: Buckets):
    verdict = decide(ask, buckets)
    if isinstance(verdict, Refusal) or verdict.cap is None:
        return
    strict = [rule for rule, _ in buckets if rule.mode == "strict" and rule.unit != "requests"]
    maximum = ask.max_output_tokens or UNKNOWN_MAXIMUM_TOKENS
    assert ask.cap is None
    assert strict
    assert min(maximum, min(rule.min_output_tokens for rule in strict)) <= verdict.cap <= maximum


@given(asks(), buckets)
def test_the_affordable_number_is_affordable_and_one_more_is_not(ask: Ask, buckets: Buckets):
    refusal = decide(ask, buckets)
    if isinstance(refusal, Grant) or refusal.affordable_tokens is None:
        return
    at_most = refusal.affordable_tokens
    if 0 < at_most < LARGEST:
        assert isinstance(decide(with_cap(ask, at_most), buckets), Grant)
    if at_most < LARGEST:
        assert isinstance(decide(with_cap(ask, at_most + 1), buckets), Refusal)


@given(asks(), buckets)
def test_a_refusal_says_what_is_needed_and_that_it_is_not_there(ask: Ask, buckets: Buckets):
    refusal = decide(ask, buckets)
    if isinstance(refusal, Grant):
        return
    left = [max(0, rule.limit - balance.taken) for rule, balance in buckets if rule == refusal.budget]
    assert refusal.available in left
    assert refusal.unpriced or refusal.needed > refusal.available
    assert refusal.budget.mode != "warn"


@given(asks(), buckets)
def test_more_room_never_turns_a_yes_into_a_no(ask: Ask, buckets: Buckets):
    if isinstance(decide(ask, buckets), Grant):
        assert isinstance(decide(ask, [(rule, Balance()) for rule, _ in buckets]), Grant)


@given(asks(), buckets)
def test_the_order_of_budgets_does_not_matter(ask: Ask, buckets: Buckets):
    one, other = decide(ask, buckets), decide(ask, buckets[::-1])
    assert type(one) is type(other)
    if isinstance(one, Grant) and isinstance(other, Grant):
        assert (one.usd, one.cap, one.amounts) == (other.usd, other.cap, other.amounts[::-1])


def with_cap(ask: Ask, cap: int) -> Ask:
    fields = {name: getattr(ask, name) for name in ask.__struct_fields__}
    return Ask(**{**fields, "cap": cap})


# --- windows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "window", "now", "current", "reset"),
    [
        ("UTC", "day", "2026-12-31T23:59:59Z", "2026-12-31", "2027-01-01T00:00:00Z"),
        ("UTC", "month", "2026-12-31T23:59:59Z", "2026-12", "2027-01-01T00:00:00Z"),
        ("UTC", "day", "2028-02-28T12:00:00Z", "2028-02-28", "2028-02-29T00:00:00Z"),
        ("UTC", "day", "2027-02-28T12:00:00Z", "2027-02-28", "2027-03-01T00:00:00Z"),
        ("UTC", "month", "2028-02-29T23:59:59Z", "2028-02", "2028-03-01T00:00:00Z"),
        ("UTC", "month", "2026-01-31T00:00:00Z", "2026-01", "2026-02-01T00:00:00Z"),
        # A day of 23 hours, one of 25, and one that begins at 01:00 because midnight does not exist.
        ("Europe/Berlin", "day", "2026-03-28T23:00:00Z", "2026-03-29", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "day", "2026-10-24T22:00:00Z", "2026-10-25", "2026-10-25T23:00:00Z"),
        ("Africa/Cairo", "day", "2026-04-23T12:00:00Z", "2026-04-23", "2026-04-23T22:00:00Z"),
        ("America/Los_Angeles", "month", "2026-12-01T07:59:59Z", "2026-11", "2026-12-01T08:00:00Z"),
        ("Asia/Kathmandu", "day", "2026-06-01T18:14:59Z", "2026-06-01", "2026-06-01T18:15:00Z"),
        ("Pacific/Kiritimati", "day", "2026-06-01T10:00:00Z", "2026-06-02", "2026-06-02T10:00:00Z"),
    ],
)
def test_a_window_follows_the_calendar_of_its_time_zone(zone: str, window: Window, now: str, current: str, reset: str):
    moment = datetime.fromisoformat(now)
    assert period(window, zone, moment) == current
    assert resets_at(window, zone, moment) == datetime.fromisoformat(reset)


def test_a_total_has_one_period_and_never_resets():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert period("total", "UTC", now) == "total"
    assert resets_at("total", "UTC", now) is None


ZONES: Sequence[str] = sorted(available_timezones() - {"localtime", "Factory"})
moments = st.datetimes(datetime(2024, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.sampled_from(ZONES), st.sampled_from(["day", "month"]), moments)
def test_a_period_lasts_until_its_reset_and_not_a_microsecond_longer(zone: str, window: Window, now: datetime):
    reset = resets_at(window, zone, now)
    assert reset is not None
    assert now < reset
    assert period(window, zone, reset - timedelta(microseconds=1)) == period(window, zone, now)
    assert period(window, zone, reset) > period(window, zone, now)


@given(st.sampled_from(ZONES), moments)
def test_a_day_is_the_local_date_whatever_the_clock_of_the_caller(zone: str, now: datetime):
    assert period("day", zone, now) == period("day", zone, now.astimezone(ZoneInfo("Asia/Tokyo")))
    assert period("day", zone, now).startswith(period("month", zone, now))


def test_a_buckets_name_leads_back_to_its_budget_and_unit():
    rule = budget(1, unit="tokens", window="month")
    bucket = bucket_id(rule, datetime(2026, 2, 3, tzinfo=UTC))
    assert (budget_id_of(bucket), unit_of(bucket)) == (rule.id, "tokens")


def test_a_reset_is_told_in_utc():
    reset = resets_at("month", "Asia/Tokyo", datetime(2026, 1, 31, tzinfo=UTC))
    assert reset is not None
    assert reset.tzinfo is UTC


def test_a_bucket_names_its_budget_its_unit_and_its_period():
    day = budget(1, unit="tokens", time_zone="Asia/Tokyo")
    bucket = bucket_id(day, datetime(2026, 1, 31, 15, tzinfo=UTC))
    assert bucket == "bud_1:tokens:2026-02-01"
    assert unit_of(bucket) == "tokens"
