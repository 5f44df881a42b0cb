"""`Idempotency-Key`: what is asked twice under one key is done once, and answered twice.

The scope is the token and the route. A key is kept for 24 hours with a digest of what was asked, and with the answer
when that was a success; after a failure, or the death of a process, it may be tried anew. Streams are not kept.
After the draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header-07).
"""

from __future__ import annotations

import re
from hashlib import blake2b

import msgspec

from tollhouse.api.http import Peer
from tollhouse.clock import Clock
from tollhouse.errors import Conflict, InvalidRequest, Unprocessable
from tollhouse.providers.base import Headers
from tollhouse.store import repeats as sql
from tollhouse.store.engine import Store
from tollhouse.vault.box import Box

HEADER = b"idempotency-key"
REPLAYED = (b"idempotency-replayed", b"true")
SAFE_KEY = re.compile(rb"[\x21-\x7e]{1,255}")

CLAIM_GRACE_S = 30.0


class Answer(msgspec.Struct, frozen=True):
    """An answer that was given. `headers` are those that belong to it, such as where to ask for more."""

    status: int
    content_type: bytes
    body: bytes
    headers: Headers = ()


class Claim:
    """The right to do something once: end it with `keep` or `let_go`."""

    def __init__(self, repeats: Repeats, scope: str, key: str, until: int) -> None:
        self._repeats = repeats
        self._scope = scope
        self._key = key
        self._until = until
        self._is_open = True

    async def keep(self, answer: Answer) -> None:
        """Keep the answer, durably, before it is given. Raises Unavailable."""
        self._is_open = False
        locked = self._repeats.box.lock(msgspec.msgpack.encode(answer), f"{self._scope} {self._key}".encode())
        scope, key, until, status = self._scope, self._key, self._until, answer.status
        await self._repeats.store.write(lambda tx: sql.keep(tx, scope, key, until, status=status, answer=locked))

    async def let_go(self) -> None:
        """Nothing was kept: it may be tried anew. Without effect after `keep`."""
        if self._is_open:
            self._is_open = False
            scope, key, until = self._scope, self._key, self._until
            await self._repeats.store.write(lambda tx: sql.let_go(tx, scope, key, until))


class Repeats:
    """All idempotency keys of one installation."""

    def __init__(self, store: Store, box: Box, clock: Clock, *, boot_id: str, longest_s: float) -> None:
        """Keep answers in the store, locked.

        Args:
            boot_id: our process's; a claim ends with the process that made it.
            longest_s: how long a request may take; a claim that is older is nobody's, whatever else is known of it.
        """
        self.store = store
        self.box = box
        self._clock = clock
        self._boot_id = boot_id
        self._longest_us = int((longest_s + CLAIM_GRACE_S) * 1_000_000)

    async def claim(self, token_id: str, route: str, raw_key: bytes, body: bytes) -> Claim | Answer:
        """The right to do what is asked, or the answer that was given to it.

        Raises:
            InvalidRequest: no usable key.
            Conflict: it is being done at this moment.
            Unprocessable: something else was asked under this key.
        """
        if not SAFE_KEY.fullmatch(raw_key):
            raise InvalidRequest("Idempotency-Key is 1 to 255 printable ASCII characters without spaces.")
        scope, key = f"{token_id} {route}", raw_key.decode()
        now = self._clock.time_ns() // 1_000
        digest = blake2b(body, digest_size=32).hexdigest()
        values = {
            "scope": scope,
            "key": key,
            "digest": digest,
            "status": None,
            "answer": None,
            "claimed_until": now + self._longest_us,
            "boot_id": self._boot_id,
            "created_at": now,
        }
        row = await self.store.write(lambda tx: sql.claim(tx, values, now=now, kept_since=now - sql.KEPT_US))
        if row is None:
            return Claim(self, scope, key, now + self._longest_us)
        if row["digest"] != digest:
            raise Unprocessable(
                "Another request was sent with this Idempotency-Key; use a new one.", code="idempotency_key_reused"
            )
        if row["answer"] is None:
            raise Conflict(
                "A request with this Idempotency-Key is being answered; ask again in a moment.",
                code="idempotency_key_in_use",
                retry_after_s=1.0,
            )
        plain = self.box.open(row["answer"], f"{scope} {key}".encode())
        if plain is None:
            raise Conflict(
                "The answer to this Idempotency-Key can no longer be read.", code="idempotency_key_unreadable"
            )
        return msgspec.msgpack.decode(plain, type=Answer)


class KeptPeer:
    """A client whose answer is kept before it is given. All else is the client's own."""

    def __init__(self, peer: Peer, claim: Claim) -> None:
        self._peer = peer
        self._claim = claim

    def __getattr__(self, name: str) -> object:
        return getattr(self._peer, name)

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A success is kept, durably, and then given."""
        if status < 300:
            await self._claim.keep(Answer(status, dict(headers).get(b"content-type", b""), body))
        else:
            await self._claim.let_go()
        await self._peer.answer(status, headers, body)
