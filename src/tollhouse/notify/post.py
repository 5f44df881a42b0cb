"""One POST to an address that somebody named, by the address rules that hold for providers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from tollhouse.errors import InvalidRequest, UpstreamError
from tollhouse.providers.base import Headers
from tollhouse.upstream.addresses import parse_url
from tollhouse.upstream.base import Bounds, Call, Origin, Timeouts, Upstream

TIMEOUTS = Timeouts(connect_s=5.0, first_byte_s=20.0, idle_s=20.0, total_s=20.0)
BOUNDS = Bounds(head_bytes=16 * 1024, body_bytes=64 * 1024)
USER_AGENT = b"tollhouse"


class Address(msgspec.Struct, frozen=True):
    """Where to post: an origin that was checked, and the target of the request line."""

    origin: Origin
    target: bytes


class Undelivered(Exception):
    """An attempt failed.

    Attributes:
        message: why, for people; no secret.
        status: the HTTP status, if one came.
        retry_after_s: how long the receiver wants to be left alone, if it said so.
        is_final: no further attempt will do better.
        is_gone: the receiver wants nothing more at all, ever.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        is_final: bool = False,
        is_gone: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s
        self.is_final = is_final or is_gone
        self.is_gone = is_gone


def read_address(url: str, private_hosts: Collection[str]) -> Address:
    """Check an address. Only hosts that the operator lists may be private, or spoken to without TLS.

    Raises:
        InvalidRequest: it must not be called.
    """
    origin, target = parse_url(url, allow_private_address=True)
    if origin.host not in private_hosts:
        origin, target = parse_url(url)
    return Address(origin, target.encode())


async def post(upstream: Upstream, address: Address, headers: Headers, body: bytes, now: datetime) -> int:
    """Send; gives the status, from 200 to 299. Redirects are not followed, and the body of the answer is not read.

    Raises:
        Undelivered: any other status, or none.
    """
    call = Call(
        origin=address.origin,
        target=address.target,
        headers=((b"content-type", b"application/json"), (b"user-agent", USER_AGENT), *headers),
        body=body,
        timeouts=TIMEOUTS,
        bounds=BOUNDS,
    )
    try:
        reply = await upstream.send(call)
    except (UpstreamError, InvalidRequest) as error:
        raise Undelivered(error.message) from error
    reply.close()
    if 200 <= reply.status < 300:
        return reply.status
    raise Undelivered(
        f"{address.origin.host} answered with status {reply.status}",
        status=reply.status,
        retry_after_s=_retry_after_s(reply.headers, now),
        is_gone=reply.status == 410,
    )


def _retry_after_s(headers: Headers, now: datetime) -> float | None:
    """What Retry-After says, in seconds or as a date (RFC 9110, 10.2.3); None when it says nothing of sense."""
    text = next((value.decode("latin-1") for name, value in headers if name == b"retry-after"), "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return None
