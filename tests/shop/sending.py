"""Who answers in the shop: whoever a test has put here."""

from __future__ import annotations

from blogs import Scripted

SCRIPTED = Scripted()


def make() -> Scripted:
    return SCRIPTED
