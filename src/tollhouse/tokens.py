"""Bearer tokens of our own: how one is made, recognised and compared, and what it allows.

    th_live_ 8 letters of id, 33 of chance, 6 of checksum

The prefix is for secret scanners, the underscore for a double click, and the checksum (CRC-32) drops typing errors
without asking the database; GitHub's tokens are built alike (github.blog, "Behind GitHub's new authentication token
formats", 2021-04-05). The chance is 196 bits, which nobody guesses, so a fast digest keeps it as safe as a slow one
would, and gives no lever for tiring the server.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias, get_args
from zlib import crc32

from tollhouse.errors import InvalidRequest

Scope: TypeAlias = Literal[
    "inference", "conversations:read", "conversations:write", "jobs", "credentials:write", "usage:read", "admin:*"
]

ADMIN: Scope = "admin:*"
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
DEFAULT_SCOPES: frozenset[Scope] = SCOPES - {ADMIN}

PREFIX = b"th_live_"
TOKEN_LENGTH = 55

_LOOKUP_LENGTH = 8
_CHANCE_LENGTH = 33
_CHECKSUM_LENGTH = 6
_ID_END = len(PREFIX) + _LOOKUP_LENGTH
_CHECKSUM_START = TOKEN_LENGTH - _CHECKSUM_LENGTH

# 76 bits more than the letters hold, so that the remainder favours none of them measurably.
_RANDOM_BYTES = 40
_BASE = 62
_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WELL_FORMED = re.compile(rb"th_live_[0-9A-Za-z]{47}")


class Minted(NamedTuple):
    """A new token: `text` is shown once and kept nowhere, the rest is stored."""

    text: str
    lookup: str
    digest: str

    def __repr__(self) -> str:
        return f"Minted(th_live_{self.lookup}***)"


class Parsed(NamedTuple):
    """A token that is well-formed: the id to look it up by, and the digest to compare."""

    lookup: str
    digest: str


def mint(random_bytes: Callable[[int], bytes] = secrets.token_bytes, *, pepper: bytes = b"") -> Minted:
    """Make a token. Its lookup id is no secret, and unique by chance only (47 bits): the store refuses a second one."""
    number = int.from_bytes(random_bytes(_RANDOM_BYTES), "big")
    body = PREFIX + _in_base_62(number, _LOOKUP_LENGTH + _CHANCE_LENGTH)
    token = body + _checksum(body)
    return Minted(token.decode(), token[len(PREFIX) : _ID_END].decode(), digest(token, pepper=pepper))


def parse(token: bytes, *, pepper: bytes = b"") -> Parsed | None:
    """Read a token as it came in a header: None when it is none, which needs no database. Never raises."""
    if len(token) != TOKEN_LENGTH or _WELL_FORMED.fullmatch(token) is None:
        return None
    if _checksum(token[:_CHECKSUM_START]) != token[_CHECKSUM_START:]:
        return None
    return Parsed(token[len(PREFIX) : _ID_END].decode(), digest(token, pepper=pepper))


def digest(token: bytes, *, pepper: bytes = b"") -> str:
    """64 hex digits: keyed BLAKE2b (RFC 7693) of the token.

    The pepper, at most 64 bytes, keeps one who can write to the database from planting a token there. HMAC-SHA256 does
    the same in three times the time, on every request.
    """
    return hashlib.blake2b(token, digest_size=32, key=pepper).hexdigest()


def matches(digest: str, stored: str) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(digest, stored)


def allows(scopes: frozenset[Scope], needed: Scope) -> bool:
    """Whether a token may do what needs this scope. `admin:*` manages, and does not by itself call models."""
    return needed in scopes


def grantable(wanted: frozenset[Scope], creator: frozenset[Scope]) -> frozenset[Scope]:
    """Of the wanted scopes those that a creator may hand on: their own, and for `admin:*` every one.

    A grant is refused unless this is all of `wanted`; at use it is what a token still has of its scopes, when its
    creator's have shrunk.
    """
    return wanted if ADMIN in creator else wanted & creator


def read_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Check names that came from outside. Raises InvalidRequest for one that is no scope, and when there is none."""
    named = frozenset(names)
    if not named:
        raise InvalidRequest(
            "A token without scopes allows nothing; leave `scopes` out for the usual ones.", param="scopes"
        )
    unknown = sorted(named - SCOPES)
    if unknown:
        raise InvalidRequest(
            f"There is no scope {unknown[0][:64]!r}. There are: {', '.join(sorted(SCOPES))}.", param="scopes"
        )
    return frozenset(scope for scope in SCOPES if scope in named)


def _checksum(body: bytes) -> bytes:
    return _in_base_62(crc32(body), _CHECKSUM_LENGTH)


def _in_base_62(number: int, length: int) -> bytes:
    letters = bytearray(length)
    for place in range(length - 1, -1, -1):
        number, digit = divmod(number, _BASE)
        letters[place] = _LETTERS[digit]
    return bytes(letters)
