"""The page of laws names tests that exist, and leaves none of the laws out; and no float comes near money."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "how-money-is-proven.md"
ROW = re.compile(r"^\| \*\*([LT]\d+)\*\* .*? \| (.*) \|$", re.MULTILINE)
NAMED = re.compile(r"`((?:tests|proofs)/[^`]+)`")

MONEY = ROOT / "src" / "tollhouse" / "money"
WHOLE_NUMBERS: list[tuple[str, tuple[str, ...]]] = [
    ("amounts.py", ()),
    ("prices.py", ()),
    ("budgets.py", ()),
    ("ledger.py", ("LedgerBatch", "write_amounts", "read_amounts")),
    ("books.py", ()),
    ("carry.py", ()),
]
"""Files of which nothing may compute with floats; or only these parts, where others reckon in seconds."""


def test_every_law_and_trial_names_tests_that_exist():
    text = PAGE.read_text()
    rows = dict(ROW.findall(text))
    assert rows.keys() == {f"L{number}" for number in range(1, 11)} | {f"T{number}" for number in range(1, 13)}
    assert [law for law, tests in rows.items() if not NAMED.search(tests)] == []
    assert [path for path in NAMED.findall(text) if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize(("name", "parts"), WHOLE_NUMBERS, ids=[name for name, _ in WHOLE_NUMBERS])
def test_money_is_computed_in_whole_numbers(name: str, parts: tuple[str, ...]):
    tree = ast.parse((MONEY / name).read_text())
    named = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    roots: list[ast.AST] = [named[part] for part in parts] or [tree]
    assert [found for root in roots for found in floats(root)] == []


def floats(root: ast.AST) -> Iterator[str]:
    """Where a float is written, made, or comes of a division."""
    for node in ast.walk(root):
        match node:
            case ast.Constant(value=float()):
                yield f"line {node.lineno}: {node.value}"
            case ast.BinOp(op=ast.Div(), left=left) if not is_decimal(left):
                yield f"line {node.lineno}: a division"
            case ast.AugAssign(op=ast.Div()):
                yield f"line {node.lineno}: a division"
            case ast.Call(func=ast.Name(id="float")):
                yield f"line {node.lineno}: float()"


def is_decimal(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Decimal"
