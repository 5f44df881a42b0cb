"""The command line of the benchmarks, and the pages that they have written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import translation
from benchmarks.__main__ import main
from benchmarks.pages import CONVERSATIONS, COST, SCALE, Page
from benchmarks.peers.__main__ import main as peers_main

ROOT = Path(__file__).parents[2]


def test_help_names_every_part_and_how_to_begin():
    command = [sys.executable, "-m", "benchmarks", "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for word in (
        "cost",
        "latency",
        "memory",
        "start",
        "soak",
        "processes",
        "rows",
        "users",
        "reports",
        "log",
        "streams",
        "translation",
        "--quick",
    ):
        assert word in told.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing can be measured elsewhere")
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--only", "speed"], "there is no part of run speed: choose from start, cost"),
        (["scale", "--only", "soak"], "there is no part of scale soak: choose from processes"),
        (["--gateways", "nginks"], "there is no gateway nginks: choose from tollhouse"),
    ],
)
def test_a_mistyped_name_is_refused_with_those_there_are(words: list[str], complaint: str):
    with pytest.raises(SystemExit, match=complaint):
        main(words)


def test_each_step_of_translating_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(translation, "REPEATS", 1)
    monkeypatch.setattr(translation, "REPEAT_US", 0.0)
    assert main(["translation"]) == 0
    told = capsys.readouterr().out
    for step in ("read_request", "translate", "write_request", "read_answer", "write_answer", "an event of words"):
        assert told.count(step) >= len(translation.PAIRS)


def test_a_peer_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        peers_main(["install", "nobody"])
    assert "there is no peer nobody: choose from vllm-router" in capsys.readouterr().err


@pytest.mark.parametrize("page", [COST, SCALE, CONVERSATIONS], ids=lambda page: page.name)
def test_a_page_says_what_the_results_say_that_are_kept(page: Page):
    assert page.document.read_text() == page.text(), "run `python -m benchmarks pages`"
