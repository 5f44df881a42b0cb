"""Calls providers over HTTP/1.1: keep-alive connections of our own, checked addresses, exact bytes."""

from __future__ import annotations

import ssl
from functools import partial
from time import monotonic

from tollhouse.errors import UpstreamDown
from tollhouse.upstream.base import Call
from tollhouse.upstream.connect import Connector, Resolver, resolve
from tollhouse.upstream.connection import Connection
from tollhouse.upstream.exchange import Exchange
from tollhouse.upstream.pool import Pool, Stats
from tollhouse.upstream.request import write_head


class Client:
    """A `base.Upstream` that connects directly. Belongs to one event loop; whoever makes it closes it.

    No redirects, no cookies, no proxies from the environment, no decompression: replies come as the provider sent them.
    """

    def __init__(
        self,
        *,
        resolver: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
        max_idle_per_origin: int = 64,
        idle_timeout_s: float = 15.0,
        dns_timeout_s: float = 2.0,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            resolver: (host, port) -> addresses as text, all of which are judged before one is used.
            ssl_context: by default `connect.tls_context()`; must verify.
            max_idle_per_origin: connections kept for later, above which the one idle longest is closed.
            idle_timeout_s: how long one is kept. Shorter than most servers do: a request that crosses their closing is
                lost, and may have been billed.
            dns_timeout_s: within the time allowed for connecting.

        Raises:
            ValueError: the TLS context does not verify.
        """
        self._connector = Connector(resolver, ssl_context, dns_timeout_s)
        self._pool = Pool(max_idle_per_origin=max_idle_per_origin, idle_timeout_s=idle_timeout_s)

    async def send(self, call: Call) -> Exchange:
        """Send and wait for the head of the reply; see `base.Upstream.send`. Cancelling cuts the connection.

        Raises:
            InvalidRequest: a header that must not go on the wire; nothing was sent.
            UpstreamDown, UpstreamTimeout, UpstreamIncomplete: with `may_have_billed` once a byte may have left.
        """
        head = write_head(call)
        started_at = monotonic()
        exchange = self._pool.start(call, head, started_at) or await self._start_anew(call, head, started_at)
        self._pool.watch(call.timeouts)
        await exchange.head()
        return exchange

    @property
    def stats(self) -> Stats:
        """Connections now: all, idle, in flight."""
        return self._pool.stats

    async def aclose(self) -> None:
        """Close every connection; calls in flight fail."""
        await self._pool.aclose()

    async def _start_anew(self, call: Call, head: bytes, started_at: float) -> Exchange:
        timeout_s = min(call.timeouts.connect_s, call.timeouts.total_s)
        make = partial(Connection, call.origin, self._pool)
        connection = await self._connector.connect(call.origin, make, timeout_s)
        # Not before: of a connection whose waiter was cancelled, uvloop never tells that it was lost.
        self._pool.add(connection)
        exchange = connection.start(call, head, started_at)
        if exchange is None:
            raise UpstreamDown(f"{call.origin.host}: the connection was lost before the request left.")
        return exchange
