"""Where spans go: the settings' word, else OpenTelemetry's own variables."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tollhouse.errors import ConfigurationError
from tollhouse.telemetry.collector import collector_of
from tollhouse.telemetry.traces import NEWEST, SETTLED

BASE = "OTEL_EXPORTER_OTLP_ENDPOINT"
WHOLE = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"


@pytest.mark.parametrize(
    ("endpoint", "environ", "url"),
    [
        (None, {}, None),
        (None, {BASE: ""}, None),
        ("http://here:4318", {}, "http://here:4318/v1/traces"),
        ("http://here:4318/", {}, "http://here:4318/v1/traces"),
        ("https://here/otlp", {BASE: "http://there", WHOLE: "http://there/t"}, "https://here/otlp/v1/traces"),
        (None, {BASE: "http://there:4318"}, "http://there:4318/v1/traces"),
        (None, {BASE: "http://there:4318", WHOLE: "http://traces/as-it-is"}, "http://traces/as-it-is"),
        ("http://here", {"OTEL_SDK_DISABLED": "true"}, None),
        ("http://here", {"OTEL_SDK_DISABLED": "false"}, "http://here/v1/traces"),
        (None, {BASE: "http://there", "OTEL_TRACES_EXPORTER": "none"}, None),
    ],
)
def test_the_settings_say_where_and_then_the_environment(
    endpoint: str | None, environ: Mapping[str, str], url: str | None
):
    collector = collector_of(endpoint, None, environ)
    assert (collector and collector.url) == url


@pytest.mark.parametrize("endpoint", ["here:4318", "grpc://here:4317", "http://", "http://user:secret-word@here:4318"])
def test_an_address_that_is_none_is_refused_without_repeating_it(endpoint: str):
    with pytest.raises(ConfigurationError) as refused:
        collector_of(endpoint, None, {})
    assert "secret-word" not in str(refused.value)


def test_headers_come_from_one_place_and_are_decoded():
    environ = {"OTEL_EXPORTER_OTLP_HEADERS": "x-a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-b=2"}
    told = collector_of("http://here", "Authorization=Bearer%20abc==, x-team = gate,", environ)
    assert told is not None
    assert told.headers == {"authorization": "Bearer abc==", "x-team": "gate"}
    assert "abc" not in repr(told)
    from_environment = collector_of("http://here", None, environ)
    assert from_environment is not None
    assert from_environment.headers == {"x-b": "2"}


@pytest.mark.parametrize("headers", ["secret-word", "=secret-word", "x=secret-word%0d%0ay: z", "x=secret-w\u00f6rd"])
def test_headers_that_are_none_are_refused_without_repeating_them(headers: str):
    with pytest.raises(ConfigurationError) as refused:
        collector_of("http://here", headers, {})
    assert "secret-w" not in str(refused.value)


def test_the_newest_names_are_opted_for_by_their_word():
    settled = collector_of("http://here", None, {"OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup"})
    newest = collector_of("http://here", None, {"OTEL_SEMCONV_STABILITY_OPT_IN": "http,gen_ai_latest_experimental"})
    assert settled is not None
    assert newest is not None
    assert (settled.names, newest.names) == (SETTLED, NEWEST)
