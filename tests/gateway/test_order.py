"""Laws of the strategies: who is asked first, of whom what is known."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.gateway import order
from tollhouse.gateway.order import EXPLORED, FRESH_S
from tollhouse.upstream.pace import LATEST, Heard, Pace

ACME = ("acme", "acme-1")

weights = st.lists(st.integers(1, 1_000), min_size=1, max_size=8)
heards = st.lists(st.none() | st.builds(Heard, st.floats(0, 600), st.floats(0, 1_000)), min_size=1, max_size=8)
chances = st.floats(0, 1)


@given(weights, chances)
def test_somebody_is_first_whatever_the_chance(weights: list[int], chance: float):
    assert 0 <= order.weighted(weights, chance) < len(weights)


@given(weights)
def test_who_weighs_more_is_first_as_much_more_often(weights: list[int]):
    total = sum(weights)
    firsts = Counter(order.weighted(weights, (number + 0.5) / total) for number in range(total))
    assert [firsts[place] for place in range(len(weights))] == weights


def test_by_chance_each_comes_as_often_as_it_should():
    chance = Random(1)
    firsts = Counter(order.weighted([3, 1], chance.random()) for _ in range(10_000))
    assert firsts[0] / 10_000 == pytest.approx(0.75, abs=0.02)


@given(st.lists(st.none() | st.integers(0, 10**15), min_size=1, max_size=8))
def test_nobody_is_cheaper_than_the_first_and_what_is_unknown_comes_last(costs: list[int | None]):
    first = order.cheapest(costs)
    known = [cost for cost in costs if cost is not None]
    assert costs[first] == (min(known) if known else None)
    assert first == costs.index(costs[first])


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=8))
def test_nobody_is_less_busy_than_the_first(calls: list[int]):
    first = order.least_busy(calls)
    assert calls[first] == min(calls)
    assert first == calls.index(min(calls))


@given(heards, chances)
def test_nobody_who_is_known_is_faster_than_the_first_unless_somebody_is_to_be_found_out_about(
    heard: list[Heard | None], chance: float
):
    now_s = 1_000.0
    first = order.fastest(heard, now_s, chance)
    known = [one.mean_s for one in heard if one is not None]
    chosen = heard[first]
    if not known:
        assert first == 0
    elif chosen is None or chosen.mean_s > min(known):
        assert chance < EXPLORED
        assert chosen is None or now_s - chosen.at_s > FRESH_S
        assert chosen is None or None not in heard
    else:
        assert chosen.mean_s == min(known)


def test_who_was_never_heard_of_is_found_out_about_now_and_then():
    heard = [Heard(0.1, 100.0), None, Heard(0.2, 100.0)]
    chance = Random(1)
    firsts = Counter(order.fastest(heard, 100.0, chance.random()) for _ in range(10_000))
    assert firsts[1] / 10_000 == pytest.approx(EXPLORED, abs=0.01)
    assert firsts[2] == 0


def test_who_was_slow_a_while_ago_gets_another_chance():
    heard = [Heard(0.1, 200.0), Heard(9.0, 200.0 - FRESH_S - 1)]
    assert order.fastest(heard, 200.0, 0.0) == 1
    assert order.fastest(heard, 200.0, 1.0) == 0


# --- what is known ---------------------------------------------------------------------------------------------------


def test_the_latest_answers_weigh_most():
    pace = Pace()
    for _ in range(50):
        pace.hears(ACME, True, 1.0, 0.0)
    pace.hears(ACME, True, 2.0, 7.0)
    assert pace.heard(ACME, True) == Heard(pytest.approx(1.0 + LATEST), 7.0)
    for _ in range(50):
        pace.hears(ACME, True, 2.0, 8.0)
    assert pace.heard(ACME, True) == Heard(pytest.approx(2.0, abs=0.001), 8.0)


def test_answers_in_one_piece_are_not_compared_with_streams():
    pace = Pace()
    pace.hears(ACME, False, 30.0, 0.0)
    assert pace.heard(ACME, True) is None


@given(st.lists(st.booleans(), max_size=100))
def test_as_many_are_under_way_as_have_begun_and_not_ended(steps: list[bool]):
    pace, under_way = Pace(), 0
    for begins in steps:
        if begins:
            pace.begins(ACME)
            under_way += 1
        elif under_way:
            pace.ends(ACME)
            under_way -= 1
        assert pace.calls(ACME) == under_way
