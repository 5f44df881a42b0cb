"""What the page on many conversations says of its results, and what a run complains of."""

from __future__ import annotations

from random import Random

from benchmarks.conversations.figures import Talked, waits
from benchmarks.conversations.page import page
from benchmarks.conversations.run import complaints
from benchmarks.conversations.speech import Speech
from measurements import CONDITIONS


def talked(*times_ms: float) -> Talked:
    slow = waits("SQLite", "search", 5_000, times_ms)
    return Talked(conditions=CONDITIONS, conversations=10_000, messages=2_000_000, waits=[slow])


def test_the_page_shows_what_ninety_five_of_a_hundred_wait_at_most():
    text = page(talked(*range(1, 101)))
    assert "| SQLite | 5,000 | search | 51.0 | 96.0 | 100.0 | 100 |" in text
    assert "10,000 conversations\nof 2,000,000 messages" in text


def test_a_run_complains_of_what_is_too_slow():
    assert complaints(talked(*[40.0] * 99, 900.0)) == []
    assert complaints(talked(*[60.0] * 100)) == ["SQLite, search, 5,000 conversations: 60.0 ms at the 95th percentile"]


def test_the_same_is_said_each_time():
    one, other = Speech(), Speech()
    assert one.message(7) == other.message(7)
    assert [one.asked(Random(1), 100) for _ in range(5)] == [other.asked(Random(1), 100) for _ in range(5)]
