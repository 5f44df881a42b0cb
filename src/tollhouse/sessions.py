"""Sessions of browsers: what their cookie holds, and how it is told from what another site makes a browser send.

A session's key is as good as the token that it was got with, but it comes along by itself. So whoever does more than
read says `csrf_of` the key too, in a header: our own page is told it, no other site can read it, and it tells nobody
the key. Keys, and the codes of links that open a session once, are kept as keyed digests, as tokens are (`tokens`),
each with a mark of its own (BLAKE2b's `person`): none of them can be taken for another.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable

SESSION_MOST_S = 12 * 3600
CODE_S = 15 * 60

_RANDOM_BYTES = 32
_WELL_FORMED = re.compile(rb"[A-Za-z0-9_-]{43}")


class SessionKey(bytes):
    """A session's key, from a cookie. Its type keeps it apart from tokens: no other header brings one."""


class Unproven(SessionKey):
    """A key that came without the proof that our own page sent it. It opens nothing."""


def mint(random_bytes: Callable[[int], str] = secrets.token_urlsafe) -> str:
    """The text of a new key or code: 256 bits of chance, in 43 letters that stand in a cookie and in an address."""
    return random_bytes(_RANDOM_BYTES)


def is_well_formed(text: bytes) -> bool:
    """Whether it could be a key or a code: what is not needs no database."""
    return _WELL_FORMED.fullmatch(text) is not None


def digest(key: bytes, *, pepper: bytes) -> str:
    """What is kept of a session's key: 64 hex digits."""
    return hashlib.blake2b(key, digest_size=32, key=pepper, person=b"session").hexdigest()


def code_digest(code: bytes, *, pepper: bytes) -> str:
    """What is kept of a code: 64 hex digits."""
    return hashlib.blake2b(code, digest_size=32, key=pepper, person=b"sign-in code").hexdigest()


def csrf_of(key: bytes) -> str:
    """The proof that belongs to a key: 40 hex digits, from which the key cannot be found."""
    return hashlib.blake2b(key, digest_size=20, person=b"csrf").hexdigest()


def proves(said: bytes, key: bytes) -> bool:
    """Whether it is the proof that belongs to the key, in a time that does not tell where it differs."""
    return hmac.compare_digest(said, csrf_of(key).encode())
