"""What is found of personal data, measured on texts of our own; `docs/how-to/guard-prompts.md` tells the figures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.guard.personal_data import find, find_all, is_iban, is_luhn
from tollhouse.guard.windows import WIDEST_CHARS, Window

LINES: Final = (Path(__file__).parent / "personal_data.txt").read_text().splitlines()
TEXTS: Final = [line for line in LINES if line and not line.startswith("#")]
RIGHT: Final = TEXTS[: TEXTS.index("He scored 300-250-1000 points in 2024-2025-2026.")]
MARKED: Final = re.compile(r"⟦(\w+):(.*?)⟧")
HOW_TO: Final = Path(__file__).parents[2] / "docs" / "how-to" / "guard-prompts.md"


def found_in(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find(Window(text))]


def measured() -> dict[str, tuple[int, int, int]]:
    """By kind: rightly found, wrongly found, missed."""
    counts: dict[str, list[int]] = {}
    for line in TEXTS:
        marked = MARKED.findall(line)
        found = found_in(MARKED.sub(r"\2", line))
        for place, these in enumerate(
            (
                [one for one in found if one in marked],
                [one for one in found if one not in marked],
                [one for one in marked if one not in found],
            )
        ):
            for kind, _ in these:
                counts.setdefault(kind, [0, 0, 0])[place] += 1
    return {kind: (right, wrong, missed) for kind, (right, wrong, missed) in counts.items()}


@pytest.mark.parametrize("line", RIGHT)
def test_it_finds_what_is_marked_and_nothing_else(line: str):
    assert found_in(MARKED.sub(r"\2", line)) == MARKED.findall(line)


def test_the_page_tells_what_is_measured():
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (\d+ of \d+ \| \d+) \|$", HOW_TO.read_text(), re.MULTILINE))
    assert rows == {
        kind: f"{right} of {right + missed} | {wrong}" for kind, (right, wrong, missed) in measured().items()
    }


@given(st.text(alphabet="0123456789 -+().@aZ", max_size=300))
def test_whatever_is_found_is_apart_and_in_order(text: str):
    ends = [place for one in find(Window(text)) for place in (one.start, one.end)]
    assert ends == sorted(ends)
    assert all(one.end - one.start <= WIDEST_CHARS for one in find(Window(text)))


@given(st.from_regex(r"\A[0-9]{11,18}\Z"))
def test_one_wrong_digit_is_no_card(digits: str):
    right = next(digits + last for last in "0123456789" if is_luhn(digits + last))
    for place in range(len(right)):
        wrong = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
        assert not is_luhn(wrong)


@given(st.from_regex(r"\A[0-9]{18}\Z"), st.integers(4, 21))
def test_one_wrong_digit_is_no_iban(account: str, place: int):
    right = next(f"DE{check:02}{account}" for check in range(2, 99) if is_iban(f"DE{check:02}{account}"))
    assert not is_iban(right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :])


def test_it_is_found_only_once_it_is_whole():
    text = "card 4111 1111 1111 1111"
    assert find(Window(text, is_last=False)) == ()
    assert len(find(Window(text + ".", is_last=False))) == 1


@given(
    st.lists(st.sampled_from(["4111 1111 1111 1111", "ada@example.com", "1", "x", " ", "9" * 300]), max_size=9),
    st.integers(19_600, 20_400),
)
def test_a_long_text_is_read_as_a_short_one(words: list[str], before: int):
    text = "-" * before + " " + "".join(words) + " " + "." * 3_000
    assert list(find_all(text)) == list(find(Window(text)))
