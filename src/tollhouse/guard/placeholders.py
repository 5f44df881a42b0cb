"""Placeholders for personal data: told to a provider in its stead, and taken for it again in the answer. Pure.

They belong to one request. The same thing has the same placeholder throughout, and none is one that the request says
itself, so that putting back undoes taking out, whatever was said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from tollhouse.guard.personal_data import find_all

_LIKE: Final = re.compile(r"\[(?:KEY|IBAN|CARD|EMAIL|PHONE)_[0-9]{1,6}\]")
LONGEST_CHARS: Final = len("[EMAIL_123456]")


def has_placeholder(said: bytes) -> bool:
    """Whether there is one in it, or what looks like one."""
    return _LIKE.search(said.decode(errors="replace")) is not None


class Placeholders:
    """Those of one request."""

    def __init__(self, said: Iterable[str]) -> None:
        """Begin with none; `said` is all that is asked, where no placeholder may stand yet."""
        self._taken = {token for text in said for token in _LIKE.findall(text)}
        self._tokens: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._values)

    def redact(self, text: str) -> str:
        """The text with placeholders in place of personal data."""
        pieces, at = [], 0
        for found in find_all(text):
            pieces += [text[at : found.start], self._token(found.kind, text[found.start : found.end])]
            at = found.end
        return "".join([*pieces, text[at:]])

    def restore(self, text: str) -> str:
        """The text with personal data in place of its placeholders."""
        return _LIKE.sub(lambda token: self._values.get(token[0], token[0]), text)

    def may_begin_at(self, text: str) -> int:
        """Where a placeholder may have begun that is not whole yet; the text's length when there is none."""
        at = text.rfind("[", max(0, len(text) - LONGEST_CHARS))
        return at if at >= 0 and any(token.startswith(text[at:]) for token in self._values) else len(text)

    def _token(self, kind: str, value: str) -> str:
        known = self._tokens.get(value)
        if known is not None:
            return known
        name = kind.upper()
        while True:
            self._numbers[name] += 1
            token = f"[{name}_{self._numbers[name]}]"
            if token not in self._taken:
                break
        self._tokens[value], self._values[token] = token, value
        return token


class Restorer:
    """Puts personal data back into a text that comes in pieces, wherever they were cut."""

    def __init__(self, placeholders: Placeholders) -> None:
        self._placeholders = placeholders
        self._kept = ""

    def feed(self, text: str) -> str:
        """What is known of the text so far; the beginning of what may be a placeholder is kept."""
        text = self._placeholders.restore(self._kept + text)
        cut = self._placeholders.may_begin_at(text)
        self._kept = text[cut:]
        return text[:cut]

    def rest(self) -> str:
        """What was kept, when nothing more comes."""
        kept, self._kept = self._kept, ""
        return kept
