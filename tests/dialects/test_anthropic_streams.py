"""Messages in Anthropic's dialect as streams, read and written."""

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

from tollhouse import errors
from tollhouse.dialects import anthropic_messages, chat, sse
from tollhouse.dialects.collect import collect

NAME = anthropic_messages.NAME
BEGAN = chat.Began(id="msg_1", model="claude-opus-5-5", created=0)
COUNTED = chat.Usage(input_tokens=5, output_tokens=7)
DONE = [chat.Finished(0, "stop", "end_turn"), chat.UsageSeen(COUNTED), chat.Ended()]


def frame(kind: str, **fields: Any) -> sse.Frame:
    (read,) = sse.Reader().feed(sse.frame(json.dumps({"type": kind} | fields).encode(), kind))
    return read


def start(**usage: Any) -> sse.Frame:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5", "content": []}
    return frame("message_start", message=message | {"usage": {"input_tokens": 5, "output_tokens": 1} | usage})


def block(index: int = 0, **fields: Any) -> sse.Frame:
    return frame("content_block_start", index=index, content_block=fields)


def delta(index: int = 0, **fields: Any) -> sse.Frame:
    return frame("content_block_delta", index=index, delta=fields)


def stop(index: int = 0) -> sse.Frame:
    return frame("content_block_stop", index=index)


def finish(reason: str = "end_turn", sequence: str | None = None, **usage: Any) -> sse.Frame:
    told = {"stop_reason": reason, "stop_sequence": sequence}
    return frame("message_delta", delta=told, usage={"output_tokens": 7} | usage)


def read(*frames: sse.Frame) -> list[chat.Event]:
    reader = anthropic_messages.Reader()
    return [event for each in frames for event in reader.read(each)]


def written(events: list[chat.Event]) -> bytes:
    writer = anthropic_messages.Writer("msg_1", "claude-opus-5-5", 0, include_usage=False)
    return b"".join(map(writer.write, events))


def spoken(events: list[chat.Event]) -> list[dict[str, Any]]:
    """The written events as objects; each is named by its type."""
    frames = sse.Reader().feed(written(events))
    values = [json.loads(each.data) for each in frames]
    assert [each.event for each in frames] == [value["type"] for value in values]
    return values


def test_a_stream_tells_its_beginning_words_usage_and_end():
    assert read(
        start(),
        block(type="text", text=""),
        frame("ping"),
        delta(type="text_delta", text="Hel"),
        delta(type="text_delta", text="lo"),
        stop(),
        finish(),
        frame("message_stop"),
    ) == [BEGAN, chat.TextDelta(0, "Hel"), chat.TextDelta(0, "lo"), *DONE]


def test_a_stream_without_its_last_word_has_not_ended():
    assert chat.Ended() not in read(start(), delta(type="text_delta", text="a"), finish())


@pytest.mark.parametrize(
    ("wire", "events"),
    [
        (delta(type="thinking_delta", thinking="hm"), [chat.ReasoningDelta(0, "hm")]),
        (delta(type="signature_delta", signature="s"), [chat.ReasoningDelta(0, "", "s", None, NAME)]),
        (block(type="redacted_thinking", data="x"), [chat.ReasoningDelta(0, "", None, "x", NAME)]),
        (block(type="thinking", thinking="", signature=""), []),
        (block(type="thinking", thinking="hm", signature="s"), [chat.ReasoningDelta(0, "hm", "s", None, NAME)]),
        (block(type="text", text="a", citations=[]), [chat.TextDelta(0, "a")]),
        (delta(type="text_delta", text=""), []),
        (delta(type="input_json_delta", partial_json='{"a":1}'), []),  # of a tool that the provider runs
        (block(type="server_tool_use", id="s", name="web_search", input={}), []),
        (block(type="web_search_tool_result", tool_use_id="s", content=[{"type": "web_search_result"}]), []),
        (block(type="bash_code_execution_tool_result", tool_use_id="s", content={"type": "x"}), []),
        (block(type="something_new", text={"data": 5}, id=7), []),
        (delta(type="something_new", text="a"), []),
        (frame("something_new"), []),
        (frame("ping"), []),
        (sse.Frame(None, b"", None, sse.PING), []),
        (sse.END, []),
    ],
)
def test_each_kind_of_event_is_read(wire, events):
    assert read(wire) == events


