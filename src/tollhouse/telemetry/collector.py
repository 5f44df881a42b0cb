"""Where spans go, if anywhere: what the settings say, else OpenTelemetry's own variables."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from urllib.parse import unquote

import msgspec

from tollhouse.errors import ConfigurationError
from tollhouse.telemetry.traces import NEWEST, SETTLED, Names

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"


MISSING = "traces are sent nowhere, though a collector is named: that needs pip install 'tollhouse[otel]'"


class Collector(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes spans, by OTLP over HTTP.

    Attributes:
        url: the whole address that they are posted to.
        headers: what it wants to be told; may be secret.
        names: the version of the conventions that it gets.
    """

    url: str
    headers: Mapping[str, str]
    names: Names

    def __repr__(self) -> str:
        return f"Collector({self.url!r})"


def collector_of(endpoint: str | None, headers: str | None, environ: Mapping[str, str]) -> Collector | None:
    """The collector; None when there is none, or the environment switches telemetry off.

    Args:
        endpoint: the collector's base URL, without `/v1/traces`.
        headers: `name=value,name=value`, encoded as in a URL.

    Raises:
        ConfigurationError: a URL or headers that are none.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    whole = None if endpoint else environ.get(_TRACES_ENDPOINT)
    address = endpoint or whole or environ.get(_ENDPOINT)
    if not address:
        return None
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0]
    if scheme not in ("http", "https") or not host or "@" in host:
        raise ConfigurationError(
            "The collector's address must be http://host:port or https://host, without a user; "
            "what is secret belongs into its headers."
        )
    said = headers or next((environ[name] for name in _HEADERS if environ.get(name)), "")
    opted = [word.strip() for word in environ.get(_OPT_IN, "").split(",")]
    names = NEWEST if "gen_ai_latest_experimental" in opted else SETTLED
    url = whole or f"{address.removesuffix('/')}/v1/traces"
    return Collector(url=url, headers=_read_headers(said), names=names)


def is_extra_missing() -> bool:
    """Whether the libraries that speak to a collector are not installed."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is None
    except ModuleNotFoundError:
        return True


def _read_headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = pair.partition("=")
        name, value = unquote(name.strip()).lower(), unquote(value.strip())
        if not (name and equals and f"{name}{value}".isascii() and f"{name}{value}".isprintable()):
            raise ConfigurationError("The collector's headers must be written name=value,name=value.")
        headers[name] = value
    return headers
