"""Whom the gateway may ask: providers, aliases, and the client that reaches them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType

from tollhouse.app import as_set
from tollhouse.dialects import anthropic_messages, gemini, openai_chat, openai_responses
from tollhouse.gateway.keys import shared_key
from tollhouse.gateway.route import Map
from tollhouse.gateway.targets import Targets
from tollhouse.providers import builtin
from tollhouse.providers.base import Provider
from tollhouse.providers.declared import declared_providers
from tollhouse.settings import Settings
from tollhouse.upstream.base import Upstream
from tollhouse.upstream.demo import DemoUpstream
from tollhouse.upstream.reach import client_of

DIALECTS: Mapping[str, ModuleType] = {
    dialect.NAME: dialect for dialect in (anthropic_messages, gemini, openai_chat, openai_responses)
}
"""The dialects that a `[providers.…]` table may name."""

DEMO = "demo"


def all_providers(settings: Settings) -> dict[str, Provider]:
    """The built-in providers and the operator's own. Raises ConfigurationError when one of these is none."""
    tables = settings.providers.items()
    told = {name: table.model_dump(exclude_unset=True, exclude={"api_key", "share"}) for name, table in tables}
    return declared_providers(told, DIALECTS, builtin())


def map_of(settings: Settings, providers: Mapping[str, Provider], shared: Iterable[str]) -> Map:
    """What a model's name may lead to: the providers, the operator's aliases, and whose key everybody may use."""
    keys = {name: shared_key(name) for name in shared}
    return Map(providers=providers, aliases=as_set.aliases(settings), shared=keys)


def connect(providers: Mapping[str, Provider], settings: Settings) -> tuple[Upstream, Targets]:
    """The client that reaches providers, and where they are."""
    client = client_of(None if settings.egress_proxy is None else settings.egress_proxy.resolve())
    demo = DemoUpstream()
    return client, Targets(providers.values(), lambda provider: demo if provider.name == DEMO else client)
