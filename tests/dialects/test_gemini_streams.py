"""Answers in Google's dialect as streams, read and written."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import chat, gemini, sse
from tollhouse.dialects.collect import collect

HEAD = {"responseId": "r-1", "modelVersion": "gemini-2.5-flash"}
BEGAN = chat.Began(id="r-1", model="gemini-2.5-flash", created=0)
USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12}
COUNTED = chat.UsageSeen(chat.Usage(input_tokens=5, output_tokens=7))


def frame(value: Any) -> sse.Frame:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    (read,) = sse.Reader().feed(b"data: " + data + b"\r\n\r\n")
    return read


def chunk(*parts: dict[str, Any], index: int = 0, **fields: Any) -> sse.Frame:
    """A chunk of one candidate; `usage` stands beside it, all else within."""
    usage = {"usageMetadata": fields.pop("usage")} if "usage" in fields else {}
    candidate = {"content": {"parts": parts, "role": "model"}, "index": index} | fields
    return frame({"candidates": [candidate]} | usage | HEAD)


def finish(reason: Any = "STOP", index: int = 0, **fields: Any) -> sse.Frame:
    return chunk(finishReason=reason, index=index, usage=USAGE, **fields)


def read(*frames: sse.Frame) -> list[chat.Event]:
    reader = gemini.Reader()
    return [event for each in frames for event in reader.read(each)]


def said(*frames: sse.Frame) -> list[chat.Event]:
    """The events after `Began`."""
    began, *events = read(*frames)
    assert began == BEGAN
    return events


def test_a_stream_tells_its_beginning_words_usage_and_end():
    assert read(chunk({"text": "Hel"}), chunk({"text": "lo"}), finish(), sse.END) == [
        BEGAN,
        chat.TextDelta(0, "Hel"),
        chat.TextDelta(0, "lo"),
        COUNTED,
        chat.Finished(0, "stop", "STOP"),
        COUNTED,
        chat.Ended(),
    ]


def test_the_end_of_the_body_ends_a_stream_only_after_a_finish_reason():
    assert chat.Ended() not in read(chunk({"text": "a"}), sse.END)
    assert chat.Ended() not in read(chunk({"text": "a"}), finish())
    assert chat.Ended() not in read(sse.END)
    assert read(chunk({"text": "a"}), finish(), sse.END)[-1] == chat.Ended()


def test_every_choice_must_have_a_finish_reason():
    both = [chunk({"text": "a"}), chunk({"text": "b"}, index=1), finish()]
    assert chat.Ended() not in read(*both, sse.END)
    answer = collect(read(*both, finish("MAX_TOKENS", index=1), sse.END))
    assert [choice.finish_reason for choice in answer.choices] == ["stop", "length"]


def test_some_models_give_a_finish_reason_in_every_chunk():
    chunks = [chunk({"text": text}, finishReason="STOP", usage=USAGE) for text in ("Hel", "lo")]
    answer = collect(read(*chunks, sse.END))
    assert answer.choices[0].message.parts == (chat.TextPart("Hello"),)
    assert read(*chunks, sse.END).count(chat.Finished(0, "stop", "STOP")) == 1


@pytest.mark.parametrize(
    ("part", "events"),
    [
        ({"text": "hm", "thought": True}, [chat.ReasoningDelta(0, "hm")]),
        (
            {"text": "hm", "thought": True, "thoughtSignature": "s"},
            [chat.ReasoningDelta(0, "hm", "s", made_by="gemini")],
        ),
        ({"text": "", "thoughtSignature": "s"}, [chat.ReasoningDelta(0, "", "s", made_by="gemini")]),
        (
            {"text": "a", "thoughtSignature": "s"},
            [chat.TextDelta(0, "a"), chat.ReasoningDelta(0, "", "s", made_by="gemini")],
        ),
        ({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AA=="}}, [chat.AudioDelta(0, data="AA==")]),
        (
            {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
            [chat.PartSeen(0, chat.ImagePart("data:image/png;base64,AA=="))],
        ),
        (
            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s"},
            [
                chat.ToolCallDelta(
                    index=0, slot=0, id="call_r-1_0_0", name="f", arguments='{"a":1}', signature="s", made_by="gemini"
                )
            ],
        ),
        (
            {"functionCall": {"name": "f", "id": "f1"}},
            [chat.ToolCallDelta(index=0, slot=0, id="f1", name="f", arguments="{}")],
        ),
        ({"text": ""}, []),
        (
            {"executableCode": {"code": "1"}},
            [chat.PartSeen(0, chat.OtherPart("executableCode", Raw(b'{"executableCode":{"code": "1"}}')))],
        ),
    ],
)
def test_each_kind_of_part_is_read(part, events):
    assert said(chunk(part)) == events


def test_stop_also_ends_a_stream_that_asks_for_tools():
    call = chunk({"functionCall": {"name": "f"}})
    events = said(call, call, finish(), sse.END)
    assert [event.slot for event in events if isinstance(event, chat.ToolCallDelta)] == [0, 1]
    assert chat.Finished(0, "tool_calls", "STOP") in events


def test_a_blocked_prompt_is_an_answer_that_a_filter_ended():
    blocked = frame({"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {"promptTokenCount": 5}} | HEAD)
    assert read(blocked, sse.END) == [
        BEGAN,
        chat.Finished(0, "content_filter", "OTHER"),
        chat.UsageSeen(chat.Usage(input_tokens=5, output_tokens=0)),
        chat.Ended(),
    ]


def test_a_count_of_input_alone_is_told_only_at_the_end():
    counts = [chunk({"text": "a"}, usage={"promptTokenCount": 5}), chunk({"text": "b"}, usage={"trafficType": "X"})]
    assert not any(isinstance(event, chat.UsageSeen) for event in said(*counts))
    assert said(*counts, chunk(finishReason="STOP"), sse.END)[-2] == chat.UsageSeen(
        chat.Usage(input_tokens=5, output_tokens=0)
    )


def test_citations_come_with_the_end_and_count_the_whole_text():
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://a"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 5}, "groundingChunkIndices": [0]}],
    }
    events = said(chunk({"text": "Ü "}), chunk({"text": "ab"}), finish(groundingMetadata=grounding), sse.END)
    assert chat.CitationSeen(0, chat.Citation(url="https://a", start=2, end=4)) in events


def test_log_probabilities_are_read_as_other_dialects_have_them():
    result = {"chosenCandidates": [{"token": "a", "logProbability": -0.5}]}
    (_, told) = said(chunk({"text": "a"}, logprobsResult=result))
    token = b'{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}'
    assert told == chat.LogprobsDelta(0, Raw(b'{"content":[%b]}' % token))


def test_vertex_tells_when_an_answer_was_made():
    (began, *_) = read(frame(HEAD | {"createTime": "2026-08-19T14:40:24.559908Z", "candidates": []}))
    assert began == chat.Began(id="r-1", model="gemini-2.5-flash", created=1_787_150_424)


def test_an_error_in_the_stream_is_a_failure():
    error = {"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}
    assert read(chunk({"text": "a"}), frame(error))[-1] == chat.Failed(
        message="m", code="UNAVAILABLE", type="UNAVAILABLE", status=503
    )


@pytest.mark.parametrize("data", [b"{", b"[]", b"nonsense", b'{"candidates":5}', b'{"responseId":"\xff"}', b"\xff"])
def test_a_frame_that_cannot_be_read_breaks_the_answer_off(data):
    with pytest.raises(errors.UpstreamIncomplete) as refused:
        gemini.Reader().read(sse.Frame(None, data, None, b""))
    assert refused.value.may_have_billed


def test_comments_say_nothing_and_end_nothing():
    comment = sse.Frame(None, b"", None, sse.PING)
    assert chat.Ended() not in read(chunk({"text": "a"}), finish(), comment)


def test_no_chunk_is_withheld_and_none_is_passed_unread():
    reader = gemini.Reader()
    for each in (chunk({"text": "a"}), frame({"usageMetadata": USAGE} | HEAD)):
        assert not gemini.is_usage_only(each, reader.read(each))
        assert gemini.plain_text(each.data) is None


# Written.


def written(*events: chat.Event) -> bytes:
    writer = gemini.Writer("r-1", "gemini-2.5-flash", 0, include_usage=False)
    return b"".join(map(writer.write, events))


def chunks(*events: chat.Event) -> list[dict[str, Any]]:
    return [json.loads(each.data) for each in sse.Reader().feed(written(*events))]


def test_chunks_end_in_crlf_and_nothing_follows_the_last():
    stream = written(BEGAN, chat.TextDelta(0, "a"), chat.Finished(0, "stop", "end_turn"), COUNTED, chat.Ended())
    first, last = stream.split(b"\r\n\r\n")[:-1]
    assert stream.endswith(b"\r\n\r\n")
    assert b"finishReason" not in first
    assert json.loads(last[6:])["candidates"][0]["finishReason"] == "STOP"
    assert json.loads(last[6:])["usageMetadata"].items() >= USAGE.items()


def test_a_call_is_said_when_it_is_complete():
    writer = gemini.Writer("r-1", "m", 0, include_usage=False)
    pieces = [
        chat.ToolCallDelta(index=0, slot=0, id="c0", name="f", arguments='{"a"'),
        chat.ToolCallDelta(index=0, slot=0, arguments=":1}"),
    ]
    assert b"".join(map(writer.write, pieces)) == b""
    other = writer.write(chat.ToolCallDelta(index=0, slot=1, id="c1", name="g"))
    assert b'{"functionCall":{"id":"c0","name":"f","args":{"a":1}}}' in other
    assert b'"name":"g","args":{}' in writer.write(chat.Finished(0, "tool_calls", "tool_use"))


def test_a_call_that_breaks_off_is_said_with_what_there_is():
    *_, call, last = chunks(chat.ToolCallDelta(index=0, slot=0, id="c", name="f", arguments='{"a"'), chat.Ended())
    assert call["candidates"][0]["content"]["parts"][0]["functionCall"]["args"] == {"invalid_json": '{"a"'}
    assert last["candidates"][0]["finishReason"] == "OTHER"


def test_proofs_of_other_dialects_are_left_out():
    assert written(chat.ReasoningDelta(0, "", "s", made_by="anthropic_messages")) == b""
    assert written(chat.ReasoningDelta(0, "", sealed="x", made_by="openai_responses")) == b""
    (hm,) = chunks(chat.ReasoningDelta(0, "hm", "s", made_by="anthropic_messages"))
    assert hm["candidates"][0]["content"]["parts"] == [{"text": "hm", "thought": True}]


def test_refusals_and_transcripts_are_words():
    refused, spoken = chunks(chat.RefusalDelta(0, "No."), chat.AudioDelta(0, data="AA==", transcript="Hi"))
    assert refused["candidates"][0]["content"]["parts"] == [{"text": "No."}]
    assert [list(part) for part in spoken["candidates"][0]["content"]["parts"]] == [["text"], ["inlineData"]]


def test_a_failure_is_said_as_an_error():
    failed = chat.Failed(message="m", code="provider_incomplete", type="provider_error", status=502)
    (event,) = read(*sse.Reader().feed(written(failed)))
    assert event == msgspec.structs.replace(failed, type="UNAVAILABLE")


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
names = st.text("abcdefg", min_size=1, max_size=6)
indexes = st.integers(0, 2)
proofs = st.sampled_from([None, "s"])
thoughts = st.builds(
    lambda index, text, proof: chat.ReasoningDelta(index, text, proof, made_by=proof and "gemini"),
    indexes,
    texts,
    proofs,
)


def token(text: str) -> dict[str, Any]:
    return {"token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": []}


sounds = st.builds(
    chat.AudioDelta, indexes, st.just(""), st.binary(min_size=1).map(lambda raw: base64.b64encode(raw).decode())
)
tokens = st.builds(
    chat.LogprobsDelta,
    indexes,
    texts.map(lambda text: Raw(msgspec.json.encode({"content": [token(text)]}))),
)
deltas = st.one_of(st.builds(chat.TextDelta, indexes, texts), thoughts, sounds, tokens)
usages = st.builds(
    chat.Usage,
    input_tokens=st.integers(100, 2**30),
    output_tokens=st.integers(100, 2**30),
    input_cached_tokens=st.integers(0, 100),
    output_reasoning_tokens=st.integers(0, 50),
    output_audio_tokens=st.integers(0, 50),
)


@st.composite
def streams(draw: st.DrawFn) -> list[chat.Event]:
    """Whole streams, in the order in which a provider tells them; calls come in pieces, and each is of its own slot."""
    said: list[chat.Event] = list(draw(st.lists(deltas, min_size=1)))
    calls = draw(st.lists(names, max_size=2))
    for slot, name in enumerate(calls):
        said.append(chat.ToolCallDelta(index=0, slot=slot, id=f"c{slot}", name=name, arguments='{"a"'))
        said.append(chat.ToolCallDelta(index=0, slot=slot, arguments=":1}"))
    spoken = sorted({event.index for event in said})
    ends: list[chat.Finished] = []
    for index in spoken:
        asks = bool(calls) and index == 0
        ends.append(
            draw(
                st.sampled_from(
                    [
                        chat.Finished(index, "tool_calls" if asks else "stop", "STOP"),
                        chat.Finished(index, "length", "MAX_TOKENS"),
                    ]
                )
            )
        )
    return [BEGAN, *said, *ends, chat.UsageSeen(draw(usages)), chat.Ended()]


@settings(max_examples=60)
@given(streams())
def test_a_written_stream_is_read_as_the_same_answer(events):
    assert collect(read(*sse.Reader().feed(written(*events)), sse.END)) == collect(events)


@settings(max_examples=60)
@given(streams())
def test_a_streamed_answer_equals_the_unstreamed_one(events):
    silent = [event for event in events if not isinstance(event, chat.AudioDelta)]
    spoken = {event.index for event in silent if not isinstance(event, chat.Began | chat.UsageSeen | chat.Ended)}
    whole = [event for event in silent if not isinstance(event, chat.Finished) or event.index in spoken]
    answer = collect(whole)
    assert gemini.read_answer(gemini.write_answer(answer)) == answer


# Whatever comes.

FIELDS = st.sampled_from(
    ["candidates", "content", "parts", "text", "functionCall", "name", "args", "finishReason", "index", "error"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)
bodies = (
    st.binary(max_size=60)
    | values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(FIELDS, values).map(lambda fields: json.dumps({"candidates": [fields]}).encode())
)


@settings(max_examples=60)
@given(st.lists(bodies, max_size=4))
def test_any_frames_are_events_or_break_the_answer_off(datas):
    with suppress(errors.UpstreamIncomplete):
        collect(read(*[sse.Frame(None, data, None, data) for data in datas], sse.END))


@pytest.mark.parametrize(
    "last",
    [finish(groundingMetadata={"a": "?"}), chunk({"functionCall": {"name": "f", "args": {"a": "?"}}})],
    ids=["sources", "arguments"],
)
def test_what_is_no_text_is_unreadable_wherever_it_stands(last: sse.Frame):
    with pytest.raises(errors.UpstreamIncomplete):
        read(sse.Frame(None, last.data.replace(b"?", b"\x96"), None, b""))
