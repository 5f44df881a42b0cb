"""Google's dialect against recorded traffic: the Gemini API's, and Vertex AI's."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from itertools import pairwise
from typing import Any

import genai_prices.data_snapshot
import pytest

from tollhouse import errors
from tollhouse.dialects import chat, gemini, sse
from tollhouse.dialects.collect import collect
from tollhouse.dialects.gemini.proto_json import camel
from tollhouse.money.prices import input_bound
from tollhouse.providers.base import CALLED_BY_US, Limits
from tollhouse.providers.google import PROVIDER
from wire.gemini_forms import canonical_answer, canonical_request
from wire.recordings import Recording, check_cuts, needs_recordings, over, recordings, said_again

ALL = recordings("gemini-generate", "gemini-stream", "vertex-gemini")
COUNTED = [each for each in ALL + recordings("gemini-count-tokens") if each.path.endswith(":countTokens")]
GENERATED = [each for each in ALL if each not in COUNTED]

# Google refuses this one too.
TOO_HOT = "vertex-gemini/error--generate-content-invalid-temperature-0"
# Clients that ask for `enum-encoding=int`; the independent reader knows words only.
IN_NUMBERS = {
    "vertex-gemini/parallel-tool-calls--function-call-choice-no-content-0",
    "vertex-gemini/reasoning--generate-content-0",
    "vertex-gemini/reasoning--gemini-token-counts-streaming-0",
}

ASKED = [each for each in GENERATED if each.asked]
READABLE = [each for each in ASKED if str(each) != TOO_HOT]
ANSWERED = [each for each in GENERATED if each.status == 200]
WHOLE = [each for each in ANSWERED if not each.is_stream and not each.answered.startswith(b"[")]
STREAMS = [each for each in ANSWERED if each not in WHOLE]
REFUSED = [each for each in ALL + COUNTED if each.status != 200]

pytestmark = needs_recordings
each_asked = over(ASKED)
each_readable = over(READABLE)
each_whole = over(WHOLE)
each_stream = over(STREAMS)


def test_every_recording_is_held_to_the_dialect_but_few():
    assert len(ALL) == 188
    assert len({TOO_HOT} | IN_NUMBERS) <= 0.03 * len(ALL)


# Requests.


@each_asked
def test_a_request_is_accepted_at_a_glance(recording: Recording):
    asked = camelled(json.loads(recording.asked))
    config = asked.get("generationConfig", {})
    glance = gemini.glance_request(with_model(recording))
    assert (glance.model, glance.stream) == (model_of(recording), is_stream(recording))
    assert glance.message_count == len(asked["contents"]) + ("systemInstruction" in asked)
    assert glance.n == config.get("candidateCount", 1)
    assert glance.max_output_tokens == config.get("maxOutputTokens")
    assert glance.has_tools == bool(asked.get("tools"))
    assert ("function" in glance.tool_types) == any("functionDeclarations" in tool for tool in asked.get("tools", ()))
    assert glance.media == ("cachedContent" in asked or any(part.keys() & MEDIA for part in parts_of(asked)))
    assert glance.include_usage


@each_readable
def test_a_request_is_said_again_as_it_was(recording: Recording):
    body = with_model(recording)
    request = gemini.read_request(body)
    again = gemini.write_request(request)
    assert canonical_request(json.loads(again)) == canonical_request(json.loads(recording.asked))
    assert gemini.read_request(with_model(recording, again)) == request


def test_a_request_that_google_refuses_for_its_range_is_refused_before():
    (recording,) = [each for each in ASKED if str(each) == TOO_HOT]
    with pytest.raises(errors.InvalidRequest) as refused:
        gemini.read_request(with_model(recording))
    assert (refused.value.param, recording.status) == ("generationConfig.temperature", 400)


@each_asked
def test_a_rewritten_request_differs_only_in_what_was_rewritten(recording: Recording):
    rewritten = gemini.rewrite_request(with_model(recording), model="other", include_usage=True, cap=77)
    expected = json.loads(recording.asked)
    expected["generationConfig"] = expected.get("generationConfig", {}) | {"maxOutputTokens": 77}
    assert json.loads(rewritten) == expected


@over([each for each in ASKED if each.status == 200])
def test_google_reads_no_more_than_the_bound(recording: Recording):
    glance = gemini.glance_request(with_model(recording))
    body = gemini.rewrite_request(with_model(recording), model=glance.model, include_usage=False, cap=None)
    usage = answer_of(recording).usage
    assert usage is not None
    bound = input_bound(
        len(json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()),
        glance.message_count,
        PROVIDER.hidden_tokens(glance.has_tools, glance.tool_types),
        PROVIDER.limits.get(glance.model, Limits()).context_tokens,
        glance.media,
    )
    assert usage.input_tokens <= bound
    if not glance.media and not glance.tool_types - CALLED_BY_US:
        assert bound <= len(body) + 4 * glance.message_count + 256


# Whole answers.


@each_whole
def test_the_usage_of_an_answer_is_what_an_independent_reader_finds(recording: Recording):
    if str(recording) not in IN_NUMBERS:
        check_usage(gemini.glance_answer(recording.answered).usage, json.loads(recording.answered))


@each_whole
def test_an_answer_is_read_alike_at_a_glance_and_whole(recording: Recording):
    glance = gemini.glance_answer(recording.answered)
    answer = gemini.read_answer(recording.answered)
    assert glance.failed is None
    assert (answer.id, answer.model, answer.usage) == (glance.id, glance.model, glance.usage)
    assert tuple(choice.said for choice in answer.choices) == glance.finish_reasons
    assert glance.output_bytes >= sum(said_bytes(choice.message) for choice in answer.choices)


@each_whole
def test_an_answer_says_what_its_parts_spell(recording: Recording):
    (choice,) = gemini.read_answer(recording.answered).choices
    assert said_by(choice) == spelled([json.loads(recording.answered)])


@each_whole
def test_an_answer_is_said_again_as_it_was(recording: Recording):
    answer = gemini.read_answer(recording.answered)
    again = gemini.write_answer(answer)
    assert gemini.read_answer(again) == answer
    if str(recording) not in IN_NUMBERS:
        assert canonical_answer(json.loads(again)) == canonical_answer(json.loads(recording.answered))


# Streams.


def test_streams_come_in_crlf_and_without_a_last_event():
    streams = [each for each in STREAMS if each.is_stream]
    assert all(b"\r\n\r\n" in each.answered and b"[DONE]" not in each.answered for each in streams)
    assert len(streams) >= 65


@over([each for each in STREAMS if each.is_stream])
def test_a_stream_cut_at_every_byte_gives_the_same_frames(recording: Recording):
    check_cuts(recording.answered)


@each_stream
def test_a_stream_is_complete_only_with_its_last_chunk_and_the_end_of_the_body(recording: Recording):
    frames = frames_of(recording)
    for cut in range(len(frames)):
        with pytest.raises(errors.UpstreamIncomplete):
            collect(events_of([*frames[:cut], sse.END]))
    with pytest.raises(errors.UpstreamIncomplete):
        collect(events_of(frames))
    assert collect(events_of([*frames, sse.END])).choices


@each_stream
def test_a_stream_begins_once_finishes_each_choice_once_and_counts_before_its_end(recording: Recording):
    events = events_of([*frames_of(recording), sse.END])
    kinds = [type(event) for event in events]
    finished = [event.index for event in events if isinstance(event, chat.Finished)]
    assert kinds.count(chat.Began) == 1
    assert len(finished) == len(set(finished))
    assert kinds[-2:] == [chat.UsageSeen, chat.Ended]
    assert not any(isinstance(before, chat.Ended) for before, _ in pairwise(events))


@each_stream
def test_a_stream_gathers_into_the_answer_its_chunks_spell(recording: Recording):
    (choice,) = answer_of(recording).choices
    assert said_by(choice) == spelled(chunks_of(recording))


@each_stream
def test_the_usage_of_a_stream_is_what_an_independent_reader_finds_in_its_last_chunk(recording: Recording):
    if str(recording) not in IN_NUMBERS:
        check_usage(answer_of(recording).usage, chunks_of(recording)[-1])


@each_stream
def test_a_translated_stream_tells_the_same_answer(recording: Recording):
    answer = answer_of(recording)
    writer = gemini.Writer(answer.id, answer.model, answer.created, include_usage=True)
    said = b"".join(map(writer.write, events_of([*frames_of(recording), sse.END])))
    assert collect(events_of([*sse.Reader().feed(said), sse.END])) == said_again(answer, ordinary_tier="standard")


# Errors, and counting beforehand.


@over(REFUSED)
def test_an_error_becomes_what_the_contract_says(recording: Recording):
    error = gemini.classify(recording.status, recording.answered, recording.headers, now_s=0)
    told = json.loads(recording.answered)["error"]
    expected = {
        400: (errors.UpstreamRefused, 400),
        404: (errors.UpstreamRefused, 404),
        429: (errors.UpstreamRateLimited, 429),
        503: (errors.UpstreamDown, 503),
    }[recording.status]
    if "API key not valid" in told["message"]:
        expected = (errors.UpstreamAuthFailed, 502)
    assert (type(error), error.status) == expected
    assert error.provider_status == recording.status
    assert error.provider_message == told["message"][:500]
    assert not error.may_have_billed


def test_google_tells_in_the_body_when_to_ask_again():
    (recording,) = [each for each in REFUSED if each.status == 429]
    error = gemini.classify(429, recording.answered, recording.headers, now_s=0)
    assert error.retry_after_s == 48


@over([each for each in COUNTED if each.status == 200])
def test_a_count_beforehand_is_read_and_written(recording: Recording):
    asked = with_model(recording)
    request = gemini.read_count_request(asked)
    again = json.dumps(json.loads(gemini.write_count_request(request)) | {"model": request.model})
    assert canonical_request(json.loads(gemini.write_request(gemini.read_count_request(again.encode())))) == (
        canonical_request(json.loads(gemini.write_request(request)))
    )
    tokens = gemini.read_count(recording.answered)
    assert tokens == json.loads(recording.answered)["totalTokens"]
    assert gemini.read_count(gemini.write_count(tokens)) == tokens
    assert tokens <= len(asked)


# Damaged on the way.


def damaged(body: bytes, chance: random.Random) -> bytes:
    """A byte gone, another in its place, a piece twice, or the rest lost."""
    at, piece = chance.randrange(len(body)), chance.randrange(1, 40)
    return chance.choice(
        [
            body[:at] + body[at + 1 :],
            body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :],
            body[: at + piece] + body[at:],
            body[:at],
            body[:at] + b"null" + body[at + piece :],
        ]
    )


@each_asked
def test_a_damaged_request_is_read_or_refused(recording: Recording):
    chance = random.Random(recording.case)
    for _ in range(10):
        body = damaged(with_model(recording), chance)
        for read in (gemini.glance_request, lambda body: gemini.write_request(gemini.read_request(body))):
            with suppress(errors.InvalidRequest):
                read(body)


@each_whole
def test_a_damaged_answer_is_read_or_breaks_off(recording: Recording):
    chance = random.Random(recording.case)
    for _ in range(10):
        body = damaged(recording.answered, chance)
        for read in (gemini.glance_answer, lambda body: gemini.write_answer(gemini.read_answer(body))):
            with suppress(errors.UpstreamIncomplete):
                read(body)


@each_stream
def test_a_damaged_stream_is_read_or_breaks_off(recording: Recording):
    chance = random.Random(recording.case)
    for _ in range(10):
        frames = sse.Reader().feed(damaged(recording.answered, chance))
        with suppress(errors.UpstreamIncomplete):
            collect(events_of([*frames, sse.END]))


MEDIA = {"inlineData", "fileData", "toolCall", "toolResponse"}


def model_of(recording: Recording) -> str:
    return recording.path.rpartition("/")[2].partition(":")[0]


def is_stream(recording: Recording) -> bool:
    return ":streamGenerateContent" in recording.path


def with_model(recording: Recording, body: bytes | None = None) -> bytes:
    """The body as the surface hands it on; the bytes of what it holds stay."""
    asked = recording.asked if body is None else body
    assert asked is not None
    put = json.dumps({"model": model_of(recording), "stream": is_stream(recording)})
    return put[:-1].encode() + b"," + asked[1:]


def frames_of(recording: Recording) -> list[sse.Frame]:
    """The frames; who does not ask for `alt=sse` gets the same chunks as a list."""
    stream = recording.answered
    if not recording.is_stream:
        stream = b"".join(sse.frame(json.dumps(chunk).encode()) for chunk in json.loads(stream))
    return sse.Reader().feed(stream)


def events_of(frames: list[sse.Frame]) -> list[chat.Event]:
    reader = gemini.Reader()
    return [event for frame in frames for event in reader.read(frame)]


def chunks_of(recording: Recording) -> list[dict[str, Any]]:
    return [json.loads(frame.data) for frame in frames_of(recording)]


def answer_of(recording: Recording) -> chat.Answer:
    if recording in WHOLE:
        return gemini.read_answer(recording.answered)
    return collect(events_of([*frames_of(recording), sse.END]))


def camelled(value: Any) -> Any:
    """ProtoJSON's other spelling, everywhere: good enough where only names of the protocol are looked at."""
    if isinstance(value, list):
        return [camelled(each) for each in value]
    if isinstance(value, dict):
        return {camel(name): camelled(each) for name, each in value.items()}
    return value


