"""Answers kept in the database, locked: every process finds them, and they outlive a restart."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from tollhouse.held import Held
from tollhouse.store import kept_answers as sql
from tollhouse.store.engine import Store, Writing
from tollhouse.store.kept_answers import Row, Sum, Which
from tollhouse.vault.box import Box


class Table:
    """A shelf that all processes share."""

    is_shared = True

    def __init__(self, store: Store, box: Box, most_bytes: Held[int]) -> None:
        """Keep at most so many bytes, and until they are counted a few more."""
        self._store = store
        self._box = box
        self._most_bytes = most_bytes
        self._unwritten: dict[str, Row] = {}
        self._hits: Counter[str] = Counter()
        store.on_commit[sql.keep] = self._written

    async def find(self, key: str) -> Row | None:
        # Who asks again at once comes before the writer has written it.
        row = self._unwritten.get(key) or await self._store.read(lambda tx: sql.find(tx, key))
        if row is None:
            return None
        plain = self._box.open(base64.b64decode(row.answer), key.encode())
        # What another master key has locked is as good as gone.
        return None if plain is None else replace(row, answer=plain.decode())

    def keep(self, row: Row) -> None:
        locked = self._box.lock(row.answer.encode(), row.id.encode())
        self._unwritten[row.id] = row = replace(row, answer=base64.b64encode(locked).decode())
        self._store.put(sql.keep, row)

    def hit(self, key: str) -> None:
        self._hits[key] += 1

    async def summed(self, which: Which, now_us: int) -> Sum:
        await self._note_hits()
        return await self._store.read(lambda tx: sql.summed(tx, which, now_us))

    async def clear(self, which: Which, note: Callable[[Writing, int], None]) -> int:
        def cleared(tx: Writing) -> int:
            count = sql.drop(tx, which)
            note(tx, count)
            return count

        return await self._store.write(cleared)

    async def tidy(self, now_us: int) -> None:
        await self._note_hits()
        while await self._store.write(lambda tx: sql.drop_expired(tx, now_us)):
            pass
        while await self._store.write(lambda tx: sql.drop_beyond(tx, self._most_bytes.now)):
            pass

    async def _note_hits(self) -> None:
        hits, self._hits = self._hits, Counter()
        if hits:
            await self._store.write(lambda tx: sql.note_hits(tx, hits))

    def _written(self, rows: list[Row]) -> None:
        for row in rows:
            if self._unwritten.get(row.id) is row:
                del self._unwritten[row.id]
