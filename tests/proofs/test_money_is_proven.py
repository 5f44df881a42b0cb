"""The short form of `make prove-money`: gateways are killed under load, and every nanodollar is compared."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NOTHING = ("drift_nanodollars", "leaked_holds", "overspend_nanodollars", "false_refusals")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_money_is_proven_on_both_databases() -> None:
    proof = subprocess.run(
        [sys.executable, "-m", "proofs.money", "--seconds", "40", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert proof.returncode == 0, proof.stdout + proof.stderr[-2_000:]
    for figures in json.loads(proof.stdout).values():
        assert [figures[name] for name in NOTHING] == [0, 0, 0, 0]
        # A busy machine starts a gateway in seconds; a quiet one has ten times as much of all.
        assert figures["gateways_killed"] >= 2
        assert figures["calls_answered"] >= 20
        assert figures["faults"] >= 5
