"""Google's page: how a key is shown, and what is added unseen."""

from __future__ import annotations

import pytest

from tollhouse.providers.base import CALLED_BY_US, WHOLE_CONTEXT_TOKENS, Limits
from tollhouse.providers.google import PROVIDER


def test_a_key_goes_into_a_header_of_its_own_and_not_into_the_address() -> None:
    assert PROVIDER.authorize("AIza-1", {}) == ((b"x-goog-api-key", b"AIza-1"),)
    assert b"key=" not in PROVIDER.dialect.target("gemini-2.5-flash", stream=True)


@pytest.mark.parametrize("tool", ["googleSearch", "urlContext", "codeExecution", "fileSearch", "somethingNew"])
def test_tools_that_google_runs_may_read_a_whole_context(tool: str) -> None:
    assert PROVIDER.hidden_tokens(True, frozenset({"function", tool})) == WHOLE_CONTEXT_TOKENS


def test_functions_that_the_caller_runs_add_little() -> None:
    assert PROVIDER.hidden_tokens(True, CALLED_BY_US) < 1_000


def test_models_have_the_window_that_google_publishes() -> None:
    assert PROVIDER.limits["gemini-2.5-pro"] == Limits(1_048_576, 65_536)
