"""The retry budget: a provider that staggers gets a fifth more calls, and never three times as many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tollhouse.upstream.retry_budget import LEAST_RETRIES, PERIOD_S, REQUESTS_PER_RETRY, RetryBudget


def test_a_few_retries_are_allowed_though_hardly_anybody_asks():
    budget = RetryBudget()
    budget.asked("acme", 0.0)
    assert [budget.may_retry("acme", 0.0) for _ in range(LEAST_RETRIES + 1)] == [True] * LEAST_RETRIES + [False]


def test_a_fifth_of_many_requests_may_be_tried_again():
    budget = RetryBudget()
    for _ in range(1_000):
        budget.asked("acme", 0.0)
    assert sum(budget.may_retry("acme", 0.0) for _ in range(1_000)) == 1_000 // REQUESTS_PER_RETRY


def test_what_was_used_is_free_again_after_two_periods():
    budget = RetryBudget()
    assert sum(budget.may_retry("acme", 0.0) for _ in range(100)) == LEAST_RETRIES
    assert not budget.may_retry("acme", 1.5 * PERIOD_S)
    assert budget.may_retry("acme", 3 * PERIOD_S)


def test_one_providers_trouble_takes_nothing_from_another():
    budget = RetryBudget()
    while budget.may_retry("acme", 0.0):
        pass
    assert budget.may_retry("other", 0.0)


@given(st.lists(st.tuples(st.floats(0, 0.7), st.integers(0, 60), st.integers(0, 60)), max_size=60))
def test_within_a_period_no_more_than_the_budget_is_tried_again(steps: list[tuple[float, int, int]]):
    budget, now_s = RetryBudget(), 0.0
    requests: list[float] = []
    retries: list[float] = []
    for passed_s, asked, failed in steps:
        now_s += passed_s
        for _ in range(asked):
            budget.asked("acme", now_s)
            requests.append(now_s)
        retries.extend(now_s for _ in range(failed) if budget.may_retry("acme", now_s))
        recent = [when for when in retries if when > now_s - PERIOD_S]
        funding = [when for when in requests if when > now_s - 3 * PERIOD_S]
        assert len(recent) <= max(LEAST_RETRIES, len(funding) // REQUESTS_PER_RETRY)
