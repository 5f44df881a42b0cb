"""Locks what is kept for a while only, under one key of its own; cheaper than an envelope, and never rewrapped."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Box:
    """AES-256-GCM under a key that `Vault.derive` gave for this purpose."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def lock(self, plain: bytes, bound: bytes) -> bytes:
        """Lock, bound to a place: elsewhere it does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bound)

    def open(self, locked: bytes, bound: bytes) -> bytes | None:
        """What was locked; None when it was altered, moved, or locked with another key."""
        try:
            return self._cipher.decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], bound)
        except InvalidTag:
            return None
