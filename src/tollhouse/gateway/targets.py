"""Where calls go: a provider's one address, or the one that a credential tells.

What a credential tells comes from a user. It is read as strictly as what the operator writes, and may only name the
vendor's own hosts: for any other, the operator says so in the provider's `base_url`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from tollhouse.errors import ConfigurationError, InvalidRequest
from tollhouse.providers.base import Fields, Provider
from tollhouse.upstream.addresses import parse_origin
from tollhouse.upstream.base import Origin, Upstream

KEPT_MOST: Final = 10_000
NO_FIELDS: Final[Fields] = {}


class Target(msgspec.Struct, frozen=True):
    """An address, parsed once, and the client that reaches it."""

    origin: Origin
    base_path: bytes
    upstream: Upstream

    @property
    def bound_to(self) -> str:
        """The origin as credentials are bound to it."""
        return f"{self.origin.scheme}://{self.origin.host}:{self.origin.port}"


class Targets:
    """Targets by provider and credential, each address parsed once."""

    def __init__(self, providers: Iterable[Provider], upstream_of: Callable[[Provider], Upstream]) -> None:
        """Read every provider's own address. Raises ConfigurationError, which names each that is none."""
        self._upstream_of = upstream_of
        self._kept: dict[tuple[str, str], Target] = {}
        problems = []
        for provider in providers:
            try:
                if provider.base_url:
                    self.of(provider)
            except InvalidRequest as error:
                problems.append(f"providers.{provider.name}.base_url: {error.message}")
        if problems:
            raise ConfigurationError(*problems)

    def of(self, provider: Provider, fields: Fields = NO_FIELDS) -> Target:
        """Where a call with a credential of these fields goes.

        Raises:
            InvalidRequest: the fields tell no address, or one that they may not tell.
        """
        url = provider.address(provider.base_url, fields)
        kept = self._kept.get((provider.name, url))
        if kept is not None:
            return kept
        target = self._read(provider, url)
        if len(self._kept) >= KEPT_MOST:
            self._kept.clear()
        self._kept[provider.name, url] = target
        return target

    def _read(self, provider: Provider, url: str) -> Target:
        origin, path = parse_origin(url, provider.allow_private_address)
        if not _is_the_operators(origin, provider) and not _is_the_vendors(origin, provider):
            named = " or ".join(f"https://NAME{end}" for end in provider.hosts) or "the provider's own"
            raise InvalidRequest(
                f"The address must be {named}. For another, the operator sets providers.{provider.name}.base_url.",
                param="fields",
            )
        return Target(origin, path.encode(), self._upstream_of(provider))


def _is_the_operators(origin: Origin, provider: Provider) -> bool:
    return bool(provider.base_url) and parse_origin(provider.base_url, provider.allow_private_address)[0] == origin


def _is_the_vendors(origin: Origin, provider: Provider) -> bool:
    return origin.scheme == "https" and origin.port == 443 and origin.host.endswith(provider.hosts)
