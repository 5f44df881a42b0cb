"""Long texts are looked at in windows, each with a little of what stands before it, so that nothing is cut in two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

WIDEST_CHARS: Final = 256
"""No guard goes by more characters in a row than these."""

WINDOW_CHARS: Final = 20_000
"""About a millisecond's work."""


class Window(msgspec.Struct, frozen=True):
    """A piece of a text.

    Attributes:
        at: where in the text it begins.
        is_last: the text ends with it.
    """

    text: str
    at: int = 0
    is_last: bool = True

    def has(self, start: int, end: int) -> bool:
        """Whether a find from there to there is one.

        What touches an edge may be a part of something else: the window before or behind this one has it whole.
        """
        return (start > 0 or not self.at) and (self.is_last or end < len(self.text))


def windows(text: str) -> Iterator[Window]:
    """The windows of a text; each repeats the widest that may begin in the one before it."""
    at = 0
    while True:
        before = max(0, at - WIDEST_CHARS)
        end = at + WINDOW_CHARS + WIDEST_CHARS
        yield Window(text[before:end], before, end >= len(text))
        if end >= len(text):
            return
        at += WINDOW_CHARS