def parts_of(asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for content in asked["contents"] for part in content["parts"]]


def said_by(choice: chat.Choice) -> dict[str, Any]:
    parts = choice.message.parts
    return {
        "text": "".join(part.text for part in parts if isinstance(part, chat.TextPart)),
        "thought": "".join(part.text for part in parts if isinstance(part, chat.ReasoningPart)),
        "calls": [(call.name, json.loads(call.arguments)) for call in choice.message.tool_calls],
        "signed": [call.signature for call in choice.message.tool_calls],
        "finish": (choice.said, choice.finish_reason),
    }


def spelled(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer, by the shortest reading of the format there is."""
    candidates = [candidate for chunk in chunks for candidate in chunk["candidates"]]
    parts = [part for each in candidates for part in (each.get("content") or {}).get("parts") or ()]
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    word = {1: "STOP"}.get(candidates[-1]["finishReason"], candidates[-1]["finishReason"])
    reason = {"STOP": "tool_calls" if calls else "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter"}
    return {
        "text": "".join(part["text"] for part in parts if "text" in part and not part.get("thought")),
        "thought": "".join(part["text"] for part in parts if part.get("thought")),
        "calls": [(call["name"], call.get("args") or {}) for call in calls],
        "signed": [part.get("thoughtSignature") for part in parts if "functionCall" in part],
        "finish": (word, reason.get(word, "other")),
    }


def said_bytes(message: chat.Message) -> int:
    texts = [part.text for part in message.parts if isinstance(part, chat.TextPart | chat.ReasoningPart)]
    return sum(len(text.encode()) for text in texts) + sum(len(call.name) for call in message.tool_calls)


def check_usage(usage: chat.Usage | None, answered: dict[str, Any]) -> None:
    (google,) = [each for each in genai_prices.data_snapshot.get_snapshot().providers if each.id == "google"]
    _, expected = google.extract_usage(answered)
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (expected.input_tokens or 0, expected.output_tokens or 0)
    assert usage.input_cached_tokens == (expected.cache_read_tokens or 0)
    assert usage.output_reasoning_tokens == (expected.output_reasoning_tokens or 0)
    assert usage.input_audio_tokens == (expected.input_audio_tokens or 0)
