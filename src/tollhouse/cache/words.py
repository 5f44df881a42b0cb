"""The words of a text as they are compared, and what of English is known about some of them. Pure."""

from __future__ import annotations

import re
from typing import Final

WORDS: Final = re.compile(r"[^\W_]+(?:[.,:/'\u2019_-][^\W_]+)*")
"""Also `3.11`, `10,000`, `2024-05-01`, `don't` and `snake_case`."""


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    return [word.casefold().replace("\u2019", "'") for word in WORDS.findall(text)]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NEGATIONS: Final = _set(
    "no not never none neither nor nothing nobody without except unless hardly cannot lack lacks fail fails"
)
QUESTIONS: Final = _set("who whom whose what which when where why how")
MOVING: Final = _set(
    "today tonight now currently current latest newest recent recently yesterday tomorrow ago this next last upcoming "
    "nowadays still yet"
)
"""What is asked with these has another answer another day."""
OWN: Final = _set("i me my mine myself we us our ours above below attached previous earlier")
"""What is asked with these is about somebody, or something else that was said; but not `how do I`, or `tell me`."""
IDLE: Final = QUESTIONS | _set(
    "a an the is are was were be been being am do does did done has have had having will would shall should can could "
    "may might must of in at by for as it its that it's what's these those there here and then so very just really "
    "please kindly tell show give explain describe let me i you your one like want know wonder wondering need way ways "
    "help possible able exactly actually simply quickly easily to with about hi hello hey thanks thank"
)
"""Words that tell nothing, or are compared otherwise."""
