"""How words of scripts that write none apart are cut, so that a part of one is found: Chinese, Japanese, Korean. Pure.

To both databases a sentence of such letters is one word. So the index also gets each pair of neighbours in it, and its
last letter: whatever stands in the sentence is then all of its own pairs, or the beginning of one. What is found so is
looked at again for the letters themselves, because pairs may lie apart.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

import msgspec

PIECES_MOST = 30_000
"""Different pieces of one text: of more, PostgreSQL's document might grow beyond its megabyte."""

# Letters alone: both databases part words at marks, as at the middle dot of katakana.
_RUN: Final = re.compile(
    "["
    "\u3005\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"  # iteration and length marks, zero, kana
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\uff66-\uff9f"  # bopomofo, small and narrow kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002b81f"  # Chinese characters
    "\uac00-\ud7a3"  # hangul
    "]+"
)


class Cut(msgspec.Struct, frozen=True):
    """What to look for in the place of a word that holds such letters.

    Attributes:
        pieces: all of these.
        beginnings: and for each of these a piece that begins so.
        runs: and then the text must hold these as they stand.
    """

    pieces: tuple[str, ...]
    beginnings: tuple[str, ...]
    runs: tuple[str, ...]


def pieces_of(text: str) -> str | None:
    """What a text is also found by, with blanks between; None when that is nothing.

    What is not of these scripts and only stuck to them is a piece, too.

    >>> pieces_of("東京都 and Osaka")
    '東京 京都 都'
    >>> pieces_of("iPhoneを買う")
    'iPhone を買 買う う'
    """
    if text.isascii():
        return None
    found: dict[str, None] = {}
    for word in text.split():
        runs = _RUN.findall(word)
        if runs:
            found.update(dict.fromkeys(_RUN.sub(" ", word).split()))
            for run in runs:
                found.update(dict.fromkeys(run[at : at + 2] for at in range(len(run))))
    return " ".join(islice(found, PIECES_MOST)) or None


def cut(word: str) -> Cut | None:
    """A word that is looked for; None when it holds no such letters.

    >>> cut("東京都")
    Cut(pieces=('東京', '京都'), beginnings=(), runs=('東京都',))
    """
    runs = _RUN.findall(word)
    if not runs:
        return None
    rest = tuple(part for part in _RUN.sub(" ", word).split() if any(map(str.isalnum, part)))
    pairs = tuple(run[at : at + 2] for run in runs for at in range(len(run) - 1))
    return Cut(rest + pairs, tuple(run for run in runs if len(run) == 1), tuple(runs))
