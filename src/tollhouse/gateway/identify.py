"""Whose token is this, and what may it do?

A caller is remembered for a few seconds under the digest of the token, so that a revoked token is refused within that
time in every process, and at once in the one that revoked it. Many requests with one unknown token ask the store once.
A store that does not answer is 503, never 401.

A browser's session is its token's: it is looked up by the key in its cookie, and is over when the token is.

From an address that sends wrong tokens all the time, those that this process has not met are asked for one after the
other, and those that are wrong are 429 (`guessing`). A true one is never refused for what others guess: behind a shared
address it waits for its turn, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tollhouse import sessions, tokens
from tollhouse.clock import Clock
from tollhouse.errors import Forbidden, TollhouseError, TooManyGuesses, Unauthenticated
from tollhouse.gateway.guessing import Guessing
from tollhouse.limits import Allowance
from tollhouse.sessions import SessionKey, Unproven
from tollhouse.store import callers, credentials, people
from tollhouse.store import sessions as session_rows
from tollhouse.store.engine import Reading, Store
from tollhouse.telemetry import Event, log
from tollhouse.tokens import Scope

ASK_FOR_ONE = (
    "Send a Tollhouse token as `Authorization: Bearer th_live_…`, or in the header that your SDK has for it; "
    "never in the address, which others see and keep."
)
NOT_ONE_OF_OURS = "This is not a valid Tollhouse token."
TOO_MANY = f"{NOT_ONE_OF_OURS} Many wrong ones have come from your address; yours is answered as soon as it is right."

SESSION_OVER = "This session is over: sign in again."
UNPROVEN = (
    "A session's cookie counts only from our own page, and for everything but reading with its proof: "
    "`x-tollhouse-csrf`, as `GET /api/session` tells it."
)

REMEMBERED_S = 5.0
REMEMBERED_MOST = 50_000


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A provider credential, sealed or referred to: what is needed to open it, and to name it in an error.

    Attributes:
        role: `primary`, `fallback`, or `shared` for the operator's own.
        origin: scheme, host and port that it may be sent to, and nowhere else.
        fields: what the provider needs besides the key.
        reference: `env:VAR` or `file:/path` instead of a sealed secret.
    """

    id: str
    user_id: str
    workspace_id: str
    provider: str
    role: str
    label: str | None
    last4: str
    origin: str
    fields: Mapping[str, str]
    reference: str | None
    wrapped_key: str | None
    ciphertext: str | None


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as the store knew it a moment ago.

    Attributes:
        owners: the ids under which budgets may hold this caller: workspace, user, token.
        keys: provider -> its active credentials, best first.
        routes: what `route` found for a model's name, kept as long as the caller is.
    """

    user_id: str
    workspace_id: str
    token_id: str
    scopes: frozenset[Scope]
    allowance: Allowance
    expires_at: datetime | None
    owners: tuple[str, ...]
    keys: Mapping[str, tuple[Key, ...]]
    routes: dict[str, Any]

    def require(self, scope: Scope) -> None:
        """Raise Forbidden unless the token allows it."""
        if not tokens.allows(self.scopes, scope):
            raise Forbidden(f"This token may not do that: it lacks the scope `{scope}`.")


class Identify:
    """Callers by token, for one process."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        pepper: bytes = b"",
        on_refused: Callable[[TollhouseError], None] = lambda error: None,
    ) -> None:
        """Ask `store`; `pepper` keys the digests of tokens, as it did when they were made.

        Args:
            on_refused: told what each who is refused is answered.
        """
        self._store = store
        self._on_refused = on_refused
        self._clock = clock
        self._pepper = pepper
        self._callers: dict[str, tuple[Caller, float]] = {}
        self._asking: dict[str, asyncio.Task[Caller]] = {}
        self._guessing = Guessing()
        self._one_by_one = asyncio.Lock()
        self.used: dict[str, datetime] = {}

    async def caller(self, token: bytes | None, now_s: float, ip: str | None) -> Caller:
        """The caller. `now_s` is the monotonic clock's.

        Args:
            token: or a session's key, of that type.
            ip: where the token comes from. Who is refused has no row in the log of requests, and is told of here.

        Raises:
            Unauthenticated: no token, or not one of ours; a session that is over.
            Forbidden: a session's key that another site may have sent.
            TooManyGuesses: not one of ours, after many from that address.
            Unavailable: the store does not answer.
        """
        known = None
        if token and len(token) == tokens.TOKEN_LENGTH:
            known = self._callers.get(tokens.digest(token, pepper=self._pepper))
            if known is not None and known[1] >= now_s:
                return known[0]
        try:
            if isinstance(token, SessionKey):
                return await self._by_session(token, now_s)
            if known is None and self._guessing.is_guessing(ip, now_s):
                async with self._one_by_one:
                    return await self._stranger(token)
            return await self._stranger(token)
        except Unauthenticated as error:
            raise self._refusal(error, token, now_s, ip) from None

    def forget(self) -> None:
        """Something about people changed: ask the store again."""
        self._callers.clear()

    def _refusal(self, error: Unauthenticated, token: bytes | None, now_s: float, ip: str | None) -> TollhouseError:
        """What is answered; whoever only forgot the token, or holds one that was true once, guesses nothing."""
        refusal: TollhouseError = error
        is_known = self._guessing.is_guessing(ip, now_s)
        if token and error.code == Unauthenticated.code:
            wait_s = self._guessing.count(ip, now_s)
            if wait_s:
                refusal = TooManyGuesses(TOO_MANY, retry_after_s=wait_s)
        self._on_refused(refusal)
        if not (is_known and isinstance(refusal, TooManyGuesses)):
            log.warning(Event.AUTHENTICATION_REFUSED, code=refusal.code, ip=ip)
        return refusal

    async def _stranger(self, token: bytes | None) -> Caller:
        parsed = tokens.parse(token, pepper=self._pepper) if token else None
        if parsed is None:
            raise Unauthenticated(NOT_ONE_OF_OURS if token else ASK_FOR_ONE)
        return await self._ask_once(parsed)

    async def _ask_once(self, parsed: tokens.Parsed) -> Caller:
        asking = self._asking.get(parsed.digest)
        if asking is None:
            asking = self._asking[parsed.digest] = asyncio.create_task(self._ask(parsed))
            asking.add_done_callback(lambda _: self._asking.pop(parsed.digest, None))
        return await asyncio.shield(asking)

    async def _ask(self, parsed: tokens.Parsed) -> Caller:
        row, keys = await self._store.join(callers.look_up, parsed.lookup)
        stored = row["digest"] if row is not None else NOBODY
        if not tokens.matches(parsed.digest, stored) or row is None:
            raise Unauthenticated(NOT_ONE_OF_OURS)
        now = self._clock.now()
        refuse_unless_valid(row, now)
        caller = caller_of(row, keys)
        return self._remember(parsed.digest, caller, now, caller.expires_at)

    async def _by_session(self, key: SessionKey, now_s: float) -> Caller:
        if isinstance(key, Unproven):
            raise Forbidden(UNPROVEN, code="csrf_missing")
        digest = sessions.digest(key, pepper=self._pepper)
        known = self._callers.get(digest)
        if known is not None and known[1] >= now_s:
            return known[0]
        now = self._clock.now()
        caller, expires_at = await self._store.read(lambda tx: by_session(tx, digest, now))
        return self._remember(digest, caller, now, expires_at)

    def _remember(self, digest: str, caller: Caller, now: datetime, expires_at: datetime | None) -> Caller:
        """Keep them for a few seconds, at most until they expire."""
        if len(self._callers) >= REMEMBERED_MOST:
            self._callers.clear()
        remembered_s = REMEMBERED_S
        if expires_at is not None:
            remembered_s = min(remembered_s, (expires_at - now).total_seconds())
        self._callers[digest] = (caller, self._clock.monotonic() + remembered_s)
        self.used[caller.token_id] = now
        return caller


