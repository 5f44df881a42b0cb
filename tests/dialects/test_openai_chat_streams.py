"""Chat completions in OpenAI's dialect as streams, read and written."""

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
from tollhouse.dialects import chat, openai_chat, sse
from tollhouse.dialects.collect import collect

HEAD = {"id": "chatcmpl-1", "model": "gpt-4.1-2025-04-14", "created": 1_745_000_000}
BEGAN = chat.Began(**HEAD)
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
COUNTED = chat.Usage(input_tokens=5, output_tokens=7)


def frame(value: Any) -> sse.Frame:
    (read,) = sse.Reader().feed(sse.frame(value if isinstance(value, bytes) else json.dumps(value).encode()))
    return read


def chunk(*deltas: dict[str, Any], **fields: Any) -> sse.Frame:
    choices = [{"index": index, "delta": delta, "finish_reason": None} for index, delta in enumerate(deltas)]
    return frame(HEAD | {"object": "chat.completion.chunk", "choices": choices} | fields)


def finish(reason: str, index: int = 0, **fields: Any) -> sse.Frame:
    return chunk(choices=[{"index": index, "delta": {}, "finish_reason": reason}], **fields)


def read(*frames: sse.Frame) -> list[chat.Event]:
    reader = openai_chat.Reader()
    return [event for each in frames for event in reader.read(each)]


def said(*frames: sse.Frame) -> list[chat.Event]:
    """The events after `Began`."""
    began, *events = read(*frames)
    assert began == BEGAN
    return events


def test_a_stream_tells_its_beginning_words_usage_and_end():
    assert read(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}),
        finish("stop"),
        chunk(usage=USAGE),
        frame(b"[DONE]"),
    ) == [
        BEGAN,
        chat.TextDelta(0, "Hel"),
        chat.TextDelta(0, "lo"),
        chat.Finished(0, "stop", "stop"),
        chat.UsageSeen(COUNTED),
        chat.Ended(),
    ]


def test_a_stream_without_its_last_word_has_not_ended():
    assert chat.Ended() not in read(chunk({"content": "a"}), finish("stop"), chunk(usage=USAGE))


def test_a_stream_begins_with_the_first_chunk_that_names_it():
    azure = frame({"id": "", "model": "", "created": 0, "choices": [], "prompt_filter_results": [{}]})
    assert read(azure, chunk({"content": "a"})) == [BEGAN, chat.TextDelta(0, "a")]


@pytest.mark.parametrize(
    ("delta", "event"),
    [
        ({"reasoning_content": "hm", "content": None}, chat.ReasoningDelta(0, "hm")),
        ({"reasoning": "hm", "content": ""}, chat.ReasoningDelta(0, "hm")),
        ({"reasoning": "hm", "reasoning_content": "hm"}, chat.ReasoningDelta(0, "hm")),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
            chat.ReasoningDelta(0, "hm"),
        ),
        ({"content": [{"type": "text", "text": "a"}]}, chat.TextDelta(0, "a")),
        ({"refusal": "no"}, chat.RefusalDelta(0, "no")),
        ({"audio": {"id": "audio_1", "transcript": "He"}}, chat.AudioDelta(0, "audio_1", "", "He")),
        ({"audio": {"data": "AA=="}}, chat.AudioDelta(0, "", "AA==")),
        ({"audio": {"expires_at": 9}}, chat.AudioDelta(0, expires_at=9)),
    ],
)
def test_each_kind_of_delta_is_read(delta, event):
    assert said(chunk(delta)) == [event]


def test_log_probabilities_come_after_the_words_they_belong_to():
    choice = {"index": 0, "delta": {"content": "a"}, "logprobs": {"content": []}, "finish_reason": None}
    assert said(chunk(choices=[choice])) == [chat.TextDelta(0, "a"), chat.LogprobsDelta(0, Raw(b'{"content": []}'))]


def call(**fields: Any) -> sse.Frame:
    return chunk({"tool_calls": [fields]})


def test_a_tool_call_is_named_once_and_then_goes_on():
    events = said(
        call(index=0, id="c1", type="function", function={"name": "f", "arguments": ""}),
        call(index=0, function={"arguments": '{"a"'}),
        # Some servers repeat the id and the name, or say them empty.
        call(index=0, id="c1", type="function", function={"name": "f", "arguments": ":1"}),
        call(index=0, id="", function={"name": "", "arguments": "}"}),
        call(index=1, id="c2", type="custom", custom={"name": "g", "input": "x"}),
    )
    assert events == [
        chat.ToolCallDelta(index=0, slot=0, id="c1", name="f"),
        chat.ToolCallDelta(index=0, slot=0, arguments='{"a"'),
        chat.ToolCallDelta(index=0, slot=0, arguments=":1"),
        chat.ToolCallDelta(index=0, slot=0, arguments="}"),
        chat.ToolCallDelta(index=0, slot=1, id="c2", name="g", arguments="x", type="custom"),
    ]


