"""Questions that resemble one another: how alike they are, what makes two of them, and how sure one can be of it."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.cache.evidence import DOUBT, Evidence, at_most
from tollhouse.cache.gate import difference, unfit
from tollhouse.cache.likeness import likeness, sketch
from tollhouse.cache.semantic import IN_PARTITION, Semantic, is_same
from tollhouse.cache.words import words_of

texts = st.text(st.sampled_from("abc AB.3 ?'"), max_size=40)
SAID = ("how", "what", "not", "3", "Rome", "Paris", "to", "from", "cat", "cats", "sleep")
sentences = st.lists(st.sampled_from(SAID), max_size=8).map(" ".join)

ROME = "What is the height of the old tower in Rome?"


@given(texts, texts)
def test_likeness_is_the_same_both_ways_and_between_none_and_all(one: str, other: str) -> None:
    degree = likeness(sketch(one), sketch(other))
    assert isclose(degree, likeness(sketch(other), sketch(one)), abs_tol=1e-9)
    assert -1e-9 <= degree <= 1 + 1e-9


@given(texts)
def test_a_text_is_wholly_like_itself_however_it_is_written(text: str) -> None:
    if words_of(text):
        assert isclose(likeness(sketch(text), sketch(f" {text.upper()} !")), 1)


@given(st.one_of(texts, sentences), st.one_of(texts, sentences))
def test_what_differs_one_way_differs_the_other(one: str, other: str) -> None:
    assert difference(one, other) == difference(other, one)


@given(st.one_of(texts, sentences))
def test_nothing_differs_from_itself(text: str) -> None:
    assert difference(text, text) is None


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("It costs 10 USD", "It costs 100 USD", "number"),
        ("It costs 10 USD", "It costs 10 EUR", "number"),
        ("It costs $10", "It costs €10", "number"),
        ("Is it safe?", "Is it not safe?", "negation"),
        ("Why does it work?", "Why doesn't it work?", "negation"),
        ("When was he born?", "Where was he born?", "question"),
        ("Flights from Paris to Rome", "Flights from Rome to Paris", "order"),
        ("Who wrote Faust?", "Who wrote Hamlet?", "word"),
        ("Delete a branch", "Delete a tag", "word"),
        ("Enable it", "Disable it", "word"),
        ("What of Austria?", "What of Austri?", "word"),
        ("How do I reset a password?", "How can one reset the passwords, please?", None),
        ("How do I reset a password?", "How do I reset a pasword?", None),
        ("What's the capital of France?", "what is the capital of France", None),
    ],
)
def test_one_word_makes_another_question(one: str, other: str, what: str | None) -> None:
    assert difference(one, other) == what


@pytest.mark.parametrize(
    ("text", "is_unfit"),
    [
        ("What is my balance?", True),
        ("What is the weather today?", True),
        ("Which is the latest version?", True),
        ("Summarise the text above.", True),
        ("How do I reset a password?", False),
        ("Tell me the capital of France.", False),
    ],
)
def test_what_is_about_a_moment_or_a_person_resembles_nothing(text: str, is_unfit: bool) -> None:
    assert unfit(text) is is_unfit


# --- evidence --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 400), st.data())
def test_the_bounds_hold_the_rate_and_are_as_sure_as_they_say(compared: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, compared))
    evidence = Evidence(compared, wrong)
    low, high = evidence.bounds
    assert 0 <= low <= evidence.rate <= high <= 1 or compared == 0
    if wrong < compared:
        assert isclose(at_most(wrong, compared, high), DOUBT / 2, rel_tol=1e-6)
    if wrong:
        assert isclose(1 - at_most(wrong - 1, compared, low), DOUBT / 2, rel_tol=1e-6)


def test_what_was_never_compared_proves_nothing_and_one_wrong_answer_costs_many_right_ones() -> None:
    assert Evidence().bounds == (0.0, 1.0)
    assert not Evidence(300, 0).proves(0.01)
    assert Evidence(368, 0).proves(0.01)
    assert not Evidence(368, 1).proves(0.01)
    assert Evidence(560, 1).proves(0.01)


# --- the questions of one process ------------------------------------------------------------------------------------


def test_the_nearest_question_of_the_same_partition_is_found() -> None:
    semantic = Semantic(0.7)
    semantic.add("p", ROME, "k1")
    semantic.add("p", "How tall is it?", "k2")
    near = semantic.nearest("p", "Please, what's the height of the old tower in Rome?")
    assert near is not None
    assert near.key == "k1"
    assert semantic.nearest("q", ROME) is None
    semantic.forget("p", "k1")
    assert semantic.nearest("p", ROME) is None
    assert semantic.size == 1


def test_what_resembles_it_and_is_another_question_is_passed_over() -> None:
    semantic = Semantic(0.5)
    semantic.add("p", "What is the height of the old tower in Rome?", "k1")
    semantic.add("p", "What is the height of the old tower in Pisa?", "k2")
    near = semantic.nearest("p", "what is the height of the old tower in Pisa, please")
    assert near is not None
    assert near.key == "k2"
    assert semantic.nearest("p", "What is the height of the old tower in Bern?") is None


@given(st.lists(st.tuples(st.sampled_from("pq"), st.integers(0, 300)), max_size=400))
def test_it_counts_what_it_holds_and_holds_no_more_than_it_may(added: list[tuple[str, int]]) -> None:
    semantic = Semantic(0.5)
    for partition, number in added:
        semantic.add(partition, f"question {number}", f"{partition}{number}")
    sizes = [len(seen) for seen in semantic._partitions.values()]
    assert semantic.size == sum(sizes)
    assert all(size <= IN_PARTITION for size in sizes)


@pytest.mark.parametrize(
    ("one", "other", "is_it"),
    [
        ("Rome.", "rome", True),
        ("The tower is 56 m high.", "The tower is 56 m high!", True),
        ("The tower is 56 m high.", "The tower is 57 m high.", False),
        ("Yes, it is safe.", "No, it is not safe.", False),
        ("Rome", "Somewhere in Italy, I believe.", False),
    ],
)
def test_answers_are_the_same_when_their_words_say_so(one: str, other: str, is_it: bool) -> None:
    assert is_same(one, other, 0.8) is is_it
