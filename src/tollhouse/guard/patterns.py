"""Patterns whose time is bounded: an operator's slip, or a text made for it, must not stop the gateway. Pure.

A regular expression may be slow by how many ways there are to read one text. They are counted before it is used, and
one with too many is refused, as is one that goes by more characters than a window holds.
"""

from __future__ import annotations

import re

# The parser is what `re` itself uses; there is no public one, and a second grammar would have a second meaning.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

from tollhouse.guard.windows import WIDEST_CHARS

WAYS_MOST: Final = 1_000
"""To read a text from one place on."""

_REPEATS: Final = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_CHARACTERS: Final = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
_BOUNDARIES: Final = (op.AT_BOUNDARY, op.AT_NON_BOUNDARY)


def bounded(pattern: str) -> re.Pattern[str]:
    r"""The pattern, whichever case it is written in.

    Raises:
        ValueError: it is none, it may take too long, or it looks beyond what it finds; the message says what to write.

    >>> bounded(r"\bacct-[0-9]{8}\b").search("see ACCT-12345678").group()
    'ACCT-12345678'
    >>> bounded(r"(a+)+b")
    Traceback (most recent call last):
    ValueError: a repeat needs an end of its own: write {0,40} instead of *, and {1,40} instead of +
    """
    try:
        parsed = parser.parse(pattern, re.IGNORECASE)
        found = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"this is no regular expression: {error}") from None
    ways, widest = _measure(parsed)
    if widest > WIDEST_CHARS:
        raise ValueError(f"it may go by {widest} characters, and {WIDEST_CHARS} are the most")
    if ways > WAYS_MOST:
        raise ValueError(f"there are more than {WAYS_MOST} ways to read a text by it; repeat fewer things, less often")
    if found.search("") is not None:
        raise ValueError("it finds something in nothing")
    return found


def phrase(words: str) -> re.Pattern[str]:
    """Plain words, whole, in any case, with any space between them. Raises ValueError for none, or too many."""
    parts = [re.escape(word) for word in words.split()]
    if not parts:
        raise ValueError("there are no words in it")
    if len(words) + 8 * len(parts) > WIDEST_CHARS:
        raise ValueError(f"it is too long: {WIDEST_CHARS} characters are the most, eight for each space")
    return re.compile(r"(?<!\w)" + r"\s{1,8}".join(parts) + r"(?!\w)", re.IGNORECASE)


def _measure(parsed: Any) -> tuple[int, int]:
    """How many ways there are to read a text by it, and by how many characters it goes at most."""
    ways, widest = 1, 0
    for code, value in parsed:
        more, wider = _measure_one(code, value)
        ways, widest = min(ways * more, WAYS_MOST + 1), widest + wider
    return ways, widest


def _measure_one(code: Any, value: Any) -> tuple[int, int]:
    if code in _CHARACTERS:
        return 1, 1
    if code is op.AT and value in _BOUNDARIES:
        return 1, 0
    if code is op.SUBPATTERN:
        return _measure(value[-1])
    if code is op.ATOMIC_GROUP:
        return _measure(value)
    if code is op.BRANCH:
        measures = [_measure(branch) for branch in value[1]]
        return sum(ways for ways, _ in measures), max(widest for _, widest in measures)
    if code in _REPEATS:
        least, most, inner = value
        if most is op.MAXREPEAT:
            raise ValueError("a repeat needs an end of its own: write {0,40} instead of *, and {1,40} instead of +")
        ways, widest = _measure(inner)
        if widest * most > WIDEST_CHARS:
            return 1, widest * most
        return min(sum(ways**times for times in range(least, most + 1)), WAYS_MOST + 1), widest * most
    raise ValueError(
        r"only characters, classes, groups, `|`, bounded repeats and \b may be used: "
        "a window may begin and end anywhere, so that nothing can look around or be anchored"
    )