def test_what_words_rest_on_is_told_behind_them_though_it_comes_before():
    citation = {"type": "web_search_result_location", "url": "u", "title": "t", "cited_text": "q"}
    raw = Raw(json.dumps(citation).encode())
    seen = chat.CitationSeen(0, chat.Citation(url="u", title="t", quote="q", start=0, end=1, raw=raw))
    cited = [delta(type="citations_delta", citation=citation)] * 2
    words = delta(type="text_delta", text="a")
    assert read(block(type="text", text="", citations=[]), *cited, words) == [chat.TextDelta(0, "a")]
    assert read(*cited, words, stop(), words, stop()) == [chat.TextDelta(0, "a"), seen, seen, chat.TextDelta(0, "a")]


def test_a_tool_call_is_named_once_and_then_goes_on():
    assert read(
        block(1, type="tool_use", id="t1", name="f", input={}),
        delta(1, type="input_json_delta", partial_json=""),
        delta(1, type="input_json_delta", partial_json='{"a"'),
        delta(1, type="input_json_delta", partial_json=":1}"),
        stop(1),
        block(3, type="tool_use", id="t2", name="g", input={}),
        stop(3),
        block(4, type="tool_use", id="t3", name="h", input={"b": 2}),
        stop(4),
    ) == [
        chat.ToolCallDelta(index=0, slot=0, id="t1", name="f"),
        chat.ToolCallDelta(index=0, slot=0, arguments='{"a"'),
        chat.ToolCallDelta(index=0, slot=0, arguments=":1}"),
        chat.ToolCallDelta(index=0, slot=1, id="t2", name="g"),
        # Nothing was streamed, but unstreamed it would be an empty object.
        chat.ToolCallDelta(index=0, slot=1, arguments="{}"),
        chat.ToolCallDelta(index=0, slot=2, id="t3", name="h", arguments='{"b": 2}'),
    ]


@pytest.mark.parametrize(
    ("begun", "ended", "usage"),
    [
        ({}, {}, COUNTED),
        ({"cache_read_input_tokens": 4}, {}, {"input_tokens": 9, "input_cached_tokens": 4}),
        ({}, {"input_tokens": 50, "cache_read_input_tokens": None}, {"input_tokens": 50}),
        ({"service_tier": "priority"}, {}, {"service_tier": "priority"}),
        ({"service_tier": "standard"}, {"output_tokens_details": {"thinking_tokens": 3}}, None),
    ],
)
def test_the_last_count_holds_with_what_only_the_first_one_told(begun, ended, usage):
    expected = {"service_tier": "standard", "output_reasoning_tokens": 3} if usage is None else usage
    if isinstance(expected, dict):
        expected = msgspec.structs.replace(COUNTED, **expected)
    assert read(start(**begun), finish(**ended))[-1] == chat.UsageSeen(expected)


def test_a_stream_that_breaks_off_has_told_no_count_because_its_beginning_counts_too_little():
    events = read(start(), delta(type="text_delta", text="a long story"))
    assert not any(isinstance(event, chat.UsageSeen) for event in events)


def test_a_stop_sequence_is_named():
    assert read(finish("stop_sequence", "END"))[0] == chat.Finished(0, "stop", "stop_sequence", "END")


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        ({"type": "overloaded_error", "message": "m"}, {"type": "overloaded_error", "status": 529}),
        ({"type": "api_error", "message": "m"}, {"type": "api_error", "status": 500}),
        ({"type": "something_new", "message": "m"}, {"type": "something_new"}),
        ({"message": "m"}, {}),
        ("m", {}),
    ],
)
def test_an_error_in_the_stream_is_a_failure(error, failed):
    assert read(start(), frame("error", error=error))[-1] == chat.Failed(message="m", **failed)


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b"nonsense", b"{}", b'{"type":5}', b'{"type":"message_start","message":5}', b"\xff"]
)
def test_a_frame_that_cannot_be_read_breaks_the_answer_off(data):
    with pytest.raises(errors.UpstreamIncomplete) as refused:
        anthropic_messages.Reader().read(sse.Frame(None, data, None, b""))
    assert refused.value.may_have_billed


