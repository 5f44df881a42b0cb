"""Whole answers and errors in the dialect of OpenAI's Responses; OpenAI's own types are a judge of what is written."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace
from openai.types.responses import Response

from tollhouse import errors
from tollhouse.dialects import chat, openai_responses
from tollhouse.dialects.openai_responses.places import over_all
from tollhouse.dialects.openai_responses.seal import Proof, wrap

USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 16,
}
COUNTED = chat.Usage(
    input_tokens=9,
    output_tokens=7,
    input_cached_tokens=4,
    input_cache_write_tokens=1,
    output_reasoning_tokens=5,
)
LINK = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 3}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}", "status": "completed"}


def message(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": list(parts)}


def said(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []} | fields


def body(*output: dict[str, Any], **fields: Any) -> bytes:
    head = {"id": "resp_1", "object": "response", "created_at": 5, "model": "m", "status": "completed"}
    return json.dumps(head | {"output": list(output), "usage": USAGE} | fields).encode()


def reading(*output: dict[str, Any], **fields: Any) -> chat.Answer:
    return openai_responses.read_answer(body(*output, **fields))


def answering(*parts: chat.Part, calls: tuple[chat.ToolCall, ...] = (), **fields: Any) -> chat.Answer:
    whole = chat.Message(role="assistant", parts=parts, tool_calls=calls)
    ended = {"finish_reason": "stop", "said": "stop"} | fields
    choice = chat.Choice(index=0, message=whole, **ended)
    return chat.Answer(id="chatcmpl-1", model="m", created=5, choices=(choice,), usage=COUNTED)


def written(answer: chat.Answer) -> dict[str, Any]:
    """What is written, once OpenAI's types have taken it, strictly."""
    wire = openai_responses.write_answer(answer)
    Response.model_validate_json(wire, strict=True)
    return json.loads(wire)


# Read.


def test_an_answer_is_read():
    thinking = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "seal",
    }
    answer = reading(thinking, message(said("Yes", annotations=[LINK])), CALL)
    (choice,) = answer.choices
    assert (answer.id, answer.model, answer.created, answer.usage) == ("resp_1", "m", 5, COUNTED)
    assert choice.message.parts == (
        chat.ReasoningPart("Hm.", sealed="seal", made_by="openai_responses", id="rs_1"),
        chat.TextPart("Yes", citations=(chat.Citation(url="https://a.example", title="A", start=0, end=3),)),
    )
    assert [(call.id, call.name, call.arguments) for call in choice.message.tool_calls] == [("c", "f", "{}")]
    assert (choice.finish_reason, choice.said) == ("tool_calls", "completed")


@pytest.mark.parametrize(
    ("status", "details", "reason", "word"),
    [
        ("completed", None, "stop", "completed"),
        ("incomplete", {"reason": "max_output_tokens"}, "length", "max_output_tokens"),
        ("incomplete", {"reason": "content_filter"}, "content_filter", "content_filter"),
        ("incomplete", {"reason": "steered"}, "other", "steered"),
        ("incomplete", None, "other", "incomplete"),
        ("in_progress", None, "other", "in_progress"),
        (None, None, "other", ""),
    ],
)
def test_why_an_answer_ended(status: str | None, details: Any, reason: str, word: str):
    (choice,) = reading(message(said("Hi")), status=status, incomplete_details=details).choices
    assert (choice.finish_reason, choice.said) == (reason, word)
    glance = openai_responses.glance_answer(body(message(said("Hi")), status=status, incomplete_details=details))
    assert glance.finish_reasons == (word,)


def test_an_answer_cut_off_within_a_call_is_one_of_length():
    details = {"reason": "max_output_tokens"}
    assert reading(CALL, status="incomplete", incomplete_details=details).choices[0].finish_reason == "length"


def test_refusals_log_probabilities_and_unknown_items_are_read():
    token = {"token": "H", "logprob": -0.5, "bytes": [72], "top_logprobs": []}
    search = {"type": "web_search_call", "id": "ws", "status": "completed"}
    (choice,) = reading(search, message(said("Hi", logprobs=[token]), {"type": "refusal", "refusal": "No"})).choices
    assert [type(part) for part in choice.message.parts] == [chat.OtherPart, chat.TextPart, chat.RefusalPart]
    assert json.loads(bytes(choice.logprobs)) == {"content": [token]}


def test_thinking_that_nobody_can_see_is_no_part():
    assert reading({"type": "reasoning", "id": "rs", "summary": []}, message(said("Hi"))).choices[0].message.parts == (
        chat.TextPart("Hi"),
    )


def test_citations_of_files_keep_their_own_words():
    cited = {"type": "file_citation", "file_id": "file-1", "filename": "a.pdf", "index": 3}
    answer = reading(message(said("Yes", annotations=[cited])))
    (citation,) = answer.choices[0].message.parts[0].citations
    assert (citation.title, citation.url) == ("a.pdf", None)
    assert written(answer)["output"][0]["content"][0]["annotations"] == [cited]


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": 1}, {"input_tokens": -1, "output_tokens": 1}, "many"])
def test_a_count_that_cannot_be_is_none(usage: Any):
    assert reading(message(said("Hi")), usage=usage).usage is None


