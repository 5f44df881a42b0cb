"""The headers that carry a provider's key: opened late, kept for a few seconds, never shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tollhouse.clock import Clock
from tollhouse.errors import ConfigurationError, CredentialUnreadable
from tollhouse.gateway.identify import Key
from tollhouse.providers.base import Fields, Headers, Provider
from tollhouse.vault import Binding, Sealed, Secret, Vault

SHARED = "shared"
KEPT_S = 5.0
KEPT_MOST = 10_000

REJECTED_S = 60.0
"""For so long others are asked first, when a provider rejects a credential or its account is empty."""


class Keys:
    """Opens credentials for calls. Opening costs a good part of a request, so a hot key is opened every few seconds.

    Attributes:
        rejected: until when others are asked first, by credential; mostly empty.
    """

    def __init__(
        self,
        vault: Vault,
        clock: Clock,
        origin_of: Callable[[Provider, Fields], str],
        shared: Mapping[str, Callable[[], str]],
    ) -> None:
        """Open what `vault` sealed, for the origin that provider and credential have.

        Args:
            shared: provider -> reads the operator's own key, which is no row of the store.
        """
        self._vault = vault
        self._clock = clock
        self._origin_of = origin_of
        self._shared = shared
        self._kept: dict[tuple[str, str | None], tuple[Headers, Secret, float]] = {}
        self._worked: set[str] = set()
        self._failed: dict[str, str] = {}
        self.rejected: dict[str, float] = {}

    def headers(self, key: Key, provider: Provider) -> tuple[Headers, Secret]:
        """The headers for a call to the provider, and the secret in them, for redaction.

        Raises:
            CredentialUnreadable: altered, moved, sealed for another address, or its reference leads nowhere.
            InvalidRequest: its fields tell no address any more.
        """
        now_s = self._clock.monotonic()
        kept = self._kept.get((key.id, key.ciphertext))
        if kept is not None and kept[2] > now_s:
            return kept[0], kept[1]
        secret = self.open(key, self._origin_of(provider, key.fields))
        headers = provider.authorize(secret.reveal(), key.fields)
        if len(self._kept) >= KEPT_MOST:
            self._kept.clear()
        self._kept[key.id, key.ciphertext] = (headers, secret, now_s + KEPT_S)
        return headers, secret

    def worked(self, key: Key) -> None:
        """The provider took it."""
        self._worked.add(key.id)
        if self.rejected:
            self.rejected.pop(key.id, None)

    def failed(self, key: Key, code: str, now_s: float) -> None:
        """The provider rejects it, or its account is empty; `code` says which."""
        self._failed[key.id] = code
        if len(self.rejected) >= KEPT_MOST:
            self.rejected.clear()
        self.rejected[key.id] = now_s + REJECTED_S

    def is_rejected(self, key: Key, now_s: float) -> bool:
        """It failed a moment ago, and has not worked since."""
        return self.rejected.get(key.id, 0.0) > now_s

    def news(self) -> tuple[set[str], dict[str, str]]:
        """Which credentials worked and which failed, with a code, since this was last asked."""
        told = self._worked, self._failed
        self._worked, self._failed = set(), {}
        return told

    def open(self, key: Key, origin: str) -> Secret:
        """The secret itself. What was sealed for another address stays closed."""
        if key.role == SHARED:
            return self._shared_secret(key.provider)
        if key.reference is not None:
            return resolve(key.reference)
        if key.wrapped_key is None or key.ciphertext is None:
            raise CredentialUnreadable("The stored credential is empty. Enter its key again.")
        return self._vault.open(Sealed(key.wrapped_key, key.ciphertext), binding_of(key, origin))

    def _shared_secret(self, provider: str) -> Secret:
        try:
            return Secret(self._shared[provider]())
        except ConfigurationError as error:
            raise CredentialUnreadable(f"The operator's key for {provider} cannot be read: {error.message}") from None

    def forget(self) -> None:
        """Credentials changed: open them anew."""
        self._kept.clear()
        self.rejected.clear()


def binding_of(key: Key, origin: str) -> Binding:
    """What a credential's secret is bound to."""
    return Binding(
        workspace=key.workspace_id,
        user=key.user_id,
        credential=key.id,
        provider=key.provider,
        origin=origin,
        field="api_key",
    )


def resolve(reference: str) -> Secret:
    """The secret behind `env:VAR` or `file:/path`. Raises CredentialUnreadable."""
    kind, _, place = reference.partition(":")
    if kind == "env" and os.environ.get(place):
        return Secret(os.environ[place])
    if kind == "file":
        try:
            return Secret(Path(place).read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError):
            raise CredentialUnreadable(f"The credential is kept in the file {place}, which cannot be read.") from None
    raise CredentialUnreadable(f"The credential refers to {kind}:{place}, where there is nothing.")


def shared_key(provider: str) -> Key:
    """The operator's own key of a provider, which everybody may use. It is no row of the store."""
    return Key(
        id=f"shared:{provider}",
        user_id="",
        workspace_id="",
        provider=provider,
        role=SHARED,
        label=None,
        last4="",
        origin="",
        fields={},
        reference=None,
        wrapped_key=None,
        ciphertext=None,
    )
