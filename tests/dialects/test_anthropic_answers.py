"""Messages in Anthropic's dialect, answered whole, counted, and failed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import anthropic_messages, chat
from tollhouse.dialects.glance import AnswerGlance

NAME = anthropic_messages.NAME
HEAD = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5"}
USAGE = {"input_tokens": 5, "output_tokens": 7}
COUNTED = chat.Usage(input_tokens=5, output_tokens=7)
HELLO = {"type": "text", "text": "Hello"}


def body(*content: dict[str, Any], **fields: Any) -> bytes:
    said = {"content": content or [HELLO], "stop_reason": "end_turn", "stop_sequence": None, "usage": USAGE}
    return json.dumps(HEAD | said | fields).encode()


def answer(*parts: chat.Part, **fields: Any) -> chat.Answer:
    choice = {"index": 0, "finish_reason": "stop", "said": "end_turn"} | fields
    message = chat.Message(role="assistant", parts=parts, tool_calls=choice.pop("tool_calls", ()))
    return chat.Answer(
        id="msg_1", model="claude-opus-5-5", created=0, choices=(chat.Choice(message=message, **choice),), usage=COUNTED
    )


def written(value: chat.Answer) -> dict[str, Any]:
    return json.loads(anthropic_messages.write_answer(value))


# Whole answers.


def test_an_answer_at_a_glance():
    assert anthropic_messages.glance_answer(body()) == AnswerGlance(
        id="msg_1",
        model="claude-opus-5-5",
        usage=COUNTED,
        finish_reasons=("end_turn",),
        output_bytes=len(json.dumps([HELLO])),
        failed=None,
    )


NO_ANSWERS = [b"", b" ", b"{", b"[]", b"{}", b"<html>502</html>", b'{"content":null}', b'{"content":5}', b'{"id":5}']


@pytest.mark.parametrize("read_it", [anthropic_messages.glance_answer, anthropic_messages.read_answer])
@pytest.mark.parametrize("wire", [*NO_ANSWERS, body()[:-1]])
def test_what_is_no_answer_may_still_have_cost_something(read_it, wire):
    with pytest.raises(errors.UpstreamIncomplete) as refused:
        read_it(wire)
    assert refused.value.may_have_billed


def test_an_error_within_status_200_is_a_failure():
    wire = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    failed = chat.Failed(message="Overloaded", type="overloaded_error", status=529)
    assert anthropic_messages.glance_answer(wire).failed == failed


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ([HELLO], (chat.TextPart("Hello"),)),
        ([], ()),
        ([{"type": "text", "text": ""}], ()),
        (
            [{"type": "thinking", "thinking": "2+2", "signature": "s"}, {"type": "text", "text": "4"}],
            (chat.ReasoningPart("2+2", "s", None, NAME), chat.TextPart("4")),
        ),
        ([{"type": "thinking", "thinking": "", "signature": "s"}], (chat.ReasoningPart("", "s", None, NAME),)),
        ([{"type": "redacted_thinking", "data": "x"}], (chat.ReasoningPart("", None, "x", NAME),)),
        (
            [{"type": "server_tool_use", "id": "s"}, HELLO],
            (chat.OtherPart("server_tool_use", Raw(b'{"type": "server_tool_use", "id": "s"}')), chat.TextPart("Hello")),
        ),
    ],
)
def test_what_an_answer_says_is_read_and_said_again(content, parts):
    read = anthropic_messages.read_answer(body(content=content))
    assert read.choices[0].message.parts == parts
    assert anthropic_messages.read_answer(anthropic_messages.write_answer(read)) == read


def test_what_words_rest_on_is_read_and_said_again():
    citation = {"type": "char_location", "cited_text": "grass", "document_index": 0, "document_title": "facts"}
    wire = {"type": "text", "text": "green", "citations": [citation]}
    (part,) = anthropic_messages.read_answer(body(wire)).choices[0].message.parts
    assert isinstance(part, chat.TextPart)
    raw = Raw(json.dumps(citation).encode())
    assert part.citations == (chat.Citation(title="facts", quote="grass", start=0, end=5, raw=raw),)
    assert written(answer(part))["content"] == [wire]


def test_what_words_of_another_dialect_rest_on_is_put_as_a_search_result():
    foreign = chat.Citation(url="https://example.com", title="t", start=0, end=3, raw=Raw(b'{"type":"url_citation"}'))
    assert written(answer(chat.TextPart("abc", citations=(foreign,))))["content"][0]["citations"] == [
        {
            "type": "web_search_result_location",
            "url": "https://example.com",
            "title": "t",
            "encrypted_index": "",
            "cited_text": "",
        }
    ]


def test_words_are_cut_where_those_begin_and_end_that_rest_on_something():
    places = [("a", 0, 3), ("b", 2, 5), ("a", 6, 9), ("none", None, None), ("empty", 4, 4), ("beyond", 99, 101)]
    cited = tuple([chat.Citation(url=url, start=start, end=end) for url, start, end in places])
    parts = (chat.TextPart("01234"), chat.ReasoningPart("?", "s", None, NAME), chat.TextPart("56789", citations=cited))
    blocks = written(answer(*parts))["content"]
    assert [(block.get("text"), [each["url"] for each in block.get("citations", [])]) for block in blocks] == [
        ("01", ["a"]),
        ("2", ["a", "b"]),
        ("34", ["b"]),
        (None, []),
        ("5", []),
        ("678", ["a"]),
        ("9", ["none", "empty", "beyond"]),
    ]


def test_thinking_of_another_dialect_gets_an_empty_signature_and_keeps_no_foreign_proof():
    said = answer(
        chat.ReasoningPart("a"),
        chat.ReasoningPart("b", "s", None, "gemini"),
        chat.ReasoningPart("c", None, "x", "openai_responses"),
        chat.ReasoningPart("", None, "x", "openai_responses"),
    )
    assert written(said)["content"] == [
        {"type": "thinking", "thinking": text, "signature": ""} for text in ("a", "b", "c")
    ]


def test_a_refusal_and_sound_are_said_in_words():
    said = answer(chat.RefusalPart("no"), chat.SpokenPart(transcript="Hey"), chat.SpokenPart(data="AA=="))
    assert [block["text"] for block in written(said)["content"]] == ["no", "Hey"]


def test_calls_are_read_and_said_again_and_stand_last():
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
    read = anthropic_messages.read_answer(body(call, HELLO, stop_reason="tool_use"))
    assert read.choices[0].message.tool_calls == (chat.ToolCall("t", "f", '{"a": 1}'),)
    assert written(read)["content"] == [HELLO, call]


def test_an_answer_keeps_what_is_not_modelled():
    wire = body(container={"id": "c"}, stop_details=None)
    read = anthropic_messages.read_answer(wire)
    assert read.extra == {"container": Raw(b'{"id": "c"}')}
    assert written(read)["container"] == {"id": "c"}


def test_an_answer_without_a_count_counts_nothing():
    assert written(msgspec.structs.replace(answer(), usage=None))["usage"] == {"input_tokens": 0, "output_tokens": 0}


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "other"),
        ("compaction", "other"),
    ],
)
def test_a_stop_reason_means_something_and_keeps_its_word(word, reason):
    read = anthropic_messages.read_answer(body(stop_reason=word))
    assert (read.choices[0].finish_reason, read.choices[0].said) == (reason, word)
    assert written(read)["stop_reason"] == word


@pytest.mark.parametrize(
    ("reason", "said", "sequence", "word"),
    [
        ("stop", "stop", None, "end_turn"),
        ("stop", "STOP", "END", "stop_sequence"),
        ("length", "MAX_TOKENS", None, "max_tokens"),
        ("tool_calls", "tool_calls", None, "tool_use"),
        ("content_filter", "SAFETY", None, "refusal"),
        ("other", "MALFORMED_FUNCTION_CALL", None, "end_turn"),
    ],
)
def test_another_dialects_word_for_a_reason_is_not_said(reason, said, sequence, word):
    told = written(answer(finish_reason=reason, said=said, stop_sequence=sequence))
    assert (told["stop_reason"], told["stop_sequence"]) == (word, sequence)


CALL = chat.ToolCall("t", "f", "{}")
NO = chat.RefusalPart("no")


@pytest.mark.parametrize(
    ("part", "fields", "word"),
    [
        (chat.TextPart("a"), {"said": "stop", "tool_calls": (CALL,)}, "tool_use"),
        (chat.TextPart("a"), {"said": "", "finish_reason": "other", "tool_calls": (CALL,)}, "tool_use"),
        (chat.TextPart("a"), {"said": "length", "finish_reason": "length", "tool_calls": (CALL,)}, "max_tokens"),
        (chat.TextPart("a"), {"said": "end_turn", "tool_calls": (CALL,)}, "end_turn"),
        (NO, {"said": "stop"}, "refusal"),
        (NO, {"said": "stop", "tool_calls": (CALL,)}, "tool_use"),
        (chat.RefusalPart(""), {"said": "stop"}, "end_turn"),
    ],
)
def test_a_forced_call_and_a_refusal_are_no_ordinary_stop(part, fields, word):
    assert written(answer(part, **fields))["stop_reason"] == word


# Usage.


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, {}),
        ({"cache_read_input_tokens": None, "output_tokens_details": None, "iterations": None}, {}),
        ({"cache_read_input_tokens": 4}, {"input_tokens": 9, "input_cached_tokens": 4}),
        (
            {"cache_read_input_tokens": 4, "cache_creation_input_tokens": 3},
            {"input_tokens": 12, "input_cached_tokens": 4, "input_cache_write_tokens": 3},
        ),
        ({"output_tokens_details": {"thinking_tokens": 6}}, {"output_reasoning_tokens": 6}),
        ({"output_tokens_details": {"thinking_tokens": 60}}, {"output_reasoning_tokens": 7, "is_mended": True}),
        ({"output_tokens_details": {"thinking_tokens": -1}}, {}),
        ({"service_tier": "priority"}, {"service_tier": "priority"}),
        ({"service_tier": "standard", "speed": "fast"}, {"service_tier": "fast"}),
        ({"inference_geo": "us"}, {"price_percent": 110}),
        ({"inference_geo": "global"}, {}),
        ({"input_tokens": 5.0}, {}),
        # What a compaction took is billed on top; the message itself is told twice.
        (
            {
                "iterations": [
                    {"type": "compaction", "input_tokens": 180, "output_tokens": 35, "cache_read_input_tokens": 9},
                    {"type": "message", **USAGE},
                ]
            },
            {"input_tokens": 194, "output_tokens": 42, "input_cached_tokens": 9},
        ),
    ],
)
def test_usage_contains_its_parts(told, expected):
    usage = anthropic_messages.glance_answer(body(usage=USAGE | told)).usage
    assert usage == msgspec.structs.replace(COUNTED, **expected)


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        [],
        "many",
        {"input_tokens": 5},
        USAGE | {"output_tokens": None},
        USAGE | {"output_tokens": -1},
        USAGE | {"output_tokens": 1.5},
        USAGE | {"output_tokens": "7"},
        USAGE | {"output_tokens": True},
        USAGE | {"input_tokens": 10**30},
        USAGE | {"cache_read_input_tokens": -1},
        USAGE | {"cache_read_input_tokens": 2**31 - 1},
        USAGE | {"iterations": [{"type": "compaction"}]},
    ],
)
def test_a_count_that_cannot_be_true_is_no_count(told):
    assert anthropic_messages.glance_answer(body(usage=told)).usage is None


counts = st.integers(0, 2**20)
usages = st.builds(
    lambda fresh, cached, written, made, thought, tier: chat.Usage(
        input_tokens=fresh + cached + written,
        output_tokens=made + thought,
        input_cached_tokens=cached,
        input_cache_write_tokens=written,
        output_reasoning_tokens=thought,
        service_tier=tier,
    ),
    *[counts] * 5,
    st.sampled_from([None, "standard", "priority", "batch", "fast"]),
)


@given(usages)
def test_a_written_count_is_read_as_the_same(usage):
    told = anthropic_messages.write_answer(msgspec.structs.replace(answer(), usage=usage))
    assert anthropic_messages.glance_answer(told).usage == usage


@given(st.dictionaries(st.sampled_from([*USAGE, "cache_read_input_tokens", "cache_creation_input_tokens"]), counts))
def test_parts_are_never_more_than_their_totals(told):
    usage = anthropic_messages.glance_answer(body(usage=told)).usage
    assert usage is None or usage.input_cached_tokens + usage.input_cache_write_tokens <= usage.input_tokens


# Counts of tokens.


@pytest.mark.parametrize("wire", [b"", b"{}", b"[]", b'{"input_tokens":null}', b'{"input_tokens":-1}', b"\xff"])
def test_what_tells_no_count_is_no_answer(wire):
    with pytest.raises(errors.UpstreamIncomplete):
        anthropic_messages.read_count(wire)


def test_a_count_is_asked_for_at_an_address_of_its_own():
    assert anthropic_messages.target("m", stream=True) == b"/messages"
    assert anthropic_messages.count_target("m") == b"/messages/count_tokens"


def test_only_what_the_model_reads_is_counted():
    counted = {
        "model": "m",
        "system": "s",
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"name": "f", "input_schema": {}}],
        "thinking": {"type": "adaptive"},
    }
    uncounted = {"max_tokens": 5, "temperature": 1.0, "stream": True, "metadata": {"user_id": "u"}}
    request = anthropic_messages.read_count_request(json.dumps(counted | uncounted).encode())
    assert json.loads(anthropic_messages.write_count_request(request)) == counted


@given(st.integers(0, 2**31 - 1))
def test_a_written_number_is_read_as_the_same(count):
    assert anthropic_messages.read_count(anthropic_messages.write_count(count)) == count


# Errors.


def error_body(kind: str, message: str = "m") -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}).encode()


@pytest.mark.parametrize(
    ("status", "kind", "message", "expected", "told"),
    [
        (400, "invalid_request_error", "max_tokens: Field required", errors.UpstreamRefused, 400),
        (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000", errors.UpstreamRefused, 400),
        (400, "invalid_request_error", "Your credit balance is too low to access the API.", errors.UpstreamQuota, 502),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", errors.UpstreamQuota, 502),
        (401, "authentication_error", "invalid x-api-key", errors.UpstreamAuthFailed, 502),
        (402, "billing_error", "m", errors.UpstreamQuota, 502),
        (403, "permission_error", "m", errors.UpstreamAuthFailed, 502),
        (404, "not_found_error", "model: m", errors.UpstreamRefused, 404),
        (413, "request_too_large", "m", errors.UpstreamRefused, 413),
        (429, "rate_limit_error", "m", errors.UpstreamRateLimited, 429),
        (500, "api_error", "m", errors.UpstreamDown, 502),
        (529, "overloaded_error", "Overloaded", errors.UpstreamDown, 503),
    ],
)
def test_an_error_answer_is_classified(status, kind, message, expected, told):
    error = anthropic_messages.classify(status, error_body(kind, message), (), now_s=0)
    assert (type(error), error.status) == (expected, told)
    assert (error.code == "context_length_exceeded") == message.startswith("prompt is too long")


def test_a_told_wait_comes_before_the_moment_when_limits_are_reset():
    headers = (
        (b"Retry-After", b"7"),
        (b"anthropic-ratelimit-requests-remaining", b"0"),
        (b"anthropic-ratelimit-requests-reset", b"1970-01-01T00:01:00Z"),
        (b"anthropic-ratelimit-input-tokens-remaining", b"0"),
        (b"anthropic-ratelimit-input-tokens-reset", b"1970-01-01T00:02:00Z"),
        (b"anthropic-ratelimit-tokens-remaining", b"5"),
        (b"anthropic-ratelimit-tokens-reset", b"1970-01-01T00:09:00Z"),
    )

    def wait_s(headers: Any, now_s: float) -> float | None:
        return anthropic_messages.classify(429, error_body("rate_limit_error"), headers, now_s).retry_after_s

    assert wait_s(headers, 0) == 7
    assert wait_s(headers[1:], 0) == 120
    assert wait_s(headers[1:], 500) == 0
    assert wait_s(headers[1:2], 0) is None
    assert wait_s((headers[1], (headers[2][0], b"soon")), 0) is None
    assert wait_s((), 0) is None


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b'{"type":"error","error":{"message":"m"}}', "m"),
        (b'{"error":"m"}', "m"),
        (b'{"detail":"m"}', "m"),
        (b'{"message":"m"}', "m"),
        (b"upstream timed out", "upstream timed out"),
        (b"<html><body>502</body></html>", ""),
        (b"", ""),
        (b"{}", ""),
        (b"[]", "[]"),
        (b'{"error":null}', ""),
    ],
)
def test_a_message_is_found_however_a_server_says_it(wire, message):
    assert anthropic_messages.read_error(500, wire) == chat.Failed(message=message, status=500)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, None, "invalid_request_error"),
        (401, "server_error", "authentication_error"),
        (404, None, "not_found_error"),
        (418, None, "invalid_request_error"),
        (422, "billing_error", "billing_error"),
        (429, "insufficient_quota", "rate_limit_error"),
        (500, None, "api_error"),
        (502, "overloaded_error", "overloaded_error"),
        (502, "provider_error", "api_error"),
        (503, None, "overloaded_error"),
        (504, None, "timeout_error"),
        (529, None, "overloaded_error"),
    ],
)
def test_an_error_is_said_in_a_word_of_this_dialect(status, kind, said):
    failed = chat.Failed(message="m", type=kind)
    assert json.loads(anthropic_messages.write_error(failed, status, "req_1")) == {
        "type": "error",
        "error": {"type": said, "message": "m"},
        "request_id": "req_1",
    }


# Whatever comes.

FIELDS = st.sampled_from(["type", "content", "text", "usage", "error", "id", "name", "input", "stop_reason", "message"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)
bodies = (
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.lists(st.dictionaries(FIELDS, json_values, max_size=3), max_size=3).map(lambda said: body(content=said))
)


@given(bodies)
def test_any_bytes_are_an_answer_or_none(wire):
    with suppress(errors.UpstreamIncomplete):
        anthropic_messages.glance_answer(wire)
    with suppress(errors.UpstreamIncomplete):
        anthropic_messages.write_answer(anthropic_messages.read_answer(wire))
    with suppress(errors.UpstreamIncomplete):
        anthropic_messages.read_count(wire)


@given(st.integers(300, 599), bodies)
def test_any_error_answer_is_classified(status, wire):
    headers = ((b"retry-after", wire[:20]), (b"anthropic-ratelimit-x-remaining", wire[:1]))
    error = anthropic_messages.classify(status, wire, headers, now_s=0)
    assert isinstance(error, errors.UpstreamError)
    assert error.provider_status == status
