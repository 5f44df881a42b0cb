"""Whole answers in Google's dialect: read, written, counted; and how it fails."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import chat, gemini

USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12}
COUNTED = chat.Usage(input_tokens=5, output_tokens=7)


def answered(*parts: dict[str, Any], finish: Any = "STOP", **fields: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": finish} | fields
    return {"candidates": [candidate], "usageMetadata": USAGE, "modelVersion": "gemini-2.5-flash", "responseId": "r-1"}


def read(wire: Any) -> chat.Answer:
    return gemini.read_answer(json.dumps(wire).encode())


def choice(*parts: dict[str, Any], **fields: Any) -> chat.Choice:
    (only,) = read(answered(*parts, **fields)).choices
    return only


def usage(**fields: Any) -> chat.Usage | None:
    return gemini.glance_answer(json.dumps(answered({"text": "a"}) | {"usageMetadata": fields}).encode()).usage


def test_an_answer_tells_who_says_what():
    assert read(answered({"text": "Hello"})) == chat.Answer(
        id="r-1",
        model="gemini-2.5-flash",
        created=0,
        choices=(
            chat.Choice(
                index=0,
                message=chat.Message(role="assistant", parts=(chat.TextPart("Hello"),)),
                finish_reason="stop",
                said="STOP",
            ),
        ),
        usage=COUNTED,
    )


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("CONTINUATION", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "other"),
        ("SOMETHING_NEW", "other"),
        (1, "stop"),
        (2, "length"),
        (99, "other"),
        (None, "other"),
    ],
)
def test_a_finish_reason_means_something(word, reason):
    assert choice({"text": "a"}, finish=word).finish_reason == reason


def test_stop_also_ends_an_answer_that_asks_for_tools():
    asked = choice({"functionCall": {"name": "f"}})
    assert (asked.finish_reason, asked.said) == ("tool_calls", "STOP")
    assert (
        json.loads(gemini.write_answer(read(answered({"functionCall": {"name": "f"}}))))["candidates"][0][
            "finishReason"
        ]
        == "STOP"
    )


@pytest.mark.parametrize(
    ("reason", "said", "word"),
    [
        ("stop", "end_turn", "STOP"),
        ("tool_calls", "tool_use", "STOP"),
        ("length", "max_tokens", "MAX_TOKENS"),
        ("content_filter", "RECITATION", "RECITATION"),
        ("content_filter", "refusal", "SAFETY"),
        ("other", "pause_turn", "OTHER"),
        ("stop", "MAX_TOKENS", "STOP"),
    ],
)
def test_another_dialects_word_for_a_reason_is_not_said(reason, said, word):
    message = chat.Message(role="assistant", parts=(chat.TextPart("a"),))
    finished = chat.Choice(index=0, message=message, finish_reason=reason, said=said)
    written = json.loads(gemini.write_answer(chat.Answer(id="1", model="m", created=0, choices=(finished,))))
    assert written["candidates"][0]["finishReason"] == word


def test_calls_are_named_so_that_no_two_answers_of_a_conversation_share_a_name():
    told, unnamed = {"functionCall": {"name": "f", "id": "f1"}}, {"functionCall": {"name": "g", "args": {"a": [1, 2]}}}
    calls = choice(told, unnamed, unnamed).message.tool_calls
    assert [call.id for call in calls] == ["f1", "call_r-1_0_1", "call_r-1_0_2"]
    assert [call.arguments for call in calls] == ["{}", '{"a":[1,2]}', '{"a":[1,2]}']


def test_an_answer_that_says_nothing_has_no_parts():
    assert choice({"text": ""}).message.parts == ()
    assert choice(content={}).message.parts == ()


def test_a_blocked_prompt_is_an_answer_that_a_filter_ended():
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 5}}
    answer = read(blocked)
    (only,) = answer.choices
    assert (only.finish_reason, only.said, only.message.parts) == ("content_filter", "PROHIBITED_CONTENT", ())
    assert gemini.glance_answer(json.dumps(blocked).encode()).finish_reasons == ("PROHIBITED_CONTENT",)
    again = json.loads(gemini.write_answer(answer))
    assert (again["promptFeedback"], "candidates" in again) == (blocked["promptFeedback"], False)


def test_what_is_not_modelled_is_said_again():
    wire = answered({"text": "a"}, safetyRatings=[{"category": "X"}], avgLogprobs=-0.5) | {"modelStatus": {"a": 1}}
    again = json.loads(gemini.write_answer(read(wire)))
    assert again["candidates"][0].items() >= {"safetyRatings": [{"category": "X"}], "avgLogprobs": -0.5}.items()
    assert again["modelStatus"] == {"a": 1}


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"{",
        b"<html>",
        b"\xff",
        b'{"candidates":[]}',
        b'{"candidates":5}',
        b'{"promptFeedback":{}}',
        b'{"candidates":[{"content":{"parts":[{"text":"\xff"}]}}]}',
    ],
)
def test_what_is_no_answer_breaks_it_off(wire):
    with pytest.raises(errors.UpstreamIncomplete) as refused:
        gemini.read_answer(wire)
    assert refused.value.may_have_billed


def test_an_error_with_status_200_is_a_failure():
    glance = gemini.glance_answer(b'{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}')
    assert glance.failed == chat.Failed(message="m", code="UNAVAILABLE", type="UNAVAILABLE", status=503)


# What words rest on.


def grounded(text: str, **grounding: Any) -> tuple[chat.Citation, ...]:
    (part,) = choice({"text": text}, groundingMetadata=grounding).message.parts
    assert isinstance(part, chat.TextPart)
    return part.citations


def test_places_are_counted_in_bytes_there_and_in_characters_here():
    text = "Grüße aus Köln."
    start, end = len("Grüße ".encode()), len("Grüße aus Köln".encode())
    citations = grounded(
        text,
        groundingChunks=[{"web": {"uri": "https://a", "title": "A"}}, {"retrievedContext": {"text": "Köln"}}],
        groundingSupports=[
            {"segment": {"startIndex": start, "endIndex": end}, "groundingChunkIndices": [0, 7]},
            {"segment": {"endIndex": 99}, "groundingChunkIndices": [0]},
        ],
    )
    assert citations == (
        chat.Citation(url="https://a", title="A", start=6, end=14),
        chat.Citation(url="https://a", title="A", start=0, end=len(text)),
        chat.Citation(quote="Köln"),
    )


@pytest.mark.parametrize("field", ["citationSources", "citations"])
def test_sources_of_recited_words_are_citations_each_once(field):
    cited = {field: [{"uri": "https://a", "endIndex": 2}, {"uri": "https://a", "endIndex": 2}, {}, {"title": "B"}]}
    (part,) = choice({"text": "abc"}, citationMetadata=cited).message.parts
    assert part == chat.TextPart(
        "abc", citations=(chat.Citation(url="https://a", start=0, end=2), chat.Citation(title="B"))
    )


@pytest.mark.parametrize("grounding", [5, {"groundingChunks": 5}, {"groundingSupports": [{"segment": 5}]}])
def test_citations_that_cannot_be_read_do_not_spoil_an_answer(grounding):
    assert choice({"text": "a"}, groundingMetadata=grounding).message.parts == (chat.TextPart("a"),)


def test_log_probabilities_are_said_token_by_token():
    result = {
        "chosenCandidates": [{"token": "a", "logProbability": -0.5, "tokenId": 7}],
        "topCandidates": [{"candidates": [{"token": "a", "logProbability": -0.5}]}],
    }
    told = choice({"text": "a"}, logprobsResult=result).logprobs
    assert told is not None
    token = {"token": "a", "logprob": -0.5, "bytes": [97]}
    assert json.loads(bytes(told)) == {"content": [token | {"top_logprobs": [token]}]}


# Usage.


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"promptTokenCount": 5}, (5, 0)),
        ({"promptTokenCount": 5, "candidatesTokenCount": 7, "thoughtsTokenCount": 9, "totalTokenCount": 21}, (5, 16)),
        ({"promptTokenCount": 5, "candidatesTokenCount": 7, "toolUsePromptTokenCount": 9}, (14, 7)),
        ({"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 20}, (5, 15)),
        ({"candidatesTokenCount": 7, "totalTokenCount": 20}, (13, 7)),
        ({"promptTokenCount": 5, "cachedContentTokenCount": 9}, (9, 0)),
        ({"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 3}, (5, 7)),
    ],
)
def test_everything_read_and_made_is_counted(fields, expected):
    counted = usage(**fields)
    assert counted is not None
    assert (counted.input_tokens, counted.output_tokens) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"trafficType": "ON_DEMAND"},
        {"promptTokenCount": -1},
        {"promptTokenCount": 1.5},
        {"promptTokenCount": 1e300},
        {"promptTokenCount": 10**12},
        {"promptTokenCount": "5"},
        {"promptTokenCount": 5, "candidatesTokenCount": 2**31},
    ],
)
def test_a_count_that_cannot_be_true_is_no_count(fields):
    assert usage(**fields) is None


def test_the_parts_of_a_count_are_within_it():
    counted = usage(
        promptTokenCount=50,
        cachedContentTokenCount=20,
        candidatesTokenCount=7,
        thoughtsTokenCount=3,
        promptTokensDetails=[{"modality": "TEXT", "tokenCount": 30}, {"modality": "AUDIO", "tokenCount": 99}],
        candidatesTokensDetails=[{"modality": 4, "tokenCount": 6}, {"modality": "AUDIO"}],
        serviceTier="flex",
    )
    assert counted == chat.Usage(
        input_tokens=50,
        input_cached_tokens=20,
        input_audio_tokens=50,
        output_tokens=10,
        output_reasoning_tokens=3,
        output_audio_tokens=6,
        service_tier="flex",
        is_mended=True,
    )


# Errors.


def envelope(code: int, message: str = "m", status: str = "S", **fields: Any) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": status} | fields}).encode()


def detail(kind: str, **fields: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}"} | fields


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, envelope(400, details=[detail("ErrorInfo", reason="API_KEY_INVALID")]), errors.UpstreamAuthFailed),
        (400, envelope(400), errors.UpstreamRefused),
        (403, envelope(403, status="PERMISSION_DENIED"), errors.UpstreamAuthFailed),
        (404, envelope(404), errors.UpstreamRefused),
        (429, envelope(429), errors.UpstreamRateLimited),
        (429, envelope(429, "Your prepayment credits are depleted."), errors.UpstreamQuota),
        (500, envelope(500), errors.UpstreamDown),
        (503, b"[" + envelope(503) + b"]", errors.UpstreamDown),
        (502, b"<html>Bad gateway</html>", errors.UpstreamDown),
        (429, b"", errors.UpstreamRateLimited),
    ],
)
def test_an_error_becomes_what_the_contract_says(status, body, kind):
    error = gemini.classify(status, body, (), now_s=0)
    assert type(error) is kind
    assert (error.provider_status, error.may_have_billed) == (status, False)


def test_a_prompt_that_is_too_long_is_called_so():
    said = "The input token count (1250074) exceeds the maximum number of tokens allowed (1048576)."
    error = gemini.classify(400, envelope(400, said), (), now_s=0)
    assert (error.code, error.status) == ("context_length_exceeded", 400)


@pytest.mark.parametrize(
    ("delay", "headers", "wait_s"),
    [
        ("48s", (), 48),
        ("0.5s", (), 0.5),
        ("48s", ((b"Retry-After", b"3"),), 3),
        ("soon", (), None),
        (None, (), None),
        (5, (), None),
    ],
)
def test_when_to_ask_again_is_told_by_a_header_or_a_detail(delay, headers, wait_s):
    body = envelope(429, details=[5, detail("Help"), detail("RetryInfo", retryDelay=delay)])
    assert gemini.classify(429, body, headers, now_s=0).retry_after_s == wait_s


def test_an_error_is_written_in_googles_envelope_and_read_again():
    failed = chat.Failed(message="m", code="budget_exhausted", status=429, param="contents", type=None)
    wire = gemini.write_error(failed, 429, "req_1")
    error = json.loads(wire)["error"]
    assert (error["code"], error["status"], error["message"]) == (429, "RESOURCE_EXHAUSTED", "m")
    assert error["details"][-1] == detail("RequestInfo", requestId="req_1")
    assert gemini.read_error(429, wire) == msgspec.structs.replace(failed, type="RESOURCE_EXHAUSTED")


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["error", "code", "message", "details", "@type", "status"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_an_error(body):
    assert gemini.classify(500, body, (), now_s=0).provider_status == 500


# Everything that can be said is read again as it was.

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
names = st.text("abcdefg", min_size=1, max_size=6)


@st.composite
def citations(draw: st.DrawFn, text: str) -> tuple[chat.Citation, ...]:
    """First those at a place, in order, then those of the whole; no two alike."""
    sources = draw(st.lists(st.tuples(texts, texts, st.none() | texts), max_size=3, unique=True))
    placed = draw(st.integers(0, len(sources)))
    spans = sorted((start, draw(st.integers(start, len(text)))) for start in range(min(placed, len(text) + 1)))
    return tuple(
        chat.Citation(
            url=url,
            title=title,
            quote=quote,
            start=spans[position][0] if position < len(spans) else None,
            end=spans[position][1] if position < len(spans) else None,
        )
        for position, (url, title, quote) in enumerate(sources)
    )


@st.composite
def choices(draw: st.DrawFn, index: int) -> chat.Choice:
    text = draw(texts)
    proofs = st.sampled_from([{}, {"signature": "s", "made_by": "gemini"}])
    thoughts = [chat.ReasoningPart(each, **draw(proofs)) for each in draw(st.lists(texts, max_size=1))]
    calls = tuple(
        chat.ToolCall(f"c{index}{number}", name, '{"a":1}', **draw(proofs))
        for number, name in enumerate(draw(st.lists(names, max_size=2)))
    )
    said = draw(st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY", "OTHER"]))
    reasons: dict[str, chat.FinishReason] = {"MAX_TOKENS": "length", "SAFETY": "content_filter", "OTHER": "other"}
    token = Raw(b'{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}]}')
    return chat.Choice(
        index=index,
        message=chat.Message(
            role="assistant",
            parts=(*thoughts, chat.TextPart(text, citations=draw(citations(text)))),
            tool_calls=calls,
        ),
        finish_reason=reasons.get(said, "tool_calls" if calls else "stop"),
        said=said,
        logprobs=draw(st.sampled_from([None, token])),
        extra=draw(st.sampled_from([{}, {"safetyRatings": Raw(b"[]")}])),
    )


usages = st.builds(
    chat.Usage,
    input_tokens=st.integers(100, 2**30),
    output_tokens=st.integers(100, 2**30),
    input_cached_tokens=st.integers(0, 100),
    input_audio_tokens=st.integers(0, 100),
    output_reasoning_tokens=st.integers(0, 50),
    output_audio_tokens=st.integers(0, 50),
    service_tier=st.sampled_from([None, "standard", "flex", "priority"]),
)


@settings(max_examples=50)
@given(
    st.builds(
        chat.Answer,
        id=names,
        model=names,
        created=st.integers(0, 2**33),
        choices=st.integers(1, 2).flatmap(lambda n: st.tuples(*map(choices, range(n)))),
        usage=st.none() | usages,
        extra=st.sampled_from([{}, {"modelStatus": Raw(b"{}")}]),
    )
)
def test_a_written_answer_is_read_as_the_same(answer):
    assert gemini.read_answer(gemini.write_answer(answer)) == answer


FIELDS = st.sampled_from(
    ["candidates", "content", "parts", "text", "functionCall", "name", "args", "finishReason", "groundingMetadata"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50)
@given(
    st.binary(max_size=60)
    | values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(FIELDS, values).map(lambda fields: json.dumps({"candidates": [fields]}).encode())
)
def test_any_bytes_are_an_answer_or_break_it_off(body):
    for look in (gemini.glance_answer, gemini.read_answer):
        with suppress(errors.UpstreamIncomplete):
            look(body)


# Counting beforehand.


def test_a_request_is_counted_as_it_stands_or_whole():
    hello = [{"role": "user", "parts": [{"text": "Hello"}]}]
    plain = json.dumps({"model": "m", "contents": hello}).encode()
    whole = json.dumps({"model": "m", "generate_content_request": {"model": "models/x", "contents": hello}}).encode()
    assert gemini.read_count_request(plain) == gemini.read_count_request(whole) == gemini.read_request(plain)
    assert json.loads(gemini.write_count_request(gemini.read_request(plain))) == {
        "generateContentRequest": {"model": "models/m", "contents": hello}
    }


@pytest.mark.parametrize("body", [b"{}", b'{"totalTokens":-1}', b'{"totalTokens":"5"}', b"<html>", b"\xff"])
def test_what_is_no_count_breaks_off(body):
    with pytest.raises(errors.UpstreamIncomplete):
        gemini.read_count(body)


@pytest.mark.parametrize("created", [10**40, 2**63, -(2**63) - 1, 10**12])
def test_a_time_that_no_calendar_has_is_not_told(created: int):
    said = chat.Choice(index=0, message=chat.Message(role="assistant"), finish_reason="stop", said="stop")
    written = json.loads(gemini.write_answer(chat.Answer(id="1", model="m", created=created, choices=(said,))))
    assert "createTime" not in written


def test_log_probabilities_that_are_no_text_are_left_out():
    broken = Raw(b'{"content":[{"token":"\xed\xa0\x80","logprob":-1}]}')
    said = chat.Choice(
        index=0, message=chat.Message(role="assistant"), finish_reason="stop", said="stop", logprobs=broken
    )
    written = json.loads(gemini.write_answer(chat.Answer(id="1", model="m", created=0, choices=(said,))))
    assert "logprobsResult" not in written["candidates"][0]
