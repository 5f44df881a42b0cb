"""How many of a question's words a text has: what a vector is weak at, such as names and numbers. Pure.

A word is letters and digits in a row, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

WEIGHT: Final = 0.3
"""Of the words in a score, beside the vector, unless it is said otherwise."""

TEXT_CHARS: Final = 100_000
"""Of a text, so much is looked at: more PostgreSQL may not take for one, and hardly anybody asks for."""

_WORD: Final = re.compile(r"[^\W_]+")
_GLUE: Final = "-_./:@+&=~#<>"
"""What PostgreSQL takes for a part of a word, a sign, an address or a tag."""


def share(question: str, text: str) -> float:
    """The share of a question's words that a text has, in [0, 1]; 0 when it has none.

    >>> share("cheap flights, cheap trains", "A cheap way to Rome")
    0.3333333333333333
    """
    asked = _words(question)
    return len(asked & frozenset(_WORD.findall(text[:TEXT_CHARS].casefold()))) / max(1, len(asked))


def on_postgres(asked: str, text: str) -> str:
    """The same in PostgreSQL's words: an expression over two others, each of which may stand there twice."""
    words, found = _vector(asked), _vector(f"left({text}, {TEXT_CHARS})")
    hits = f"SELECT count(*) FROM unnest({words}) AS word WHERE word.lexeme = ANY (tsvector_to_array({found}))"  # noqa: S608
    return f"(({hits})::float8 / greatest(1, length({words})))"


def _vector(text: str) -> str:
    return f"to_tsvector('simple', translate({text}, '{_GLUE}', '{' ' * len(_GLUE)}'))"


def check(weight: float) -> float:
    """The weight, if it is one. Raises ValueError."""
    if not 0 <= weight <= 1:
        raise ValueError(f"weight is between 0, for vectors only, and 1, for words only; not {weight}")
    return weight


@lru_cache(maxsize=64)
def _words(question: str) -> frozenset[str]:
    return frozenset(_WORD.findall(question.casefold()))
