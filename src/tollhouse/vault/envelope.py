"""Envelopes: a credential under a data key of its own, the data key under the master key, both bound to their row."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tollhouse.errors import CannotStart, CredentialUnreadable, Unavailable
from tollhouse.vault.key_ring import KeyRing
from tollhouse.vault.secret import Secret

_VERSION = "v1"
_DATA_KEY = "dek"  # stands where a kid would; no kid can be called so
_NONCE_BYTES = 12
_LAST4_FROM_LENGTH = 8

_ALTERED = "The stored credential was altered, or belongs to another row, provider or address. Enter its key again."


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """What a sealed value belongs to; opened under any other binding it fails.

    Attributes:
        workspace: id of the owner's workspace.
        user: id of the owner.
        credential: id of the row.
        provider: name of the provider it is for.
        origin: scheme, host and port of the base URL it may be sent to.
        field: which of the credential's secrets (`api_key`, …).
    """

    workspace: str
    user: str
    credential: str
    provider: str
    origin: str
    field: str

    def encode(self) -> bytes:
        """The fields in their order, each after its length (4 bytes), so that no two bindings read alike."""
        fields = (self.workspace, self.user, self.credential, self.provider, self.origin, self.field)
        return b"".join(map(_with_length, fields))


class Sealed(msgspec.Struct, frozen=True):
    """What the store keeps of a secret. Both are `v1.<key id>.<nonce>.<ciphertext>`, the last two in base64url.

    Attributes:
        wrapped_key: the data key, sealed with the master key named in it.
        ciphertext: the secret, sealed with the data key.
    """

    wrapped_key: str
    ciphertext: str


class Vault:
    """Seals and opens. Opening costs about 20 us; what is opened is not kept."""

    def __init__(self, ring: KeyRing, reload: Callable[[], KeyRing] | None = None) -> None:
        """Use the ring.

        Args:
            ring: as loaded at start.
            reload: loads it again (`load_ring`, bound to its places): called before sealing, and for a kid that the
                ring does not have, because another process may have rotated the master key meanwhile.
        """
        self._ring = ring
        self._reload = reload

    def seal(self, secret: Secret, binding: Binding) -> Sealed:
        """Seal with a fresh data key, and that with the primary master key. Raises Unavailable when no keys load."""
        # An old ring would seal with a key that is about to be dropped.
        self._refresh()
        raw_data_key = AESGCM.generate_key(256)
        bound = binding.encode()
        return Sealed(
            wrapped_key=self._wrap(raw_data_key, bound),
            ciphertext=_lock(AESGCM(raw_data_key), _DATA_KEY, secret.reveal().encode(), bound),
        )

    def open(self, sealed: Sealed, binding: Binding) -> Secret:
        """Give back what was sealed under the same binding.

        Raises:
            CredentialUnreadable: altered, cut, moved, of an unknown version, or sealed with a key that is gone.
            Unavailable: the kid is unknown here and the keys cannot be loaded again.
        """
        bound = binding.encode()
        data_key = AESGCM(self._unwrap(sealed.wrapped_key, bound))
        return Secret(_unlock(data_key, _DATA_KEY, sealed.ciphertext, bound).decode())

    def rewrap(self, sealed: Sealed, binding: Binding) -> Sealed:
        """The same secret under the primary master key; unchanged when it is already. Raises as `open` does."""
        self._refresh()
        if kid_of(sealed) == self._ring.primary:
            return sealed
        bound = binding.encode()
        return Sealed(self._wrap(self._unwrap(sealed.wrapped_key, bound), bound), sealed.ciphertext)

    def fingerprint(self, secret: Secret, workspace: str) -> str:
        """16 hex digits that are equal for equal secrets of one workspace, and tell nothing without the master key."""
        message = _with_length(workspace) + secret.reveal().encode()
        return hmac.digest(self._ring.derive("fingerprint"), message, "sha256")[:8].hex()

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, which outlive every rotation of the master key."""
        return self._ring.derive(purpose)

    @property
    def primary(self) -> str:
        """Id of the master key that seals now."""
        return self._ring.primary

    def _wrap(self, raw_data_key: bytes, bound: bytes) -> str:
        kid = self._ring.primary
        return _lock(self._cipher(kid), kid, raw_data_key, bound)

    def _unwrap(self, wrapped_key: str, bound: bytes) -> bytes:
        kid = _split(wrapped_key)[0]
        return _unlock(self._cipher(kid), kid, wrapped_key, bound)

    def _cipher(self, kid: str) -> AESGCM:
        cipher = self._ring.cipher(kid)
        if cipher is None:
            self._refresh()
            cipher = self._ring.cipher(kid)
        if cipher is None:
            raise CredentialUnreadable(
                "The stored credential is sealed with a master key that is gone. Enter it again."
            )
        return cipher

    def _refresh(self) -> None:
        if self._reload is None:
            return
        try:
            self._ring = self._reload()
        except CannotStart as error:
            raise Unavailable("The master key cannot be loaded; the operator must look at its file.") from error


def kid_of(sealed: Sealed) -> str:
    """Id of the master key under which it is sealed. Raises CredentialUnreadable when it is no such text."""
    return _split(sealed.wrapped_key)[0]


def last4(secret: Secret) -> str:
    """The last four characters, for people to recognise it; of a short secret nothing."""
    text = secret.reveal()
    return text[-4:] if len(text) >= _LAST4_FROM_LENGTH else ""


def _lock(cipher: AESGCM, key_id: str, plaintext: bytes, bound: bytes) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    ciphertext = cipher.encrypt(nonce, plaintext, _associated(key_id, bound))
    return f"{_VERSION}.{key_id}.{_write_bytes(nonce)}.{_write_bytes(ciphertext)}"


def _unlock(cipher: AESGCM, key_id: str, text: str, bound: bytes) -> bytes:
    named, nonce, ciphertext = _split(text)
    if named != key_id:
        raise CredentialUnreadable(_ALTERED)
    try:
        return cipher.decrypt(nonce, ciphertext, _associated(key_id, bound))
    except InvalidTag:
        raise CredentialUnreadable(_ALTERED) from None


def _associated(key_id: str, bound: bytes) -> bytes:
    return _with_length(_VERSION) + _with_length(key_id) + bound


def _split(text: str) -> tuple[str, bytes, bytes]:
    """Key id, nonce and ciphertext of `v1.<key id>.<nonce>.<ciphertext>`."""
    version, _, rest = text.partition(".")
    if version != _VERSION:
        raise CredentialUnreadable("The stored credential is in a format that this version does not read.")
    parts = rest.split(".")
    if len(parts) != 3:
        raise CredentialUnreadable(_ALTERED)
    nonce = _read_bytes(parts[1])
    if len(nonce) != _NONCE_BYTES:
        raise CredentialUnreadable(_ALTERED)
    return parts[0], nonce, _read_bytes(parts[2])


def _with_length(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4, "big") + encoded


def _write_bytes(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read_bytes(text: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise CredentialUnreadable(_ALTERED) from None
    # The decoder skips foreign characters and ignores the last one's spare bits; only the one right spelling counts.
    if _write_bytes(raw) != text:
        raise CredentialUnreadable(_ALTERED)
    return raw
