"""What must be true of every file, whatever is in it."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tollhouse.telemetry import Event

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tollhouse"
MODULES = sorted(SOURCE.rglob("*.py"))
PYTHON = sorted(
    [*MODULES, *(file for room in ("tests", "benchmarks", "proofs") for file in (ROOT / room).rglob("*.py"))]
)
LINES_MAX = 500

# Written apart, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|NotImplemented" r"Error")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|root|Users|work|opt|tmp)/\w")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base_service"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_nothing_is_left_unfinished(path: Path):
    assert UNFINISHED.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [path for path in PYTHON if "migrations" not in path.parts], ids=name)
def test_a_file_is_short_enough_to_be_read_at_once(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_MAX


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_first_what_it_is_for(path: Path):
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        return
    docstring = ast.get_docstring(ast.parse(text)) or ""
    first = docstring.partition("\n")[0]
    assert first, "a module begins with a docstring"
    assert first.endswith((".", "?", ":", "!")), "its first line is a sentence"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_named_after_what_it_holds(path: Path):
    assert not EMPTY_NAMES & {path.stem, path.parent.name}


def test_no_file_names_a_place_on_somebodys_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = []
    for file in filter(None, listed.split("\0")):
        path = ROOT / file
        if path.suffix in (".lock", ".json", ".jsonl", ".png", ".bin") or not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [f"{file}:{number}" for number, line in enumerate(lines, 1) if MACHINE_PATH.search(line)]
    assert found == []


def test_locks_hold_hashes_and_no_addresses():
    for file in ("requirements.lock", "requirements-dev.lock", "requirements-model.lock"):
        text = (ROOT / file).read_text()
        assert "://" not in text
        assert not re.search(r"^(-|#)", text, re.MULTILINE)
        assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", text.strip()))


def test_events_are_logged_by_their_listed_names():
    """`log.info("…")` with a text of its own escapes the list, and whoever searches for it."""
    found = [
        f"{name(path)}:{call.lineno}"
        for path in MODULES
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("log", "logger")
        and call.args
        and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert found == []


def test_every_listed_event_has_a_name_of_its_own_form():
    assert [event for event in Event if not re.fullmatch(r"[a-z_]+\.[a-z_]+", event)] == []
