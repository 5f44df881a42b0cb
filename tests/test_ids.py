"""Ids sort by time, do not collide and cannot be guessed."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from tollhouse import ids

LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def test_an_id_is_its_prefix_and_26_letters_that_need_no_escaping():
    prefix, letters = ids.new("req").split("_")
    assert prefix == "req"
    assert len(letters) == 26
    assert set(letters) <= set(LETTERS)


def test_ids_sort_as_they_were_made_even_within_one_millisecond():
    made = [ids.new("req") for _ in range(20_000)]
    assert made == sorted(made)


def test_ids_stay_in_order_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch):
    before = ids.new("req")
    monkeypatch.setattr(ids, "time_ns", lambda: 1_600_000_000_000_000_000)
    after = [ids.new("req") for _ in range(100)]
    assert [before, *after] == sorted([before, *after])


def test_an_id_made_later_in_another_process_sorts_later(monkeypatch: pytest.MonkeyPatch):
    made = []
    for moment_ns in (256, 512, 1_795_000_000_000_000_000, 2**63 - 1):
        monkeypatch.setattr(ids, "_newest", 0)
        monkeypatch.setattr(ids, "time_ns", lambda moment_ns=moment_ns: moment_ns)
        made.append(ids.new("req")[:15])
    assert made == sorted(made)


def test_ids_made_by_many_threads_at_once_all_differ():
    with ThreadPoolExecutor(8) as threads:
        batches = threads.map(lambda _: [ids.new("run") for _ in range(2_000)], range(8))
    made = [new for batch in batches for new in batch]
    assert len(set(made)) == len(made)


def test_an_id_tells_nothing_of_the_chance_in_the_next_one():
    """75 bits: over many ids each bit of the chance is set about as often as not, and moves with no other id's."""
    tails = [_chance(ids.new("req")) for _ in range(4_000)]
    flips = [left ^ right for left, right in pairwise(tails)]
    for bit in range(75):
        # 4,000 throws of a coin leave 1,800..2,200 less than once in 10^9 bits.
        assert 1_800 < sum(tail >> bit & 1 for tail in tails) < 2_200
        assert 1_800 < sum(flip >> bit & 1 for flip in flips) < 2_200


def _chance(made: str) -> int:
    value = 0
    for letter in made[-15:]:
        value = value << 5 | LETTERS.index(letter)
    return value
