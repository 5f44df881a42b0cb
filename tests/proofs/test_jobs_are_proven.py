"""The short form of `make prove-jobs`: processes are killed, and every turn has one question and one answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NOTHING = ("turns_stuck", "charges_without_a_run")


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_the_turns_in_the_background_are_proven_on_both_databases() -> None:
    proof = subprocess.run(
        [sys.executable, "-m", "proofs.jobs", "--fast", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert proof.returncode == 0, proof.stdout + proof.stderr[-2_000:]
    for figures in json.loads(proof.stdout).values():
        assert [figures[name] for name in NOTHING] == [0, 0]
        assert figures["turns_answered"] == figures["turns"] >= 40
        assert figures["gateways_killed"] + figures["workers_killed"] >= 4
        assert figures["cuts"] == 5
