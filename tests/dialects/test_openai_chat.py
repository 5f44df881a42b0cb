"""Chat completions in OpenAI's dialect, answered whole, and failed."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import chat, openai_chat
from tollhouse.dialects.glance import AnswerGlance

HEAD = {"id": "chatcmpl-1", "model": "gpt-4.1-2025-04-14", "created": 1_745_000_000}
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
COUNTED = chat.Usage(input_tokens=5, output_tokens=7)


def answer_body(message: dict[str, Any], **fields: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant"} | message, "finish_reason": "stop", "logprobs": None}
    return json.dumps(HEAD | {"object": "chat.completion", "choices": [choice], "usage": USAGE} | fields).encode()


# Whole answers.


def test_an_answer_at_a_glance():
    glance = openai_chat.glance_answer(answer_body({"content": "Hello"}, service_tier="flex"))
    assert glance == AnswerGlance(
        id=HEAD["id"],
        model=HEAD["model"],
        usage=chat.Usage(input_tokens=5, output_tokens=7, service_tier="flex"),
        finish_reasons=("stop",),
        output_bytes=len('{"role": "assistant", "content": "Hello"}'),
        failed=None,
    )


NO_ANSWERS = [b"", b" ", b"{", b"[]", b"{}", b"<html>502</html>", b'{"choices":[]}', b'{"choices":null}', b'{"id":5}']


@pytest.mark.parametrize("read_it", [openai_chat.glance_answer, openai_chat.read_answer])
@pytest.mark.parametrize("body", [*NO_ANSWERS, answer_body({"content": "Hello"})[:-1]])
def test_what_is_no_answer_may_still_have_cost_something(read_it, body):
    with pytest.raises(errors.UpstreamIncomplete) as refused:
        read_it(body)
    assert refused.value.may_have_billed


def test_an_error_within_status_200_is_a_failure():
    glance = openai_chat.glance_answer(b'{"error":{"code":429,"message":"slow down","metadata":{}}}')
    assert glance.failed == chat.Failed(message="slow down", status=429)
    assert openai_chat.glance_answer(answer_body({}, error=None)).failed is None


THOUGHT = {
    "type": "thinking",
    "thinking": [{"type": "text", "text": "2+"}, {"type": "reference", "reference_ids": [1]}, {"text": "2"}],
    "closed": True,
}
"""As Mistral thinks in an answer that is not streamed."""


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ({"content": "Hello"}, (chat.TextPart("Hello"),)),
        ({"content": None, "refusal": "I can't"}, (chat.RefusalPart("I can't"),)),
        ({"content": "4", "reasoning_content": "2+2"}, (chat.ReasoningPart("2+2"), chat.TextPart("4"))),
        ({"content": "4", "reasoning": "2+2"}, (chat.ReasoningPart("2+2"), chat.TextPart("4"))),
        ({"content": [THOUGHT, {"type": "text", "text": "4"}]}, (chat.ReasoningPart("2+2"), chat.TextPart("4"))),
        ({"content": "", "reasoning": None}, ()),
        (
            {"content": None, "audio": {"id": "audio_1", "data": "AA==", "transcript": "Hey", "expires_at": 9}},
            (chat.SpokenPart(id="audio_1", data="AA==", transcript="Hey", expires_at=9),),
        ),
    ],
)
def test_what_an_answer_says_is_read_and_said_again(message, parts):
    answer = openai_chat.read_answer(answer_body(message))
    assert answer.choices[0].message.parts == parts
    assert openai_chat.read_answer(openai_chat.write_answer(answer)) == answer


def test_an_answer_keeps_what_is_not_modelled():
    body = answer_body({"content": "Hi", "annotations": [{"type": "url_citation"}]}, system_fingerprint="fp")
    again = json.loads(openai_chat.write_answer(openai_chat.read_answer(body)))
    assert again["system_fingerprint"] == "fp"
    assert again["choices"][0]["message"]["annotations"] == [{"type": "url_citation"}]


def test_log_probabilities_are_kept_as_they_came():
    choice = {"index": 0, "message": {"content": "a"}, "finish_reason": "stop", "logprobs": {"content": [{"x": 1.0}]}}
    answer = openai_chat.read_answer(answer_body({}, choices=[choice]))
    assert answer.choices[0].logprobs == Raw(b'{"content": [{"x": 1.0}]}')


def test_an_answer_that_a_filter_stopped_has_no_message():
    choice = {"index": 0, "finish_reason": "content_filter", "content_filter_results": {}}
    answer = openai_chat.read_answer(answer_body({}, choices=[choice]))
    assert (answer.choices[0].finish_reason, answer.choices[0].message.parts) == ("content_filter", ())


def test_a_tool_call_without_an_id_gets_one_that_is_always_the_same():
    calls = [{"type": "function", "function": {"name": "f", "arguments": "{}"}}] * 2
    ids = [
        call.id for call in openai_chat.read_answer(answer_body({"tool_calls": calls})).choices[0].message.tool_calls
    ]
    assert ids == ["call_chatcmpl-1_0_0", "call_chatcmpl-1_0_1"]


# Usage.


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, {}),
        ({"prompt_tokens_details": None, "completion_tokens_details": None}, {}),
        ({"prompt_tokens_details": {"cached_tokens": 4}}, {"input_cached_tokens": 4}),
        ({"prompt_tokens_details": {"audio_tokens": 2}}, {"input_audio_tokens": 2}),
        ({"prompt_tokens_details": {"cache_write_tokens": 3}}, {"input_cache_write_tokens": 3}),
        ({"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 1}, {"input_cached_tokens": 4}),
        ({"num_cached_tokens": 4}, {"input_cached_tokens": 4}),
        ({"cached_tokens": 4}, {"input_cached_tokens": 4}),
        ({"completion_tokens_details": {"reasoning_tokens": 6}}, {"output_reasoning_tokens": 6}),
        ({"completion_tokens_details": {"audio_tokens": 6}}, {"output_audio_tokens": 6}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        ({"prompt_tokens": 5.0}, {}),
        # Parts that their total leaves out: xAI, Gemini, Vercel, Grok on Azure, OpenRouter (recordings).
        (
            {"total_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 8}},
            {"output_tokens": 15, "output_reasoning_tokens": 8},
        ),
        ({"total_tokens": 20}, {"output_tokens": 15, "output_reasoning_tokens": 8}),
        (
            {"completion_tokens_details": {"reasoning_tokens": 8}},
            {"output_tokens": 15, "output_reasoning_tokens": 8, "is_mended": True},
        ),
        (
            {"prompt_tokens_details": {"cached_tokens": 161}},
            {"input_tokens": 166, "input_cached_tokens": 161, "is_mended": True},
        ),
        (
            {"prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 4}},
            {"input_tokens": 9, "input_cached_tokens": 4, "input_cache_write_tokens": 4, "is_mended": True},
        ),
        # What it costs: in OpenRouter's words, with a key of the caller's own, in Perplexity's, in xAI's.
        ({"cost": 8.6e-05}, {"told_usd": Decimal("0.000086")}),
        (
            {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}},
            {"told_usd": Decimal("0.21")},
        ),
        ({"cost": 0.01, "is_byok": True, "cost_details": None}, {}),
        ({"cost": {"request_cost": 0.005, "total_cost": 0.00507}}, {"told_usd": Decimal("0.00507")}),
        ({"cost_in_usd_ticks": 731_000}, {"told_usd": Decimal("0.0000731")}),
        *(({"cost": nonsense}, {}) for nonsense in (-1, 10**9, "much", [], {}, {"total_cost": True}, None)),
        ({"cost_in_usd_ticks": "many", "cost": 1}, {}),
        # Details that cannot be true are left out.
        ({"prompt_tokens_details": {"cached_tokens": -4}}, {}),
        ({"completion_tokens_details": {"reasoning_tokens": 1.5}}, {}),
        ({"prompt_tokens_details": {"audio_tokens": 50}}, {"input_audio_tokens": 5, "is_mended": True}),
        ({"total_tokens": -1}, {}),
    ],
)  # fmt: skip
def test_usage_is_read_from_each_vendors_words(told, expected):
    usage = openai_chat.glance_answer(answer_body({}, usage=USAGE | told)).usage
    assert usage == msgspec.structs.replace(COUNTED, **expected)


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        [],
        "many",
        {"prompt_tokens": 5},
        USAGE | {"completion_tokens": None},
        USAGE | {"completion_tokens": -1},
        USAGE | {"completion_tokens": 1.5},
        USAGE | {"completion_tokens": "7"},
        USAGE | {"completion_tokens": True},
        USAGE | {"prompt_tokens": 10**30},
        USAGE | {"prompt_tokens_details": 5},
        {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2**31 - 1}},
        {"prompt_tokens": 5, "completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 2**31 - 1}},
    ],
)
def test_a_count_that_cannot_be_true_is_no_count(told):
    assert openai_chat.glance_answer(answer_body({}, usage=told)).usage is None


counts = st.integers(-10, 2**40) | st.floats(allow_nan=False, allow_infinity=False) | st.none()
details = st.none() | st.dictionaries(
    st.sampled_from(["cached_tokens", "cache_write_tokens", "audio_tokens", "reasoning_tokens"]), counts
)


@given(
    st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens"]), counts),
    details,
    details,
)
def test_parts_are_never_more_than_their_totals(told, inputs, outputs):
    told |= {"prompt_tokens_details": inputs, "completion_tokens_details": outputs}
    usage = openai_chat.glance_answer(answer_body({}, usage=told)).usage
    if usage is None:
        return
    assert 0 <= usage.input_cached_tokens + usage.input_cache_write_tokens <= usage.input_tokens
    assert 0 <= usage.output_reasoning_tokens <= usage.output_tokens
    assert 0 <= usage.input_audio_tokens <= usage.input_tokens
    assert 0 <= usage.output_audio_tokens <= usage.output_tokens


# Errors.

OPENAI_429 = b'{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}'


def test_an_error_answer_is_classified_with_its_headers():
    error = openai_chat.classify(429, OPENAI_429, ((b"Retry-After-Ms", b"1574"),), now_s=0)
    assert isinstance(error, errors.UpstreamRateLimited)
    assert (error.retry_after_s, error.provider_message) == (1.574, "Rate limit reached")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"m"}}', "m"),
        (b'[{"error":{"message":"m","code":400}}]', "m"),
        (b'{"error":"m"}', "m"),
        (b'{"object":"error","message":"m","code":400}', "m"),
        (b'{"detail":"m"}', "m"),
        (b'{"detail":[{"loc":["body"],"msg":"m"}]}', '[{"loc":["body"],"msg":"m"}]'),
        (b'{"message":"m","request_id":"r"}', "m"),
        (b"upstream timed out", "upstream timed out"),
        (b"<html><body>502</body></html>", ""),
        (b"", ""),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        (b"{}", ""),
        (b"[]", "[]"),
        (b'{"error":null}', ""),
    ],
)
def test_a_message_is_found_however_a_server_says_it(body, message):
    assert openai_chat.read_error(500, body) == chat.Failed(message=message, status=500)


# Whatever comes.

FIELDS = st.sampled_from(
    [
        "choices",
        "index",
        "delta",
        "message",
        "content",
        "tool_calls",
        "function",
        "usage",
        "error",
        "id",
        "code",
        "audio",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)
bodies = (
    st.binary(max_size=100)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(FIELDS, json_values).map(lambda fields: json.dumps({"choices": [fields]}).encode())
)


@given(bodies)
def test_any_bytes_are_an_answer_or_none(body):
    with suppress(errors.UpstreamIncomplete):
        openai_chat.glance_answer(body)
    with suppress(errors.UpstreamIncomplete):
        openai_chat.write_answer(openai_chat.read_answer(body))


@given(st.integers(300, 599), bodies)
def test_any_error_answer_is_classified(status, body):
    error = openai_chat.classify(status, body, ((b"retry-after", body[:20]),), now_s=0)
    assert isinstance(error, errors.UpstreamError)
    assert error.provider_status == status
