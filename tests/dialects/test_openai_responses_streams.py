"""Streams in the dialect of OpenAI's Responses; OpenAI's own SDK is a judge of what is written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpx2
import msgspec
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from tollhouse import errors
from tollhouse.dialects import chat, openai_responses, sse
from tollhouse.dialects.collect import collect

BEGAN = chat.Began(id="resp_1", model="m", created=5)
COUNTED = chat.Usage(input_tokens=3, output_tokens=2, output_reasoning_tokens=1, service_tier="default")
JUDGE: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
SEALED = {"sealed": "seal", "made_by": "openai_responses"}


def ending(reason: chat.FinishReason = "stop", word: str = "completed") -> tuple[chat.Event, ...]:
    return chat.Finished(0, reason, word), chat.UsageSeen(COUNTED), chat.Ended()


def frames(*events: dict[str, Any]) -> bytes:
    return b"".join(sse.frame(json.dumps(event).encode(), event["type"]) for event in events)


def heard(stream: bytes) -> list[chat.Event]:
    reader = openai_responses.Reader()
    return [event for frame in sse.Reader().feed(stream) for event in reader.read(frame)]


def told(*events: chat.Event) -> bytes:
    """The stream of these events, once OpenAI's types have taken each of its frames, strictly."""
    writer = openai_responses.Writer("resp_1", "m", 5, include_usage=True)
    stream = b"".join(map(writer.write, events))
    for number, frame in enumerate(sse.Reader().feed(stream)):
        event = JUDGE.validate_json(frame.data, strict=True)
        assert (event.type, event.sequence_number) == (frame.event, number)
    return stream


def kinds(stream: bytes) -> list[str]:
    return [frame.event.removeprefix("response.") for frame in sse.Reader().feed(stream)]


def last(stream: bytes) -> dict[str, Any]:
    return json.loads(sse.Reader().feed(stream)[-1].data)["response"]


# Written.


def test_words_are_told_with_every_event_around_them():
    stream = told(BEGAN, chat.TextDelta(0, "Hel"), chat.TextDelta(0, "lo"), *ending())
    assert kinds(stream) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    (item,) = last(stream)["output"]
    assert item["content"][0]["text"] == "Hello"
    assert last(stream)["usage"]["total_tokens"] == 5


