"""The arithmetic between measurements and figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.medians import growth, median_of, ratio, slope
from measurements import cost


def test_the_median_is_taken_of_each_figure_by_itself():
    middle = median_of([cost(30, p50_us=900, errors=1), cost(10, p50_us=1_200), cost(20, p50_us=700)])
    assert (middle.cpu_us, middle.p50_us, middle.errors) == (20, 900, 0)


def test_a_whole_number_stays_one_between_two_samples():
    assert median_of([cost(10, p50_us=3), cost(11, p50_us=8)]).p50_us == 6


def test_what_was_not_measured_has_no_median():
    assert median_of([cost(10), cost(20)]).database_cpu_us is None


def test_a_median_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no sample"):
        median_of([])


def test_a_ratio_needs_both_figures():
    assert ratio(30, 12) == 2.5
    assert ratio(None, 12) is None
    assert ratio(30, None) is None
    assert ratio(30, 0) is None


@given(st.floats(0, 1e6), st.integers(8, 200))
def test_what_stays_the_same_does_not_grow(value: float, count: int):
    assert growth([value] * count) == 0


def test_growth_is_told_from_the_second_quarter_and_one_spike_is_none():
    warming = [0, 10, 20, 30]
    assert growth([*warming, 40, 40, 40, 40, 40, 99, 40, 40, 40, 40, 99, 40]) == 0
    assert growth([*warming, 40, 40, 40, 40, 45, 45, 45, 45, 50, 50, 50, 50]) == 10


def test_a_few_values_tell_of_no_growth():
    with pytest.raises(ValueError, match="too few"):
        growth([1, 2, 3])


@given(st.integers(-1_000, 1_000), st.integers(-1_000, 1_000), st.sets(st.integers(0, 10_000), min_size=2))
def test_points_on_a_line_have_its_slope(per_one: int, start: int, counts: set[int]):
    assert slope([(x, start + per_one * x) for x in counts]) == pytest.approx(per_one, abs=1e-6)


def test_one_point_makes_no_line():
    with pytest.raises(ValueError, match="different x"):
        slope([(5, 1), (5, 2)])
