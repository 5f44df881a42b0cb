"""Tables as people and programs see them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tollhouse.cli.output import show_table

HEADS = ("model", "input_tokens", "cost_usd")
ROWS = [["gpt-4.1", "1433145", "7.5"], ["[gpt-4.1-mini]", "12", "0.76736494"], ["none", "-", "-"]]


class Terminal(io.StringIO):
    """Eighty columns without colours, as one has that says it is dumb."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The lines that `show_table` draws on a terminal."""
    monkeypatch.setenv("TERM", "dumb")

    def draw(*arguments: Any) -> list[str]:
        # Not in the fixture: capturing puts its own in place when the test begins.
        monkeypatch.setattr(sys, "stdout", terminal := Terminal())
        show_table(*arguments)
        return [line.rstrip() for line in terminal.getvalue().splitlines()]

    return draw


def test_programs_read_numbers_as_they_are(capsys: pytest.CaptureFixture[str]):
    show_table(HEADS, ROWS, [1.0, 0.1, 0.0])
    assert capsys.readouterr().out.splitlines() == [
        "model           input tokens    cost usd",
        "gpt-4.1              1433145  7.5",
        "[gpt-4.1-mini]            12  0.76736494",
        "none                       -  -",
    ]


def test_people_see_units_below_units_and_thousands_apart(drawn: Callable[..., list[str]]):
    assert drawn(HEADS, ROWS) == [
        "model           input tokens    cost usd",
        "gpt-4.1            1,433,145  7.5",
        "[gpt-4.1-mini]            12  0.76736494",
        "none                       -  -",
    ]


def test_a_table_that_is_wider_than_the_terminal_keeps_every_letter(drawn: Callable[..., list[str]]):
    row = ["req_67aaf8sg0kx38c62654d0x99gx", "it was not to be had at any price, wherever one might look for it"]
    assert drawn(["id", "why"], [row])[1:] == ["  ".join(row)]


def test_shares_are_drawn_in_the_room_that_is_left_and_never_cut(drawn: Callable[..., list[str]]):
    rows = [["2026-11-30", "10"], ["2026-11-29", "5"], ["2026-11-28", "0"]]
    _, whole, half, none = drawn(["day", "cost_usd"], rows, [1.0, 0.5, 0.0])
    assert (len(whole), whole.count("█")) == (80, 58)
    assert half.count("█") == 29
    assert "█" not in none


def test_an_empty_table_has_its_heads(drawn: Callable[..., list[str]]):
    assert drawn(HEADS, []) == ["model  input tokens  cost usd"]