def test_thinking_words_and_calls_are_items_one_after_another():
    stream = told(
        BEGAN,
        chat.ReasoningDelta(0, "Hm"),
        chat.ReasoningDelta(0, ".", **SEALED),
        chat.TextDelta(0, "Let me look."),
        chat.ToolCallDelta(index=0, slot=0, id="a", name="f"),
        chat.ToolCallDelta(index=0, slot=0, arguments='{"x":'),
        chat.ToolCallDelta(index=0, slot=0, arguments="1}"),
        chat.ToolCallDelta(index=0, slot=1, id="b", name="g", arguments="ls", type="custom"),
        *ending("tool_calls"),
    )
    thinking, words, call, custom = last(stream)["output"]
    assert thinking["encrypted_content"] == "seal"
    assert thinking["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert words["content"][0]["text"] == "Let me look."
    assert (call["call_id"], call["name"], call["arguments"]) == ("a", "f", '{"x":1}')
    assert (custom["type"], custom["input"]) == ("custom_tool_call", "ls")
    opened = [kind for kind in kinds(stream) if kind.startswith("output_item")]
    assert opened == ["output_item.added", "output_item.done"] * 4


def test_a_signature_of_another_dialect_closes_the_thinking_and_is_not_said():
    stream = told(
        BEGAN,
        chat.ReasoningDelta(0, "One", signature="sig", made_by="anthropic_messages"),
        chat.ReasoningDelta(0, "Two"),
        *ending(),
    )
    assert b"sig" not in stream
    assert [item["summary"][0]["text"] for item in last(stream)["output"]] == ["One", "Two"]


def test_words_after_a_refusal_are_another_part():
    stream = told(BEGAN, chat.TextDelta(0, "a"), chat.RefusalDelta(0, "b"), chat.TextDelta(0, "c"), *ending())
    (item,) = last(stream)["output"]
    assert [part["type"] for part in item["content"]] == ["output_text", "refusal", "output_text"]


def test_citations_join_the_last_words_even_when_these_are_closed():
    link = chat.Citation(url="https://a.example", title="A", start=0, end=1, raw=Raw(b'{"type":"web"}'))
    stream = told(
        BEGAN,
        chat.TextDelta(0, "a"),
        chat.ToolCallDelta(index=0, slot=0, id="a", name="f"),
        chat.CitationSeen(0, link),
        chat.CitationSeen(0, chat.Citation(quote="of a book without address")),
        *ending("tool_calls"),
    )
    (annotation,) = last(stream)["output"][0]["content"][0]["annotations"]
    assert annotation["url"] == "https://a.example"
    assert annotation["type"] == "url_citation"
    assert kinds(stream).count("output_text.annotation.added") == 1


def test_citations_told_at_the_end_join_the_words_at_their_place():
    link = chat.Citation(url="https://a.example", title="A", start=0, end=3)
    stream = told(
        BEGAN,
        chat.TextDelta(0, "a"),
        chat.TextDelta(0, "bc"),
        chat.RefusalDelta(0, "no"),
        chat.TextDelta(0, "def"),
        chat.ToolCallDelta(index=0, slot=0, id="a", name="f"),
        chat.TextDelta(0, "ghi"),
        *[chat.CitationSeen(0, replace(link, start=start, end=start + 3)) for start in (6, 3, 0)],
        *ending("tool_calls"),
    )
    parts = [part for item in last(stream)["output"] for part in item.get("content", ()) if "text" in part]
    assert [part["text"] for part in parts] == ["abc", "def", "ghi"]
    places = [[(each["start_index"], each["end_index"]) for each in part["annotations"]] for part in parts]
    assert places == [[(0, 3)]] * 3
    places_again = [(each.start, each.end) for each in collect(heard(stream)).choices[0].message.parts[0].citations]
    assert places_again == [(6, 9), (3, 6), (0, 3)]


def test_log_probabilities_follow_their_words():
    token = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
    raw = Raw(json.dumps({"content": [token]}).encode())
    stream = told(BEGAN, chat.TextDelta(0, "a"), chat.LogprobsDelta(0, raw), *ending())
    assert last(stream)["output"][0]["content"][0]["logprobs"] == [token]
    assert json.loads(bytes(collect(heard(stream)).choices[0].logprobs)) == {"content": [token]}


@pytest.mark.parametrize(("reason", "word"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_answer_cut_short_ends_incomplete(reason: Any, word: str):
    stream = told(BEGAN, chat.TextDelta(0, "Hel"), *ending(reason, "whatever"))
    assert kinds(stream)[-1] == "incomplete"
    assert last(stream)["incomplete_details"] == {"reason": word}
    assert last(stream)["output"][0]["status"] == "incomplete"


def test_an_answer_without_a_word_is_complete():
    assert kinds(told(BEGAN, *ending())) == ["created", "in_progress", "completed"]


def test_what_was_said_aloud_is_told_by_its_transcript():
    stream = told(
        BEGAN, chat.AudioDelta(0, data="QQ==", transcript="Hello"), chat.AudioDelta(0, data="QQ=="), *ending()
    )
    assert last(stream)["output"][0]["content"][0]["text"] == "Hello"


def test_a_failure_is_told_as_openai_tells_it():
    stream = told(BEGAN, chat.TextDelta(0, "Hel"), chat.Failed(message="Overloaded.", code="server_error"))
    assert kinds(stream)[-2:] == ["error", "failed"]
    assert last(stream)["status"] == "failed"
    assert [event.message for event in heard(stream) if isinstance(event, chat.Failed)] == ["Overloaded."] * 2


# Judged by OpenAI's SDK.


def client(stream: bytes) -> openai.OpenAI:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)

    return openai.OpenAI(
        api_key="k",
        base_url="http://gateway.invalid/v1",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
    )


def test_the_sdk_accumulates_the_stream():
    stream = told(
        BEGAN,
        chat.ReasoningDelta(0, "Hm."),
        chat.TextDelta(0, "Hel"),
        chat.TextDelta(0, "lo"),
        chat.ToolCallDelta(index=0, slot=0, id="a", name="f", arguments="{}"),
        chat.ToolCallDelta(index=0, slot=1, id="b", name="g", arguments="{}"),
        *ending("tool_calls"),
    )
    with client(stream) as sdk, sdk.responses.stream(model="m", input="Hi") as events:
        snapshots = [event.snapshot for event in events if event.type == "response.output_text.delta"]
        whole = events.get_final_response()
    assert snapshots == ["Hel", "Hello"]
    assert whole.output_text == "Hello"
    assert [item.arguments for item in whole.output if item.type == "function_call"] == ["{}", "{}"]
    assert whole.usage.total_tokens == 5


def test_the_sdk_raises_what_failed():
    stream = told(BEGAN, chat.Failed(message="Overloaded.", code="server_error"))
    with client(stream) as sdk, pytest.raises(openai.APIError, match="Overloaded"):
        list(sdk.responses.create(model="m", input="Hi", stream=True))


# Read.


def item(kind: str, place: int, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.output_item.{kind}", "output_index": place, "item": fields}


def completed(**fields: Any) -> dict[str, Any]:
    return {"type": "response.completed", "response": {"id": "resp_1", "model": "m", "status": "completed"} | fields}


def test_a_vendor_that_says_all_when_it_is_done_is_heard():
    stream = frames(
        {"type": "response.output_text.done", "output_index": 0, "text": "Hello"},
        {"type": "response.refusal.done", "output_index": 0, "content_index": 1, "refusal": "No"},
        item("done", 1, type="function_call", id="fc", call_id="c", name="f", arguments="{}"),
        item("added", 2, type="function_call", call_id="d", name="g"),
        {"type": "response.function_call_arguments.done", "output_index": 2, "arguments": "[]"},
        item("done", 2, type="function_call", call_id="d", name="g", arguments="[]"),
        item("done", 3, type="reasoning", id="rs", summary=[{"type": "summary_text", "text": "Hm."}]),
        completed(),
    )
    message = collect(heard(stream)).choices[0].message
    assert message.parts == (chat.ReasoningPart("Hm.", id="rs"), chat.TextPart("Hello"), chat.RefusalPart("No"))
    assert [(call.id, call.name, call.arguments) for call in message.tool_calls] == [("c", "f", "{}"), ("d", "g", "[]")]


def test_what_was_said_in_pieces_is_not_heard_again_when_it_is_done():
    stream = frames(
        {"type": "response.output_text.delta", "delta": "Hello"},
        {"type": "response.output_text.done", "text": "Hello"},
        item("added", 1, type="function_call", call_id="c", name="f", arguments=""),
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{}"},
        {"type": "response.function_call_arguments.done", "output_index": 1, "arguments": "{}"},
        item("done", 1, type="function_call", call_id="c", name="f", arguments="{}"),
        completed(),
    )
    message = collect(heard(stream)).choices[0].message
    assert message.parts == (chat.TextPart("Hello"),)
    assert message.tool_calls == (chat.ToolCall("c", "f", "{}"),)


def thought(kind: str, delta: str, part: int) -> dict[str, Any]:
    place = "summary_index" if kind == "reasoning_summary_text" else "content_index"
    return {"type": f"response.{kind}.delta", "item_id": "rs", "output_index": 0, place: part, "delta": delta}


def test_summaries_of_one_piece_of_thinking_are_one_text_and_raw_words_do_not_repeat_them():
    stream = frames(
        thought("reasoning_summary_text", "First", 0),
        thought("reasoning_summary_text", ".", 0),
        thought("reasoning_summary_text", "Second.", 1),
        thought("reasoning_text", "the same at length", 0),
        item("done", 0, type="reasoning", id="rs", summary=[], encrypted_content="seal"),
        completed(),
    )
    assert collect(heard(stream)).choices[0].message.parts == (
        chat.ReasoningPart("First.\n\nSecond.", id="rs", **SEALED),
    )


def test_spans_of_citations_count_from_the_start_of_all_words():
    link = {"type": "url_citation", "url": "u", "title": "t", "start_index": 1, "end_index": 2}
    stream = frames(
        {"type": "response.output_text.delta", "output_index": 0, "delta": "four"},
        {"type": "response.output_text.delta", "output_index": 1, "delta": "more"},
        {"type": "response.output_text.annotation.added", "output_index": 1, "annotation": link},
        completed(),
    )
    (citation,) = [event.citation for event in heard(stream) if isinstance(event, chat.CitationSeen)]
    assert (citation.start, citation.end) == (5, 6)


def test_events_of_times_to_come_are_passed_by_and_what_hosted_tools_did_is_told_when_it_is_done():
    stream = frames(
        {"type": "response.web_search_call.searching", "item_id": "ws"},
        {"type": "response.mcp_call_arguments.delta", "delta": {"not": "words"}},
        {"type": "response.dream.delta", "delta": 5, "item": "none"},
        item("added", 0, type="tool_search_call", arguments={"an": "object"}),
        item("done", 0, type="tool_search_call", arguments={"an": "object"}),
    )
    (seen,) = heard(stream)
    assert isinstance(seen, chat.PartSeen)
    assert isinstance(seen.part, chat.OtherPart)
    assert seen.part.type == "tool_search_call"
    assert msgspec.json.decode(seen.part.raw) == {"type": "tool_search_call", "arguments": {"an": "object"}}


def test_a_picture_is_shown_as_one_that_the_tool_for_them_made():
    writer = openai_responses.Writer("resp_1", "m", 1, include_usage=True)
    picture = chat.PartSeen(0, chat.ImagePart("data:image/png;base64,AAAA"))
    stream = b"".join(
        map(writer.write, [chat.TextDelta(0, "a"), picture, chat.Finished(0, "stop", "stop"), chat.Ended()])
    )
    whole = msgspec.json.decode(sse.Reader().feed(stream)[-1].data)["response"]["output"]
    assert [(it["type"], it.get("result")) for it in whole] == [("message", None), ("image_generation_call", "AAAA")]
    message = chat.Message(role="assistant", parts=(chat.TextPart("a"), picture.part))
    choice = chat.Choice(index=0, message=message, finish_reason="stop", said="stop")
    answer = chat.Answer(id="resp_1", model="m", created=1, choices=(choice,))
    assert msgspec.json.decode(openai_responses.write_answer(answer))["output"] == whole


def test_comments_and_the_end_mark_of_chat_completions_say_nothing():
    assert heard(b": hello\n\ndata: [DONE]\n\n") == []


def test_an_incomplete_response_tells_why():
    response = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    events = heard(frames({"type": "response.incomplete", "response": response}))
    assert events == [
        chat.Began(id="", model="", created=0),
        chat.Finished(0, "length", "max_output_tokens"),
        chat.Ended(),
    ]


@pytest.mark.parametrize(
    ("code", "status"),
    [("rate_limit_exceeded", 429), ("server_error", 500), ("invalid_prompt", 400), ("never_heard_of", None)],
)
def test_a_failed_response_tells_whose_fault_it_is(code: str, status: int | None):
    stream = frames({"type": "response.failed", "response": {"error": {"code": code, "message": "m"}, "usage": None}})
    assert heard(stream)[-1] == chat.Failed(message="m", code=code, status=status)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "c", "message": "m", "param": "p"},
        {"type": "error", "error": {"type": "error", "code": "c", "message": "m", "param": "p"}},
    ],
)
def test_an_error_event_is_a_failure_flat_or_nested(event: dict[str, Any]):
    assert heard(frames(event)) == [chat.Failed(message="m", code="c", param="p")]


