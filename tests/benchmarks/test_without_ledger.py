"""What the benchmark puts in the ledger's place is called as the ledger is."""

from __future__ import annotations

import inspect

import pytest

from benchmarks.gateways.without_ledger import INSTEAD
from tollhouse.money.ledger import Ledger


@pytest.mark.parametrize("name", INSTEAD)
def test_it_takes_what_the_ledger_takes(name: str) -> None:
    taken, theirs = (inspect.signature(each).parameters.values() for each in (INSTEAD[name], getattr(Ledger, name)))
    assert [(each.name, each.default) for each in taken] == [(each.name, each.default) for each in theirs]