def test_details_of_usage_may_be_absent():
    assert reading(usage={"input_tokens": 1, "output_tokens": 2}).usage == chat.Usage(input_tokens=1, output_tokens=2)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"output":{}}',
        b'{"output":[{"type":"message","role":"assistant"}]}',
        b'{"output":[],"status":"failed"}',
        b'{"output":[],"error":{"message":"m"}}',
        body()[:-9],
    ],
)
def test_what_is_no_answer_is_incomplete(wire: bytes):
    with pytest.raises(errors.UpstreamIncomplete):
        openai_responses.read_answer(wire)


@pytest.mark.parametrize("wire", [b"", b"<html>", b"{}", b'{"output":{}}', b"[]"])
def test_what_is_no_answer_at_a_glance_is_incomplete(wire: bytes):
    with pytest.raises(errors.UpstreamIncomplete):
        openai_responses.glance_answer(wire)


def test_a_response_that_failed_tells_why_at_a_glance():
    error = {"code": "rate_limit_exceeded", "message": "Slow down."}
    glance = openai_responses.glance_answer(body(status="failed", error=error))
    assert glance.failed == chat.Failed(message="Slow down.", code="rate_limit_exceeded", status=429)


# Written.


def test_an_answer_of_another_dialect_is_a_complete_response():
    link = chat.Citation(url="https://a.example", title="A", start=0, end=3)
    wire = written(
        answering(
            chat.ReasoningPart("Hm.", signature="sig", made_by="anthropic_messages"),
            chat.TextPart("Yes", citations=(link, chat.Citation(quote="no address"))),
            chat.RefusalPart("No"),
            calls=(chat.ToolCall("c", "f", "{}"), chat.ToolCall("d", "g", "ls", "custom")),
            finish_reason="tool_calls",
        )
    )
    thinking, words, call, custom = wire["output"]
    assert (wire["id"], wire["status"], wire["usage"]) == ("chatcmpl-1", "completed", USAGE)
    assert thinking == {
        "type": "reasoning",
        "id": "rs_chatcmpl-1_0",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": wrap(Proof("anthropic_messages", "sig")),
    }
    assert words["content"][0]["annotations"] == [LINK]
    assert words["content"][1] == {"type": "refusal", "refusal": "No"}
    assert (call["call_id"], call["arguments"], custom["input"]) == ("c", "{}", "ls")
    assert [item["id"] for item in (words, call, custom)] == ["msg_chatcmpl-1_1", "fc_chatcmpl-1_2", "ctc_chatcmpl-1_3"]


