"""Where answers are kept, whichever place that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tollhouse.store.engine import Writing
from tollhouse.store.kept_answers import Row, Sum, Which


class Shelf(Protocol):
    """Rows by key, whose `answer` is plain here; wherever it is written down, it is locked."""

    is_shared: bool
    """Other processes see what this one keeps."""

    async def find(self, key: str) -> Row | None:
        """What is kept by a key, expired or not. Raises Unavailable."""
        ...

    def keep(self, row: Row) -> None:
        """Keep a row, instead of what was kept by its key."""
        ...

    def hit(self, key: str) -> None:
        """It was given again."""
        ...

    async def summed(self, which: Which, now_us: int) -> Sum:
        """What those come to that can still be given."""
        ...

    async def clear(self, which: Which, note: Callable[[Writing, int], None]) -> int:
        """Forget some; gives how many went. `note` writes that down."""
        ...

    async def tidy(self, now_us: int) -> None:
        """What can wait until now and then."""
        ...
