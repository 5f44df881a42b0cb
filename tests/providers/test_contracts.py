"""What must stay true of every provider, ours or another package's."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from tollhouse.dialects import chat, openai_chat, sse
from tollhouse.errors import (
    InvalidRequest,
    UpstreamAuthFailed,
    UpstreamDown,
    UpstreamQuota,
    UpstreamRateLimited,
    UpstreamRefused,
)
from tollhouse.money.prices import from_listed
from tollhouse.money.published import published_models, published_price
from tollhouse.providers import builtin
from tollhouse.providers.base import CALLED_BY_US, WHOLE_CONTEXT_TOKENS, Fields, Provider
from tollhouse.upstream.addresses import parse_origin
from wire.recordings import needs_recordings, recordings

PROVIDERS = builtin()
each = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
each_of_openais_dialect = pytest.mark.parametrize(
    "provider", [one for one in PROVIDERS.values() if one.dialect is openai_chat], ids=lambda one: one.name
)

RECORDED = {
    "anthropic": "anthropic-messages",
    "azure": "azure-openai",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "google": "gemini-generate",
    "groq": "groq",
    "huggingface": "huggingface-router",
    "mistral": "mistral",
    "ollama": "ollama",
    "openai": "openai-chat",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "vllm": "vllm",
    "xai": "xai",
    "zai": "zai",
}
"""Provider -> the folder of its recordings."""

NOT_RECORDED = {
    "demo": "speaks without a network",
    "fireworks": "no public recording; held to its dialect's",
    "github": "no public recording; held to its dialect's",
    "moonshot": "no public recording; held to its dialect's",
}

FIELDS: dict[str, Fields] = {"azure": {"endpoint": "https://acme.openai.azure.com"}}
"""What a credential must tell, where the provider has no address of its own."""


def base_url(provider: Provider) -> str:
    return provider.address(provider.base_url, FIELDS.get(provider.name, {}))


def test_the_first_providers_are_found() -> None:
    assert {"openai", "ollama", "vllm", "demo", "azure", "mistral", "groq"} <= PROVIDERS.keys()


@each
def test_a_name_stands_before_the_slash_of_a_model(provider: Provider) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", provider.name)
    assert PROVIDERS[provider.name] is provider


@each
def test_an_address_is_https_unless_it_is_a_private_one(provider: Provider) -> None:
    origin, path = parse_origin(base_url(provider), provider.allow_private_address)
    assert origin.scheme == "https" or provider.allow_private_address
    assert base_url(provider).endswith(path)


@each
def test_who_has_no_address_of_his_own_asks_for_it_by_the_name_of_a_field(provider: Provider) -> None:
    if provider.base_url:
        return
    with pytest.raises(InvalidRequest) as refusal:
        provider.address("", {})
    assert str(refusal.value.param).removeprefix("fields.") in provider.fields
    assert all(end.startswith(".") and end.count(".") >= 2 for end in provider.hosts)


@each
def test_a_call_goes_to_a_plain_path_below_the_address(provider: Provider) -> None:
    fields = FIELDS.get(provider.name, {})
    for target, model in ((provider.dialect.target("m", stream=False), "m"), (b"/models", "")):
        assert re.fullmatch(rb"/[!-~]+", provider.target(target, model, fields))


@each
def test_there_are_recordings_or_it_is_said_that_there_are_none(provider: Provider) -> None:
    assert (provider.name in RECORDED) != (provider.name in NOT_RECORDED)


@needs_recordings
@each
def test_calls_go_where_recorded_ones_went(provider: Provider) -> None:
    if provider.name in NOT_RECORDED or provider.dialect is not openai_chat:
        return
    _, base_path = parse_origin(base_url(provider), provider.allow_private_address)
    target = provider.target(openai_chat.target("m", stream=False), "m", FIELDS.get(provider.name, {}))
    assert base_path + target.decode() in {one.path for one in recordings(RECORDED[provider.name])}


@each
def test_the_vendors_page_is_named(provider: Provider) -> None:
    assert provider.docs_url.startswith("https://") or provider.name == "demo"


@each
def test_a_key_is_looked_for_where_its_vendor_puts_it(provider: Provider) -> None:
    if provider.env is not None:
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*_(API_KEY|TOKEN)", provider.env)
        assert provider.needs_key


@each
def test_a_key_goes_into_a_header_and_nowhere_else(provider: Provider) -> None:
    headers = provider.authorize("sk-test", {})
    assert any(b"sk-test" in value for _, value in headers)
    assert all(name == name.lower() and b"sk-test" not in name for name, value in headers)


@each
def test_the_dialect_reads_and_writes(provider: Provider) -> None:
    functions = ("glance_request", "rewrite_request", "read_request", "write_request", "glance_answer", "read_answer")
    assert all(callable(getattr(provider.dialect, name)) for name in (*functions, "read_error", "classify", "Reader"))


@each
def test_limits_are_sane(provider: Provider) -> None:
    for model, limits in provider.limits.items():
        assert model.strip() == model != ""
        context, output = limits
        assert context is None or 1_000 <= context <= 10_000_000, model
        assert output is None or 0 < output <= (context or output), model


@each
def test_a_closed_list_lists_something(provider: Provider) -> None:
    assert provider.limits or provider.models == "open"


@each
def test_listed_prices_can_be_charged(provider: Provider) -> None:
    assert all(from_listed(listed, "test") for listed in provider.prices.values())


@each
def test_what_costs_nothing_publishes_no_price(provider: Provider) -> None:
    assert not (provider.free and (provider.prices or provider.priced_as))


@each
def test_hidden_tokens_grow_with_tools_and_are_unbounded_for_tools_that_the_provider_runs(provider: Provider) -> None:
    bare = provider.hidden_tokens(False, frozenset())
    functions = provider.hidden_tokens(True, CALLED_BY_US)
    assert 0 <= bare <= functions
    if provider.dialect is openai_chat and not provider.free:
        assert provider.hidden_tokens(True, frozenset({"function", "web_search"})) == WHOLE_CONTEXT_TOKENS


@each
def test_published_prices_are_found_where_it_says(provider: Provider) -> None:
    if provider.priced_as is not None:
        # Fireworks' are asked for below its account.
        prefix = "accounts/fireworks/models/" if provider.name == "fireworks" else ""
        models = [prefix + model for model in published_models(provider.priced_as)]
        assert any(published_price(provider.priced_as, model, date(2026, 11, 22)) for model in models)


@each
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UpstreamRefused),
        (401, UpstreamAuthFailed),
        (402, UpstreamQuota),
        (403, UpstreamAuthFailed),
        (429, UpstreamRateLimited),
        (500, UpstreamDown),
        (503, UpstreamDown),
    ],
)
def test_errors_are_classified_by_what_they_mean(provider: Provider, status: int, error: type[Exception]) -> None:
    for body in (b'{"error": {"message": "No."}}', b"", b"<html>", b"[]"):
        assert type(provider.dialect.classify(status, body, (), 0.0)) is error


@each_of_openais_dialect
def test_a_reworded_request_asks_for_the_same(provider: Provider) -> None:
    asked = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_completion_tokens": 7,
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    body = json.dumps(asked).encode()
    reworded = provider.reword(body)
    before, after = openai_chat.glance_request(body), openai_chat.glance_request(reworded)
    assert (after.model, after.max_output_tokens, after.message_count) == ("m", 7, 1)
    assert after.stream == before.stream
    assert json.loads(reworded)["temperature"] == 0.5


@each
def test_an_end_that_may_go_unsaid_is_the_dialects_own(provider: Provider) -> None:
    if provider.unsaid_end:
        (frame,) = sse.Reader().feed(provider.unsaid_end)
        assert provider.dialect.Reader().read(frame) == (chat.Ended(),)


@each
def test_variables_of_the_environment_are_named_as_such(provider: Provider) -> None:
    variables = [field.env for field in provider.fields.values() if field.env]
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", variable) for variable in variables)
    assert all(name.isidentifier() and field.meaning for name, field in provider.fields.items())
