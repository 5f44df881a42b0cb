"""The page that tells how to test an application, followed literally in a project of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tollhouse.testing.faking import AiFake
from tollhouse.testing.faking.file import follow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "test-your-application.md").read_text()
FILES = re.findall(r"^```python\n(# (\w+\.py)\n.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
RULES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
REFUSAL = re.findall(r"^```text\n(no rule.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_rules_that_the_page_shows_are_followed(ai_fake: AiFake, tmp_path: Path):
    (rules,) = RULES
    (tmp_path / "rules.toml").write_text(rules)
    follow(ai_fake, tmp_path / "rules.toml")


@pytest.mark.slow
def test_what_the_page_says_works_and_what_nobody_answers_is_told_as_it_shows(tmp_path: Path, installed: str):
    for code, name in FILES:
        with (tmp_path / name).open("a") as file:
            file.write(code + "\n\n")
    first = next(code for code, name in FILES if name == "test_shop.py")
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "test_shop.py").write_text(first.replace('describe("a teapot")', 'describe("a kettle")'))
    environment = os.environ | {"PYTHONPATH": f"{installed}{os.pathsep}{tmp_path}"}
    options = ["-p", "no:cacheprovider", "--import-mode=importlib"]
    told = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert "1 failed, 9 passed" in told, told
    (refusal,) = REFUSAL
    assert unindented(refusal) in unindented(told), told
    said = subprocess.run(
        [sys.executable, "check_shop.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout == "It pours.\n"


def unindented(text: str) -> str:
    """Its lines, without pytest's margin."""
    return "\n".join(line.removeprefix("E").strip() for line in text.splitlines()).partition("no rule answers this:")[2]
