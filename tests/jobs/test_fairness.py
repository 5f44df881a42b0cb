"""Who is next: nobody's many, and nobody's urgent, come before another's first."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tollhouse.jobs.fairness import Waiting, fairly


def waiting(workspace: str, number: int, priority: int = 5) -> Waiting:
    return Waiting(id=f"run_{workspace}{number:06}", workspace_id=workspace, priority=priority, attempt=1)


def test_the_urgent_goes_before_a_thousand_that_wait_longer():
    """J6."""
    crowd = [waiting("a", number) for number in range(1_000)]
    urgent = waiting("a", 1_000, priority=9)
    assert fairly([*crowd, urgent], {}, free=2, firsts=0) == [urgent, crowd[0]]


def test_ten_thousand_of_one_do_not_delay_the_first_of_another():
    """J6: not even when they are called urgent, and fill every place."""
    crowd = [waiting("a", number, priority=9) for number in range(10_000)]
    first = waiting("b", 0)
    assert first in fairly([*crowd, first], {"a": 0}, free=2, firsts=0)
    assert fairly([*crowd, first], {"a": 32}, free=0, firsts=32) == [first]
    assert fairly([*crowd, waiting("b", 1)], {"a": 32, "b": 1}, free=0, firsts=31) == []


WAITING = st.lists(
    st.builds(waiting, st.sampled_from("abcd"), st.integers(0, 999), st.integers(0, 9)),
    unique_by=lambda it: it.id,
    max_size=60,
)


@given(WAITING, st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9)), st.integers(0, 20), st.integers(0, 5))
def test_no_place_stays_free_and_nobody_has_two_more_than_another_who_waits(
    lists: list[Waiting], running: dict[str, int], free: int, firsts: int
):
    chosen = fairly(lists, running, free=free, firsts=firsts)
    assert len(chosen) >= min(free, len(lists))
    assert len(chosen) <= free + firsts
    taken, left = Counter(one.workspace_id for one in chosen), Counter(one.workspace_id for one in lists)
    for one in taken:
        for other in left:
            if left[other] > taken[other]:
                assert running.get(one, 0) + taken[one] <= max(running.get(other, 0) + taken[other] + 1, 1)
    for one, other in ((a, b) for a in chosen for b in lists if b not in chosen):
        if one.workspace_id == other.workspace_id:
            assert (-one.priority, one.id) < (-other.priority, other.id)
