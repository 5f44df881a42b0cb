"""Anthropic's page: who pays, and what is added unseen."""

from __future__ import annotations

from datetime import date

import pytest

from tollhouse.dialects import anthropic_messages
from tollhouse.money.published import published_context, published_price
from tollhouse.providers.anthropic import PROVIDER
from tollhouse.providers.base import WHOLE_CONTEXT_TOKENS, Limits


def test_the_key_has_a_header_of_its_own_and_the_version_is_told() -> None:
    assert PROVIDER.authorize("sk-ant-1", {}) == ((b"x-api-key", b"sk-ant-1"),)
    assert anthropic_messages.HEADERS == ((b"anthropic-version", b"2023-06-01"),)


@pytest.mark.parametrize("tool", ["web_search_20260209", "code_execution_20260120", "mcp_servers", "something_new"])
def test_tools_that_anthropic_runs_may_read_a_whole_context(tool: str) -> None:
    assert PROVIDER.hidden_tokens(True, frozenset({"function", tool})) == WHOLE_CONTEXT_TOKENS


@pytest.mark.parametrize("tool", ["bash_20250124", "computer_20251124", "memory_20250818", "text_editor_20250728"])
def test_tools_that_anthropic_describes_and_the_caller_runs_add_some(tool: str) -> None:
    functions = PROVIDER.hidden_tokens(True, frozenset({"function"}))
    assert functions < PROVIDER.hidden_tokens(True, frozenset({"function", tool})) < 10_000


def test_dated_models_have_the_limits_of_their_series() -> None:
    assert (
        PROVIDER.limits["claude-haiku-4-5-20251001"] == PROVIDER.limits["claude-haiku-4-5"] == Limits(200_000, 64_000)
    )


@pytest.mark.parametrize("model", PROVIDER.limits)
def test_a_listed_model_reads_no_less_than_what_is_published(model: str) -> None:
    context_tokens = PROVIDER.limits[model].context_tokens
    assert context_tokens is not None
    assert context_tokens >= (published_context("anthropic", model) or 0)


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-4-5-20250929", "claude-haiku-5-5"])
def test_models_have_published_prices(model: str) -> None:
    price = published_price(PROVIDER.priced_as or "", model, date(2026, 11, 22))
    assert price is not None
    assert price.input_cached is not None
