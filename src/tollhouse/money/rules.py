"""The budgets in force, and the bucket of each at a moment; remembered as long as nobody sets, changes or lifts one.

Whoever does gives the store's `BUDGETS_REVISION` another value in the same transaction. Every batch that holds money
reads that value, so a remembered rule is as true as one that was just read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from tollhouse.money.budgets import Ask, Budget, applies, bucket_id, resets_at

OWNERS_MOST = 50_000
"""So many owners are remembered; then all are forgotten."""

NEVER = datetime.max.replace(tzinfo=UTC)


class Rule:
    """A budget, and which bucket of it counts."""

    __slots__ = ("_bucket", "_since", "_until", "budget")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._bucket = ""
        self._since, self._until = NEVER, NEVER

    def bucket(self, now: datetime) -> str:
        """The bucket's id; another one when its period is over, or the clock was put back."""
        if not self._since <= now < self._until:
            budget = self.budget
            self._bucket = bucket_id(budget, now)
            self._since, self._until = now, resets_at(budget.window, budget.time_zone, now) or NEVER
        return self._bucket


class Rules:
    """What one process remembers."""

    def __init__(self) -> None:
        self._revision: object = None
        self._of: dict[str, tuple[Rule, ...]] = {}

    def learn(self, owners: Iterable[str], revision: object, read: Callable[[list[str]], Iterable[Any]]) -> None:
        """Ask for the budgets of owners who are not known, or of all when a budget was changed since.

        Args:
            read: gives owners' rows, as `budget_of` takes them.
        """
        if revision != self._revision or len(self._of) > OWNERS_MOST:
            self._of.clear()
            self._revision = revision
        strangers = sorted(owner for owner in owners if owner not in self._of)
        if not strangers:
            return
        found: dict[str, list[Rule]] = {}
        for row in read(strangers):
            budget = budget_of(row)
            found.setdefault(budget.owner, []).append(Rule(budget))
        for owner in strangers:
            self._of[owner] = tuple(found.get(owner, ()))

    def of(self, ask: Ask) -> list[Rule]:
        """The budgets that a call belongs under; its owners are known."""
        return [rule for owner in ask.owners for rule in self._of[owner] if applies(rule.budget, ask)]


def budget_of(row: Sequence[Any]) -> Budget:
    """A row of `sql.BUDGETS`, or the same columns of a management query, as a rule."""
    id_, owner, model, unit, window, mode, amount, time_zone, min_output_tokens = row
    return Budget(
        id=id_,
        owner=owner,
        model=model,
        unit=unit,
        window=window,
        mode=mode,
        limit=amount,
        time_zone=time_zone,
        min_output_tokens=min_output_tokens,
    )
