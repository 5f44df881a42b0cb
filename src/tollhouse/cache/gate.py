"""What makes two questions that look alike different ones: a number, a no, a name, a direction, another word. Pure.

Likeness hardly sees any of these: one word of twenty makes a small angle and another answer. So only words that tell
nothing may differ, and slips of the pen. Which words tell nothing is known of English; in other languages all tell.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Literal, TypeAlias

from tollhouse.cache.words import IDLE, MOVING, NEGATIONS, OWN, QUESTIONS, WORDS, words_of

Difference: TypeAlias = Literal["number", "negation", "question", "word", "order"]

SLIP_LETTERS: Final = 7
"""In shorter words another letter makes another word: `adapt`, `adopt`."""

_NOBODY: Final = re.compile(
    r"\b(?:(?:do|does|can|could|should|must|would|may|might) i|(?:tell|show|give|help|let|explain to) me"
    r"|i (?:want|need|would like))\b",
    re.IGNORECASE,
)
_UNITS: Final = re.compile(r"([$€£¥])|(\d[\w.,:/-]*)\s*([^\W\d_]+|[$€£¥%°])?")


def unfit(text: str) -> bool:
    """What is asked is about a moment or a person: nothing that was said to another question answers it."""
    words = {*words_of(_NOBODY.sub(" ", text))}
    return bool(words & MOVING or words & OWN)


def difference(one: str, other: str) -> Difference | None:
    """What makes these two questions; None when nothing that is seen here does.

    >>> difference("Is aspirin safe?", "Is aspirin not safe?")
    'negation'
    >>> difference("How far is it from Paris to Rome?", "How far is it from Rome to Paris?")
    'order'
    """
    words, others = words_of(one), words_of(other)
    if _numbers(one) != _numbers(other):
        return "number"
    if _negations(words) != _negations(others):
        return "negation"
    if _questions(words) != _questions(others):
        return "question"
    telling = [word for word in words if word not in IDLE]
    told = [word for word in others if word not in IDLE]
    # What was written large is a name, and no slip of the pen.
    names = _names(one) | _names(other)
    if not (_all_in(telling, told, names) and _all_in(told, telling, names)):
        return "word"
    shared = [word for word in telling if word in told]
    return None if shared == [word for word in told if word in telling] else "order"


def _numbers(text: str) -> Counter[tuple[str, str]]:
    """Every number with the word or sign behind it, which may be its unit."""
    found = [(match[2] or match[1], (match[3] or "").casefold()) for match in _UNITS.finditer(text)]
    return Counter((number.rstrip(".,:/-"), unit.removesuffix("s")) for number, unit in found)


def _negations(words: list[str]) -> int:
    return sum(word in NEGATIONS or word.endswith("n't") for word in words)


def _questions(words: list[str]) -> set[str]:
    return {word.partition("'")[0] for word in words} & QUESTIONS


def _all_in(words: list[str], others: list[str], names: set[str]) -> bool:
    """Whether each of these is one of the others, or a slip of the pen of one."""
    return all(
        word in others or (word not in names and any(_is_slip(word, other) for other in others if other not in names))
        for word in {*words}
    )


def _is_slip(word: str, other: str) -> bool:
    """One is the plural of the other, or both are long and differ in one letter, or in two that changed places."""
    if word.removesuffix("s") == other.removesuffix("s"):
        return True
    if min(len(word), len(other)) < SLIP_LETTERS or abs(len(word) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, others = word[start:], other[start:]
    changed_places = rest[:2] == others[:2][::-1] and rest[2:] == others[2:]
    return changed_places or rest[1:] == others[1:] or rest == others[1:] or rest[1:] == others


def _names(text: str) -> set[str]:
    """Words that are written large though no sentence begins with them, and those with a figure or a sign within."""
    names: set[str] = set()
    for match in WORDS.finditer(text):
        word, before = match[0], text[: match.start()].rstrip()
        begins = not before or before[-1] in ".!?:\n"
        is_large = any(letter.isupper() for letter in (word[1:] if begins else word))
        if is_large or any(letter in "_./:" or letter.isdigit() for letter in word):
            names.update(words_of(word))
    return names