def test_nothing_is_withheld_because_usage_comes_to_everybody():
    assert not anthropic_messages.is_usage_only(finish(), tuple(read(finish())))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}      }', b"Hi"),
        (b'{"type":"content_block_delta","index":12,"delta":{"type":"text_delta","text":"\xc3\xa9 }"}}', b"\xc3\xa9 }"),
        (b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}', None),
        (b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\\n"}}', None),
        (b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a","x":1}}', None),
        (b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"},"x":1}', None),
        (b'{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a"}}', None),
        (b'{"type": "ping"}', None),
        (b"", None),
    ],
)
def test_a_usual_text_delta_is_recognised_by_its_bytes(data, text):
    span = anthropic_messages.plain_text(data)
    assert (None if span is None else data[slice(*span)]) == text


# Streams, written.


def test_blocks_follow_one_another_each_begun_and_ended():
    events = [
        BEGAN,
        chat.ReasoningDelta(0, "hm"),
        chat.TextDelta(0, "a"),
        chat.TextDelta(0, "b"),
        chat.ToolCallDelta(index=0, slot=0, id="t1", name="f"),
        chat.ToolCallDelta(index=0, slot=0, arguments="{}"),
        chat.ToolCallDelta(index=0, slot=1, id="t2", name="g", arguments="{}"),
        chat.Finished(0, "tool_calls", "tool_calls"),
        chat.UsageSeen(COUNTED),
        chat.Ended(),
    ]
    begin, *between, finished, end = spoken(events)
    assert begin["message"] == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }
    assert [(each["type"].removeprefix("content_block_"), each["index"]) for each in between] == [
        *[("start", 0), ("delta", 0), ("stop", 0)],
        *[("start", 1), ("delta", 1), ("delta", 1), ("stop", 1)],
        *[("start", 2), ("delta", 2), ("stop", 2)],
        *[("start", 3), ("delta", 3), ("stop", 3)],
    ]
    assert between[0]["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}
    assert between[7]["content_block"] == {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
    assert finished["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert finished["usage"]["input_tokens"] == 5
    assert end == {"type": "message_stop"}


def test_a_stream_that_says_nothing_is_still_whole():
    assert [each["type"] for each in spoken([chat.Ended()])] == ["message_start", "message_delta", "message_stop"]


def test_a_proof_ends_its_thinking_and_a_foreign_one_is_not_said():
    kinds = [
        (each["type"], (each.get("content_block") or each.get("delta") or {}).get("type"))
        for each in spoken(
            [
                BEGAN,
                chat.ReasoningDelta(0, "a"),
                chat.ReasoningDelta(0, "", "s", None, NAME),
                chat.ReasoningDelta(0, "", "s", None, NAME),
                chat.ReasoningDelta(0, "b", "s", None, "gemini"),
                chat.ReasoningDelta(0, "", None, "x", NAME),
                chat.ReasoningDelta(0, "", None, "x", "openai_responses"),
            ]
        )[1:]
    ]
    assert kinds == [
        ("content_block_start", "thinking"),
        ("content_block_delta", "thinking_delta"),
        ("content_block_delta", "signature_delta"),
        ("content_block_stop", None),
        ("content_block_start", "thinking"),
        ("content_block_delta", "signature_delta"),
        ("content_block_stop", None),
        ("content_block_start", "thinking"),
        ("content_block_delta", "thinking_delta"),
        ("content_block_stop", None),
        ("content_block_start", "redacted_thinking"),
        ("content_block_stop", None),
    ]


def test_a_foreign_proof_does_not_cut_words_in_two():
    events = [chat.TextDelta(0, "a"), chat.ReasoningDelta(0, "", "s", None, "gemini"), chat.TextDelta(0, "b")]
    assert [each["type"] for each in spoken(events)].count("content_block_start") == 1


def test_words_behind_a_citation_do_not_rest_on_it():
    seen = chat.CitationSeen(0, chat.Citation(url="u"))
    events = [chat.TextDelta(0, "a"), seen, seen, chat.TextDelta(0, "b")]
    kinds = [(each["index"], each["delta"]["type"]) for each in spoken(events) if "delta" in each]
    assert kinds == [(0, "text_delta"), (0, "citations_delta"), (0, "citations_delta"), (1, "text_delta")]


def test_a_late_piece_of_an_earlier_call_is_not_lost():
    calls = [
        chat.ToolCallDelta(index=0, slot=0, id="t1", name="f", arguments='{"a":'),
        chat.ToolCallDelta(index=0, slot=1, id="t2", name="g", arguments="{}"),
        chat.ToolCallDelta(index=0, slot=0, arguments="1}"),
    ]
    late = [each for each in spoken(calls) if each["type"] == "content_block_delta"][-1]
    assert (late["index"], late["delta"]["partial_json"]) == (0, "1}")


def test_there_is_one_choice_and_sound_is_said_in_words():
    events = [
        chat.TextDelta(1, "other"),
        chat.Finished(1, "stop", "stop"),
        chat.LogprobsDelta(0, Raw(b"{}")),
        chat.AudioDelta(0, data="AA==", transcript="Hey"),
        chat.RefusalDelta(0, " no"),
    ]
    assert [each["delta"]["text"] for each in spoken(events) if "delta" in each] == ["Hey", " no"]


@pytest.mark.parametrize(
    ("failed", "kind"),
    [
        (chat.Failed(message="m", type="provider_error", code="provider_incomplete"), "api_error"),
        (chat.Failed(message="m", status=529), "overloaded_error"),
        (chat.Failed(message="m", type="rate_limit_error"), "rate_limit_error"),
    ],
)
def test_a_failure_is_said_as_an_error_event(failed, kind):
    assert spoken([failed]) == [{"type": "error", "error": {"type": kind, "message": "m"}}]


@pytest.mark.parametrize(
    ("event", "word"),
    [
        (chat.TextDelta(0, "a"), "end_turn"),
        (chat.ToolCallDelta(index=0, slot=0, id="t1", name="f", arguments="{}"), "tool_use"),
        (chat.ToolCallDelta(index=1, slot=0, id="t1", name="f", arguments="{}"), "end_turn"),
        (chat.RefusalDelta(0, "no"), "refusal"),
        (chat.RefusalDelta(0, ""), "end_turn"),
    ],
)
def test_a_forced_call_and_a_refusal_are_no_ordinary_stop(event, word):
    ended = [event, chat.Finished(0, "stop", "stop"), chat.Ended()]
    (told,) = [each["delta"] for each in spoken(ended) if each["type"] == "message_delta"]
    assert told["stop_reason"] == word


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
proofs = st.builds(chat.ReasoningDelta, st.just(0), st.just(""), texts, st.none(), st.just(NAME)) | st.builds(
    chat.ReasoningDelta, st.just(0), st.just(""), st.none(), texts, st.just(NAME)
)
seen = texts.map(
    lambda text: chat.CitationSeen(
        0, chat.Citation(quote=text, raw=Raw(msgspec.json.encode({"type": "page_location", "cited_text": text})))
    )
)
deltas = st.one_of(
    st.builds(chat.TextDelta, st.just(0), texts), st.builds(chat.ReasoningDelta, st.just(0), texts), proofs, seen
)
told_calls = st.lists(
    st.tuples(texts, texts, st.sampled_from(["{}", '{"a":1}'])), max_size=2, unique_by=lambda told: told[1]
)
calls = told_calls.map(
    lambda told: [
        event
        for slot, (name, call_id, arguments) in enumerate(told)
        for event in (
            chat.ToolCallDelta(index=0, slot=slot, id=call_id, name=name),
            chat.ToolCallDelta(index=0, slot=slot, arguments=arguments),
        )
    ]
)
finishes = st.sampled_from(
    [
        chat.Finished(0, "stop", "end_turn"),
        chat.Finished(0, "stop", "stop_sequence", "END"),
        chat.Finished(0, "length", "max_tokens"),
        chat.Finished(0, "tool_calls", "tool_use"),
        chat.Finished(0, "content_filter", "refusal"),
    ]
)


def without_places(events: list[chat.Event]) -> list[chat.Event]:
    """The same events; where words stand is found in the blocks, and told by none."""
    return [
        replace(event, citation=replace(event.citation, start=None, end=None))
        if isinstance(event, chat.CitationSeen)
        else event
        for event in events
    ]


@given(st.lists(deltas, max_size=6), calls, finishes)
def test_a_written_stream_is_read_as_the_same_events(said, called, finished):
    whole = [BEGAN, *said, *called, finished, chat.UsageSeen(COUNTED), chat.Ended()]
    assert without_places(read(*sse.Reader().feed(written(whole)))) == whole


def without_lone_seals(said: list[chat.Event]) -> list[chat.Event]:
    """Whoever seals some of his thinking has signed the rest: a seal never follows thinking without a proof."""
    kept: list[chat.Event] = []
    is_open = False
    for event in said:
        if isinstance(event, chat.ReasoningDelta):
            if event.sealed is not None and is_open:
                continue
            is_open = event.signature is None and event.sealed is None
        kept.append(event)
    return kept


@given(st.lists(deltas, max_size=6).map(without_lone_seals), calls, finishes)
def test_a_streamed_answer_equals_the_unstreamed_one(said, called, finished):
    if any(isinstance(event, chat.CitationSeen) for event in said):
        said = [chat.TextDelta(0, "a"), *said]
    text = "".join([event.text for event in said if isinstance(event, chat.TextDelta)])
    placed = [
        replace(event, citation=replace(event.citation, start=0, end=len(text)))
        if isinstance(event, chat.CitationSeen)
        else event
        for event in said
    ]
    answer = collect([BEGAN, *placed, *called, finished, chat.UsageSeen(COUNTED), chat.Ended()])
    assert anthropic_messages.read_answer(anthropic_messages.write_answer(answer)) == answer


# Whatever comes.

KINDS = st.sampled_from(
    ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "error"]
)
FIELDS = st.sampled_from(["index", "delta", "content_block", "message", "usage", "error", "type", "text", "citation"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)
datas = (
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.tuples(KINDS, st.dictionaries(FIELDS, json_values, max_size=4)).map(
        lambda told: json.dumps(told[1] | {"type": told[0]}).encode()
    )
)


@given(st.lists(datas, max_size=4))
def test_any_frames_are_events_or_break_the_answer_off(wire):
    with suppress(errors.UpstreamIncomplete):
        collect(read(*[sse.Frame(None, data, None, data) for data in wire]))


@given(datas)
def test_whatever_looks_plain_is_read_as_the_same_text(data):
    span = anthropic_messages.plain_text(data)
    if span is not None:
        assert read(sse.Frame(None, data, None, data)) == [chat.TextDelta(0, data[slice(*span)].decode())]


def test_a_block_of_anthropics_own_tools_is_told_whole_when_it_ends_as_unstreamed():
    block = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    events = [
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"query":'}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": ' "a"}'}},
        {"type": "content_block_stop", "index": 0},
    ]
    reader = anthropic_messages.Reader()
    seen = [
        event
        for each in events
        for event in reader.read(sse.Frame(str(each["type"]), msgspec.json.encode(each), None, b""))
    ]
    whole = anthropic_messages.read_answer(msgspec.json.encode({"content": [block | {"input": {"query": "a"}}]}))
    (part,) = whole.choices[0].message.parts
    assert isinstance(part, chat.OtherPart)
    assert [type(event) for event in seen] == [chat.PartSeen]
    assert seen[0].part.type == part.type == "server_tool_use"
    assert msgspec.json.decode(seen[0].part.raw) == msgspec.json.decode(part.raw)


def test_a_block_of_unknown_type_that_is_no_unicode_breaks_the_answer_off():
    data = b'{"type":"content_block_start","index":0,"content_block":{"type":"x","a":"\xff"}}'
    with pytest.raises(errors.UpstreamIncomplete):
        anthropic_messages.Reader().read(sse.Frame(None, data, None, b""))
