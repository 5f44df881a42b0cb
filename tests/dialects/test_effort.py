"""Effort and budget of thinking, one for the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.dialects import effort


@pytest.mark.parametrize("word", ["none", "low", "medium", "high"])
def test_an_effort_survives_being_said_as_a_budget(word):
    assert effort.effort(effort.budget_tokens(word)) == word


def test_what_is_left_to_the_model_stays_so():
    assert effort.budget_tokens("as you like") == -1
    assert effort.effort(-1) is None


@given(st.integers(0, 24_576))
def test_an_effort_never_means_less_than_the_budget_it_stands_for(budget):
    word = effort.effort(budget)
    assert word is not None
    assert effort.budget_tokens(word) >= budget


def test_a_budget_beyond_all_efforts_is_the_highest_that_every_model_knows():
    assert effort.effort(200_000) == "high"
