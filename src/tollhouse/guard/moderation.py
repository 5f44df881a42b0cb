"""Asks a moderation model: is this harmful?

It is asked as any client would, by `/v1/moderations` of this gateway, with the caller's credentials and in the caller's
name: held, charged and logged. Whoever cannot be asked, or does not answer so that it can be read, has no opinion.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from tollhouse.errors import TollhouseError
from tollhouse.guard.verdicts import Opinion

Ask: TypeAlias = Callable[[Any, bytes], Awaitable[bytes]]
"""Asks for a moderation on behalf of a request, with a body, for an answer's body. Raises TollhouseError."""

T = TypeVar("T")

PIECE_CHARS: Final = 8_000
OVERLAP_CHARS: Final = 200
"""What one piece repeats of the one before it, so that no sentence is cut in two."""


NAME_CHARS: Final = 64
"""Of a category, of a reason, or of what a model calls itself, at most."""

TOO_LONG: Final = frozenset({"too_long", "context_length_exceeded"})
"""Reasons for having no opinion that are the length of what was to be judged."""

CATEGORIES_MOST: Final = 50
"""OpenAI has thirteen. Whatever else a model says is not kept."""


class _Result(msgspec.Struct):
    flagged: bool
    categories: dict[str, bool | None] = {}
    category_scores: dict[str, float | None] = {}


class _Answer(msgspec.Struct):
    results: list[_Result]
    model: str | None = None


_ANSWER: Final = msgspec.json.Decoder(_Answer)


class Moderation(msgspec.Struct, frozen=True, kw_only=True):
    """A moderation model to ask.

    Attributes:
        model: as any client names it.
        most_chars: of one text; who is asked about more has no opinion.
    """

    model: str
    ask: Ask
    most_chars: int

    async def judge(self, asker: Any, text: str) -> Opinion:
        """What the model thinks of a text. Never raises what `ask` raises on purpose."""
        if len(text) > self.most_chars:
            return self._unable("too_long")
        pieces = list(_pieces(text))
        try:
            said = await self.ask(asker, msgspec.json.encode({"model": self.model, "input": pieces}))
        except TollhouseError as error:
            return self._unable(error.code)
        try:
            answer = _ANSWER.decode(said)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._unable("unreadable")
        if len(answer.results) != len(pieces):
            return self._unable("incomplete")
        return self._opinion(answer.results, answer.model)

    def _opinion(self, results: list[_Result], version: str | None) -> Opinion:
        scores: dict[str, float] = {}
        for result in results:
            for name, score in _bounded(result.category_scores):
                scores[name] = max(scores.get(name, 0.0), round(min(1.0, score or 0.0), 4))
        found = [name for result in results for name, is_found in _bounded(result.categories) if is_found]
        return Opinion(
            by="moderation",
            verdict="block" if any(result.flagged for result in results) else "allow",
            reasons=tuple(dict.fromkeys(found)),
            model=self.model,
            version=version and version[:NAME_CHARS],
            scores=scores,
        )

    def _unable(self, reason: str) -> Opinion:
        return Opinion(by="moderation", verdict="unavailable", reasons=(reason[:NAME_CHARS],), model=self.model)


def _bounded(categories: dict[str, T]) -> Iterator[tuple[str, T]]:
    """Categories that can be kept, and shown to people."""
    for name, value in islice(categories.items(), CATEGORIES_MOST):
        if name.isprintable():
            yield name[:NAME_CHARS], value


def _pieces(text: str) -> Iterator[str]:
    """Pieces that overlap."""
    for start in range(0, max(1, len(text) - OVERLAP_CHARS), PIECE_CHARS - OVERLAP_CHARS):
        yield text[start : start + PIECE_CHARS]
