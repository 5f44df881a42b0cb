"""What a provider's failure means, by status and code, and when to ask again."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients import DIALECTS
from tollhouse import errors
from tollhouse.dialects import chat, http_errors

NOW_S = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("status", "code", "expected", "status_for_caller", "code_for_caller"),
    [
        (400, None, errors.UpstreamRefused, 400, "invalid_request"),
        (400, "unsupported_value", errors.UpstreamRefused, 400, "unsupported_value"),
        (400, "no code,\r\nbut words", errors.UpstreamRefused, 400, "invalid_request"),
        (404, "model_not_found", errors.UpstreamRefused, 404, "model_not_found"),
        (413, None, errors.UpstreamRefused, 413, "invalid_request"),
        (422, None, errors.UpstreamRefused, 422, "invalid_request"),
        (409, None, errors.UpstreamRefused, 409, "invalid_request"),
        (400, "context_length_exceeded", errors.UpstreamRefused, 400, "context_length_exceeded"),
        (413, "context_length_exceeded", errors.UpstreamRefused, 400, "context_length_exceeded"),
        (401, None, errors.UpstreamAuthFailed, 502, "provider_auth_failed"),
        (403, None, errors.UpstreamAuthFailed, 502, "provider_auth_failed"),
        (402, None, errors.UpstreamQuota, 502, "provider_quota"),
        (429, "insufficient_quota", errors.UpstreamQuota, 502, "provider_quota"),
        (429, None, errors.UpstreamRateLimited, 429, "provider_rate_limited"),
        (500, None, errors.UpstreamDown, 502, "provider_unavailable"),
        (502, None, errors.UpstreamDown, 502, "provider_unavailable"),
        (503, None, errors.UpstreamDown, 503, "provider_unavailable"),
        (529, None, errors.UpstreamDown, 503, "provider_unavailable"),
        (504, None, errors.UpstreamDown, 502, "provider_unavailable"),
        (408, None, errors.UpstreamDown, 502, "provider_unavailable"),
        (302, None, errors.UpstreamDown, 502, "provider_unavailable"),
    ],
)
def test_each_failure_becomes_what_the_contract_says(status, code, expected, status_for_caller, code_for_caller):
    error = http_errors.classify(chat.Failed(message="words", code=code), status, retry_after_s=3.0)
    assert type(error) is expected
    assert (error.status, error.code) == (status_for_caller, code_for_caller)
    assert (error.provider_status, error.provider_message) == (status, "words")
    assert not error.may_have_billed


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        "prompt is too long: 250000 tokens > 200000 maximum",
        "The input exceeds the context window of this model.",
        "request (1051 tokens) exceeds the available context size (1024 tokens), try increasing it",
    ],
)
def test_a_context_overrun_is_known_by_its_words(message):
    error = http_errors.classify(chat.Failed(message=message), 400)
    assert (error.status, error.code) == (400, "context_length_exceeded")


def test_only_refused_requests_quote_the_provider_to_the_caller():
    quoting = chat.Failed(message="Incorrect API key provided: secret")
    told = {status: http_errors.classify(quoting, status).message for status in (400, 401, 402, 429, 500)}
    assert [status for status, message in told.items() if "secret" in message] == [400]


def test_a_message_is_cut_and_never_empty():
    assert len(http_errors.classify(chat.Failed(message="x" * 10_000), 400).message) == 500
    assert len(http_errors.classify(chat.Failed(message="x" * 10_000), 500).provider_message) == 500
    assert "400" in http_errors.classify(chat.Failed(message=""), 400).message


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After-Ms": "1574", "retry-after": "2"}, 1.574),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:14:20 GMT"}, 60.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:14:20 -0000"}, 60.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:12:20 GMT"}, None),
        *[
            ({"Retry-After": garbage}, None)
            for garbage in ("", "-5", "nan", "inf", "1e9", "soon", "9" * 400, "٣", "0x1")
        ],
    ],
)
def test_when_to_ask_again(headers, wait_s):
    wire = tuple((name.encode(), value.encode()) for name, value in headers.items())
    assert http_errors.retry_after_s(wire, NOW_S) == wait_s


@given(st.binary(max_size=60))
def test_any_header_is_a_wait_or_nothing(value):
    wait_s = http_errors.retry_after_s(((b"retry-after", value),), NOW_S)
    assert wait_s is None or wait_s >= 0


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.NAME)
def test_what_looks_like_an_answer_and_reports_an_error_is_not_read_as_one(dialect):
    message = chat.Message(role="assistant", parts=(chat.TextPart("a"),))
    choice = chat.Choice(index=0, message=message, finish_reason="stop", said="stop")
    whole = chat.Answer(id="1", model="m", created=1, choices=(choice,))
    assert dialect.read_answer(dialect.write_answer(whole)).choices
    body = dialect.write_answer(msgspec.structs.replace(whole, extra={"error": msgspec.Raw(b'{"message":"No"}')}))
    assert dialect.glance_answer(body).failed.message == "No"
    with pytest.raises(errors.UpstreamIncomplete):
        dialect.read_answer(body)
