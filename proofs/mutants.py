"""Alter the code that moves money, piece by piece, and look whether a test notices: `python -m proofs.mutants`.

mutmut makes the alterations, in a copy below .bench, and is installed there too, so that nobody who does not ask for
this needs it. What it takes from the environment comes before what it brings along.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MUTMUT = "mutmut==3.8.1"
TOOL = ROOT / ".bench" / "mutmut"
COPY = ROOT / ".bench" / "mutants"
COPIED = ("src", "tests", "proofs", "docs", "README.md", "pyproject.toml")

FILES = ("amounts", "prices", "budgets", "rules", "ledger", "refusals", "trust")
LEFT_OUT = ("postgres", "recorded", "faults", "replay", "spenders", "library_is_not")
"""Tests that need a server, want a process of their own, or say in seconds what others say in milliseconds."""

CONFIGURATION = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {files}
also_copy = ["proofs", "docs", "README.md"]
pytest_add_cli_args_test_selection = ["tests/money"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-k", "{tests}"]
"""
START = "import sys; sys.path.append({tool!r}); from mutmut.__main__ import cli; cli()"

SURVIVED = (0, 33)
"""Exit codes that mutmut notes for a mutant: all tests passed, or none came by."""


def main() -> int:
    """Run, and name what survived. Gives 1 when anything did."""
    parser = argparse.ArgumentParser(prog="python -m proofs.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="only mutants of such names, as 'tollhouse.money.budgets.x_decide*'")
    parser.add_argument("--seconds", type=float, help="give up after so long; what was found until then counts")
    parser.add_argument("--at-once", type=int, help="tests of so many mutants run at a time; without it, one a core")
    arguments = parser.parse_args()
    prepare()
    command = [sys.executable, "-c", START.format(tool=str(TOOL)), "run", *arguments.names]
    if arguments.at_once is not None:
        command += ["--max-children", str(arguments.at_once)]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        subprocess.run(command, cwd=COPY, env=environ, check=False, timeout=arguments.seconds)
    except subprocess.TimeoutExpired:
        sys.stderr.write("\nThe time is over.\n")
    outcomes = read_outcomes()
    survivors = sorted(name for name, code in outcomes.items() if code in SURVIVED)
    counts = Counter(
        "unseen" if code is None else "survived" if code in SURVIVED else "killed" for code in outcomes.values()
    )
    sys.stdout.write("".join(f"{name}\n" for name in survivors))
    sys.stdout.write(", ".join(f"{count} {what}" for what, count in sorted(counts.items())) + "\n")
    return 1 if survivors else 0


def prepare() -> None:
    """A fresh copy of the checkout, and mutmut beside it."""
    if not TOOL.exists():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--target", str(TOOL)]
        subprocess.run([*pip, MUTMUT], check=True)
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, COPY / name)
    files = [f"src/tollhouse/money/{name}.py" for name in FILES]
    tests = " and ".join(f"not {name}" for name in LEFT_OUT)
    with (COPY / "pyproject.toml").open("a") as configuration:
        configuration.write(CONFIGURATION.format(files=json.dumps(files), tests=tests))


def read_outcomes() -> dict[str, int | None]:
    """Mutant -> what mutmut noted; None for those that were not tried."""
    found: dict[str, int | None] = {}
    for path in (COPY / "mutants" / "src" / "tollhouse" / "money").glob("*.meta"):
        found |= json.loads(path.read_text())["exit_code_by_key"]
    return found


if __name__ == "__main__":
    sys.exit(main())
