"""Providers that the operator declares: each a `[providers.acme]` table of the configuration file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit

import msgspec

from tollhouse.dialects import gemini, openai_chat, openai_embeddings, openai_moderations
from tollhouse.dialects.gemini import embeddings as gemini_embeddings
from tollhouse.errors import ConfigurationError
from tollhouse.providers.base import Authorize, Limits, ListedPrice, Provider, bearer, same_words, template_tokens

_Usd: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]
_Tokens: TypeAlias = Annotated[int, msgspec.Meta(gt=0)]

_KEY_HEADERS: Final = {"anthropic_messages": b"x-api-key", "gemini": b"x-goog-api-key"}
"""Where the makers of these dialects want the key."""

_BESIDE: Final[Mapping[ModuleType, tuple[ModuleType, ...]]] = {
    gemini: (gemini_embeddings,),
    openai_chat: (openai_embeddings, openai_moderations),
}
"""What servers of a dialect are asked besides. Most of them embed; who does not, answers that himself."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


class _Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[providers.acme.models."acme-1"]`: prices are decimal strings, US dollars per million tokens."""

    input_usd_per_million: _Usd | None = None
    output_usd_per_million: _Usd | None = None
    input_cached_usd_per_million: _Usd | None = None
    input_cache_write_usd_per_million: _Usd | None = None
    usd_per_request: _Usd | None = None
    context_tokens: _Tokens | None = None
    max_output_tokens: _Tokens | None = None

    def price(self) -> ListedPrice:
        return ListedPrice(
            input=self.input_usd_per_million,
            output=self.output_usd_per_million,
            input_cached=self.input_cached_usd_per_million,
            input_cache_write=self.input_cache_write_usd_per_million,
            per_request=self.usd_per_request,
        )


class _Declaration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[providers.acme]`. `api_key` and `share` are the credential's, not the provider's: they are only let pass."""

    dialect: str | None = None
    base_url: str | None = None
    docs_url: str | None = None
    allow_private_address: bool | None = None
    needs_key: bool | None = None
    free: bool | None = None
    tells_cost: bool | None = None
    models: dict[str, Any] | Literal["open", "closed"] | None = None
    api_key: str | None = None
    share: bool = False


def declared_providers(
    tables: Mapping[str, Mapping[str, Any]], dialects: Mapping[str, ModuleType], known: Mapping[str, Provider]
) -> dict[str, Provider]:
    """The known providers, and those that the tables add or change, by name.

    Raises:
        ConfigurationError: every table that cannot be used, each with its first key at fault.
    """
    providers = dict(known)
    problems = []
    for name, table in tables.items():
        try:
            providers[name] = declared_provider(name, table, dialects, known.get(name))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ConfigurationError(*problems)
    return providers


def declared_provider(
    name: str, table: Mapping[str, Any], dialects: Mapping[str, ModuleType], known: Provider | None = None
) -> Provider:
    """The provider that a `[providers.<name>]` table describes.

    Args:
        dialects: the modules of `tollhouse.dialects` a table may name.
        known: the built-in provider of that name, when the table only gives it another address or list: what the table
            does not tell stays as it is there, limits above all.

    Raises:
        ValueError: naming the key at fault, and never a secret.
    """
    where = f"providers.{name}"
    if not _NAME.fullmatch(name):
        raise ValueError(f"{where}: a provider's name is lower case letters, digits, - and _")
    told = _convert(table, _Declaration, where)
    dialect = known.dialect if known and told.dialect is None else _dialect(told.dialect, dialects, where)
    provider = known or Provider(
        name=name,
        dialect=dialect,
        also=_BESIDE.get(dialect, ()),
        base_url="",
        authorize=_authorize(dialect),
        needs_key=not told.free,
        hidden_tokens=template_tokens,
    )
    changes: dict[str, Any] = {
        key: value
        for key in ("docs_url", "allow_private_address", "needs_key", "free", "tells_cost")
        if (value := getattr(told, key)) is not None
    }
    if dialect is not provider.dialect:
        spoken = {"also": _BESIDE.get(dialect, ()), "lacks": {}, "reword": same_words, "unsaid_end": b""}
        changes |= {"dialect": dialect, "authorize": _authorize(dialect)} | spoken
    if told.base_url is not None or known is None:
        private = changes.get("allow_private_address", provider.allow_private_address)
        changes["base_url"] = _base_url(told.base_url, private, where)
    changes |= _models(told.models, provider, where)
    return msgspec.structs.replace(provider, **changes)


def _authorize(dialect: ModuleType) -> Authorize:
    """As those do who speak a dialect like its maker."""
    header = _KEY_HEADERS.get(dialect.__name__.rpartition(".")[2])
    return bearer if header is None else lambda api_key, fields: ((header, api_key.encode()),)


def _models(told: dict[str, Any] | str | None, provider: Provider, where: str) -> dict[str, Any]:
    """What the list of models changes: a given list is closed, and its names are those with limits."""
    if told is None or told == "open":
        return {"models": told} if told else {}
    if isinstance(told, str):
        if not provider.limits:
            raise ValueError(f"{where}.models: closed, but no model is listed")
        return {"models": told}
    models = {name: _convert(table, _Model, f"{where}.models.{name}") for name, table in told.items()}
    known = {name: provider.limits.get(name, Limits()) for name in models}
    return {
        "models": "closed",
        "limits": {
            name: Limits(
                model.context_tokens or known[name].context_tokens,
                model.max_output_tokens or known[name].max_output_tokens,
            )
            for name, model in models.items()
        },
        "prices": {**provider.prices, **{name: model.price() for name, model in models.items() if _is_priced(model)}},
    }


def _is_priced(model: _Model) -> bool:
    return model.input_usd_per_million is not None or model.output_usd_per_million is not None


def _dialect(name: str | None, dialects: Mapping[str, ModuleType], where: str) -> ModuleType:
    if name is None:
        raise ValueError(f"{where}.dialect: missing; one of {', '.join(sorted(dialects))}")
    if name not in dialects:
        raise ValueError(f"{where}.dialect: {name!r} is not one of {', '.join(sorted(dialects))}")
    return dialects[name]


def _base_url(url: str | None, allow_private_address: bool, where: str) -> str:
    """The address without a trailing slash. It is not repeated in errors, since it may hold a password."""
    if url is None:
        raise ValueError(f"{where}.base_url: missing")
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise ValueError(f"{where}.base_url: not an address such as https://api.example.com/v1")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"{where}.base_url: only scheme, host, port and path; a key belongs into api_key")
    if parts.scheme == "http" and not allow_private_address:
        raise ValueError(f"{where}.base_url: must be https, unless allow_private_address = true says it is a local one")
    return url.rstrip("/")


_T = TypeVar("_T")


def _convert(table: Any, shape: type[_T], where: str) -> _T:
    try:
        return msgspec.convert(table, shape)
    except msgspec.ValidationError as error:
        # "Expected `str | null`, got `float` - at `$.input_usd_per_million`"
        what, _, path = str(error).partition(" - at `$")
        raise ValueError(f"{where}{path.rstrip('`')}: {what}") from None
