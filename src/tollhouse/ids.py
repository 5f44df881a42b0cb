"""Prefixed ids that sort by the time they were made: `req_67aaf8sg0kx38c62654d0x99gx`.

After the prefix come 26 letters of Crockford's base 32 in lower case: 11 of time (steps of 256 ns since 1970, enough
until 2262) and 15 of chance (75 bits from the operating system). An id names a thing and is never an authority; the
chance only makes it useless to guess. UUIDv7 was not taken: its text is longer, and within one millisecond the usual
libraries count upward, which leaves 32 bits to guess.
"""

from __future__ import annotations

from os import register_at_fork, urandom
from time import time_ns

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_CHANCE = (_ALPHABET * 8).encode()  # 256 is a multiple of 32, so each letter is as likely as any other

_CHANCE_LETTERS = 15
_STOCKED = 256

_newest = 0
_stock: list[str] = []


def new(prefix: str) -> str:
    """A new id, greater than every id with this prefix made in this process before; about 1 us.

    A clock set back does not disorder ids: until it has caught up, each takes the step after the one before.
    """
    global _newest
    # Two threads may take the same step: then their order is left to chance, and the ids still differ.
    _newest = step = max(_newest + 1, time_ns() >> 8)
    return _written(prefix, step)


def at(prefix: str, ns: int) -> str:
    """An id as if made at a moment, in nanoseconds since 1970: for what is entered later than it happened."""
    return _written(prefix, ns >> 8)


def since(prefix: str, ns: int) -> str:
    """What is not greater than any id made from a moment on, and greater than all made before: a bound for a key."""
    return _written(prefix, ns >> 8)[:-_CHANCE_LETTERS]


def _written(prefix: str, step: int) -> str:
    try:
        chance = _stock.pop()
    except IndexError:
        chance = _fresh_chance()
    return (
        f"{prefix}_{_ALPHABET[step >> 50]}{_PAIRS[step >> 40 & 1023]}{_PAIRS[step >> 30 & 1023]}"
        f"{_PAIRS[step >> 20 & 1023]}{_PAIRS[step >> 10 & 1023]}{_PAIRS[step & 1023]}{chance}"
    )


def _fresh_chance() -> str:
    """Ask the operating system for many at once: a call to it costs as much as all the rest of an id."""
    letters = urandom(_CHANCE_LETTERS * _STOCKED).translate(_CHANCE).decode()
    _stock.extend(letters[at : at + _CHANCE_LETTERS] for at in range(_CHANCE_LETTERS, len(letters), _CHANCE_LETTERS))
    return letters[:_CHANCE_LETTERS]


# A child must not hand out what its parent does.
register_at_fork(after_in_child=_stock.clear)
