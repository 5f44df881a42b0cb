"""The page of the original's defects names each of them, and tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "what-the-original-did.md"
ROW = re.compile(r"^\| \*\*([CJLX]\d+)\*\* .*? \| .*? \| (.*) \|$", re.MULTILINE)
NAMED = re.compile(r"`((?:tests|proofs)/[\w/.]+)(?:::(\w+))?`")


def test_every_defect_names_tests_that_exist():
    rows = dict(ROW.findall(PAGE.read_text(encoding="utf-8")))
    assert rows.keys() == {f"C{number}" for number in range(1, 18)} | {f"J{number}" for number in range(1, 11)} | {
        "L2",
        "L3",
    } | {"X1", "X2", "X3", "X4", "X6"}
    named = {defect: NAMED.findall(tests) for defect, tests in rows.items()}
    assert [defect for defect, tests in named.items() if not tests] == []
    assert [test for tests in named.values() for test in tests if not exists(*test)] == []


def exists(path: str, name: str) -> bool:
    """Whether there is such a file, with such a test in it."""
    file = ROOT / path
    if not file.is_file():
        return False
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return not name or name in {node.name for node in ast.walk(tree) if isinstance(node, functions)}
