"""The dialect of OpenAI's Responses against recorded traffic: OpenAI's own, and that of vendors who speak it."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse import errors
from tollhouse.dialects import chat, openai_responses, sse
from tollhouse.dialects.collect import collect
from tollhouse.money.prices import TOKENS_PER_MESSAGE
from tollhouse.providers import openai
from tollhouse.providers.base import template_tokens
from wire.recordings import Recording, check_cuts, needs_recordings, over, recordings

OPENAI = recordings("openai-responses", path_end="/responses")
OTHERS = [
    recording
    for recording in recordings(
        "azure-openai", "bedrock-mantle", "deepseek", "huggingface-router", "groq", "openrouter", "xai",
        path_end="/responses",
    )
    if recording.path
]  # fmt: skip
ALL = OPENAI + OTHERS

FAILED_MIDWAY = "openai-responses/quoted-error--200-stream-overloaded-error-then-failed"
# The model stands in a prompt that OpenAI keeps; a gateway must know it.
NAMES_NO_MODEL = {
    "openai-responses/file-in--response-with-file-inputs-0",
    "openai-responses/file-in--response-with-mixed-prompt-url-stripped-0",
}
# Its last event names its thinking otherwise than the events before.
RENAMES_THINKING = "openrouter/reasoning--openai-responses-raw-cot-stream-openrouter-0"

ASKED = [each for each in ALL if each.asked and str(each) not in NAMES_NO_MODEL]
WHOLE = [each for each in ALL if each.status == 200 and not each.is_stream]
STREAMS = [each for each in ALL if each.status == 200 and each.is_stream]
COMPLETE_STREAMS = [each for each in STREAMS if str(each) != FAILED_MIDWAY]
REFUSED = [each for each in ALL if each.status != 200]

pytestmark = needs_recordings
each_asked = over(ASKED)
each_whole = over(WHOLE)
each_stream = over(STREAMS)
each_complete_stream = over(COMPLETE_STREAMS)
each_refused = over(REFUSED)


def test_every_recording_of_the_dialect_is_here():
    assert len(OPENAI) >= 130
    assert len(OTHERS) >= 45


# Requests.


@pytest.mark.parametrize("name", sorted(NAMES_NO_MODEL))
def test_a_request_must_name_its_model(name: str):
    (recording,) = [each for each in ALL if str(each) == name]
    with pytest.raises(errors.InvalidRequest) as refused:
        openai_responses.glance_request(recording.asked)
    assert refused.value.param == "model"


@each_asked
def test_a_request_is_accepted_at_a_glance(recording: Recording):
    asked = json.loads(recording.asked)
    glance = openai_responses.glance_request(recording.asked)
    items = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    assert glance.model == asked["model"]
    assert glance.stream == (asked.get("stream") is True)
    assert glance.message_count == len(items) + bool(asked.get("instructions"))
    assert glance.max_output_tokens == asked.get("max_output_tokens")
    assert glance.tool_types == {tool["type"] for tool in asked.get("tools", ())}
    assert glance.media == (_has_media(items) or any(asked.get(name) for name in ELSEWHERE))


@each_asked
def test_a_request_is_said_again_as_it_was(recording: Recording):
    request = openai_responses.read_request(recording.asked)
    again = openai_responses.write_request(request)
    assert _canonical_request(json.loads(again)) == _canonical_request(json.loads(recording.asked))
    assert openai_responses.read_request(again) == request


@each_asked
def test_a_rewritten_request_differs_only_in_what_was_rewritten(recording: Recording):
    rewritten = openai_responses.rewrite_request(recording.asked, model="other", include_usage=True, cap=77)
    assert json.loads(rewritten) == json.loads(recording.asked) | {"model": "other", "max_output_tokens": 77}


# Whole answers.


@each_whole
def test_the_usage_of_an_answer_is_what_an_independent_reader_finds(recording: Recording):
    glance = openai_responses.glance_answer(recording.answered)
    _check_usage(recording, glance.usage, json.loads(recording.answered))


@each_whole
def test_an_answer_is_read_alike_at_a_glance_and_whole(recording: Recording):
    glance = openai_responses.glance_answer(recording.answered)
    assert glance.failed is None
    answer = openai_responses.read_answer(recording.answered)
    assert (answer.id, answer.model, answer.usage) == (glance.id, glance.model, glance.usage)
    assert (answer.choices[0].said,) == glance.finish_reasons
    assert glance.output_bytes >= len(_text(answer).encode()) + sum(len(call.arguments) for call in _calls(answer))


@each_whole
def test_an_answer_says_what_its_items_spell(recording: Recording):
    _check_spelled(openai_responses.read_answer(recording.answered), json.loads(recording.answered))


@each_whole
def test_an_answer_is_said_again_as_it_was(recording: Recording):
    answer = openai_responses.read_answer(recording.answered)
    again = openai_responses.write_answer(answer)
    expected, got = _canonical_answer(json.loads(recording.answered)), _canonical_answer(json.loads(again))
    assert {name: got.get(name) for name in expected} == expected
    told = openai_responses.read_answer(again)
    assert openai_responses.read_answer(openai_responses.write_answer(told)) == told
    assert _text(told) == _text(answer)
    assert [_essence(call) for call in _calls(told)] == [_essence(call) for call in _calls(answer)]


@each_asked
def test_a_request_of_words_holds_no_more_tokens_than_bytes(recording: Recording):
    """The bound that money is held by, for requests whose tokens stand in their bytes."""
    told = _told(recording)
    glance = openai_responses.glance_request(recording.asked)
    if glance.media or glance.tool_types - {"function", "custom"} or told is None or told.get("usage") is None:
        return
    bound_of = openai.PROVIDER.hidden_tokens if recording in OPENAI else template_tokens
    hidden = bound_of(glance.has_tools, glance.tool_types)
    assert told["usage"]["input_tokens"] <= len(recording.asked) + TOKENS_PER_MESSAGE * glance.message_count + hidden


# Streams.


@each_stream
def test_a_stream_cut_at_every_byte_gives_the_same_frames(recording: Recording):
    check_cuts(recording.answered)


@each_stream
def test_a_stream_begins_once_and_ends_once(recording: Recording):
    events = _events(recording)
    kinds = [type(event) for event in events]
    if str(recording) == FAILED_MIDWAY:
        assert chat.Failed in kinds
        assert chat.Ended not in kinds
        return
    assert kinds.count(chat.Began) == 1
    assert kinds.count(chat.Finished) == 1
    assert not any(isinstance(before, chat.Ended) for before, _ in pairwise(events))
    assert kinds[-1] is chat.Ended


@each_complete_stream
def test_a_stream_gathers_into_the_answer_that_its_last_event_holds(recording: Recording):
    """Streamed and whole are the same, but for what a stream cannot tell: ids, and items that are not modelled."""
    told = _told(recording)
    streamed, whole = collect(_events(recording)), openai_responses.read_answer(json.dumps(told).encode())
    assert (streamed.id, streamed.model, streamed.created) == (whole.id, whole.model, whole.created)
    assert streamed.usage == whole.usage
    assert (_text(streamed), _refusal(streamed)) == (_text(whole), _refusal(whole))
    assert [_essence(call) for call in _calls(streamed)] == [_essence(call) for call in _calls(whole)]
    assert streamed.choices[0].finish_reason == whole.choices[0].finish_reason
    assert streamed.choices[0].said == whole.choices[0].said
    assert _tokens(streamed) == _tokens(whole)
    if str(recording) != RENAMES_THINKING:
        assert _thoughts(streamed) == _thoughts(whole)


@each_complete_stream
def test_the_usage_of_a_stream_is_what_an_independent_reader_finds(recording: Recording):
    _check_usage(recording, collect(_events(recording)).usage, _told(recording))


@each_complete_stream
def test_a_translated_stream_tells_the_same_answer(recording: Recording):
    answer = collect(_events(recording))
    writer = openai_responses.Writer(answer.id, answer.model, answer.created, include_usage=True)
    said = b"".join(map(writer.write, _events(recording)))
    reader = openai_responses.Reader()
    again = collect(event for frame in sse.Reader().feed(said) for event in reader.read(frame))
    assert _without_own_words(again) == _without_own_words(answer)


@each_stream
def test_no_frame_is_withheld_or_passed_by_unread(recording: Recording):
    reader = openai_responses.Reader()
    for frame in _frames(recording):
        assert not openai_responses.is_usage_only(frame, reader.read(frame))
        assert openai_responses.plain_text(frame.data) is None


# Damaged on the way.

DAMAGES = st.tuples(st.integers(0, 2**20), st.sampled_from([b"", b"}", b'"', b"null,", b"9", b"\xff"]))


def damaged(whole: bytes, damage: tuple[int, bytes]) -> bytes:
    at = damage[0] % len(whole)
    return whole[:at] + damage[1] + whole[at + 1 :]


@given(st.data())
def test_a_damaged_request_is_read_or_refused(data: st.DataObject):
    body = damaged(data.draw(st.sampled_from(ASKED)).asked, data.draw(DAMAGES))
    for read in (openai_responses.glance_request, openai_responses.read_request):
        with suppress(errors.InvalidRequest):
            read(body)


@given(st.data())
def test_a_damaged_answer_is_read_or_incomplete(data: st.DataObject):
    body = damaged(data.draw(st.sampled_from(WHOLE)).answered, data.draw(DAMAGES))
    for read in (openai_responses.glance_answer, openai_responses.read_answer):
        with suppress(errors.UpstreamIncomplete):
            read(body)


@given(st.data())
def test_a_damaged_stream_is_heard_or_incomplete(data: st.DataObject):
    stream = damaged(data.draw(st.sampled_from(STREAMS)).answered, data.draw(DAMAGES))
    reader = openai_responses.Reader()
    with suppress(errors.UpstreamIncomplete):
        for frame in sse.Reader().feed(stream):
            reader.read(frame)


# Errors.


@each_refused
def test_an_error_becomes_what_the_contract_says(recording: Recording):
    error = openai_responses.classify(recording.status, recording.answered, recording.headers, now_s=0)
    told = json.loads(recording.answered)
    message = told["error"]["message"] if "error" in told else told["detail"]
    promised = {
        400: (errors.UpstreamRefused, 400),
        401: (errors.UpstreamAuthFailed, 502),
    }[recording.status]
    assert (type(error), error.status) == promised
    assert error.provider_message == message[:500]
    assert not error.may_have_billed


def test_a_prompt_that_is_too_long_is_told_as_that():
    (recording,) = [each for each in REFUSED if b"context_length_exceeded" in each.answered]
    error = openai_responses.classify(recording.status, recording.answered, recording.headers, now_s=0)
    assert (error.status, error.code) == (400, "context_length_exceeded")


def test_an_overload_within_a_stream_of_status_200_is_a_failure():
    (recording,) = [each for each in ALL if str(each) == FAILED_MIDWAY]
    first, second = [event for event in _events(recording) if isinstance(event, chat.Failed)]
    assert (first.code, first.type) == ("server_is_overloaded", "service_unavailable_error")
    assert (second.code, second.status) == ("server_error", 500)
    assert first.message == second.message


ELSEWHERE = ("previous_response_id", "conversation", "prompt")
WORDS = ("input_text", "output_text", "refusal")
ITEMS_OF_WORDS = (None, "message", "function_call", "function_call_output", "reasoning")


def _has_media(items: list[Any]) -> bool:
    said = [item for item in items if isinstance(item, dict) and item.get("type") != "reasoning"]
    parts = [part for item in said if isinstance(item.get("content"), list) for part in item["content"]]
    return any(item.get("type") not in ITEMS_OF_WORDS for item in said) or any(
        part["type"] not in WORDS for part in parts
    )


def _frames(recording: Recording) -> list[sse.Frame]:
    return sse.Reader().feed(recording.answered)


def _events(recording: Recording) -> list[chat.Event]:
    reader = openai_responses.Reader()
    return [event for frame in _frames(recording) for event in reader.read(frame)]


def _told(recording: Recording) -> dict[str, Any] | None:
    """The response as the provider tells it whole; in a stream the last event does."""
    if recording.status != 200:
        return None
    if not recording.is_stream:
        return json.loads(recording.answered)
    lines = [line[5:].strip() for line in recording.answered.decode().splitlines() if line.startswith("data:")]
    responses = [json.loads(line).get("response") for line in lines if line != "[DONE]"]
    return [response for response in responses if response][-1]


def _check_usage(recording: Recording, usage: chat.Usage | None, told: dict[str, Any]) -> None:
    if told.get("usage") is None:
        assert usage is None
        return
    # The judge knows OpenAI's models only; how usage is written does not depend on the model.
    judged = genai_prices.extract_usage(told | {"model": "gpt-4o"}, provider_id="openai", api_flavor="responses").usage
    assert usage is not None
    assert usage.input_tokens == judged.input_tokens
    assert usage.output_tokens == judged.output_tokens
    assert usage.input_cached_tokens == (judged.cache_read_tokens or 0)
    inputs, outputs = told["usage"]["input_tokens_details"], told["usage"]["output_tokens_details"]
    assert usage.input_cache_write_tokens == (inputs.get("cache_write_tokens") or 0)
    assert usage.output_reasoning_tokens == outputs["reasoning_tokens"]
    assert usage.total_tokens == told["usage"]["total_tokens"]


def _check_spelled(answer: chat.Answer, told: dict[str, Any]) -> None:
    items = told["output"]
    parts = [part for item in items if item["type"] == "message" for part in item["content"]]
    assert _text(answer) == "".join(part["text"] for part in parts if part["type"] == "output_text")
    assert _refusal(answer) == "".join(part["refusal"] for part in parts if part["type"] == "refusal")
    called = [item for item in items if item["type"] in ("function_call", "custom_tool_call")]
    spelled = [(item["call_id"], item["name"], item.get("arguments") or item.get("input")) for item in called]
    assert [(call.id, call.name, call.arguments) for call in _calls(answer)] == spelled
    promised = "tool_calls" if called else "stop"
    assert answer.choices[0].finish_reason == (promised if told["status"] == "completed" else "other")


def _parts(answer: chat.Answer, kind: type[Any]) -> list[Any]:
    return [part for part in answer.choices[0].message.parts if isinstance(part, kind)]


def _text(answer: chat.Answer) -> str:
    return "".join(part.text for part in _parts(answer, chat.TextPart))


def _refusal(answer: chat.Answer) -> str:
    return "".join(part.text for part in _parts(answer, chat.RefusalPart))


def _thoughts(answer: chat.Answer) -> list[tuple[str, str | None, bool]]:
    """OpenAI seals the same thinking anew each time it says it."""
    return [(part.text, part.id, part.sealed is not None) for part in _parts(answer, chat.ReasoningPart)]


def _tokens(answer: chat.Answer) -> list[str]:
    """OpenAI rounds log probabilities when it says them again."""
    raw = answer.choices[0].logprobs
    return [] if raw is None else [each["token"] for each in json.loads(bytes(raw))["content"]]


def _calls(answer: chat.Answer) -> tuple[chat.ToolCall, ...]:
    return answer.choices[0].message.tool_calls


def _essence(call: chat.ToolCall) -> tuple[str, str, str, str]:
    return call.type, call.id, call.name, call.arguments


def _without_own_words(answer: chat.Answer) -> chat.Answer:
    """Annotations that have no address can be said by their own dialect alone, and a stream has none."""
    body = json.loads(openai_responses.write_answer(answer))
    for item in body["output"]:
        for part in item.get("content", ()):
            part["annotations"] = [each for each in part.get("annotations", ()) if each["type"] == "url_citation"]
    return openai_responses.read_answer(json.dumps(body).encode())


# The canonical forms, as the dialect documents them.


def _canonical_request(asked: dict[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in asked.items() if value not in (None, [], {}, "")}
    for name in ("stream", "store", "background"):
        if asked.get(name) is False:
            del asked[name]
    if "include" in asked:
        asked["include"] = sorted(asked["include"])
    for tool in asked.get("tools", ()):
        for name in [name for name, value in tool.items() if value is None]:
            del tool[name]
    items = asked.pop("input")
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    items = [canonical for item in items if (canonical := _canonical_item(item)) is not None]
    match items:
        case [{"type": "message", "role": "system", "content": str(text)}, _, *_] if "instructions" not in asked:
            return asked | {"instructions": text, "input": items[1:]}
        case _:
            return asked | {"input": items}


def _canonical_item(item: dict[str, Any]) -> dict[str, Any] | None:
    item = {name: value for name, value in item.items() if value is not None}
    kind = item.setdefault("type", "message")
    if kind == "reasoning":
        pieces = item.get("summary") or item.pop("content", None) or []
        text = "\n\n".join(piece["text"] for piece in pieces)
        summary = [{"type": "summary_text", "text": text}] if text else []
        kept = {name: item[name] for name in ("type", "id", "encrypted_content") if name in item}
        return kept | {"summary": summary}
    if kind != "message":
        return item
    is_models = item["role"] == "assistant"
    content = item["content"]
    is_plain = item.keys() == {"type", "role", "content"}
    parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
    parts = [_canonical_part(part, is_models=is_models) for part in parts]
    match parts:
        case [{"text": str(text), **more}] if text and not (more.keys() - {"type"}) and (is_plain or not is_models):
            return item | {"content": text}
        case [{"text": ""}] | [] if is_models and is_plain:
            return None
        case _:
            return item | {"content": parts}


def _canonical_part(part: dict[str, Any], *, is_models: bool) -> dict[str, Any]:
    part = {name: value for name, value in part.items() if value not in (None, [])}
    if part["type"] in ("input_text", "output_text"):
        part["type"] = "output_text" if is_models else "input_text"
    return part


def _canonical_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """What repeats the request at its default need not be said; usage is compared elsewhere."""
    items = [_canonical_output(item) for item in answer["output"]]
    items = [item for item in items if item["type"] != "reasoning" or item["summary"] or "encrypted_content" in item]
    words = [part for item in items if item["type"] == "message" for part in item["content"]]
    others = [item for item in items if item["type"] not in ("message", "function_call", "custom_tool_call")]
    calls = [item for item in items if item["type"] in ("function_call", "custom_tool_call")]
    for call in calls:
        # Bedrock gives some calls no id; ours has one.
        call.pop("id", None)
    beside = {name: value for name, value in answer.items() if name not in ("output", "usage") and value is not None}
    return beside | {"words": words, "others": others, "calls": calls}


def _canonical_output(item: dict[str, Any]) -> dict[str, Any]:
    if item["type"] == "message":
        parts = [
            {"annotations": [], "logprobs": []} | part for part in item["content"] if part["type"] == "output_text"
        ]
        return item | {"content": parts + [part for part in item["content"] if part["type"] != "output_text"]}
    return _canonical_item(item) if item["type"] == "reasoning" else {"status": "completed"} | item
