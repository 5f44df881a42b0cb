"""What a client hears of an answer, remembered to its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Protocol

from tollhouse.dialects import sse
from tollhouse.dialects.chat import Answer, Ended, ReasoningDelta, TextDelta
from tollhouse.dialects.collect import Collector
from tollhouse.errors import UpstreamIncomplete
from tollhouse.gateway.speech import Speech
from tollhouse.upstream.base import Taker


class Heard(Protocol):
    """Gathers what is said."""

    def add(self, piece: bytes) -> None:
        """Take the next piece: whole events, of a stream."""
        ...

    def answer(self) -> Answer | None:
        """All of it; None when it is too large, or cannot be read."""
        ...


class HeardWhole:
    """An answer in one piece."""

    def __init__(self, dialect: ModuleType, most_bytes: int) -> None:
        """Read one that has so many bytes at most."""
        self._dialect = dialect
        self._most_bytes = most_bytes
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def answer(self) -> Answer | None:
        if sum(map(len, self._pieces)) > self._most_bytes:
            return None
        try:
            answer: Answer = self._dialect.read_answer(b"".join(self._pieces))
        except UpstreamIncomplete:
            # A client that knows its provider may make more of it than we do.
            return None
        return answer


class HeardStream:
    """A stream, read as it comes, so that its end holds nobody up."""

    def __init__(self, dialect: ModuleType, most_bytes: int) -> None:
        """Gather a stream whose words have so many bytes at most."""
        self._frames = sse.Reader()
        self._reader = dialect.Reader()
        self._collector = Collector()
        self._left_bytes = most_bytes
        self._is_read = True
        self._has_ended = False

    def add(self, piece: bytes) -> None:
        if self._is_read:
            self._read(self._frames.feed(piece))

    def answer(self) -> Answer | None:
        if self._is_read and not self._has_ended:
            # In some dialects the end of the body is the last event.
            self._read([sse.END])
        return self._collector.answer() if self._is_read and self._has_ended else None

    def _read(self, frames: list[sse.Frame]) -> None:
        try:
            for frame in frames:
                for event in self._reader.read(frame):
                    self._has_ended = self._has_ended or isinstance(event, Ended)
                    if isinstance(event, TextDelta | ReasoningDelta):
                        self._left_bytes -= len(event.text.encode())
                    self._collector.add(event)
        except UpstreamIncomplete:
            self._is_read = False
        self._is_read = self._is_read and self._left_bytes >= 0


class Said:
    """What was said before has been said again: nothing follows."""

    async def first(self) -> bytes:
        return b""

    async def next(self, outlet: Taker | None = None) -> bytes:
        return b""

    def close(self) -> None:
        pass


class Recorded:
    """A speech that somebody else hears, too."""

    def __init__(
        self,
        speech: Speech,
        first: bytes,
        heard: Heard,
        on_end: Callable[[Answer | None], None],
        on_close: Callable[[], None],
    ) -> None:
        """Listen to a speech that has begun.

        Args:
            on_end: told the answer, when nothing is missing.
            on_close: told when it is over, in any case.
        """
        self._speech = speech
        self._first = first
        self._heard = heard
        self._on_end = on_end
        self._on_close = on_close
        heard.add(first)

    async def first(self) -> bytes:
        return self._first

    async def next(self, outlet: Taker | None = None) -> bytes:
        piece = await self._speech.next(None if outlet is None else partial(self._let_out, outlet))
        if piece:
            self._heard.add(piece)
        else:
            self._on_end(self._heard.answer())
        return piece

    def close(self) -> None:
        self._speech.close()
        self._on_close()

    def _let_out(self, outlet: Taker, piece: bytes) -> bool:
        if outlet(piece):
            self._heard.add(piece)
            return True
        return False
