"""The client that calls leave by."""

from __future__ import annotations

from tollhouse.errors import CannotStart
from tollhouse.upstream.base import Upstream
from tollhouse.upstream.client import Client


def client_of(proxy_url: str | None) -> Upstream:
    """One that calls out by itself, or through a proxy. Raises CannotStart when its library is missing."""
    if proxy_url is None:
        return Client()
    try:
        # Late import: aiohttp is an extra, needed only where calls leave through a proxy.
        from tollhouse.upstream.proxied import ProxiedClient
    except ImportError as error:
        raise CannotStart("egress_proxy needs an extra: pip install 'tollhouse[proxy]'") from error
    return ProxiedClient(proxy_url)
