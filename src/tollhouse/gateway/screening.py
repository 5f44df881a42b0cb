"""What guards have said of one request, and what was told the provider instead of personal data."""

from __future__ import annotations

from tollhouse.guard.placeholders import Placeholders
from tollhouse.guard.verdicts import Side, Told, together, written


class Screening:
    """Filled in by `screen`, kept by `finish`.

    Attributes:
        placeholders: None when the provider is told all that was asked.
    """

    __slots__ = ("_told", "placeholders")

    def __init__(self) -> None:
        self._told: dict[tuple[Side, str], Told] = {}
        self.placeholders: Placeholders | None = None

    def tell(self, told: Told) -> None:
        """Add a verdict to what the same guard has said of this side."""
        key = told.side, told.opinion.by
        earlier = self._told.get(key)
        if earlier is not None:
            opinion = together(earlier.opinion, told.opinion)
            told = Told(side=told.side, opinion=opinion, acts=earlier.acts or told.acts)
        self._told[key] = told

    def written(self) -> str | None:
        """As the request's row keeps it; None when no guard has looked."""
        return written(self._told.values()) if self._told else None
