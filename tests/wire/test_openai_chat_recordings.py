"""OpenAI's chat dialect against recorded traffic: OpenAI's own, and that of vendors who speak it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import genai_prices
import pytest

from tollhouse import errors
from tollhouse.dialects import chat, openai_chat, sse
from tollhouse.dialects.collect import collect
from wire.recordings import ORDINARY_TIERS, Recording, check_cuts, needs_recordings, over, recordings, said_again

OPENAI = recordings("openai-chat", path_end="/chat/completions")
OTHERS = [
    recording
    for recording in recordings(
        "azure-openai",
        "bedrock-mantle",
        "cerebras",
        "cloudflare-workers-ai",
        "databricks",
        "deepseek",
        "gemini-openai-compat",
        "gpustack",
        "groq",
        "huggingface-router",
        "mistral",
        "ollama",
        "openrouter",
        "perplexity",
        "snowflake-cortex",
        "together",
        "vercel-ai-gateway",
        "vllm",
        "xai",
        "zai",
        path_end="/chat/completions",
    )
    if recording.path
]
ALL = OPENAI + OTHERS

# Vendors who leave the dialect, and why each of their recordings is not held to it.
NO_MODEL_IN_BODY = "azure-openai"  # the deployment is in the path
CONTENT_IS_AN_OBJECT = {
    "cloudflare-workers-ai/json-schema--cloudflare-data-extraction-0",
    "cloudflare-workers-ai/json-schema--cloudflare-data-extraction-1",
    "cloudflare-workers-ai/json-schema--cloudflare-data-extraction-2",
}
NEVER_ENDED = {
    # The model broke down; the error is told in a field that server-sent events do not have.
    "gpustack/reasoning--chat-with-extended-thinking-gpustack-qwen3-streams-thinking-0",
    # Cerebras behind Hugging Face leaves `[DONE]` out.
    "huggingface-router/text--huggingface-data-extraction-3",
    "huggingface-router/text--huggingface-respects-turns-interface-0",
    "huggingface-router/text--huggingface-respects-turns-interface-1",
    "huggingface-router/text--huggingface-respects-turns-interface-2",
    "huggingface-router/text--huggingface-tools-0",
}
FAILED_MIDWAY = {"groq/error--tool-use-failed-error-streaming-0", "openrouter/error--openrouter-stream-error-0"}
# These count reasoning beside the output, or cached beside other input, which the independent reader leaves out.
PARTS_BESIDE_TOTALS = ("xai", "gemini-openai-compat", "vercel-ai-gateway", "azure-openai", "openrouter")

ASKED = [each for each in ALL if each.asked]
WHOLE = [each for each in ALL if each.status == 200 and not each.is_stream]
STREAMS = [each for each in ALL if each.status == 200 and each.is_stream]
COMPLETE_STREAMS = [each for each in STREAMS if str(each) not in NEVER_ENDED | FAILED_MIDWAY]
REFUSED = [each for each in ALL if each.status != 200]

pytestmark = needs_recordings
each_asked = over(ASKED)
each_whole = over(WHOLE)
each_stream = over(STREAMS)
each_complete_stream = over(COMPLETE_STREAMS)
each_refused = over(REFUSED)


def test_every_recording_of_openai_is_here_and_none_is_excused():
    excused = CONTENT_IS_AN_OBJECT | NEVER_ENDED | FAILED_MIDWAY
    assert len(OPENAI) >= 130
    assert not [str(each) for each in OPENAI if str(each) in excused]


# Requests.


@each_asked
def test_a_request_is_accepted_at_a_glance(recording: Recording):
    asked = json.loads(recording.asked)
    glance = openai_chat.glance_request(_with_model(recording))
    assert glance.model == asked.get("model", "deployment")
    assert glance.message_count == len(asked["messages"])
    assert glance.stream == (asked.get("stream") is True)
    assert glance.n == (asked.get("n") or 1)
    assert glance.max_output_tokens == (asked.get("max_completion_tokens") or asked.get("max_tokens"))
    assert glance.has_tools == bool(asked.get("tools"))
    assert glance.media == any(
        part["type"] not in ("text", "thinking") for content in _lists_of_parts(asked) for part in content
    )


@each_asked
def test_a_request_is_said_again_as_it_was(recording: Recording):
    body = _with_model(recording)
    request = openai_chat.read_request(body)
    again = openai_chat.write_request(request)
    assert _canonical_request(json.loads(again)) == _canonical_request(json.loads(body))
    assert openai_chat.read_request(again) == request


@each_asked
def test_a_rewritten_request_differs_only_in_what_was_rewritten(recording: Recording):
    body = _with_model(recording)
    rewritten = json.loads(openai_chat.rewrite_request(body, model="other", include_usage=True, cap=77))
    expected = json.loads(body)
    expected["model"] = "other"
    expected["stream_options"] = (expected.get("stream_options") or {}) | {"include_usage": True}
    used = [name for name in ("max_completion_tokens", "max_tokens") if expected.get(name) is not None]
    expected |= dict.fromkeys(used or ["max_completion_tokens"], 77)
    assert rewritten == expected


# Whole answers.


@each_whole
def test_the_usage_of_an_answer_is_what_an_independent_reader_finds(recording: Recording):
    glance = openai_chat.glance_answer(recording.answered)
    _check_usage(recording, glance.usage, json.loads(recording.answered))


@each_whole
def test_an_answer_is_read_alike_at_a_glance_and_whole(recording: Recording):
    glance = openai_chat.glance_answer(recording.answered)
    assert glance.failed is None
    if str(recording) in CONTENT_IS_AN_OBJECT:
        with pytest.raises(errors.UpstreamIncomplete):
            openai_chat.read_answer(recording.answered)
        return
    answer = openai_chat.read_answer(recording.answered)
    assert (answer.id, answer.model, answer.usage) == (glance.id, glance.model, glance.usage)
    assert tuple(choice.said for choice in answer.choices) == glance.finish_reasons
    assert glance.output_bytes >= sum(_said_bytes(choice.message) for choice in answer.choices)


@over([each for each in WHOLE if str(each) not in CONTENT_IS_AN_OBJECT])
def test_an_answer_is_said_again_as_it_was(recording: Recording):
    answer = openai_chat.read_answer(recording.answered)
    again = openai_chat.write_answer(answer)
    assert _canonical_answer(json.loads(again)) == _canonical_answer(json.loads(recording.answered))
    assert openai_chat.read_answer(again) == said_again(answer)


# Streams.


@each_stream
def test_a_stream_cut_at_every_byte_gives_the_same_frames(recording: Recording):
    check_cuts(recording.answered)


@each_stream
def test_the_frames_are_the_stream(recording: Recording):
    assert b"".join(frame.raw for frame in _frames(recording)) == recording.answered


@each_stream
def test_a_stream_begins_once_and_finishes_each_choice_once(recording: Recording):
    events = _events(recording)
    finished = [event.index for event in events if isinstance(event, chat.Finished)]
    assert [type(event) for event in events].count(chat.Began) == 1
    assert len(finished) == len(set(finished))
    assert all(isinstance(after, chat.Event) for after in events)
    assert not any(isinstance(before, chat.Ended) for before, _ in pairwise(events))


@each_complete_stream
def test_a_stream_gathers_into_the_answer_its_chunks_spell(recording: Recording):
    answer = collect(_events(recording))
    spelled = _spelled(recording)
    texts = {choice.index: _text(choice.message) for choice in answer.choices}
    assert {index: text for index, text in texts.items() if text} == spelled["content"]
    assert {
        (choice.index, call.id): (call.name, call.arguments)
        for choice in answer.choices
        for call in choice.message.tool_calls
    } == spelled["calls"]
    assert {choice.index: choice.said for choice in answer.choices if choice.said} == spelled["finish_reason"]


@each_complete_stream
def test_the_usage_of_a_stream_is_what_an_independent_reader_finds(recording: Recording):
    answer = collect(_events(recording))
    chunks = [chunk for chunk in _chunks(recording) if (chunk.get("usage") or {}).get("completion_tokens") is not None]
    if chunks:
        _check_usage(recording, answer.usage, chunks[-1])
    else:
        assert answer.usage is None or any("x_groq" in chunk for chunk in _chunks(recording))


@each_complete_stream
def test_a_translated_stream_tells_the_same_answer(recording: Recording):
    answer = collect(_events(recording))
    writer = openai_chat.Writer(answer.id, answer.model, answer.created, include_usage=True)
    said = b"".join(map(writer.write, _events(recording)))
    reader = openai_chat.Reader()
    assert collect(event for frame in sse.Reader().feed(said) for event in reader.read(frame)) == said_again(answer)
    assert openai_chat.read_answer(openai_chat.write_answer(answer)) == said_again(answer)


@each_stream
def test_the_usage_chunk_is_told_from_the_others(recording: Recording):
    reader = openai_chat.Reader()
    for frame in _frames(recording):
        withheld = openai_chat.is_usage_only(frame, reader.read(frame))
        chunk = json.loads(frame.data) if frame.data not in (b"", b"[DONE]") else {}
        assert withheld == (chunk.get("choices") == [] and bool(chunk.get("usage")))


# Errors.


@each_refused
def test_an_error_becomes_what_the_contract_says(recording: Recording):
    error = openai_chat.classify(recording.status, recording.answered, recording.headers, now_s=0)
    told = json.loads(recording.answered)["error"]
    assert (type(error), error.status) == _promised(recording.status, told)
    assert error.provider_status == recording.status
    assert error.provider_message == told["message"][:500]
    assert not error.may_have_billed
    assert isinstance(error, errors.UpstreamRefused) == (error.message == told["message"][:500])


@pytest.mark.parametrize("name", sorted(FAILED_MIDWAY))
def test_an_error_within_a_stream_is_a_failure(name: str):
    (recording,) = [each for each in ALL if str(each) == name]
    (failed,) = [event for event in _events(recording) if isinstance(event, chat.Failed)]
    assert failed.status == 400
    assert failed.message


def _promised(status: int, told: dict[str, Any]) -> tuple[type[errors.UpstreamError], int]:
    if told.get("code") == "insufficient_quota":
        return errors.UpstreamQuota, 502
    return {
        400: (errors.UpstreamRefused, 400),
        401: (errors.UpstreamAuthFailed, 502),
        404: (errors.UpstreamRefused, 404),
        429: (errors.UpstreamRateLimited, 429),
    }[status]


def _with_model(recording: Recording) -> bytes:
    asked = json.loads(recording.asked)
    if recording.provider == NO_MODEL_IN_BODY:
        asked.setdefault("model", "deployment")
    return json.dumps(asked, ensure_ascii=False).encode()


def _lists_of_parts(asked: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [message["content"] for message in asked["messages"] if isinstance(message.get("content"), list)]


def _frames(recording: Recording) -> list[sse.Frame]:
    return sse.Reader().feed(recording.answered)


def _events(recording: Recording) -> list[chat.Event]:
    reader = openai_chat.Reader()
    return [event for frame in _frames(recording) for event in reader.read(frame)]


def _chunks(recording: Recording) -> list[dict[str, Any]]:
    """The chunks, by the shortest reading of the format there is."""
    lines = [line[5:].strip() for line in recording.answered.decode().splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def _spelled(recording: Recording) -> dict[str, dict[Any, Any]]:
    content: dict[int, str] = {}
    calls: dict[tuple[int, str], tuple[str, str]] = {}
    ids: dict[tuple[int, int], str] = {}
    reasons: dict[int, str] = {}
    for choice in [choice for chunk in _chunks(recording) for choice in chunk.get("choices") or []]:
        index, delta = choice["index"], choice.get("delta") or {}
        said = delta.get("content") or ""
        if text := said if isinstance(said, str) else "".join(part.get("text", "") for part in said):
            content[index] = content.get(index, "") + text
        for call in delta.get("tool_calls") or []:
            slot = (index, call["index"])
            if call.get("id"):
                ids[slot] = call["id"]
            name, arguments = calls.get((index, ids[slot]), ("", ""))
            function = call["function"]
            calls[index, ids[slot]] = (name or function["name"], arguments + (function.get("arguments") or ""))
        if choice.get("finish_reason"):
            reasons.setdefault(index, choice["finish_reason"])
    return {"content": content, "calls": calls, "finish_reason": reasons}


def _text(message: chat.Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, chat.TextPart))


def _said_bytes(message: chat.Message) -> int:
    return len(_text(message).encode()) + sum(len(call.arguments) for call in message.tool_calls)


def _check_usage(recording: Recording, usage: chat.Usage | None, told: dict[str, Any]) -> None:
    if told.get("usage") is None:
        assert usage is None
        return
    # The judge knows OpenAI's models only; how usage is written does not depend on the model.
    judged = genai_prices.extract_usage(told | {"model": "gpt-4o"}, provider_id="openai", api_flavor="chat").usage
    assert usage is not None
    if _counts_parts_beside(told["usage"]):
        assert recording.provider in PARTS_BESIDE_TOTALS
        assert usage.total_tokens > judged.input_tokens + judged.output_tokens
        return
    assert usage.input_tokens == judged.input_tokens
    assert usage.output_tokens == judged.output_tokens
    details = told["usage"].get("prompt_tokens_details") or {}
    if "cached_tokens" in details:
        assert usage.input_cached_tokens == judged.cache_read_tokens
    assert usage.input_audio_tokens == (judged.input_audio_tokens or 0)
    assert usage.output_audio_tokens == (judged.output_audio_tokens or 0)
    made = told["usage"].get("completion_tokens_details") or {}
    assert usage.output_reasoning_tokens == (made.get("reasoning_tokens") or 0)
    assert usage.input_cache_write_tokens == (details.get("cache_write_tokens") or 0)


def _counts_parts_beside(told: dict[str, Any]) -> bool:
    read, made = told["prompt_tokens"], told["completion_tokens"]
    inputs, outputs = told.get("prompt_tokens_details") or {}, told.get("completion_tokens_details") or {}
    return (
        inputs.get("cached_tokens", 0) + inputs.get("cache_write_tokens", 0) > read
        or outputs.get("reasoning_tokens", 0) > made
        or told["total_tokens"] > read + made
    )


# The canonical forms, as the dialect documents them.


def _canonical_request(asked: dict[str, Any]) -> dict[str, Any]:
    """Absent is null, and defaults are not said."""
    asked = _without_nones(asked)
    if asked.get("n") == 1:
        del asked["n"]
    if asked.get("stream") is False:
        del asked["stream"]
    if asked.get("stream_options") in ({}, {"include_usage": False}):
        del asked["stream_options"]
    for name in ("tools", "stop"):
        if asked.get(name) == []:
            del asked[name]
    for tool in asked.get("tools", []):
        if "function" in tool:
            tool.setdefault("type", "function")
    if isinstance(asked.get("stop"), str):
        asked["stop"] = [asked["stop"]]
    if "max_tokens" in asked:
        asked.setdefault("max_completion_tokens", asked.pop("max_tokens"))
    if isinstance(asked.get("tool_choice"), dict):
        asked["tool_choice"].setdefault("type", "function")
    if asked.get("tool_choice") == "any":
        asked["tool_choice"] = "required"
    return asked | {"messages": [_canonical_message(message) for message in asked["messages"]]}


def _canonical_answer(answer: dict[str, Any]) -> dict[str, Any]:
    choices = []
    for position, choice in enumerate(answer["choices"]):
        message = _canonical_message(choice.get("message") or {})
        for slot, call in enumerate(message.get("tool_calls", [])):
            call["id"] = call["id"] or f"call_{answer['id']}_{position}_{slot}"
        choices.append(_without_nones(choice) | {"message": message})
    # What usage means is compared elsewhere.
    usage = answer.get("usage") or {}
    tier = answer.get("service_tier") or usage.get("service_tier")
    tier = "default" if tier in ORDINARY_TIERS else tier
    return _without_nones(answer) | {"choices": choices, "usage": None, "service_tier": tier}


def _canonical_message(message: dict[str, Any]) -> dict[str, Any]:
    message = {name: value for name, value in message.items() if value is not None or name not in NULLABLE}
    message.setdefault("role", "assistant")
    thought = message.pop("reasoning", None)
    if message.get("reasoning_content") and thought not in (None, message["reasoning_content"]):
        message["reasoning"] = thought
    elif thought:
        message["reasoning_content"] = thought
    content = message.pop("content", None)
    if isinstance(content, list):
        thoughts = [chunk["text"] for part in content if part["type"] == "thinking" for chunk in part["thinking"]]
        if thoughts:
            message["reasoning_content"] = "".join(thoughts)
        content = [_canonical_part(part) for part in content if part["type"] != "thinking"]
        match content:
            case [{"type": "text", "text": text, **more}] if text and not more:
                content = text
    if details := message.pop("reasoning_details", None):
        message |= _canonical_thinking(details, message.get("reasoning_content"))
    for name in ("refusal", "reasoning_content", "tool_calls", "annotations"):
        if not message.get(name):
            message.pop(name, None)
    # Snowflake says every field, also where there is no sound.
    if not message.get("audio", {}).get("id"):
        message.pop("audio", None)
    for call in message.get("tool_calls", []):
        call.setdefault("type", "function")
        if call["type"] == "function":
            call["function"].setdefault("arguments", "")
    return message | {"content": content or None}


def _canonical_thinking(details: list[dict[str, Any]], thought: str | None) -> dict[str, Any]:
    """Details by their proofs, each with all the words before it; without any they are thinking in plain words."""
    if any(detail.get("format") == "xai-responses-v1" and "data" in detail for detail in details):
        return {"reasoning_details": details}
    proofs, words, whole = [], "", ""
    for detail in details:
        said = detail.get("text") or detail.get("summary") or ""
        words, whole = words + said, whole + said
        if proof := detail.get("signature") or detail.get("data"):
            proofs.append((words, proof, detail["format"], detail.get("id")))
            words = ""
    assert thought in (None, whole) or not whole
    return {"reasoning_content": thought or whole} | ({"reasoning_details": proofs} if proofs else {})


NULLABLE = ("name", "refusal", "audio", "tool_calls", "tool_call_id", "reasoning", "reasoning_content")


def _canonical_part(part: dict[str, Any]) -> dict[str, Any]:
    if isinstance(part.get("image_url"), str):
        return part | {"image_url": {"url": part["image_url"]}}
    return part


def _without_nones(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


@needs_recordings
@over([one for one in ALL if one.body_kind == "sse"])
def test_a_delta_that_looks_plain_is_read_as_the_same_text(recording: Recording):
    events = openai_chat.Reader()
    for frame in sse.Reader().feed(recording.answered):
        span = openai_chat.plain_text(frame.data)
        said = [event for event in events.read(frame) if not isinstance(event, chat.Began)]
        if span is not None:
            assert [type(event) for event in said] == [chat.TextDelta]
            assert frame.data[slice(*span)] == said[0].text.encode()


@needs_recordings
def test_most_deltas_look_plain():
    """Otherwise the look would not be worth its cost."""
    frames = [f for one in OPENAI if one.body_kind == "sse" for f in sse.Reader().feed(one.answered)]
    plain = sum(openai_chat.plain_text(frame.data) is not None for frame in frames)
    text = sum(b'"delta":{"content":"' in frame.data for frame in frames)
    assert plain > 0.7 * text > 0
