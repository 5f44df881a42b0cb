"""Sessions of browsers: begun with a token or with the code of a link, ended by whoever has them.

A session is its token's: it may do what that may, and is over when that is revoked, expires, or loses its user; after
twelve hours in any case.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from tollhouse import ids, sessions
from tollhouse.admin.access import find_user
from tollhouse.admin.desk import Actor, Desk
from tollhouse.errors import NotFound, Unauthenticated
from tollhouse.gateway.identify import SESSION_OVER, Caller, by_id
from tollhouse.sessions import SessionKey
from tollhouse.store import sessions as sql
from tollhouse.store.engine import Reading, Writing
from tollhouse.tokens import ADMIN

CODE_OVER = "This link was used, or is older than 15 minutes. `tollhouse login` prints another one; a token works too."


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in.

    Attributes:
        user: their id, and their `name`.
        csrf: what everything but reading says in `x-tollhouse-csrf`.
    """

    user: str
    name: str
    scopes: tuple[str, ...]
    is_admin: bool
    csrf: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"SessionView(user={self.user!r}, csrf=***)"


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has begun, with the key that only its cookie holds."""

    key: str
    lasts_s: int
    view: SessionView

    def __repr__(self) -> str:
        return f"Begun(view={self.view!r}, key=***)"


class CodeMade(msgspec.Struct, frozen=True, kw_only=True):
    """A code that opens a session once."""

    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"CodeMade(expires_at={self.expires_at!r}, code=***)"


async def begin(desk: Desk, caller: Caller) -> Begun:
    """Begin a session of the caller's token."""
    return await desk.store.write(lambda tx: _begin(tx, desk, caller))


async def redeem(desk: Desk, code: str) -> Begun:
    """Begin a session with the code of a link. Raises Unauthenticated unless it is good, and the first to be used."""
    now = desk.clock.now()
    digest = sessions.code_digest(code.encode(), pepper=desk.pepper)

    def work(tx: Writing) -> Begun | None:
        token_id = sql.use_code(tx, digest, now)
        caller = None if token_id is None else by_id(tx, token_id, now)
        return None if caller is None else _begin(tx, desk, caller)

    is_known = sessions.is_well_formed(code.encode()) and await desk.store.read(
        lambda tx: sql.has_code(tx, digest, now)
    )
    begun = await desk.store.write(work) if is_known else None
    if begun is None:
        raise Unauthenticated(CODE_OVER, code="code_over")
    return begun


async def show(desk: Desk, caller: Caller, key: SessionKey) -> SessionView:
    """Who is signed in. Raises Unauthenticated when the session is over."""
    now, digest = desk.clock.now(), sessions.digest(key, pepper=desk.pepper)

    def query(tx: Reading) -> SessionView:
        row = sql.find(tx, digest, now)
        if row is None:
            raise Unauthenticated(SESSION_OVER, code="session_over")
        return _view(tx, caller, key, row["expires_at"])

    return await desk.store.read(query)


async def end(desk: Desk, caller: Caller, key: SessionKey) -> None:
    """End a session: its key opens nothing from now on, in other processes within seconds."""

    def work(tx: Writing) -> None:
        row = sql.end(tx, sessions.digest(key, pepper=desk.pepper))
        if row is not None:
            desk.note(tx, Actor(caller.token_id, caller), "session.end", row["id"])

    await desk.change(work)


async def make_code(desk: Desk, actor: Actor, user: str | None = None) -> CodeMade:
    """Make a code for a link: for the newest token that manages, or for one of a user.

    Raises:
        NotFound: there is no such user, or no valid token.
    """
    code, now = sessions.mint(), desk.clock.now()
    expires_at = now + timedelta(seconds=sessions.CODE_S)

    def work(tx: Writing) -> CodeMade:
        user_id = None if user is None else find_user(tx, user)["id"]
        token = sql.token_for(tx, now, scope=ADMIN, user_id=user_id)
        if token is None:
            whose = "that manages: tollhouse tokens create admin --scope 'admin:*'" if user is None else f"of {user}"
            raise NotFound(f"There is no valid token {whose}")
        digest = sessions.code_digest(code.encode(), pepper=desk.pepper)
        sql.add_code(tx, {"digest": digest, "token_id": token["id"], "expires_at": expires_at})
        desk.note(tx, actor, "session.link", token["id"])
        return CodeMade(code=code, expires_at=expires_at)

    return await desk.store.write(work)


def _begin(tx: Writing, desk: Desk, caller: Caller) -> Begun:
    key, now = sessions.mint(), desk.clock.now()
    lasts = timedelta(seconds=sessions.SESSION_MOST_S)
    if caller.expires_at is not None:
        lasts = min(lasts, caller.expires_at - now)
    values: dict[str, Any] = {
        "id": ids.new("ses"),
        "digest": sessions.digest(key.encode(), pepper=desk.pepper),
        "token_id": caller.token_id,
        "created_at": now,
        "expires_at": now + lasts,
    }
    sql.add(tx, values)
    desk.note(tx, Actor(caller.token_id, caller), "session.begin", values["id"])
    view = _view(tx, caller, SessionKey(key.encode()), values["expires_at"])
    return Begun(key=key, lasts_s=int(lasts.total_seconds()), view=view)


def _view(tx: Reading, caller: Caller, key: SessionKey, expires_at: datetime) -> SessionView:
    return SessionView(
        user=caller.user_id,
        name=find_user(tx, caller.user_id)["name"],
        scopes=tuple(sorted(caller.scopes)),
        is_admin=ADMIN in caller.scopes,
        csrf=sessions.csrf_of(key),
        expires_at=expires_at,
    )
