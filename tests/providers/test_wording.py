"""What vendors say otherwise in OpenAI's dialect."""

from __future__ import annotations

import json
import re

import pytest

from tollhouse.providers.cerebras import PROVIDER as CEREBRAS
from tollhouse.providers.github import PROVIDER as GITHUB
from tollhouse.providers.mistral import PROVIDER as MISTRAL
from tollhouse.providers.openrouter import PROVIDER as OPENROUTER
from tollhouse.providers.perplexity import PROVIDER as PERPLEXITY
from tollhouse.providers.wording import capped_by_max_tokens
from tollhouse.providers.zai import PROVIDER as ZAI


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ('{"max_completion_tokens": 7}', {"max_tokens": 7}),
        ('{"max_completion_tokens": 7, "max_tokens": 9}', {"max_tokens": 7}),
        ('{"max_completion_tokens": null, "max_tokens": 9}', {"max_tokens": 9}),
        ('{"max_completion_tokens": null}', {}),
    ],
)
def test_the_cap_that_was_set_aside_for_is_said_by_its_old_name(asked: str, said: dict[str, int]) -> None:
    assert json.loads(capped_by_max_tokens(asked.encode())) == said


def test_a_request_without_the_new_name_keeps_its_bytes() -> None:
    body = b'{ "max_tokens":7, "x": 1.50 }'
    assert capped_by_max_tokens(body) is body


def test_numbers_keep_their_digits() -> None:
    body = b'{"seed":12345678901234567890,"temperature":0.10,"max_completion_tokens":7}'
    assert capped_by_max_tokens(body) == b'{"seed":12345678901234567890,"temperature":0.10,"max_tokens":7}'


def test_mistral_hears_no_stream_options() -> None:
    body = b'{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":5}'
    assert MISTRAL.reword(body) == b'{"model":"m","stream":true,"max_tokens":5}'


@pytest.mark.parametrize("asked", ['{"model":"m","seed":7}', '{"model":"m","seed":9,"random_seed":7}'])
def test_mistral_hears_the_seed_by_its_own_name(asked: str) -> None:
    assert json.loads(MISTRAL.reword(asked.encode())) == {"model": "m", "random_seed": 7}


def test_mistral_hears_calls_by_ids_that_it_takes() -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "\u00fc"},
        {"role": "assistant", "tool_calls": [{"id": "call_1", **call}, {"id": "Ab3dEf7h9", **call}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "1.50"},
        {"role": "tool", "tool_call_id": "Ab3dEf7h9", "content": ""},
        {"role": "assistant", "tool_calls": None, "content": "b"},
        {"role": "assistant", "tool_calls": "call_1", "tool_call_id": None},
    ]
    said = json.loads(MISTRAL.reword(json.dumps({"model": "m", "messages": messages}).encode()))["messages"]
    made = said[2]["tool_call_id"]
    assert re.fullmatch("[A-Za-z0-9]{9}", made)
    assert json.loads(json.dumps(said).replace(made, "call_1")) == messages


def test_a_key_is_verified_where_the_answer_depends_on_it() -> None:
    assert OPENROUTER.target(b"/models", "", {}) == b"/key"
    assert GITHUB.target(b"/models", "", {}) == b"/catalog/models"
    assert PERPLEXITY.target(b"/models", "", {}) == b"/v1/models"


def test_zais_coding_plan_has_an_address_of_its_own() -> None:
    assert ZAI.address(ZAI.base_url, {"plan": "coding"}) == "https://api.z.ai/api/coding/paas/v4"


def test_only_cerebras_and_who_fronts_for_it_may_leave_the_end_unsaid() -> None:
    assert CEREBRAS.unsaid_end == b"data: [DONE]\n\n"
    assert MISTRAL.unsaid_end == OPENROUTER.unsaid_end == b""