@pytest.mark.parametrize("number", [{"index": 0}, {}])
def test_calls_that_share_a_number_are_told_apart_by_their_ids(number):
    events = said(
        call(**number, id="c1", function={"name": "f", "arguments": "{}"}),
        call(**number, id="c2", function={"name": "g", "arguments": "{"}),
        call(**number, function={"arguments": "}"}),
    )
    assert [(event.slot, event.id) for event in events] == [(0, "c1"), (1, "c2"), (1, None)]


def test_a_streamed_call_without_an_id_gets_the_one_it_would_have_whole():
    (event,) = said(call(index=0, id="", function={"name": "f", "arguments": "{}"}))
    assert event == chat.ToolCallDelta(index=0, slot=0, id="call_chatcmpl-1_0_0", name="f", arguments="{}")


def test_a_repeated_finish_reason_finishes_once():
    assert said(finish("stop"), finish("stop", usage=USAGE), finish("length", index=1)) == [
        chat.Finished(0, "stop", "stop"),
        chat.UsageSeen(COUNTED),
        chat.Finished(1, "length", "length"),
    ]


def test_usage_in_groqs_own_field_is_read():
    assert said(finish("stop", x_groq={"id": "req_1", "usage": USAGE}))[-1] == chat.UsageSeen(COUNTED)


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        ({"error": {"message": "m", "type": "t", "code": "c", "param": "p"}}, {"type": "t", "code": "c", "param": "p"}),
        ({"error": {"message": "m", "code": 502}}, {"status": 502}),
        ({"error": {"message": "m", "code": "c", "status_code": 400}}, {"code": "c", "status": 400}),
        ({"error": "m"}, {}),
        ({"object": "error", "message": "m", "type": "t", "code": 400}, {"type": "t", "status": 400}),
    ],
)
def test_an_error_in_the_stream_is_a_failure(error, failed):
    assert read(chunk({"content": "a"}), frame(error))[-1] == chat.Failed(message="m", **failed)


@pytest.mark.parametrize(
    ("frames", "withheld"),
    [
        ([chunk(usage=USAGE)], True),
        ([frame(HEAD | {"choices": [ ], "usage": USAGE})], True),
        ([finish("stop", usage=USAGE)], False),
        ([chunk({"role": "assistant", "content": ""}, usage=USAGE)], False),
        ([chunk({"content": "a"})], False),
        ([chunk(usage=None)], False),
        ([frame(b"[DONE]")], False),
    ],
)  # fmt: skip
def test_only_the_chunk_that_include_usage_asks_for_may_be_withheld(frames, withheld):
    reader = openai_chat.Reader()
    reader.read(chunk({"content": "a"}))
    assert [openai_chat.is_usage_only(each, reader.read(each)) for each in frames] == [withheld]


@pytest.mark.parametrize("data", [b"{", b"[]", b"nonsense", b"[DONE", b'{"choices":5}', b'{"id":"\xff"}', b"\xff"])
def test_a_frame_that_cannot_be_read_breaks_the_answer_off(data):
    with pytest.raises(errors.UpstreamIncomplete) as refused:
        openai_chat.Reader().read(sse.Frame(None, data, None, b""))
    assert refused.value.may_have_billed


def test_comments_say_nothing():
    assert openai_chat.Reader().read(sse.Frame(None, b"", None, sse.PING)) == ()


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("eos", "stop"),
        ("model_length", "length"),
    ],
)
def test_a_finish_reason_means_something_and_keeps_its_word(word, reason):
    assert said(finish(word)) == [chat.Finished(0, reason, word)]
    writer = openai_chat.Writer(**HEAD, include_usage=False)
    assert f'"finish_reason":"{word}"'.encode() in writer.write(chat.Finished(0, reason, word))


@pytest.mark.parametrize(
    ("reason", "word", "said"), [("length", "max_tokens", b"length"), ("other", "pause_turn", b"stop")]
)
def test_another_dialects_word_for_a_reason_is_not_said(reason, word, said):
    writer = openai_chat.Writer(**HEAD, include_usage=False)
    assert b'"finish_reason":"%b"' % said in writer.write(chat.Finished(0, reason, word))


# Streams, written.

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
indexes = st.integers(0, 2)
deltas = st.one_of(
    st.builds(chat.TextDelta, indexes, texts),
    st.builds(chat.ReasoningDelta, indexes, texts),
    st.builds(chat.RefusalDelta, indexes, texts),
    st.builds(chat.AudioDelta, indexes, texts, texts, texts, st.none() | st.integers(1, 2**40)),
    st.builds(chat.LogprobsDelta, indexes, texts.map(lambda text: Raw(msgspec.json.encode({"content": [text]})))),
)
usages = st.builds(
    chat.Usage,
    input_tokens=st.integers(100, 2**30),
    output_tokens=st.integers(100, 2**30),
    input_cached_tokens=st.integers(0, 50),
    input_cache_write_tokens=st.integers(0, 50),
    input_audio_tokens=st.integers(0, 100),
    output_reasoning_tokens=st.integers(0, 50),
    output_audio_tokens=st.integers(0, 50),
    service_tier=st.sampled_from([None, "default", "flex", "priority"]),
)


