"""Runs that have come to their end, to be asserted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from tollhouse.money.amounts import Nanodollars, nanodollars_from_usd, usd_text


class Ran:
    """One run in the background, as its row says."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.id = str(row["id"])
        self.conversation = str(row["conversation_id"])
        self.status = str(row["status"])
        self.attempts = int(row["attempt"])
        self.error: Mapping[str, Any] | None = row["error"]
        self.cost_nanodollars = Nanodollars(row["cost"] or 0)

    def assert_succeeded(self, *, cost: str | None = None, attempts: int | None = None) -> Self:
        """It did; at this cost in US dollars, exactly, and after so many attempts. Raises AssertionError."""
        self._assert_ended("succeeded", attempts)
        if cost is not None and self.cost_nanodollars != nanodollars_from_usd(cost):
            raise AssertionError(f"expected a run of ${cost}, but it was {self}")
        return self

    def assert_failed(self, *, code: str | None = None, attempts: int | None = None) -> Self:
        """It did; with an error of this code, and after so many attempts. Raises AssertionError."""
        self._assert_ended("failed", attempts)
        if code is not None and (self.error or {}).get("code") != code:
            raise AssertionError(f"expected a run that failed with {code}, but it was {self}")
        return self

    def assert_cancelled(self) -> Self:
        """It was. Raises AssertionError."""
        self._assert_ended("cancelled", None)
        return self

    def _assert_ended(self, status: str, attempts: int | None) -> None:
        if self.status != status or (attempts is not None and self.attempts != attempts):
            after = "" if attempts is None else f" after {attempts} attempts"
            raise AssertionError(f"expected a run that {status}{after}, but it was {self}")

    def __str__(self) -> str:
        why = "" if self.error is None else f": {self.error['code']}, {self.error['message']}"
        return f"{self.id}, {self.status} after {self.attempts} attempts for ${usd_text(self.cost_nanodollars)}{why}"


class Runs(Sequence[Ran]):
    """Several, in the order in which they were asked for."""

    def __init__(self, runs: Sequence[Ran]) -> None:
        self._runs = tuple(runs)

    def only(self) -> Ran:
        """The only one. Raises AssertionError when there is none, or another one."""
        if len(self._runs) != 1:
            shown = "".join(f"\n  {run}" for run in self._runs)
            raise AssertionError(f"expected one run, but there are {len(self._runs)}:{shown}")
        return self._runs[0]

    def __getitem__(self, place: Any) -> Any:
        """As of a tuple."""
        return self._runs[place]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Ran]:
        return iter(self._runs)
