"""Answers kept in Redis, locked: every process finds them, and there they expire by themselves.

Whoever looks for an answer waits some milliseconds for it; then it is as good as not there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from tollhouse.clock import Clock
from tollhouse.errors import RedisFailed
from tollhouse.held import Held
from tollhouse.redis.link import Link
from tollhouse.store.engine import Store, Writing
from tollhouse.store.kept_answers import Row, Sum, Which
from tollhouse.vault.box import Box

LOOK_UP_S: Final = 0.01
"""How long a request waits for what may lie there."""

MANAGE_S: Final = 5.0
"""How long management waits for a page, and how late what nobody waits for may be."""

TIDIED_MS: Final = 240_000
"""Who has looked whether there is too much looks for all processes; nobody else does for so long."""

PAGE: Final = 1_000

_KEEP: Final = """
redis.call('HSET', KEYS[1], 'about', ARGV[2], 'answer', ARGV[3], 'hits', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
"""Begins with what a full Redis refuses: after another write it would be let through."""
_NOTE_HITS: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBY', KEYS[1], 'hits', ARGV[1]) end
"""
"""What has expired meanwhile must not come back as nothing but a number, and for ever."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What may be read of an answer without its key: all of its row but the answer, its key and its hits."""

    user_id: str
    model: str
    tag: str
    size_bytes: int
    cost: int
    created_at: int
    expires_at: int


_dump = msgspec.json.Encoder().encode
_load = msgspec.json.Decoder(About).decode


class Redis:
    """A shelf that all processes share, and that may be empty at any moment."""

    is_shared = True

    def __init__(
        self, link: Link, box: Box, clock: Clock, store: Store, most_bytes: Held[int], *, look_up_s: float = LOOK_UP_S
    ) -> None:
        """Keep at most so many bytes, and until they are counted more.

        Args:
            store: takes the notes of what was cleared.
            look_up_s: how long a request waits.
        """
        self._link = link
        self._box = box
        self._clock = clock
        self._store = store
        self._most_bytes = most_bytes
        self._look_up_s = look_up_s
        self._hits: Counter[str] = Counter()

    async def find(self, key: str) -> Row | None:
        name = self._name(key)
        try:
            ((about, answer, hits),) = await self._link.ask(
                ("HMGET", name, "about", "answer", "hits"), within_s=self._look_up_s
            )
        except RedisFailed:
            # The link has told of it. To ask a provider is better than to wait.
            return None
        if about is None or answer is None:
            return None
        plain = self._box.open(answer, _bound(key, about))
        # What another master key has locked, or somebody has altered, is as good as gone.
        return None if plain is None else _row(key, about, plain.decode(), hits)

    def keep(self, row: Row) -> None:
        about = _dump(msgspec.convert(row, About, from_attributes=True))
        locked = self._box.lock(row.answer.encode(), _bound(row.id, about))
        left_ms = max(1, row.expires_at // 1_000 - self._clock.time_ns() // 1_000_000)
        self._link.tell(("EVAL", _KEEP, 1, self._name(row.id), left_ms, about, locked), within_s=MANAGE_S)

    def hit(self, key: str) -> None:
        self._hits[key] += 1

    async def summed(self, which: Which, now_us: int) -> Sum:
        await self._note_hits()
        count = size_bytes = hits = saved = 0
        async for page in self._pages():
            for row in page:
                if row.expires_at > now_us and which.fits(row):
                    count, size_bytes, hits = count + 1, size_bytes + row.size_bytes, hits + row.hits
                    saved += row.hits * row.cost
        return Sum(count, size_bytes, hits, saved)

    async def clear(self, which: Which, note: Callable[[Writing, int], None]) -> int:
        count = 0
        try:
            async for page in self._pages():
                count += await self._drop([row.id for row in page if which.fits(row)])
        finally:
            # Also what went before it failed.
            await self._store.write(lambda tx: note(tx, count))
        return count

    async def tidy(self, now_us: int) -> None:
        try:
            await self._note_hits()
            mine = ("SET", self._link.key("tidied"), 1, "NX", "PX", TIDIED_MS)
            if (await self._link.ask(mine, within_s=MANAGE_S))[0] is not None:
                await self._drop_beyond()
        except RedisFailed:
            # The link has told of it, and there is a next time.
            return

    async def _drop_beyond(self) -> None:
        kept = [(row.created_at, row.id, row.size_bytes) async for page in self._pages() for row in page]
        surplus = sum(size_bytes for _, _, size_bytes in kept) - self._most_bytes.now
        going: list[str] = []
        for _, name, size_bytes in sorted(kept):
            if surplus <= 0:
                break
            going.append(name)
            surplus -= size_bytes
        for start in range(0, len(going), PAGE):
            await self._drop(going[start : start + PAGE])

    async def _drop(self, names: Sequence[str]) -> int:
        return int((await self._link.ask(("UNLINK", *names), within_s=MANAGE_S))[0]) if names else 0

    async def _note_hits(self) -> None:
        hits, self._hits = self._hits, Counter()
        notes = [("EVAL", _NOTE_HITS, 1, self._name(key), count) for key, count in hits.items()]
        for start in range(0, len(notes), PAGE):
            await self._link.ask(*notes[start : start + PAGE], within_s=MANAGE_S)

    async def _pages(self) -> AsyncIterator[list[Row]]:
        """What is there, without its answers and under its whole key; each once, though Redis may name it twice."""
        cursor, seen = b"0", set[str]()
        while True:
            scan = ("SCAN", cursor, "MATCH", self._name("*"), "COUNT", PAGE)
            ((cursor, found),) = await self._link.ask(scan, within_s=MANAGE_S)
            names = sorted({name.decode() for name in found} - seen)
            seen.update(names)
            if names:
                asked = [("HMGET", name, "about", "hits") for name in names]
                told = await self._link.ask(*asked, within_s=MANAGE_S)
                rows = [_row(name, about, "", hits) for name, (about, hits) in zip(names, told, strict=True)]
                yield [row for row in rows if row is not None]
            if cursor == b"0":
                return

    def _name(self, key: str) -> str:
        return self._link.key("answer", key)


def _bound(key: str, about: bytes) -> bytes:
    return key.encode() + b" " + about


def _row(key: str, about: bytes | None, answer: str, hits: bytes | None) -> Row | None:
    """A row as it lies there; None when it is gone, or another version has kept it otherwise."""
    try:
        told = None if about is None else _load(about)
    except msgspec.MsgspecError:
        return None
    return None if told is None else Row(id=key, answer=answer, hits=int(hits or 0), **msgspec.structs.asdict(told))
