"""How the columns of rows stand, and what it takes to fill those that are missing or stale. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tollhouse.columns import content, estimate
from tollhouse.columns.field import Embedded, Field
from tollhouse.money.amounts import Nanodollars

Finding: TypeAlias = Literal["missing", "stale", "fresh", "pending", "failed", "kept"]
State: TypeAlias = Mapping[Any, Any]
"""The row of a column's state, with its `status`, `fingerprint` and `model`."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found of columns, each row of each column counted once.

    Attributes:
        missing: without a value.
        stale: with one that is made of something else: the row was other then, or the prompt, or the model.
        kept: with a person's.
        input_tokens, output_tokens: what the missing and the stale take, by an estimate.
        cost: what they cost, by the price that was told; None without.
        gone: states of rows that are no more, which are forgotten.
    """

    missing: int
    stale: int
    fresh: int
    pending: int
    failed: int
    kept: int
    gone: int
    input_tokens: int
    output_tokens: int
    cost: Nanodollars | None


def count(
    counted: Counter[str], field: Field, sources: content.Sources, state: State | None, *, has_value: bool
) -> bool:
    """Count a column of a row, and what it takes; true when it is to be filled."""
    how = find(field, sources, state, has_value=has_value)
    counted[how] += 1
    if how not in ("missing", "stale"):
        return False
    said, answered = estimate.tokens(field, sources)
    counted["input_tokens"] += said
    counted["output_tokens"] += answered
    return True


def found(counted: Counter[str], price: estimate.Price | None) -> Found:
    """All that was counted."""
    cost = None if price is None else price.of(counted["input_tokens"], counted["output_tokens"])
    names = ("missing", "stale", "fresh", "pending", "failed", "kept", "gone", "input_tokens", "output_tokens")
    return Found(**{name: counted[name] for name in names}, cost=cost)


def find(field: Field, sources: content.Sources, state: State | None, *, has_value: bool) -> Finding:
    """How a column of a row stands."""
    if state is None:
        if has_value and not isinstance(field, Embedded):
            return "kept"
        return "fresh" if content.is_empty(field, sources) and not has_value else "missing"
    if state["status"] == "edited":
        return "kept"
    if state["status"] in ("pending", "failed"):
        return "pending" if state["status"] == "pending" else "failed"
    if state["fingerprint"] == content.fingerprint(field, sources):
        return "fresh"
    return "stale" if has_value else "missing"


def is_of_another_space(field: Field, state: State | None) -> bool:
    """A vector of another model says nothing beside those of this one, so it is taken away at once."""
    return isinstance(field, Embedded) and state is not None and state["model"] != field.model
