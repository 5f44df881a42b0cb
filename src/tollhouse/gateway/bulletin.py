"""What processes tell one another of their callers' use, in a stream in Redis, where each reads on from its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from tollhouse.limits import WINDOW_S, Use
from tollhouse.redis.link import Link

ANSWER_S: Final = 0.5
"""What takes longer comes too late to be of use."""

PAGE: Final = 1_000
KEPT_MS: Final = int(WINDOW_S * 1_000)

_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_dump = msgspec.json.Encoder().encode
_load = msgspec.json.Decoder(dict[str, tuple[_Count, _Count, _Count]]).decode


class Told(NamedTuple):
    """What one process said that some of its callers use, so many seconds ago."""

    boot_id: str
    uses: Mapping[str, Use]
    age_s: float


class Bulletin:
    """One process's place in it."""

    def __init__(self, link: Link, boot_id: str) -> None:
        self._link = link
        self._boot_id = boot_id
        self._key = link.key("limits")
        self._epoch: int | None = None
        self._read_to = b""

    async def exchange(self, news: Mapping[str, Use]) -> list[Told]:
        """Tell what is used here, and hear what others have told since; all of the last minute at first.

        Raises:
            RedisFailed: the news may have been told or not.
        """
        began_in = self._link.epoch
        if self._epoch != began_in:
            # Another connection may lead to another Redis, or to one that was set back.
            (time,) = await self._ask(("TIME",))
            self._read_to = b"%d-0" % max(0, _ms_of(time) - KEPT_MS)
            self._epoch = began_in
        *_, time, page = await self._ask(*self._telling(news), ("TIME",), self._reading())
        now_ms = _ms_of(time)
        told: list[Told] = []
        while page:
            told += self._read(page, now_ms)
            self._read_to = page[-1][0]
            if len(page) < PAGE:
                break
            (page,) = await self._ask(self._reading())
        return told

    async def _ask(self, *commands: Any) -> list[Any]:
        return await self._link.ask(*commands, within_s=ANSWER_S)

    def _telling(self, news: Mapping[str, Use]) -> Sequence[tuple[Any, ...]]:
        if not news:
            return ()
        # What is older than a minute counts no more. It is cut off where that costs nothing, and so a little later.
        oldest = int(self._read_to.partition(b"-")[0]) - KEPT_MS
        return (
            ("XADD", self._key, "MINID", "~", max(0, oldest), "*", "boot", self._boot_id, "uses", _dump(news)),
            ("PEXPIRE", self._key, 2 * KEPT_MS),
        )

    def _reading(self) -> tuple[Any, ...]:
        return ("XRANGE", self._key, b"(" + self._read_to, "+", "COUNT", PAGE)

    def _read(self, page: Sequence[tuple[bytes, Sequence[bytes]]], now_ms: int) -> Iterator[Told]:
        for entry_id, fields in page:
            facts = dict(zip(fields[::2], fields[1::2], strict=True))
            try:
                boot_id = facts[b"boot"].decode()
                uses = {user_id: Use(*use) for user_id, use in _load(facts[b"uses"]).items()}
            except (KeyError, UnicodeDecodeError, msgspec.MsgspecError):
                # What another version tells otherwise is not understood here, and need not be.
                continue
            if boot_id != self._boot_id:
                yield Told(boot_id, uses, max(0.0, (now_ms - int(entry_id.partition(b"-")[0])) / 1e3))


def _ms_of(time: Sequence[bytes]) -> int:
    seconds, micros = time
    return int(seconds) * 1_000 + int(micros) // 1_000
