"""OpenAI's page: who pays, and what is added unseen."""

from __future__ import annotations

import pytest

from tollhouse.providers.base import WHOLE_CONTEXT_TOKENS, Limits
from tollhouse.providers.openai import PROVIDER


def test_a_key_alone_is_a_bearer_token() -> None:
    assert PROVIDER.authorize("sk-1", {}) == ((b"authorization", b"Bearer sk-1"),)


def test_organization_and_project_are_sent_when_the_credential_names_them() -> None:
    headers = dict(PROVIDER.authorize("sk-1", {"organization": "org-1", "project": "proj_1", "region": "eu"}))
    assert headers == {
        b"authorization": b"Bearer sk-1",
        b"openai-organization": b"org-1",
        b"openai-project": b"proj_1",
    }


@pytest.mark.parametrize("tool", ["web_search", "file_search", "code_interpreter", "something_new"])
def test_tools_that_openai_runs_may_read_a_whole_context(tool: str) -> None:
    assert PROVIDER.hidden_tokens(True, frozenset({"function", tool})) == WHOLE_CONTEXT_TOKENS


def test_tools_that_the_caller_runs_add_little() -> None:
    assert PROVIDER.hidden_tokens(True, frozenset({"function", "custom"})) < 1_000


def test_dated_models_have_the_limits_of_their_series() -> None:
    assert PROVIDER.limits["gpt-4.1-2025-04-14"] == PROVIDER.limits["gpt-4.1"] == Limits(1_047_576, 32_768)
    assert PROVIDER.limits["gpt-4o-2024-05-13"].max_output_tokens == 4_096
