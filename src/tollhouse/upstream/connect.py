"""Opens connections: resolve, judge every address, connect to a judged one, verify its certificate."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from time import monotonic
from typing import TypeAlias, TypeVar

from tollhouse.errors import UpstreamDown, UpstreamTimeout
from tollhouse.upstream.addresses import is_forbidden
from tollhouse.upstream.base import Origin

Address: TypeAlias = IPv4Address | IPv6Address
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
ProtocolT = TypeVar("ProtocolT", bound=asyncio.Protocol)


class Connector:
    """Opens connections to origins.

    Whether the name, the rules, the network or the host refused, the failure reads the same: what users may name must
    not become a scanner of our network. The cause is chained, for the operator's log.
    """

    def __init__(self, resolver: Resolver, ssl_context: ssl.SSLContext | None, dns_timeout_s: float) -> None:
        self._resolver = resolver
        self._ssl_context = None if ssl_context is None else require_verification(ssl_context)
        self._dns_timeout_s = dns_timeout_s

    async def connect(self, origin: Origin, make: Callable[[], ProtocolT], timeout_s: float) -> ProtocolT:
        """A connected protocol, TLS done, within `timeout_s`. Raises UpstreamDown, UpstreamTimeout."""
        try:
            async with asyncio.timeout(timeout_s):
                addresses = await self._resolve(origin)
                return await self._connect_to_one(addresses, origin, make, monotonic() + timeout_s)
        except TimeoutError as error:
            raise UpstreamTimeout(f"{origin.host}: no connection within {timeout_s:g} s.") from error
        except ssl.SSLError as error:
            raise UpstreamDown(f"{origin.host}: no trusted TLS connection: {why_untrusted(error)}.") from error
        except OSError as error:
            raise UpstreamDown(f"{origin.host}: could not be reached.") from error

    async def _resolve(self, origin: Origin) -> list[Address]:
        async with asyncio.timeout(self._dns_timeout_s):
            addresses = [ip_address(text) for text in await self._resolver(origin.host, origin.port)]
        for address in addresses:
            if is_forbidden(address, origin.allow_private_address):
                # One bad address condemns the name: whoever mixes them in hopes that we try them in turn.
                raise _ForbiddenAddressError(f"{origin.host} resolves to {address}")
        return addresses

    async def _connect_to_one(
        self, addresses: list[Address], origin: Origin, make: Callable[[], ProtocolT], deadline: float
    ) -> ProtocolT:
        context = await self._tls() if origin.scheme == "https" else None
        failure = OSError(f"{origin.host} resolves to nothing")
        for n, address in enumerate(addresses):
            # Each address has an equal share of the time that is left, so that a black hole does not hide the others.
            share_s = (deadline - monotonic()) / (len(addresses) - n)
            try:
                async with asyncio.timeout(share_s):
                    _, protocol = await asyncio.get_running_loop().create_connection(
                        make,
                        str(address),
                        origin.port,
                        ssl=context,
                        server_hostname=None if context is None else origin.host,
                    )
                    return protocol
            except ssl.SSLError:
                raise
            except OSError as error:
                failure = error
        raise failure

    async def _tls(self) -> ssl.SSLContext:
        """Read the trust store for the first connection that needs it: who calls a local model never does."""
        if self._ssl_context is None:
            self._ssl_context = await asyncio.to_thread(tls_context)
        return self._ssl_context


class _ForbiddenAddressError(OSError):
    """A name resolves to an address that no call may go to."""


async def resolve(host: str, port: int) -> list[str]:
    """The system's resolver; an address resolves to itself."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


@lru_cache(maxsize=8)
def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Verifies certificates by the system's trust store, or by the authorities in `ca_file` (PEM) instead."""
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


def require_verification(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context. Raises ValueError when it would trust just anybody."""
    if context.verify_mode != ssl.CERT_REQUIRED or not context.check_hostname:
        raise ValueError("the TLS context must verify certificates and host names")
    return context


def why_untrusted(error: ssl.SSLError) -> str:
    """What OpenSSL says, for the caller: of the certificate if it was that, else of the handshake."""
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error.reason)
