"""What a client hears of an answer, remembered to its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from tollhouse.gateway.speech import Speech
from tollhouse.upstream.base import Taker

AROUND: Final = 64
"""Each few letters of a stream come in a frame, which has up to so many times their bytes."""


class Said:
    """What was said before has been said again: nothing follows."""

    async def first(self) -> bytes:
        return b""

    async def next(self, outlet: Taker | None = None) -> bytes:
        return b""

    def close(self) -> None:
        pass


class Recorded:
    """A speech of which is remembered what the client hears, to its end."""

    def __init__(
        self,
        speech: Speech,
        first: bytes,
        most_bytes: int,
        on_end: Callable[[bytes], None],
        on_close: Callable[[], None],
    ) -> None:
        """Listen to a speech that has begun.

        Args:
            most_bytes: of an answer that is remembered; the same in a stream is many times as long.
            on_end: told all that was said, when nothing is missing.
            on_close: told when it is over, in any case.
        """
        self._speech = speech
        self._said = [first]
        self._left_bytes = most_bytes * AROUND - len(first)
        self._on_end = on_end
        self._on_close = on_close

    async def first(self) -> bytes:
        return self._said[0]

    async def next(self, outlet: Taker | None = None) -> bytes:
        piece = await self._speech.next(None if outlet is None else partial(self._let_out, outlet))
        if piece:
            self._note(piece)
        elif self._left_bytes >= 0:
            self._on_end(b"".join(self._said))
        return piece

    def close(self) -> None:
        self._speech.close()
        self._on_close()

    def _let_out(self, outlet: Taker, piece: bytes) -> bool:
        if outlet(piece):
            self._note(piece)
            return True
        return False

    def _note(self, piece: bytes) -> None:
        self._left_bytes -= len(piece)
        if self._left_bytes >= 0:
            self._said.append(piece)
        else:
            self._said.clear()
