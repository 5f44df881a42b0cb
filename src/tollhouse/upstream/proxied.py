"""Calls providers through an HTTP or SOCKS proxy, which resolves and judges their addresses instead of us."""

from __future__ import annotations

import asyncio
import io
import ssl
from types import SimpleNamespace
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError
from multidict import CIMultiDict
from yarl import URL

from tollhouse.errors import ConfigurationError, UpstreamDown, UpstreamError, UpstreamIncomplete, UpstreamTimeout
from tollhouse.providers.base import Headers
from tollhouse.upstream.base import Call, Taker
from tollhouse.upstream.connect import require_verification, tls_context, why_untrusted
from tollhouse.upstream.request import host_of, write_head

_FAILURES: Final = (aiohttp.ClientError, OSError, ProxyConnectionError, ProxyError, ProxyTimeoutError)


class ProxiedClient:
    """A `base.Upstream` that asks a proxy for a tunnel to each origin; TLS is between us and the provider.

    Slower than `client.Client`, and less strict about framing: aiohttp's parser forgives bare line feeds and the like.
    Made for uvloop: on asyncio's own loop a provider that never answers the TLS handshake holds a call for ever.
    """

    def __init__(
        self, proxy_url: str, *, ssl_context: ssl.SSLContext | None = None, idle_timeout_s: float = 15.0
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            proxy_url: `http://`, `socks4://`, `socks5://` or `socks5h://` with a port, and with user and password if it
                asks.
            ssl_context: by default `connect.tls_context()`; must verify.
            idle_timeout_s: how long a connection is kept for the next call.

        Raises:
            ConfigurationError: no such proxy URL.
            ValueError: the TLS context does not verify.
        """
        _check_proxy_url(proxy_url)
        # The library knows one word for both: that the proxy resolves is said beside it.
        self._proxy_url = proxy_url.replace("socks5h://", "socks5://", 1)
        self._ssl_context = require_verification(ssl_context or tls_context())
        self._idle_timeout_s = idle_timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: Call) -> ProxiedReply:
        """Send and wait for the head of the reply; see `base.Upstream.send`. Cancelling cuts the connection.

        Raises:
            InvalidRequest: a header that must not go on the wire; nothing was sent.
            UpstreamDown, UpstreamTimeout, UpstreamIncomplete: with `may_have_billed` once a byte may have left.
        """
        write_head(call)  # for what it refuses
        if self._session is None:
            self._session = self._open_session()
        timeouts = call.timeouts
        total_at = asyncio.get_running_loop().time() + timeouts.total_s
        deadline = asyncio.timeout(min(timeouts.connect_s, timeouts.total_s))
        progress = _Progress(deadline, timeouts.first_byte_s, total_at)
        try:
            async with deadline:
                response = await self._request(self._session, call, progress)
        except (TimeoutError, ProxyTimeoutError) as error:
            raise _late_head(call, progress) from error
        except _FAILURES as error:
            raise _no_head(call, progress, error) from error
        reply = ProxiedReply(call, response, total_at)
        reply.check_head()
        return reply

    async def aclose(self) -> None:
        """Close every connection; calls in flight fail."""
        if self._session is not None:
            await self._session.close()

    async def _request(self, session: aiohttp.ClientSession, call: Call, progress: _Progress) -> aiohttp.ClientResponse:
        headers = CIMultiDict((name.decode(), value.decode()) for name, value in call.headers)
        headers["Accept-Encoding"] = "identity"
        return await session.request(
            call.method.decode(),
            URL(f"{call.origin.scheme}://{host_of(call.origin)}{call.target.decode()}", encoded=True),
            headers=headers,
            data=io.BytesIO(call.body) if call.body else None,
            allow_redirects=False,
            # Ours are in `send`. This one is the proxy library's, which would otherwise have its own.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=call.timeouts.connect_s),
            max_line_size=call.bounds.head_bytes,
            max_field_size=call.bounds.head_bytes,
            trace_request_ctx=progress,
        )

    def _open_session(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_on_sent)
        connector = ProxyConnector.from_url(
            self._proxy_url, rdns=True, ssl=self._ssl_context, limit=0, keepalive_timeout=self._idle_timeout_s
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept", "Content-Type", "User-Agent"),
            trace_configs=[trace],
        )


class ProxiedReply:
    """A `base.Reply` on top of aiohttp's."""

    def __init__(self, call: Call, response: aiohttp.ClientResponse, total_at: float) -> None:
        self.status = response.status
        self.headers: Headers = tuple((name.lower(), value) for name, value in response.raw_headers)
        self._call = call
        self._response = response
        self._total_at = total_at
        self._body_bytes = 0

    def check_head(self) -> None:
        """Raises UpstreamDown for a head that `client.Client` would not take either."""
        size_bytes = sum(len(name) + len(value) + len(b": \r\n") for name, value in self.headers)
        if size_bytes > self._call.bounds.head_bytes:
            what = "the answer has more head than is taken"
        elif any(
            name == b"content-encoding" and value.lower() not in (b"identity", b"") for name, value in self.headers
        ):
            what = "the answer has a content-encoding, which was not asked for"
        elif not 200 <= self.status <= 599:
            what = f"the answer has the status {self.status}"
        else:
            return
        self.close()
        raise UpstreamDown(f"{self._call.origin.host}: {what}.", may_have_billed=True)

    async def read(self) -> bytes:
        """The whole body, or what `next` has left of it. Raises UpstreamIncomplete, UpstreamTimeout."""
        pieces = []
        while piece := await self.next():
            pieces.append(piece)
        return b"".join(pieces)

    async def next(self, taker: Taker | None = None) -> bytes:
        """The next bytes as they came; `b""` at the end. Raises as `read` does."""
        host, timeouts = self._call.origin.host, self._call.timeouts
        idle_at = asyncio.get_running_loop().time() + timeouts.idle_s
        try:
            async with asyncio.timeout_at(min(idle_at, self._total_at)):
                data = await self._response.content.readany()
        except TimeoutError as error:
            self.close()
            is_idle = idle_at < self._total_at
            what = f"the answer stopped for {timeouts.idle_s:g} s" if is_idle else _no_end_within(timeouts.total_s)
            raise UpstreamTimeout(f"{host}: {what}.", may_have_billed=True) from error
        except _FAILURES as error:
            self.close()
            what = "the connection ended in the midst of the answer"
            raise UpstreamIncomplete(f"{host}: {what}.", may_have_billed=True) from error
        except asyncio.CancelledError:
            self.close()
            raise
        self._body_bytes += len(data)
        if self._body_bytes > self._call.bounds.body_bytes:
            self.close()
            what = f"the answer is larger than {self._call.bounds.body_bytes} bytes"
            raise UpstreamIncomplete(f"{host}: {what}.", may_have_billed=True)
        return data

    def close(self) -> None:
        """Cut the connection, unless the reply came to its end and so gave it back already. May be called twice."""
        self._response.close()


class _Progress:
    """How far a call has come, as aiohttp's tracing tells it."""

    def __init__(self, deadline: asyncio.Timeout, first_byte_s: float, total_at: float) -> None:
        self.was_sent = False
        self._deadline = deadline
        self._first_byte_s = first_byte_s
        self._total_at = total_at

    def sent(self) -> None:
        """The request goes out now, and the wait for the first byte begins."""
        self.was_sent = True
        first_byte_at = asyncio.get_running_loop().time() + self._first_byte_s
        self._deadline.reschedule(min(first_byte_at, self._total_at))


async def _on_sent(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    context.trace_request_ctx.sent()


def _late_head(call: Call, progress: _Progress) -> UpstreamTimeout:
    timeouts = call.timeouts
    if not progress.was_sent:
        return UpstreamTimeout(f"{call.origin.host}: no connection within {timeouts.connect_s:g} s.")
    is_total = timeouts.total_s <= timeouts.first_byte_s
    what = _no_end_within(timeouts.total_s) if is_total else f"no answer within {timeouts.first_byte_s:g} s"
    return UpstreamTimeout(f"{call.origin.host}: {what}.", may_have_billed=True)


def _no_head(call: Call, progress: _Progress, error: Exception) -> UpstreamError:
    host = call.origin.host
    if isinstance(error, ssl.SSLError) and not progress.was_sent:
        return UpstreamDown(f"{host}: no trusted TLS connection: {why_untrusted(error)}.")
    if not progress.was_sent:
        return UpstreamDown(f"{host}: could not be reached.")
    if isinstance(error, aiohttp.ClientResponseError):
        return UpstreamDown(f"{host}: the answer is not valid HTTP/1.1.", may_have_billed=True)
    return UpstreamIncomplete(f"{host}: the connection ended before the answer.", may_have_billed=True)


def _no_end_within(total_s: float) -> str:
    return f"no complete answer within {total_s:g} s"


def _check_proxy_url(proxy_url: str) -> None:
    try:
        parts = urlsplit(proxy_url)
        is_known = parts.scheme in ("http", "socks4", "socks5", "socks5h") and bool(parts.hostname and parts.port)
    except ValueError:
        is_known = False
    if not is_known:
        # Neither quoted nor chained: it may hold a password.
        raise ConfigurationError(
            "egress_proxy: the proxy must be http://host:port, or the same with socks4, socks5 or socks5h"
        )
