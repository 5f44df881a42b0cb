"""The one interface behind which calls to providers are made: a call goes out, a reply comes back as bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import msgspec

from tollhouse.providers.base import Headers


class Origin(msgspec.Struct, frozen=True):
    """Where a call goes, already checked as text: the client gets this object, never a URL string.

    Attributes:
        scheme: `https`, or `http` when private addresses are allowed.
        host: ASCII (IDNA) name or address, without brackets.
        port: 1 to 65535.
        allow_private_address: the operator said that this host may be on a private network.
    """

    scheme: str
    host: str
    port: int
    allow_private_address: bool = False


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait for what, in seconds."""

    connect_s: float = 3.0
    first_byte_s: float = 120.0
    idle_s: float = 60.0
    total_s: float = 600.0


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The most a reply may be, in bytes; beyond it the call fails."""

    head_bytes: int = 64 * 1024
    body_bytes: int = 64 * 1024 * 1024


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request to a provider.

    Attributes:
        target: path and query as sent on the request line.
        headers: without Host, Content-Length, Connection and Accept-Encoding, which the client writes.
    """

    origin: Origin
    target: bytes
    headers: Headers = ()
    body: bytes = b""
    method: bytes = b"POST"
    timeouts: Timeouts = Timeouts()
    bounds: Bounds = Bounds()


Taker: TypeAlias = Callable[[bytes], bool]
"""Takes a piece of a reply on the spot, or says that it does not. Must not raise."""


class Reply(Protocol):
    """A reply whose head has come. Owned by the caller, who reads it to its end or closes it.

    Attributes:
        status: HTTP status, 200 to 599.
        headers: names in lower case, in the order they came.
    """

    status: int
    headers: Headers

    async def read(self) -> bytes:
        """The whole body. Raises UpstreamIncomplete, UpstreamTimeout."""
        ...

    async def next(self, taker: Taker | None = None) -> bytes:
        """The next bytes as they came, never empty before the end; `b""` at the end. Raises as `read` does.

        Args:
            taker: may be offered what comes meanwhile, in order; what it takes is not returned. The first that it does
                not take is returned, with what came behind it. A piece that is taken costs no turn of the event loop,
                which is half of what a streamed event costs.
        """
        ...

    def close(self) -> None:
        """Be done with it.

        A reply read to its end gives its connection back, any other cuts it. May be called twice.
        """
        ...


class Upstream(Protocol):
    """Sends calls. Safe for any number of calls at once in one event loop."""

    async def send(self, call: Call) -> Reply:
        """Send and wait for the head of the reply; a status of 400 and more is a reply like any other.

        Raises:
            UpstreamDown: no connection (DNS, connect, TLS, refused address); `may_have_billed` tells if anything was
                sent.
            UpstreamTimeout: connect, first byte or total; `may_have_billed` likewise.
            UpstreamIncomplete: the connection ended after the request went out.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
