"""Which models may answer, best first?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import repeat
from types import ModuleType
from typing import Literal, TypeAlias

import msgspec

from tollhouse.errors import ConfigurationError, InvalidRequest, ModelNotFound, NoCredential
from tollhouse.gateway.identify import Caller, Key
from tollhouse.providers.base import Headers, Provider
from tollhouse.upstream.breaker import Way
from tollhouse.upstream.pace import Served

Strategy: TypeAlias = Literal["fallback", "weighted", "cheapest", "fastest", "least_busy"]
"""By what a route chooses whom to ask first; the others follow as they are written."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, model and credential that may answer.

    Attributes:
        model: the provider's own name for it.
        key: None for providers that need none.
        names: everything this model is called on the way, for budgets that are about one of them.
        headers: who answers, as the response tells it.
        strategy: by what the route chooses whom to ask first.
        weight: how often it is this one, beside the others, when it chooses by weight.
    """

    provider: Provider
    model: str
    key: Key | None
    names: frozenset[str]
    headers: Headers
    strategy: Strategy = "fallback"
    weight: int = 1

    @property
    def served(self) -> Served:
        """Provider and model, whichever credential asks."""
        return self.provider.name, self.model

    @property
    def way(self) -> Way:
        """What works or fails together."""
        return self.provider.name, self.model, None if self.key is None else self.key.id


class Alias(msgspec.Struct, frozen=True, kw_only=True):
    """A name for an ordered list of `provider/model`; without weights they weigh alike."""

    candidates: tuple[str, ...]
    strategy: Strategy = "fallback"
    weights: tuple[int, ...] = ()


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """All that can be reached: providers and aliases by name, and the operator's own keys by provider."""

    providers: Mapping[str, Provider]
    aliases: Mapping[str, Alias]
    shared: Mapping[str, Key]

    def __post_init__(self) -> None:
        """Raises ConfigurationError, which names each candidate of an alias that nobody could ever be, and each alias
        whose vectors could not be compared."""
        problems = [
            f"routes.{alias}.candidates: {problem}"
            for alias, told in self.aliases.items()
            for problem in (*(_unreachable(name, self.providers) for name in told.candidates), _mixed(told.candidates))
            if problem
        ]
        if problems:
            raise ConfigurationError(*problems)


def candidates(asked: str, caller: Caller, reachable: Map) -> tuple[Candidate, ...]:
    """Who may answer a request for this name, best first.

    Raises:
        ModelNotFound: nobody serves it; the message names near ones.
        NoCredential: somebody does, but the caller has no key for any of them.
        InvalidRequest: a bare name that several of the caller's providers list.
    """
    alias = reachable.aliases.get(asked) or Alias(candidates=(_full_name(asked, caller, reachable),))
    found: list[Candidate] = []
    keyless: list[Provider] = []
    for name, weight in zip(alias.candidates, alias.weights or repeat(1), strict=False):
        provider_name, _, model = name.partition("/")
        provider = reachable.providers.get(provider_name)
        if provider is None or not model or not _serves(provider, model):
            raise _not_found(name, caller, reachable)
        names = frozenset((asked, name, model))
        keys = keys_for(provider, caller, reachable)
        if not keys and provider.needs_key:
            keyless.append(provider)
        found.extend(
            Candidate(
                provider=provider,
                model=model,
                key=key,
                names=names,
                headers=_headers(name),
                strategy=alias.strategy,
                weight=weight,
            )
            for key in keys or (() if provider.needs_key else (None,))
        )
    if not found:
        raise _no_credential(keyless)
    return tuple(found)


def require_one_space(found: Sequence[Candidate], spoken: ModuleType) -> None:
    """Texts are embedded by one model, whoever runs it: vectors of two cannot be compared, and nobody would see it.

    Args:
        spoken: the client's dialect of embeddings. Who does not embed at all is passed over, and mixes nothing.

    Raises:
        InvalidRequest: several models may answer.
    """
    models = {_own_name(one.model): one.model for one in found if one.provider.tongue(spoken) is not None}
    if len(models) > 1:
        raise InvalidRequest(f"{_told_apart(models.values())} Ask for one of them by name.", param="model")