@pytest.mark.parametrize(
    "data",
    [b"{", b"[]", b'{"type":5}', b'{"type":"response.completed"}', b'{"type":"response.output_text.delta","delta":5}'],
)
def test_a_frame_that_cannot_be_is_incomplete(data: bytes):
    with pytest.raises(errors.UpstreamIncomplete):
        heard(sse.frame(data))


# Laws.

WORDS = st.text(min_size=1, max_size=4)
LINKS = st.builds(chat.Citation, url=WORDS, title=st.none() | WORDS, start=st.integers(0, 4), end=st.integers(5, 9))
SPEECH = st.one_of(
    st.builds(chat.TextDelta, st.just(0), WORDS),
    st.builds(chat.RefusalDelta, st.just(0), WORDS),
    st.builds(chat.ReasoningDelta, st.just(0), WORDS),
    st.builds(lambda text: chat.ReasoningDelta(0, text, **SEALED), WORDS),
)


@st.composite
def streams(draw: st.DrawFn) -> list[chat.Event]:
    events: list[chat.Event] = [BEGAN, *draw(st.lists(SPEECH, max_size=6))]
    told = st.tuples(WORDS, WORDS, st.lists(WORDS, max_size=3))
    calls = draw(st.lists(told, max_size=3, unique_by=lambda call: call[0]))
    for slot, (name, tool, pieces) in enumerate(calls):
        events.append(chat.ToolCallDelta(index=0, slot=slot, id=name, name=tool))
        events += [chat.ToolCallDelta(index=0, slot=slot, arguments=piece) for piece in pieces]
    reason, word = ("tool_calls", "completed") if calls else ("stop", "completed")
    return [*events, *ending(reason, word)]


