"""Of pairs that differ in what matters none passes; of those that do not, most do."""

from __future__ import annotations

import pytest

from proofs import likeness
from proofs.likeness import measured, pairs


def test_the_pairs_are_many_and_each_stands_once() -> None:
    every = [*pairs()]
    assert len({*every}) == len(every) > 300
    assert sum(pair.kind is None for pair in every) > 150


def test_what_is_another_question_is_not_taken_for_the_same() -> None:
    found = measured(0.85)
    assert found.passed.wrong == 0
    assert found.gated_same.rate > 0.7
    assert found.different.rate > 0.5


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert likeness.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 + len(likeness.DEGREES)
