"""What must stay true of every provider, ours or another package's."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from tollhouse.dialects import openai_chat
from tollhouse.money.prices import from_listed
from tollhouse.providers import builtin
from tollhouse.providers.base import CALLED_BY_US, WHOLE_CONTEXT_TOKENS, Provider

PROVIDERS = builtin()
each = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)


def test_the_first_providers_are_found() -> None:
    assert {"openai", "ollama", "vllm", "demo"} <= PROVIDERS.keys()


@each
def test_a_name_stands_before_the_slash_of_a_model(provider: Provider) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", provider.name)
    assert PROVIDERS[provider.name] is provider


@each
def test_an_address_is_https_unless_it_is_a_private_one(provider: Provider) -> None:
    parts = urlsplit(provider.base_url)
    assert parts.scheme == "https" or (parts.scheme == "http" and provider.allow_private_address)
    assert parts.hostname
    assert (parts.username, parts.query, parts.fragment) == (None, "", "")
    assert not provider.base_url.endswith("/")


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