NOBODY = tokens.digest(b"nobody")
"""Compared with when there is no such token, so that the answer takes as long."""


def by_id(tx: Reading, token_id: str, now: datetime) -> Caller | None:
    """The caller whose token this is, for what was asked earlier; None when there is none.

    Raises Unauthenticated for a token that is not valid any more.
    """
    row = people.by_token(tx, token_id)
    if row is None:
        return None
    refuse_unless_valid(row, now)
    return caller_of(row, credentials.usable(tx, row["user_id"]))


def by_session(tx: Reading, digest: str, now: datetime) -> tuple[Caller, datetime]:
    """Whose session this is, and until when. Raises Unauthenticated when it is over, or its token is not valid."""
    found = session_rows.find(tx, digest, now)
    caller = None if found is None else by_id(tx, found["token_id"], now)
    if found is None or caller is None:
        raise Unauthenticated(SESSION_OVER, code="session_over")
    return caller, found["expires_at"]


def refuse_unless_valid(row: Any, now: datetime) -> None:
    """Tell the holder of a true token what is wrong with it."""
    if row["revoked_at"] is not None:
        raise Unauthenticated("This token was revoked.", code="token_revoked")
    if row["expires_at"] is not None and row["expires_at"] <= now:
        raise Unauthenticated("This token has expired.", code="token_expired")
    if row["disabled_at"] is not None:
        raise Unauthenticated("This user is disabled.", code="user_disabled")


def caller_of(row: Any, keys: list[Any]) -> Caller:
    """What the store's rows say of a caller."""
    by_provider: dict[str, tuple[Key, ...]] = {}
    for key in keys:
        by_provider[key["provider"]] = (*by_provider.get(key["provider"], ()), key_of(key, row["workspace_id"]))
    return Caller(
        user_id=row["user_id"],
        workspace_id=row["workspace_id"],
        token_id=row["id"],
        scopes=frozenset(row["scopes"]),
        allowance=Allowance(
            requests_per_minute=row["requests_per_minute"],
            tokens_per_minute=row["tokens_per_minute"],
            concurrent=row["concurrent"],
        ),
        expires_at=row["expires_at"],
        owners=(row["workspace_id"], row["user_id"], row["id"]),
        keys=by_provider,
        routes={},
    )


def key_of(row: Any, workspace_id: str) -> Key:
    """A credential's row as a key."""
    return Key(
        id=row["id"],
        user_id=row["user_id"],
        workspace_id=workspace_id,
        provider=row["provider"],
        role=row["role"],
        label=row["label"],
        last4=row["last4"],
        origin=row["origin"],
        fields=row["fields"],
        reference=row["reference"],
        wrapped_key=row["wrapped_key"],
        ciphertext=row["ciphertext"],
    )
