"""Who guesses tokens, by the arithmetic alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.gateway.guessing import Guessing, place_of

MOST = 12
"""A wrong token every five seconds."""


def test_there_is_room_for_so_many_in_a_minute_and_then_for_one_at_a_time():
    guessing = Guessing(MOST)
    assert [guessing.count("10.0.0.1", 100.0) for _ in range(MOST)] == [0.0] * MOST
    assert guessing.is_guessing("10.0.0.1", 100.0)
    assert guessing.count("10.0.0.1", 100.0) == pytest.approx(5.0)
    assert not guessing.is_guessing("10.0.0.1", 110.1)
    assert guessing.count("10.0.0.1", 110.1) == 0.0


def test_whoever_stops_is_believed_again_within_two_minutes():
    guessing = Guessing(MOST)
    for _ in range(100_000):
        wait_s = guessing.count("10.0.0.1", 100.0)
    assert wait_s == pytest.approx(60.0)
    assert not guessing.is_guessing("10.0.0.1", 100.0 + 120.1)


def test_an_address_answers_for_itself_alone():
    guessing = Guessing(MOST)
    for _ in range(2 * MOST):
        guessing.count("10.0.0.1", 100.0)
    assert not guessing.is_guessing("10.0.0.2", 100.0)
    assert guessing.count("10.0.0.2", 100.0) == 0.0


def test_a_bounded_number_of_addresses_is_kept_those_that_were_wrong_last():
    guessing = Guessing(MOST, addresses_most=3)
    for _ in range(MOST):
        guessing.count("10.0.0.1", 100.0)
    for last in (2, 3, 1, 4):
        guessing.count(f"10.0.0.{last}", 100.0)
    assert guessing.is_guessing("10.0.0.1", 100.0)
    for last in (5, 6, 7):
        guessing.count(f"10.0.0.{last}", 100.0)
    assert not guessing.is_guessing("10.0.0.1", 100.0)


@given(st.lists(st.floats(min_value=0.0, max_value=30.0), min_size=1, max_size=200))
def test_in_no_minute_is_there_room_for_more_than_twice_the_limit(pauses: list[float]):
    guessing, now_s, had_room = Guessing(MOST), 1_000.0, []
    for pause_s in pauses:
        now_s += pause_s
        if guessing.count("10.0.0.1", now_s) == 0.0:
            had_room.append(now_s)
    assert all(sum(start <= at < start + 60 for at in had_room) <= 2 * MOST for start in had_room)


@given(st.floats(min_value=5.001, max_value=100.0), st.integers(min_value=1, max_value=200))
def test_who_is_wrong_more_rarely_than_the_limit_always_has_room(pause_s: float, times: int):
    guessing = Guessing(MOST)
    assert all(guessing.count("10.0.0.1", 1_000.0 + number * pause_s) == 0.0 for number in range(times))


def test_requests_that_began_earlier_count_though_they_are_heard_of_later():
    guessing = Guessing(MOST)
    guessing.count("10.0.0.1", 200.0)
    for _ in range(MOST):
        guessing.count("10.0.0.1", 100.0)
    assert guessing.is_guessing("10.0.0.1", 100.0)


@pytest.mark.parametrize(
    ("ip", "place"),
    [
        (None, ""),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
    ],
)
def test_of_ipv6_a_network_is_one_address(ip: str | None, place: str):
    assert place_of(ip) == place
