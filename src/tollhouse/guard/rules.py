"""What an operator forbids to be said, found by deterministic rules. Pure.

Rules hold against a model that was talked into something, because they do not listen; what they look for may be said in
other words all the same. The words of a finding are the rule's name, never the text's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from tollhouse.guard.patterns import bounded, phrase
from tollhouse.guard.windows import Window

CANARY_BYTES_MIN: Final = 8
CANARY_BYTES_MOST: Final = 120

_URL_CHARS: Final = 80
_URL: Final = rf"(?:https?:)?//[^\s)>\"']{{1,{_URL_CHARS}}}"
# What a client shows, it fetches: whoever chose the address is told what stands in it. A picture whose address is too
# far away to be seen is one that leads elsewhere.
_IMAGE: Final = re.compile(
    rf"!\[(?:[^\]]{{120}}|.{{0,120}}?\]\(\s{{0,4}}<?({_URL}))"
    rf"|\]:\s{{0,4}}<?({_URL})"
    rf"|<img\b(?:[^>]{{0,80}}?\bsrc\s{{0,4}}=\s{{0,4}}[\"']?({_URL})|[^>]{{120}})",
    re.IGNORECASE | re.DOTALL,
)
# A link is fetched when somebody follows it: one that carries much is told of.
_LOADED_LINK: Final = re.compile(
    r"(https?://[^\s\"'<>()?#]{1,120}[?#][^\s\"'<>()]{24})"
    r"|(https?://[^\s\"'<>()/]{1,80}/[^\s\"'<>()]{0,60}?[A-Za-z0-9+_=-]{48})",
    re.IGNORECASE,
)
_LEADING: Final = (("image", _IMAGE), ("link", _LOADED_LINK))
_HOST: Final = re.compile(r"(?:https?:)?//(?:[^/?#@\s]{0,100}@)?([^/?#:\\\s]{1,100})", re.IGNORECASE)


_URL_SAFE: Final = str.maketrans("+/", "-_")


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is forbidden on one side.

    Attributes:
        denied: patterns by their names.
        most_chars: of what is asked; None for no end.
        images_and_links: look for images, and for links that carry much, which lead elsewhere than to `hosts`.
        hosts: where they may lead; each stands for its subdomains too.
    """

    denied: tuple[tuple[str, re.Pattern[str]], ...] = ()
    most_chars: int | None = None
    images_and_links: bool = False
    hosts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.denied or self.images_and_links or self.most_chars is not None)

    def is_foreign(self, url: str) -> bool:
        """Whether an address leads elsewhere than to `hosts`, or does not tell within what can be seen of it."""
        found = _HOST.match(url)
        if found is None or (found.end() == len(url) >= _URL_CHARS):
            return True
        host = found[1].casefold().rstrip(".")
        return not any(host == ours or host.endswith(f".{ours}") for ours in self.hosts)


def denials(
    words: Iterable[str], patterns: Iterable[str], canaries: Iterable[str]
) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Compile what is denied.

    Raises:
        ValueError: one cannot be used; the message names it by its place and says why.
    """
    denied: list[tuple[str, re.Pattern[str]]] = []
    for field, values, compile_ in (
        ("deny", words, phrase),
        ("deny_patterns", patterns, bounded),
        ("canaries", canaries, canary),
    ):
        for place, value in enumerate(values):
            try:
                denied.append((f"{field}[{place}]", compile_(value)))
            except ValueError as error:
                raise ValueError(f"{field}[{place}]: {error}") from None
    return tuple(denied)


def canary(secret: str) -> re.Pattern[str]:
    """A text of the operator's own that must never be said: as it is, backwards, in hexadecimal or base64.

    Raises:
        ValueError: it is too short, so that it would be found by chance, or too long.
    """
    raw = secret.encode()
    if not CANARY_BYTES_MIN <= len(raw) <= CANARY_BYTES_MOST:
        raise ValueError(f"a canary has {CANARY_BYTES_MIN} to {CANARY_BYTES_MOST} bytes")
    spellings = {secret, secret[::-1], raw.hex(), *_in_base64(raw)}
    # Base64 in another case is another text, and as rare.
    return re.compile("|".join(map(re.escape, spellings)), re.IGNORECASE)


def broken(window: Window, rules: Rules) -> tuple[str, ...]:
    """The names of the rules that a text breaks."""
    names = [name for name, pattern in rules.denied if _is_in(pattern, window)]
    if rules.images_and_links:
        names += [name for name, pattern in _LEADING if any(map(rules.is_foreign, _urls(pattern, window)))]
    return tuple(names)


def _is_in(pattern: re.Pattern[str], window: Window) -> bool:
    return any(window.has(*found.span()) for found in pattern.finditer(window.text))


def _urls(pattern: re.Pattern[str], window: Window) -> Iterator[str]:
    """The addresses that are found; an empty one where there is none to be seen."""
    for found in pattern.finditer(window.text):
        if window.has(*found.span()):
            yield next((group for group in found.groups() if group is not None), "")


def _in_base64(raw: bytes) -> Iterator[str]:
    """What base64 makes of it wherever it stands: the characters that depend on nothing else."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        first, last = (0, 2, 3)[before], len(encoded) - (1 if (before + len(raw)) % 3 else 0)
        yield encoded[first:last]
        yield encoded[first:last].translate(_URL_SAFE)
