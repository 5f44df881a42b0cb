"""The master keys: one seals, those before it still open; and the text in which they are kept."""

from __future__ import annotations

import base64
import hmac
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tollhouse.errors import CannotStart

_FORMAT = 1
_KEY_BYTES = 32
_KID = re.compile(r"k[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    kid: str
    raw: bytes
    created_at: datetime


class KeyRing:
    """The master keys of one installation, by key id (`kid`). Never changes: each change gives a new ring.

    Attributes:
        primary: kid of the key that seals.
    """

    __slots__ = ("_ciphers", "_keys", "_pepper", "primary")

    def __init__(self, keys: Iterable[_Key], primary: str, pepper: bytes) -> None:
        self._keys = {key.kid: key for key in keys}
        self._ciphers = {key.kid: AESGCM(key.raw) for key in self._keys.values()}
        self._pepper = pepper
        self.primary = primary

    @classmethod
    def new(cls, now: datetime) -> KeyRing:
        """A ring of one fresh key."""
        key = _fresh_key(now)
        return cls([key], key.kid, os.urandom(_KEY_BYTES))

    @property
    def kids(self) -> tuple[str, ...]:
        """Every key id, oldest first."""
        return tuple(self._keys)

    def cipher(self, kid: str) -> AESGCM | None:
        """What encrypts and decrypts with a key, or None when the ring does not have it."""
        return self._ciphers.get(kid)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (RFC 5869), which outlive every rotation."""
        return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"tollhouse " + purpose.encode()).derive(self._pepper)

    def checks(self) -> dict[str, str]:
        """kid -> check value: tells nothing of the key, and whether another ring holds the same one.

        The store remembers them beside what it sealed, for `confirm`.
        """
        return {kid: self._check(key) for kid, key in self._keys.items()}

    def confirm(self, remembered: Mapping[str, str]) -> None:
        """Be sure that this ring opens what was sealed under the remembered `checks`.

        Raises:
            CannotStart: a key is missing or another one; refuse to start.
        """
        ours = self.checks()
        missing = sorted(kid for kid in remembered if kid not in ours)
        if missing:
            raise CannotStart(
                f"Stored credentials are sealed with the master key {', '.join(missing)}, which is not in use here. "
                "Restore the key file that belongs to this database."
            )
        wrong = sorted(kid for kid, check in remembered.items() if not hmac.compare_digest(check, ours[kid]))
        if wrong:
            raise CannotStart(
                f"The master key {', '.join(wrong)} is not the one that sealed the stored credentials. "
                "Restore the key file that belongs to this database."
            )

    def add_primary(self, now: datetime) -> KeyRing:
        """The ring with a fresh key that seals from now on; the others still open."""
        key = _fresh_key(now)
        return KeyRing([*self._keys.values(), key], key.kid, self._pepper)

    def drop(self, kid: str) -> KeyRing:
        """The ring without a key. What is still sealed with it is lost: count first.

        Raises:
            CannotStart: there is no such key, or it is the primary one.
        """
        if kid not in self._keys:
            raise CannotStart(f"There is no master key {kid}.")
        if kid == self.primary:
            raise CannotStart(f"The master key {kid} is the one in use. Rotate to a new one first.")
        return KeyRing([key for key in self._keys.values() if key.kid != kid], self.primary, self._pepper)

    def __repr__(self) -> str:
        return f"KeyRing(primary={self.primary}, kids={', '.join(self.kids)})"

    def _check(self, key: _Key) -> str:
        # The pepper is part of it, so that a damaged one is noticed too.
        message = b"tollhouse master key check\0" + key.kid.encode() + b"\0" + self._pepper
        return _write_bytes(hmac.digest(key.raw, message, "sha256")[:16])


class _KeyText(msgspec.Struct, frozen=True):
    kid: str
    key: str
    created_at: datetime
    check: str


class _RingText(msgspec.Struct, frozen=True):
    format: int
    primary: str
    pepper: str
    keys: tuple[_KeyText, ...]


def write_ring(ring: KeyRing) -> bytes:
    """The ring as JSON: format, primary kid, pepper, and per key its kid, 256 bits, date and check value."""
    checks = ring.checks()
    keys = tuple(
        _KeyText(key.kid, _write_bytes(key.raw), key.created_at, checks[key.kid]) for key in ring._keys.values()
    )
    text = msgspec.json.encode(_RingText(_FORMAT, ring.primary, _write_bytes(ring._pepper), keys))
    return msgspec.json.format(text, indent=2) + b"\n"


def read_ring(text: bytes, where: str) -> KeyRing:
    """Make a ring of what `write_ring` wrote.

    Args:
        text: JSON.
        where: the place it came from, for the message.

    Raises:
        CannotStart: not such a text, of a later format, or damaged: a check value does not fit its key.
    """
    damaged = CannotStart(f"The master key in {where} is damaged. Restore it from your backup.")
    try:
        written = msgspec.json.decode(text, type=_RingText)
        keys = [_Key(line.kid, _read_bytes(line.key), line.created_at) for line in written.keys]
        pepper = _read_bytes(written.pepper)
    except (ValueError, msgspec.MsgspecError):
        # Not chained: a decoder's message may quote the text.
        raise damaged from None
    if written.format != _FORMAT:
        raise CannotStart(f"The master key in {where} was written by a later version of Tollhouse.")
    kids = [key.kid for key in keys]
    if len(set(kids)) != len(kids) or written.primary not in kids or not all(map(_KID.fullmatch, kids)):
        raise damaged
    if any(len(raw) != _KEY_BYTES for raw in (pepper, *(key.raw for key in keys))):
        raise damaged
    ring = KeyRing(keys, written.primary, pepper)
    if ring.checks() != {line.kid: line.check for line in written.keys}:
        raise damaged
    return ring


def _fresh_key(now: datetime) -> _Key:
    return _Key(f"k{os.urandom(4).hex()}", os.urandom(_KEY_BYTES), now)


def _write_bytes(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _read_bytes(text: str) -> bytes:
    return base64.b64decode(text.encode(), altchars=b"-_", validate=True)
