"""Answers kept in the memory of one process, up to so many bytes: what was not wanted for longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from tollhouse.held import Held
from tollhouse.store.engine import Store, Writing
from tollhouse.store.kept_answers import Row, Sum, Which

AROUND_BYTES: Final = 1_000
"""What a row takes besides its answer, about."""


class Memory:
    """A shelf that nobody else sees, and that is empty after a restart."""

    is_shared = False

    def __init__(self, store: Store, most_bytes: Held[int]) -> None:
        """Keep at most so many bytes; `store` only takes the notes of what was cleared."""
        self._store = store
        self._most_bytes = most_bytes
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self.size_bytes = 0

    async def find(self, key: str) -> Row | None:
        row = self._rows.get(key)
        if row is not None:
            self._rows.move_to_end(key)
        return row

    def keep(self, row: Row) -> None:
        self._drop(row.id)
        self._rows[row.id] = row
        self.size_bytes += _bytes_of(row)
        while self.size_bytes > self._most_bytes.now:
            self._drop(next(iter(self._rows)))

    def hit(self, key: str) -> None:
        row = self._rows.get(key)
        if row is not None:
            self._rows[key] = replace(row, hits=row.hits + 1)

    async def summed(self, which: Which, now_us: int) -> Sum:
        rows = [row for row in self._rows.values() if row.expires_at > now_us and which.fits(row)]
        return Sum(
            len(rows),
            sum(row.size_bytes for row in rows),
            sum(row.hits for row in rows),
            sum(row.hits * row.cost for row in rows),
        )

    async def clear(self, which: Which, note: Callable[[Writing, int], None]) -> int:
        going = [row.id for row in self._rows.values() if which.fits(row)]
        for key in going:
            self._drop(key)
        await self._store.write(lambda tx: note(tx, len(going)))
        return len(going)

    async def tidy(self, now_us: int) -> None:
        for row in [row for row in self._rows.values() if row.expires_at <= now_us]:
            self._drop(row.id)

    def _drop(self, key: str) -> None:
        row = self._rows.pop(key, None)
        if row is not None:
            self.size_bytes -= _bytes_of(row)


def _bytes_of(row: Row) -> int:
    return row.size_bytes + AROUND_BYTES
