"""Tells endpoints, by Standard Webhooks 1.0.0: an id that stays, the time of the attempt, and signatures over both.

Source: standardwebhooks.com, specification 1.0.0, 2026-11-22.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from tollhouse.clock import Clock
from tollhouse.errors import CredentialUnreadable, InvalidRequest
from tollhouse.notify.events import Alert, body_of
from tollhouse.notify.post import Undelivered, post, read_address
from tollhouse.providers.base import Headers
from tollhouse.store import webhooks as sql
from tollhouse.store.engine import Store
from tollhouse.upstream.addresses import parse_url
from tollhouse.upstream.base import Upstream
from tollhouse.vault import Binding, Sealed, Secret, Vault, kid_of

PREFIX = "whsec_"
SECRET_BYTES = 32
"""Of chance; the specification wants 24 to 64."""


class Webhooks:
    """The endpoints that the operator entered."""

    def __init__(
        self, store: Store, upstream: Upstream, vault: Vault, clock: Clock, private_hosts: Collection[str]
    ) -> None:
        """Read endpoints from the store, and open their secrets only to sign."""
        self._store = store
        self._upstream = upstream
        self._vault = vault
        self._clock = clock
        self._private_hosts = private_hosts

    async def send(self, alert: Alert, target: str) -> int:
        """Tell the endpoint whose id is `target`; gives the status. Raises Undelivered, Unavailable."""
        now = self._clock.now()

        row, rows = await self._store.read(lambda tx: (sql.find(tx, target), sql.secrets_of(tx, target, now)))
        if row is None or not row["active"]:
            raise Undelivered("the endpoint was removed, or is disabled", is_final=True)
        try:
            address = read_address(row["url"], self._private_hosts)
            keys = [open_secret(self._vault, sealed, row["url"]) for sealed in rows]
        except (InvalidRequest, CredentialUnreadable) as error:
            raise Undelivered(error.message) from error
        body = body_of(alert)
        return await post(self._upstream, address, signed(keys, alert.id, now, body), body, now)


def new_secret() -> Secret:
    """A fresh secret, as the receiver enters it."""
    return Secret(PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def seal_secret(vault: Vault, secret: Secret, secret_id: str, url: str) -> dict[str, str]:
    """The sealed columns of a row of `webhook_secret`. Raises Unavailable."""
    sealed = vault.seal(secret, binding_of(secret_id, url))
    return {"wrapped_key": sealed.wrapped_key, "ciphertext": sealed.ciphertext, "kid": kid_of(sealed)}


def open_secret(vault: Vault, row: Any, url: str) -> Secret:
    """The secret in a row of `webhook_secret`. Raises CredentialUnreadable, Unavailable."""
    return vault.open(Sealed(row["wrapped_key"], row["ciphertext"]), binding_of(row["id"], url))


def binding_of(secret_id: str, url: str) -> Binding:
    """What a sealed secret belongs to: its row, and the origin of its endpoint. No user owns it."""
    origin, _ = parse_url(url, allow_private_address=True)
    bound_to = f"{origin.scheme}://{origin.host}:{origin.port}"
    return Binding(workspace="", user="", credential=secret_id, provider="webhook", origin=bound_to, field="secret")


def signed(keys: Sequence[Secret], message_id: str, at: datetime, body: bytes) -> Headers:
    """The three headers; one signature for each key, so that a receiver may change to a new one at its leisure."""
    timestamp = str(int(at.timestamp())).encode()
    content = b"%b.%b.%b" % (message_id.encode(), timestamp, body)
    return (
        (b"webhook-id", message_id.encode()),
        (b"webhook-timestamp", timestamp),
        (b"webhook-signature", b" ".join(_signature(key, content) for key in keys)),
    )


def _signature(key: Secret, content: bytes) -> bytes:
    raw = base64.b64decode(key.reveal().removeprefix(PREFIX))
    return b"v1," + base64.b64encode(hmac.digest(raw, content, "sha256"))
