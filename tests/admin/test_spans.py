"""Laws of what a report reads: everything once, or an even part of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse import ids
from tollhouse.admin import spans
from tollhouse.errors import Unprocessable
from tollhouse.store.types import to_micros

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 30 * 86_400_000_000).map(lambda micros: BEGINNING + timedelta(microseconds=micros))
TIMES = st.tuples(MOMENTS, MOMENTS).filter(lambda pair: pair[0] < pair[1])
LENGTHS = st.sampled_from([timedelta(hours=6), timedelta(days=1)])


def id_at(moment: datetime) -> str:
    return ids.at("req", to_micros(moment) * 1_000)


@given(TIMES, LENGTHS, MOMENTS)
def test_all_of_a_time_is_read_once_and_nothing_else(
    time: tuple[datetime, datetime], length: timedelta, moment: datetime
):
    made = id_at(moment)
    found = [span.bucket for span in spans.spans(*time, length) if span.first <= made < span.last]
    assert len(found) == (time[0] <= moment < time[1])
    for bucket in found:
        assert bucket <= to_micros(moment) < bucket + length // timedelta(microseconds=1)


@given(TIMES, LENGTHS, st.integers(2, 500))
def test_a_part_is_read_in_stretches_that_do_not_meet_and_lie_in_their_buckets(
    time: tuple[datetime, datetime], length: timedelta, share: int
):
    whole = spans.spans(*time, length)
    part = spans.spans(*time, length, share)
    assert all(before.last <= after.first for before, after in pairwise(part))
    inside = {span.bucket: span for span in whole}
    for span in part:
        assert span.first < span.last
        assert inside[span.bucket].first <= span.first
        assert span.last <= inside[span.bucket].last


@pytest.mark.parametrize("share", [2, 7, 100])
def test_a_part_is_as_large_as_it_says(share: int):
    """Of requests that come evenly, a `share`-th is found; and so of those that come at each full hour."""
    time = (BEGINNING, BEGINNING + timedelta(days=30))
    part = spans.spans(*time, timedelta(days=1), share)
    evenly = [id_at(BEGINNING + timedelta(seconds=second)) for second in range(0, 30 * 86_400, 60)]
    found = sum(any(span.first <= made < span.last for span in part) for made in evenly)
    assert found * share == pytest.approx(len(evenly), rel=0.1)


@given(TIMES)
def test_there_are_buckets_enough_and_not_too_many(time: tuple[datetime, datetime]):
    length = spans.bucket_for(*time, None)
    begins = spans.buckets(*time, length)
    assert 1 <= len(begins) <= spans.BUCKETS_WANTED + 1
    assert begins[0] <= to_micros(time[0]) < begins[0] + length // timedelta(microseconds=1)


def test_a_time_that_is_none_or_has_too_many_buckets_is_refused():
    with pytest.raises(Unprocessable, match="before"):
        spans.bucket_for(BEGINNING, BEGINNING, None)
    with pytest.raises(Unprocessable, match="greater"):
        spans.bucket_for(BEGINNING, BEGINNING + timedelta(days=1), "1m")
