"""The short form of `make fuzz`: damaged bodies before everything that reads them; and that a finding is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from proofs import fuzz
from proofs.mutation import mutated
from proofs.recorded import DIALECTS, TEXTS, seeds

TRIED = DIALECTS | TEXTS
ROOT = Path(__file__).parents[2]


def test_five_seconds_of_damage_find_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proofs.fuzz", "--seconds", "5"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:] if line.startswith(tuple(TRIED))]
    assert {row[0] for row in rows} == TRIED.keys()
    assert all(int(row[2].replace(",", "")) > 0 and row[-1] == "0" for row in rows)


def test_what_is_raised_otherwise_is_found_with_its_shortest_input() -> None:
    def trip(dialect: ModuleType, body: bytes, chance: Random) -> None:
        if b"call_1" in body:
            raise KeyError("call_1")

    trial = fuzz.Trial("trip", "openai_chat", trip, (), seeds("openai_chat")["request"][:1], Random(1))
    trial.run(200)
    (place,) = trial.found
    assert place.startswith("KeyError at ")
    assert b"call_1" in trial.found[place]
    assert "1 found." in fuzz.render([trial])


@pytest.mark.parametrize("dialect", TRIED)
def test_damage_leaves_much_that_is_read_to_the_end(dialect: str) -> None:
    """Otherwise only the first line of every reader would be tried."""
    for trial in fuzz.trials(1):
        if trial.dialect == dialect and trial.name.startswith(("translate", "glance")):
            trial.run(100)
            assert trial.inputs - trial.refused >= 5, trial.name


def test_the_same_seed_does_the_same_damage() -> None:
    bodies = seeds("gemini")["stream"][:1]
    made = [[mutated(bodies[0], bodies, Random(seed)) for seed in range(50)] for _ in range(2)]
    assert made[0] == made[1]
    assert len({*made[0]}) > 40