def written(events: list[chat.Event], *, include_usage: bool = True) -> bytes:
    writer = openai_chat.Writer(**HEAD, include_usage=include_usage)
    return b"".join(map(writer.write, events))


@given(st.lists(deltas, min_size=1), st.sampled_from(["stop", "length", "tool_calls", "content_filter"]), usages)
def test_a_written_stream_is_read_as_the_same_events(events, reason, usage):
    whole = [BEGAN, *events, chat.Finished(0, reason, reason), chat.UsageSeen(usage), chat.Ended()]
    assert read(*sse.Reader().feed(written(whole))) == whole


def test_a_written_tool_call_is_read_again():
    whole = [
        BEGAN,
        chat.ToolCallDelta(index=0, slot=0, id="c1", name="f"),
        chat.ToolCallDelta(index=0, slot=0, arguments="{}"),
        chat.ToolCallDelta(index=0, slot=1, id="c2", name="g", arguments="x", type="custom"),
        chat.Ended(),
    ]
    assert read(*sse.Reader().feed(written(whole))) == whole


def test_each_choice_is_introduced_by_its_role_once():
    stream = written([BEGAN, chat.TextDelta(0, "a"), chat.TextDelta(0, "b"), chat.TextDelta(1, "c")])
    assert stream.count(b'"role":"assistant"') == 2


def test_usage_is_said_last_and_only_to_who_asked():
    whole = [BEGAN, chat.UsageSeen(COUNTED), chat.TextDelta(0, "a"), chat.UsageSeen(COUNTED), chat.Ended()]
    assert b"usage" not in written(whole, include_usage=False)
    *_, usage_frame, done = sse.Reader().feed(written(whole))
    assert openai_chat.is_usage_only(usage_frame, openai_chat.Reader().read(usage_frame)[1:])
    assert done.data == b"[DONE]"
    assert written(whole).count(b"usage") == 1


def test_a_failure_is_said_as_an_error_event():
    failed = chat.Failed(message="m", type="provider_error", code="provider_incomplete", param="p")
    assert read(*sse.Reader().feed(written([failed]))) == [failed]


@given(st.lists(deltas, min_size=1), st.none() | usages)
def test_a_streamed_answer_equals_the_unstreamed_one(events, usage):
    spoken = [each for each in events if not isinstance(each, chat.AudioDelta)]
    counted = [chat.UsageSeen(usage)] if usage else []
    answer = collect([BEGAN, *spoken, chat.Finished(0, "stop", "stop"), *counted, chat.Ended()])
    assert openai_chat.read_answer(openai_chat.write_answer(answer)) == answer


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
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)
bodies = (
    st.binary(max_size=100)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(FIELDS, json_values).map(lambda fields: json.dumps({"choices": [fields]}).encode())
)


@given(st.lists(bodies, max_size=4))
def test_any_frames_are_events_or_break_the_answer_off(datas):
    with suppress(errors.UpstreamIncomplete):
        collect(read(*[sse.Frame(None, data, None, data) for data in datas]))


def test_log_probabilities_that_are_not_unicode_are_refused():
    chunk = b'data: {"choices":[{"index":0,"delta":{},"logprobs":{"content":[{"token":"\xed"}]}}]}\n\n'
    (frame,) = sse.Reader().feed(chunk)
    with pytest.raises(errors.UpstreamIncomplete):
        openai_chat.Reader().read(frame)


@pytest.mark.parametrize(
    ("more", "is_plain"),
    [
        ('"logprobs":null', True),
        ('"logprobs":{"content":[]}', False),
        ('"logprobs":null},{"index":1,"delta":{"content":"b"}', False),
    ],
)
def test_a_delta_looks_plain_only_when_it_says_nothing_besides_its_text(more: str, is_plain: bool):
    choice = f'{{"index":0,"delta":{{"content":"a"}},{more},"finish_reason":null}}'
    data = f'{{"id":"1","model":"m","choices":[{choice}]}}'.encode()
    assert (openai_chat.plain_text(data) is not None) == is_plain
    read = openai_chat.Reader().read(sse.Frame(None, data, None, b""))
    assert (len(read) == 2) == is_plain


def test_pictures_are_written_and_read_streamed_and_whole():
    picture = chat.ImagePart("data:image/png;base64,AAAA")
    events = [BEGAN, chat.TextDelta(0, "a"), chat.PartSeen(0, picture), chat.Finished(0, "stop", "stop"), chat.Ended()]
    assert read(*sse.Reader().feed(written(events))) == events
    answer = collect(events)
    assert answer.choices[0].message.parts == (chat.TextPart("a"), picture)
    assert openai_chat.read_answer(openai_chat.write_answer(answer)) == answer