def essence(events: Iterable[chat.Event]) -> Any:
    """What an answer says. Thinking without a seal has no end but the next item, so only its words are compared."""
    answer = collect(events)
    message = answer.choices[0].message
    thinking = "".join(part.text for part in message.parts if isinstance(part, chat.ReasoningPart))
    others = [part for part in message.parts if not isinstance(part, chat.ReasoningPart)]
    return thinking, others, message.tool_calls, answer.choices[0].finish_reason, answer.usage


@given(streams())
def test_a_stream_written_and_read_tells_the_same(events: list[chat.Event]):
    stream = told(*events)
    assert essence(heard(stream)) == essence(events)
    whole = openai_responses.read_answer(json.dumps(last(stream)).encode())
    assert whole.choices[0].finish_reason == collect(events).choices[0].finish_reason
    assert whole.usage == COUNTED


@given(st.lists(LINKS, max_size=3))
def test_citations_written_and_read_are_the_same(links: list[chat.Citation]):
    events = [BEGAN, chat.TextDelta(0, "words"), *[chat.CitationSeen(0, link) for link in links], *ending()]
    assert collect(heard(told(*events))) == collect(events)


FIELDS = ["type", "delta", "item", "response", "error", "text", "output_index", "logprobs", "annotation", "code"]
TYPES = ["error", "response.completed", "response.output_item.done", "response.failed", "reasoning", "function_call"]
JSON = st.recursive(
    st.none() | st.integers(-2, 2) | st.text(max_size=2) | st.sampled_from(TYPES),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=10,
)


@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_frame_is_read_or_incomplete(data: bytes):
    with suppress(errors.UpstreamIncomplete):
        heard(sse.frame(data))


def test_an_item_of_unknown_type_that_is_no_unicode_breaks_the_answer_off():
    data = b'{"type":"response.output_item.done","output_index":0,"item":{"type":"x","a":"\xff"}}'
    with pytest.raises(errors.UpstreamIncomplete):
        openai_responses.Reader().read(sse.Frame(None, data, None, b""))
