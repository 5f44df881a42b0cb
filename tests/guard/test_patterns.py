"""Patterns of the operator's: which are taken, and that none is slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.guard.patterns import bounded, phrase
from tollhouse.guard.windows import WIDEST_CHARS, Window, windows


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+b", "an end of its own"),
        ("a*", "an end of its own"),
        ("(a{1,10}){1,10}b", "ways"),
        ("(a|a){1,20}b", "ways"),
        ("a{0,30}a{0,30}a{0,30}b", "ways"),
        ("x{257}", "characters"),
        ("(x{200}){200}", "characters"),
        (r"(a)\1", "only characters"),
        ("(?=a)b", "only characters"),
        ("^a", "only characters"),
        ("(?<!a)b", "only characters"),
        ("", "nothing"),
        ("a{0,5}", "nothing"),
        ("(", "no regular expression"),
        ("[", "no regular expression"),
    ],
)
def test_a_pattern_without_bounds_is_refused_and_told_why(pattern: str, why: str):
    with pytest.raises(ValueError, match=re.escape(why)):
        bounded(pattern)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"\bacct-[0-9]{8}\b", "ACCT-12345678"),
        ("(secret|hidden) (plan|agenda)", "Hidden Agenda"),
        ("[a-z]{2,30}@corp[.]example", "ada@corp.example"),
        ("(?:no){1,3}pe", "nonope"),
        ("a{1,16}?b", "aab"),
    ],
)
def test_a_pattern_with_bounds_is_taken_in_any_case(pattern: str, found: str):
    match = bounded(pattern).search(f"x {found} y")
    assert match is not None
    assert match[0] == found


def test_the_slowest_pattern_that_is_taken_is_not_slow():
    slowest = bounded("a{1,9}a{1,9}a{1,9}b")
    began = time.perf_counter()
    slowest.search("a" * 20_000)
    assert time.perf_counter() - began < 2


def test_a_phrase_is_found_whole_and_with_any_space():
    pattern = phrase("project falcon")
    assert pattern.search("About PROJECT\n  Falcon.")
    assert not pattern.search("project falconry")
    assert not pattern.search("subproject falcon")
    assert phrase("c++").search("I write C++ well")


@pytest.mark.parametrize("words", ["", "  ", "x" * 257])
def test_a_phrase_of_nothing_or_too_much_is_refused(words: str):
    with pytest.raises(ValueError, match=r"no words|too long"):
        phrase(words)


@given(st.integers(0, 60_000), st.integers(1, WIDEST_CHARS))
def test_whatever_a_text_holds_is_whole_in_one_window(at: int, size: int):
    text = "." * at + "x" * size + "." * 30_000
    found = [(window, window.text.find("x" * size)) for window in windows(text)]
    assert any(start >= 0 and window.has(start, start + size) for window, start in found)


@given(st.text(max_size=200), st.integers(0, 400))
def test_windows_are_pieces_of_the_text_that_leave_nothing_out(text: str, times: int):
    whole = text * times
    seen = 0
    for window in windows(whole):
        assert window.at <= seen
        assert whole.startswith(window.text, window.at)
        seen = window.at + len(window.text)
    assert seen == len(whole)


def test_what_touches_the_edge_of_a_window_is_left_to_its_neighbour():
    assert not Window("a kill", is_last=False).has(2, 6)
    assert not Window("kill a", at=7).has(0, 4)
    assert Window("a kill").has(2, 6)
    assert Window("kill a").has(0, 4)