@pytest.mark.parametrize(("reason", "word"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_answer_cut_short_is_incomplete(reason: Any, word: str):
    wire = written(answering(chat.TextPart("Ye"), finish_reason=reason))
    assert (wire["status"], wire["incomplete_details"]) == ("incomplete", {"reason": word})
    assert wire["output"][-1]["status"] == "incomplete"


def test_words_around_thinking_are_items_of_their_own():
    wire = written(answering(chat.TextPart("a"), chat.ReasoningPart("b"), chat.TextPart("c")))
    assert [item["type"] for item in wire["output"]] == ["message", "reasoning", "message"]
    assert len({item["id"] for item in wire["output"]}) == 3


def test_what_was_said_aloud_is_told_by_its_transcript():
    wire = written(answering(chat.SpokenPart(id="a", data="QQ==", transcript="Hello")))
    assert wire["output"][0]["content"][0]["text"] == "Hello"


def test_ids_of_items_are_short_enough_for_openai():
    wire = written(chat.Answer(id="x" * 200, model="m", created=1, choices=answering(chat.TextPart("a")).choices))
    assert len(wire["output"][0]["id"]) <= 64


def test_the_answers_own_fields_win_over_defaults():
    assert written(reading(message(said("Hi")), temperature=0.5, metadata={"a": "b"}))["temperature"] == 0.5


def test_places_count_from_the_start_of_all_words_to_us_and_of_each_part_here():
    near = said("Paris. ") | {"annotations": [LINK | {"start_index": 0, "end_index": 5}]}
    far = said("Rome.") | {"annotations": [LINK | {"start_index": 0, "end_index": 4}]}
    answer = reading(message(near, said("")), message(far))
    places = [[(each.start, each.end) for each in part.citations] for part in answer.choices[0].message.parts]
    assert places == [[(0, 5)], [], [(7, 11)]]
    content = written(answer)["output"][0]["content"]
    assert [part["annotations"] for part in content] == [near["annotations"], [], far["annotations"]]


def test_what_words_rest_on_stands_with_them_though_it_was_told_at_the_end():
    first = chat.Citation(url="https://a.example", title="A", start=0, end=3)
    second, whole = replace(first, start=3, end=6), replace(first, start=None, end=None)
    wire = written(answering(chat.TextPart("abc"), chat.TextPart("def", citations=(second, first, whole))))
    content = wire["output"][0]["content"]
    assert [part["annotations"] for part in content] == [[LINK], [LINK, LINK | {"end_index": 0}]]


# Laws.

WORDS = st.text(min_size=1, max_size=5)
LINKS = st.builds(chat.Citation, url=WORDS, title=st.none() | WORDS, start=st.integers(0, 4), end=st.integers(5, 9))
PARTS = st.one_of(
    st.builds(chat.TextPart, WORDS, citations=st.lists(LINKS, max_size=2).map(tuple)),
    st.builds(chat.RefusalPart, WORDS),
    st.builds(chat.ReasoningPart, WORDS, sealed=st.just("seal"), made_by=st.just("openai_responses"), id=WORDS),
)
CALLS = st.builds(chat.ToolCall, WORDS, WORDS, WORDS, st.sampled_from(["function", "custom"]))


@given(
    st.lists(PARTS, max_size=4),
    st.lists(CALLS, max_size=2, unique_by=lambda call: call.id),
    st.sampled_from(["stop", "length"]),
)
def test_an_answer_written_and_read_says_the_same(parts: list[Any], calls: list[chat.ToolCall], reason: Any):
    parts = [*over_all(parts)]
    answer = answering(*parts, calls=tuple(calls), finish_reason="tool_calls" if calls and reason == "stop" else reason)
    again = openai_responses.read_answer(openai_responses.write_answer(answer))
    (choice,) = again.choices
    assert choice.message.parts == tuple(parts)
    assert [(c.id, c.name, c.arguments, c.type) for c in choice.message.tool_calls] == [
        (c.id, c.name, c.arguments, c.type) for c in calls
    ]
    counted = msgspec.structs.replace(COUNTED, service_tier="default")
    assert (choice.finish_reason, again.usage) == (answer.choices[0].finish_reason, counted)
    assert openai_responses.read_answer(openai_responses.write_answer(again)) == again


FIELDS = [
    "output",
    "type",
    "role",
    "content",
    "text",
    "usage",
    "error",
    "id",
    "status",
    "summary",
    "annotations",
    "code",
]
VALUES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "message", "assistant", "reasoning"])
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=15,
)
BODIES = (
    st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: json.dumps({"output": [value]}).encode())
)


@given(BODIES)
def test_any_bytes_are_an_answer_or_none(wire: bytes):
    with suppress(errors.UpstreamIncomplete):
        openai_responses.glance_answer(wire)
    with suppress(errors.UpstreamIncomplete):
        openai_responses.write_answer(openai_responses.read_answer(wire))


# Errors.


@pytest.mark.parametrize(
    ("wire", "failed"),
    [
        (
            b'{"error":{"message":"m","type":"t","param":"p","code":"c"}}',
            chat.Failed(message="m", type="t", param="p", code="c", status=400),
        ),
        (b'{"code":"c","error":"m"}', chat.Failed(message="m", code="c", status=400)),
        (b'{"detail":"m"}', chat.Failed(message="m", status=400)),
        (b'{"detail":[{"msg":"m"}]}', chat.Failed(message='[{"msg":"m"}]', status=400)),
        (b'"m"', chat.Failed(message="m", status=400)),
        (b"upstream timed out", chat.Failed(message="upstream timed out", status=400)),
        (b"<html>", chat.Failed(message="", status=400)),
        (b"", chat.Failed(message="", status=400)),
        (b"[]", chat.Failed(message="[]", status=400)),
        (b'{"error":null}', chat.Failed(message="", status=400)),
    ],
)
def test_an_error_is_read_however_a_server_says_it(wire: bytes, failed: chat.Failed):
    assert openai_responses.read_error(400, wire) == failed


def test_an_error_is_written_in_openais_envelope():
    failed = chat.Failed(message="No.", code="invalid_prompt", type="invalid_request_error", param="input")
    assert json.loads(openai_responses.write_error(failed, 400, "req_1")) == {
        "error": {
            "message": "No.",
            "type": "invalid_request_error",
            "param": "input",
            "code": "invalid_prompt",
            "request_id": "req_1",
        }
    }
    assert openai_responses.read_error(400, openai_responses.write_error(failed, 400, "r")).code == "invalid_prompt"


@given(st.integers(300, 599), BODIES)
def test_any_error_answer_is_classified(status: int, wire: bytes):
    error = openai_responses.classify(status, wire, ((b"retry-after", wire[:20]),), now_s=0)
    assert isinstance(error, errors.UpstreamError)
    assert error.provider_status == status


def test_an_answer_of_another_dialect_with_unreadable_log_probabilities_is_refused():
    with pytest.raises(errors.UpstreamIncomplete):
        openai_responses.write_answer(answering(chat.TextPart("a"), logprobs=Raw(b"[1]")))
