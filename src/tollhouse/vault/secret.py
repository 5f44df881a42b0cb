"""A text that does not show itself."""

from __future__ import annotations

import re
from typing import NoReturn, SupportsIndex

from tollhouse.errors import InvalidRequest

# Asking `encode` instead would raise an error that holds the text.
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


class Secret:
    """A secret text, which only `reveal` gives away.

    `repr`, `str` and `format` show `Secret(***)`; copying, pickling and every JSON writer fail with TypeError. Two
    secrets are equal only when they are the same object: comparing revealed texts belongs to `hmac.compare_digest`.

    Raises:
        InvalidRequest: the text is empty, or cannot be written as UTF-8.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not text or _HALF_A_PAIR.search(text):
            raise InvalidRequest("A secret must be text, and not empty.")
        self._text = text

    def reveal(self) -> str:
        """The text itself. Hand it to what needs it at once, and store it nowhere."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("A secret is neither copied nor pickled.")