def keys_for(provider: Provider, caller: Caller, reachable: Map) -> tuple[Key, ...]:
    """The caller's own keys, else the operator's when it is shared."""
    own = caller.keys.get(provider.name, ())
    if own:
        return own
    shared = reachable.shared.get(provider.name)
    return (shared,) if shared else ()


def listed(caller: Caller, reachable: Map) -> list[str]:
    """Every model the caller can name and reach, aliases first: what `/v1/models` shows."""
    names = sorted(reachable.aliases)
    for provider in usable(caller, reachable):
        names.extend(f"{provider.name}/{model}" for model in sorted(models_of(provider)))
    return names


def usable(caller: Caller, reachable: Map) -> list[Provider]:
    """The caller's providers: those that need no key, and those there is a key for."""
    return [
        provider
        for _, provider in sorted(reachable.providers.items())
        if not provider.needs_key or keys_for(provider, caller, reachable)
    ]


def models_of(provider: Provider) -> frozenset[str]:
    """The models a provider is known to serve; an open list may serve more."""
    return frozenset(provider.limits) | frozenset(provider.prices)


def catalogue(providers: Mapping[str, Provider]) -> dict[str, frozenset[str]]:
    """The models that each of them is known to serve."""
    return {name: models_of(provider) for name, provider in providers.items()}


def _unreachable(name: str, providers: Mapping[str, Provider]) -> str | None:
    """Why no caller reaches this `provider/model`, if so."""
    provider_name, _, model = name.partition("/")
    provider = providers.get(provider_name)
    if provider is None:
        return f"there is no provider {provider_name}"
    return None if _serves(provider, model) else f"{provider_name} lists no model {model}"


def _mixed(names: Iterable[str]) -> str | None:
    """Why vectors of these candidates could not be compared, as far as their names tell that they make any."""
    models = {_own_name(name): name for name in names if "embed" in _own_name(name)}
    return _told_apart(models.values()) if len(models) > 1 else None


def _told_apart(models: Iterable[str]) -> str:
    listed = " and ".join(f"`{model}`" for model in models)
    return f"{listed} are different models, and their vectors cannot be compared: a route of embeddings leads to one."


def _own_name(model: str) -> str:
    """A model's name at whoever runs it: OpenRouter's `openai/text-embedding-3-small` is OpenAI's."""
    return model.rpartition("/")[2].lower()


def _headers(name: str) -> Headers:
    provider, _, model = name.partition("/")
    return (
        (b"x-tollhouse-provider", provider.encode()),
        (b"x-tollhouse-model", model.encode("ascii", "replace")),
    )


def _serves(provider: Provider, model: str) -> bool:
    return provider.models == "open" or model in models_of(provider)


def _full_name(asked: str, caller: Caller, reachable: Map) -> str:
    """`provider/model` as it stands; a bare name with the one provider of the caller's that lists it."""
    if asked.partition("/")[0] in reachable.providers and "/" in asked:
        return asked
    serving = [provider.name for provider in usable(caller, reachable) if asked in models_of(provider)]
    if len(serving) == 1:
        return f"{serving[0]}/{asked}"
    if serving:
        named = ", ".join(f"`{name}/{asked}`" for name in serving)
        raise InvalidRequest(f"Several providers serve `{asked}`; say which: {named}.", param="model")
    elsewhere = [provider for provider in reachable.providers.values() if asked in models_of(provider)]
    if elsewhere:
        raise _no_credential(elsewhere)
    raise _not_found(asked, caller, reachable)


def _not_found(name: str, caller: Caller, reachable: Map) -> ModelNotFound:
    known = listed(caller, reachable)
    bare = {full.partition("/")[2]: full for full in known if "/" in full}
    near = [bare.get(match, match) for match in get_close_matches(name, [*known, *bare], n=5, cutoff=0.5)]
    shown = list(dict.fromkeys(near))[:3] or known[:3]
    hint = f" Near ones: {', '.join(f'`{one}`' for one in shown)}." if shown else ""
    return ModelNotFound(f"There is no model `{name}` here.{hint} `GET /v1/models` lists all.", param="model")


def _no_credential(keyless: list[Provider]) -> NoCredential:
    names = " or ".join(sorted({provider.name for provider in keyless}))
    return NoCredential(
        f"You have no active credential for {names}. Add one with `tollhouse credentials add USER {keyless[0].name}` "
        "or `POST /api/me/credentials`.",
        param="model",
    )
