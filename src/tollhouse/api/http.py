"""A request's head and body, read from ASGI by hand: the hot path has no framework."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, TypeAlias

import msgspec

from tollhouse import ids
from tollhouse.errors import InvalidRequest, TooLarge
from tollhouse.providers.base import Headers

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]

DISCARD_S = 5.0
SAFE_ID = re.compile(rb"[A-Za-z0-9._:\-]{1,128}")
USER_AGENT_MOST = 256


class ClientLeft(Exception):  # noqa: N818
    """The client hung up before its request was complete."""


class Head(msgspec.Struct):
    """What the head of a request tells.

    Attributes:
        id: ours, for the row.
        shown_id: the client's own id when it gave a usable one, else ours: what the answer's header says.
        token: the bearer token's text; None without, or with two, which is none.
    """

    id: str
    shown_id: str
    token: bytes | None
    length: int | None
    ip: str | None
    user_agent: str | None
    client_request_id: str | None


def read_head(scope: Scope, trusted: Networks) -> Head:
    """Read the head. Raises InvalidRequest for a Content-Length that is no number."""
    token: bytes | None = None
    tokens = 0
    length: int | None = None
    agent = client_id = forwarded = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            tokens += 1
            token = value[7:].strip() if value[:7].lower() == b"bearer " else b""
        elif name == b"user-agent":
            agent = value.decode("latin-1")[:USER_AGENT_MOST]
        elif name == b"content-length":
            length = _length(value)
        elif name == b"x-request-id" or (name == b"x-client-request-id" and client_id is None):
            client_id = value if SAFE_ID.fullmatch(value) else None
        elif name == b"x-forwarded-for":
            forwarded = value
    own = ids.new("req")
    client = scope.get("client")
    ip = client[0] if client else None
    if forwarded is not None and trusted:
        ip = client_ip(ip, forwarded.decode("latin-1"), trusted)
    shown = client_id.decode() if client_id else None
    return Head(own, shown or own, token if tokens == 1 else None, length, ip, agent, shown)


def client_ip(peer: str | None, forwarded: str, trusted: Networks) -> str | None:
    """The last address of X-Forwarded-For that a trusted proxy did not add itself."""
    ip = peer
    for hop in reversed([hop.strip() for hop in forwarded.split(",")]):
        try:
            if ip is None or not any(ip_address(ip) in network for network in trusted):
                return ip
            ip_address(hop)
        except ValueError:
            return ip
        ip = hop
    return ip


async def read_body(receive: Receive, head: Head, most_bytes: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: over the limit; what follows is discarded unread, for a few seconds at most.
        ClientLeft: it hung up.
    """
    if head.length is not None and head.length > most_bytes:
        await _discard(receive)
        raise _too_large(most_bytes)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > most_bytes:
            raise _too_large(most_bytes)
        return body
    pieces: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientLeft
        piece = message.get("body", b"")
        size += len(piece)
        if size > most_bytes:
            await _discard(receive)
            raise _too_large(most_bytes)
        pieces.append(piece)
        if not message.get("more_body"):
            return b"".join(pieces)
        message = await receive()


async def send_whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """A response in one piece."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _discard(receive: Receive) -> None:
    """Let the client finish sending, so that it reads the answer instead of a reset; but not for long."""
    try:
        async with asyncio.timeout(DISCARD_S):
            while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                pass
    except TimeoutError:
        pass


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"The body is larger than {most_bytes:,} bytes.", details={"limit_bytes": most_bytes})


def _length(value: bytes) -> int:
    if not value.isdigit():
        raise InvalidRequest("Content-Length is not a number.")
    return int(value)
