"""A request's head and body, and the client who waits for the answer: the hot path has no framework.

Routes speak to a `Peer`. There are two: `AsgiPeer` here, over any ASGI server, and `protocol.Cycle`, which saves the
hot routes ASGI's messages.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Protocol, TypeAlias

import msgspec

from tollhouse import ids
from tollhouse.api.cookie import session_of
from tollhouse.errors import InvalidRequest, TooLarge
from tollhouse.providers.base import Headers

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]

DISCARD_S = 5.0
SAFE_ID = re.compile(rb"[A-Za-z0-9._:\-]{1,128}")
SAFE_TAG = re.compile(rb"[A-Za-z0-9._:/\-]{1,64}")
USER_AGENT_MOST = 256
WAIT_MOST_S = 300


class ClientLeft(Exception):
    """The client hung up before its request was complete."""


class Peer(Protocol):
    """The client at the other end of one request.

    Attributes:
        method: in upper case.
        path: decoded, without the query.
        query: what follows the question mark, as it came.
        headers: names in lower case, as they came.
        address: the client's, or a proxy's; None when unknown.
    """

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    address: str | None

    async def read(self, length: int | None, most_bytes: int) -> bytes:
        """The whole body. `length` is what the head announced.

        Raises:
            TooLarge: over the limit; what follows is discarded unread, for a few seconds at most.
            ClientLeft: it hung up.
        """
        ...

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A response in one piece."""
        ...

    async def begin(self, status: int, headers: Headers) -> None:
        """The head of a stream."""
        ...

    async def say(self, piece: bytes) -> None:
        """Bytes of a stream, sent at once; waits while the client reads too slowly."""
        ...

    def say_at_once(self, piece: bytes) -> bool:
        """As `say`, when that needs no waiting; false when it does, and nothing was sent."""
        ...

    async def end(self, piece: bytes = b"") -> None:
        """The last bytes of a stream."""
        ...

    async def left(self) -> None:
        """Returns when the client has hung up, or the response is complete."""
        ...


class AsgiPeer:
    """A client behind an ASGI server."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope.get("query_string", b"")
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        client = scope.get("client")
        self.address: str | None = client[0] if client else None
        self._receive = receive
        self._send = send

    async def read(self, length: int | None, most_bytes: int) -> bytes:
        if length is not None and length > most_bytes:
            await self._discard()
            raise too_large(most_bytes)
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            piece = message.get("body", b"")
            size += len(piece)
            if size > most_bytes:
                await self._discard()
                raise too_large(most_bytes)
            pieces.append(piece)
            if not message.get("more_body"):
                return b"".join(pieces)

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        await self.begin(status, (*headers, (b"content-length", b"%d" % len(body))))
        await self.end(body)

    async def begin(self, status: int, headers: Headers) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def say(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    def say_at_once(self, piece: bytes) -> bool:
        return False

    async def end(self, piece: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": piece})

    async def left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _discard(self) -> None:
        """Let the client finish sending, so that it reads the answer instead of a reset; but not for long."""
        try:
            async with asyncio.timeout(DISCARD_S):
                while (message := await self._receive())["type"] == "http.request" and message.get("more_body"):
                    pass
        except TimeoutError:
            pass


class Head(msgspec.Struct):
    """What the head of a request tells.

    Attributes:
        id: ours, for the row.
        shown_id: the client's own id when it gave a usable one, else ours: what the answer's header says.
        token: the bearer token's text, or a session's key; None without, or with two, which is none.
        length: bytes of the body, when announced.
        idempotency_key: as it came; see `repeats`.
        said_tag, said_wait: as they came; see `tag` and `wait_s`.
    """

    id: str
    shown_id: str
    token: bytes | None
    length: int | None
    ip: str | None
    user_agent: str | None
    client_request_id: str | None
    idempotency_key: bytes | None
    said_tag: bytes | None
    said_wait: bytes | None

    @property
    def tag(self) -> str | None:
        """What the client calls this kind of spending, for reports. Raises InvalidRequest."""
        if self.said_tag is None:
            return None
        if not SAFE_TAG.fullmatch(self.said_tag):
            raise InvalidRequest("x-tollhouse-tag is a word of up to 64 letters, digits and `._:/-`.")
        return self.said_tag.decode()

    @property
    def wait_s(self) -> float:
        """How long to wait for money that calls under way may give back, before a refusal. Raises InvalidRequest."""
        said = self.said_wait
        if said is None:
            return 0.0
        if not said.isdigit() or len(said) > 3 or int(said) > WAIT_MOST_S:
            raise InvalidRequest(f"x-tollhouse-wait is a whole number of seconds, {WAIT_MOST_S} at most.")
        return float(said)


def read_head(peer: Peer, trusted: Networks, key_header: bytes | None = None) -> Head:
    """Read the head. Nothing in it is refused before it is known who asks.

    Args:
        key_header: where a dialect's own SDKs put the token; `Authorization` counts first, and a browser's cookie last.
    """
    token = agent = client_id = forwarded = length = tag = once = wait = None
    tokens = 0
    for name, value in peer.headers:
        if name == b"authorization":
            tokens += 1
            token = value[7:].strip() if value[:7].lower() == b"bearer " else b""
        elif name == b"user-agent":
            agent = value.decode("latin-1")[:USER_AGENT_MOST]
        elif name == b"content-length":
            # The server has refused what is no number.
            length = int(value) if value.isdigit() else None
        elif name == b"x-request-id" or (name == b"x-client-request-id" and client_id is None):
            client_id = value if SAFE_ID.fullmatch(value) else None
        elif name == b"x-forwarded-for":
            forwarded = value
        elif name == b"x-tollhouse-tag":
            tag = value
        elif name == b"x-tollhouse-wait":
            wait = value
        elif name == b"idempotency-key":
            once = value
    if tokens == 0:
        keys = [value.strip() for name, value in peer.headers if name == key_header]
        token = session_of(peer.method, peer.headers) if not keys else keys[0]
        tokens = len(keys) or 1
    own = ids.new("req")
    ip = peer.address
    if forwarded is not None and trusted:
        ip = client_ip(ip, forwarded.decode("latin-1"), trusted)
    shown = client_id.decode() if client_id else None
    return Head(own, shown or own, token if tokens == 1 else None, length, ip, agent, shown, once, tag, wait)


def shown_id(headers: list[tuple[bytes, bytes]]) -> str:
    """`Head.shown_id` of a request whose head nobody reads."""
    named = dict(headers)
    told = named.get(b"x-request-id") or named.get(b"x-client-request-id", b"")
    return told.decode() if SAFE_ID.fullmatch(told) else ids.new("req")


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


def too_large(most_bytes: int) -> TooLarge:
    """The body is over the limit."""
    return TooLarge(f"The body is larger than {most_bytes:,} bytes.", details={"limit_bytes": most_bytes})
