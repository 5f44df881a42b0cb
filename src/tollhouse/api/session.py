"""/api/session: signing in to the dashboard, and out of it.

Browsers come here before anything else, and strangers too, so it needs nothing of the framework behind management. Who
signs in says it as JSON, which no other site can make a browser send; nobody is signed in by a link that they followed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import msgspec

from tollhouse.admin import sessions
from tollhouse.admin.desk import Desk
from tollhouse.admin.sessions import Begun, SessionView
from tollhouse.api import cookie, errors
from tollhouse.api.envelopes import PROBLEM, SHOWN_ID
from tollhouse.api.http import ClientLeft, Head, Networks, Peer, read_head
from tollhouse.dialects import json_body
from tollhouse.errors import Forbidden, InvalidRequest, TollhouseError, Unauthenticated, UnsupportedMediaType
from tollhouse.gateway.identify import Identify
from tollhouse.providers.base import Headers
from tollhouse.sessions import SessionKey
from tollhouse.telemetry import Event, log

BODY_BYTES = 4_096
NOBODY = "Nobody is signed in here: POST a token, or the code of a link that `tollhouse login` prints."


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in: one of a token and the code of a link."""

    token: str | None = None
    code: str | None = None

    def __repr__(self) -> str:
        return "SignIn(***)"


SIGN_IN = msgspec.json.Decoder(SignIn)


class Sessions:
    """Answers them."""

    def __init__(self, desk: Desk, identify: Identify, trusted: Networks) -> None:
        """`trusted` are the networks of reverse proxies, whose word counts for the client's address and for TLS."""
        self._desk = desk
        self._identify = identify
        self._trusted = trusted

    async def begin(self, peer: Peer) -> None:
        """Sign in."""
        await self._serve(peer, self._begin)

    async def show(self, peer: Peer) -> None:
        """Who is signed in."""
        await self._serve(peer, self._show)

    async def end(self, peer: Peer) -> None:
        """Sign out."""
        await self._serve(peer, self._end)

    async def _begin(self, peer: Peer, head: Head) -> None:
        refuse_other_sites(peer)
        asked = read(await peer.read(head.length, BODY_BYTES))
        begun = await self._begun(asked, head)
        setting = cookie.setting(begun.key, begun.lasts_s, is_secure=self._is_secure(peer))
        await answer(peer, head, 201, begun.view, setting)

    async def _begun(self, asked: SignIn, head: Head) -> Begun:
        if asked.code is not None:
            return await sessions.redeem(self._desk, asked.code)
        token = (asked.token or "").strip().encode()
        caller = await self._identify.caller(token, self._desk.clock.monotonic(), head.ip)
        return await sessions.begin(self._desk, caller)

    async def _show(self, peer: Peer, head: Head) -> None:
        key = key_of(head)
        caller = await self._identify.caller(key, self._desk.clock.monotonic(), head.ip)
        await answer(peer, head, 200, await sessions.show(self._desk, caller, key))

    async def _end(self, peer: Peer, head: Head) -> None:
        key = key_of(head)
        caller = await self._identify.caller(key, self._desk.clock.monotonic(), head.ip)
        await sessions.end(self._desk, caller, key)
        await answer(peer, head, 200, None, cookie.unsetting(is_secure=self._is_secure(peer)))

    async def _serve(self, peer: Peer, act: Callable[[Peer, Head], Awaitable[None]]) -> None:
        head = read_head(peer, self._trusted)
        try:
            await act(peer, head)
        except ClientLeft:
            raise
        except Exception as error:
            if not isinstance(error, TollhouseError):
                log.error(Event.REQUEST_FAILED, request=head.id, exc_info=error)
            told = errors.as_tollhouse(error)
            headers, body = PROBLEM.wrap(told, head.shown_id)
            await peer.answer(told.status, headers, body)

    def _is_secure(self, peer: Peer) -> bool:
        """Whether the client's own connection has TLS, as a trusted proxy tells. We speak none ourselves."""
        is_told = dict(peer.headers).get(b"x-forwarded-proto", b"").rpartition(b",")[2].strip().lower() == b"https"
        if not is_told or peer.address is None:
            return False
        try:
            address = ip_address(peer.address)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)


def read(body: bytes) -> SignIn:
    """Who signs in. Raises InvalidRequest."""
    asked = json_body.decode(SIGN_IN, body)
    if (asked.token is None) is (asked.code is None):
        raise InvalidRequest('Say who signs in: {"token": "th_live_…"}, or {"code": "…"} of a link.')
    return asked


def refuse_other_sites(peer: Peer) -> None:
    """Raise unless one of our own pages asks, or no browser. No other site signs anybody in."""
    said = dict(peer.headers)
    if said.get(b"sec-fetch-site", cookie.OURS[0]) not in cookie.OURS:
        raise Forbidden("Sign in on the dashboard's own page, not from another site.", code="cross_site")
    if said.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        raise UnsupportedMediaType("Send JSON, with `Content-Type: application/json`.")


def key_of(head: Head) -> SessionKey:
    """The session that asks. Raises Unauthenticated when none does: a token is not one."""
    if not isinstance(head.token, SessionKey):
        raise Unauthenticated(NOBODY, code="session_missing")
    return head.token


async def answer(peer: Peer, head: Head, status: int, view: SessionView | None, *more: tuple[bytes, bytes]) -> None:
    """A view, which nobody else may keep; or nothing, when there is none."""
    headers: Headers = (errors.JSON, (SHOWN_ID, head.shown_id.encode()), (b"cache-control", b"no-store"), *more)
    await peer.answer(status, headers, msgspec.json.encode(view))
