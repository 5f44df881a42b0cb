"""Anthropic's dialect against recorded traffic: Anthropic's own, and that of Google's Vertex, which speaks it too."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tollhouse import errors
from tollhouse.dialects import anthropic_messages, chat, sse
from tollhouse.dialects.anthropic_messages.glance import REMOTE_SERVERS
from tollhouse.dialects.collect import collect
from tollhouse.money.prices import input_bound
from tollhouse.providers.anthropic import PROVIDER
from tollhouse.providers.base import Limits
from wire.recordings import Recording, check_cuts, needs_recordings, over, recordings

ANTHROPIC = recordings("anthropic-messages", path_end="/messages")
VERTEX = recordings("vertex-anthropic")
COUNTS = recordings("anthropic-count-tokens")
ALL = ANTHROPIC + VERTEX

NOT_A_REQUEST = "anthropic-messages/error--anthropic-completion-error-0"  # a message that is a string; status 400
NO_BODY = "anthropic-messages/quoted-error--429-rate-limit-headers"
FAILED_AT_ONCE = "anthropic-messages/quoted-error--200-stream-error-event"

ASKED = [each for each in ALL + COUNTS if each.asked and str(each) != NOT_A_REQUEST]
WHOLE = [each for each in ALL if each.status == 200 and not each.is_stream]
STREAMS = [each for each in ALL if each.status == 200 and each.is_stream and str(each) != FAILED_AT_ONCE]
REFUSED = [each for each in ALL if each.status != 200]

pytestmark = needs_recordings
each_asked = over(ASKED)
each_whole = over(WHOLE)
each_stream = over(STREAMS)


def test_every_recording_is_here_and_only_what_is_no_request_is_excused():
    assert (len(ANTHROPIC), len(VERTEX), len(COUNTS)) >= (169, 6, 7)
    assert len([each for each in ALL if each.asked]) - len([each for each in ASKED if each in ALL]) == 1
    with pytest.raises(errors.InvalidRequest):
        anthropic_messages.glance_request(_named(NOT_A_REQUEST).asked or b"")


# Requests.


@each_asked
def test_a_request_is_accepted_at_a_glance(recording: Recording):
    body = _with_model(recording)
    asked = json.loads(body)
    glance = anthropic_messages.glance_request(body)
    assert glance.model == asked["model"]
    assert glance.message_count == len(asked["messages"]) + bool(asked.get("system"))
    assert glance.stream == (asked.get("stream") is True)
    assert glance.max_output_tokens == asked.get("max_tokens")
    assert glance.media == any(kind not in WORDS for kind in _block_types(asked))
    assert glance.tool_types == {tool.get("type") or "function" for tool in asked.get("tools") or ()} | (
        {REMOTE_SERVERS} if asked.get("mcp_servers") else set()
    )


@each_asked
def test_a_request_is_said_again_as_it_was(recording: Recording):
    body = _with_model(recording)
    request = anthropic_messages.read_request(body)
    again = anthropic_messages.write_request(request)
    expected = json.loads(body)
    expected.setdefault("max_tokens", 8_192)
    assert _canonical_request(json.loads(again)) == _canonical_request(expected)
    reread = anthropic_messages.read_request(again)
    if "max_tokens" in json.loads(body):
        assert reread == request
    assert anthropic_messages.write_request(reread) == again


@each_asked
def test_a_rewritten_request_differs_only_in_what_was_rewritten(recording: Recording):
    body = _with_model(recording)
    rewritten = anthropic_messages.rewrite_request(body, model="other", include_usage=True, cap=77)
    assert json.loads(rewritten) == json.loads(body) | {"model": "other", "max_tokens": 77}


@over([each for each in ANTHROPIC + COUNTS if each in ASKED and each.status == 200])
def test_anthropic_reads_no_more_than_the_bound(recording: Recording):
    body = json.dumps(json.loads(_with_model(recording)), ensure_ascii=False, separators=(",", ":")).encode()
    glance = anthropic_messages.glance_request(body)
    hidden = PROVIDER.hidden_tokens(glance.has_tools, glance.tool_types)
    context_tokens = PROVIDER.limits.get(glance.model, Limits()).context_tokens
    bound = input_bound(len(body), glance.message_count, hidden, context_tokens, glance.media)
    assert 0 < _counted_input(recording) <= bound


# Whole answers.


@each_whole
def test_an_answer_is_read_alike_at_a_glance_and_whole(recording: Recording):
    glance = anthropic_messages.glance_answer(recording.answered)
    answer = anthropic_messages.read_answer(recording.answered)
    told = json.loads(recording.answered)
    assert (answer.id, answer.model, answer.usage) == (glance.id, glance.model, glance.usage)
    assert (answer.id, answer.model) == (told["id"], told["model"])
    assert glance.finish_reasons == (answer.choices[0].said,) == (told["stop_reason"],)
    assert answer.choices[0].finish_reason in ("stop", "length", "tool_calls")
    assert glance.output_bytes >= _said_bytes(answer.choices[0].message)
    _check_usage(glance.usage, told)


@each_whole
def test_an_answer_is_said_again_as_it_was(recording: Recording):
    answer = anthropic_messages.read_answer(recording.answered)
    again = anthropic_messages.write_answer(answer)
    assert _canonical_answer(json.loads(again)) == _canonical_answer(json.loads(recording.answered))
    assert anthropic_messages.read_answer(again) == answer


# Streams.


@each_stream
def test_a_stream_cut_at_every_byte_gives_the_same_frames(recording: Recording):
    check_cuts(recording.answered)


@each_stream
def test_a_stream_begins_finishes_is_counted_and_ends_once(recording: Recording):
    events = _events(recording)
    kinds = [type(event) for event in events]
    assert [kinds.count(kind) for kind in (chat.Began, chat.Finished, chat.UsageSeen, chat.Ended)] == [1, 1, 1, 1]
    assert kinds[0] is chat.Began
    assert kinds[-1] is chat.Ended


@each_stream
def test_a_stream_gathers_into_the_answer_its_blocks_spell(recording: Recording):
    choice = collect(_events(recording)).choices[0]
    spelled = _spelled(recording)
    calls = [(call.id, call.name, json.loads(call.arguments)) for call in choice.message.tool_calls]
    assert calls == spelled["tool_use"]
    assert "".join(part.text for part in choice.message.parts if isinstance(part, chat.TextPart)) == spelled["text"]
    thoughts = [part for part in choice.message.parts if isinstance(part, chat.ReasoningPart)]
    assert [(part.text, part.signature, part.sealed) for part in thoughts] == spelled["thinking"]
    assert (choice.said, choice.stop_sequence) == spelled["stop"]


@each_stream
def test_the_usage_of_a_stream_is_what_an_independent_reader_finds(recording: Recording):
    answer = collect(_events(recording))
    _check_usage(answer.usage, {"model": answer.model, "usage": _counted(recording)})


@each_stream
def test_a_translated_stream_tells_the_same_answer(recording: Recording):
    events = _events(recording)
    answer = collect(events)
    writer = anthropic_messages.Writer(answer.id, answer.model, 0, include_usage=True)
    said = b"".join(map(writer.write, events))
    reader = anthropic_messages.Reader()
    again = collect(event for frame in sse.Reader().feed(said) for event in reader.read(frame))
    # Words that rest on nothing, and those behind them that do, are one block by now.
    assert _joined(again, is_placed=False) == _joined(answer, is_placed=False)
    whole = anthropic_messages.read_answer(anthropic_messages.write_answer(answer))
    assert _joined(whole) == answer


def _joined(answer: chat.Answer, *, is_placed: bool = True) -> chat.Answer:
    """The answer with all its words in one part, as a stream is gathered."""
    (choice,) = answer.choices
    parts = choice.message.parts
    words = [part for part in parts if isinstance(part, chat.TextPart)]
    if not words:
        return answer
    cited = [each for part in words for each in part.citations]
    if not is_placed:
        cited = [replace(each, start=None, end=None) for each in cited]
    one = chat.TextPart("".join([part.text for part in words]), citations=tuple(cited))
    told = [one if part is words[0] else part for part in parts if part is words[0] or part not in words]
    return replace(answer, choices=(replace(choice, message=replace(choice.message, parts=tuple(told))),))


def test_a_block_is_over_before_the_next_begins():
    """As our writer says them."""
    for recording in STREAMS:
        indexes = [event["index"] for event in _wire_events(recording) if event["type"].startswith("content_block")]
        assert all(before <= after <= before + 1 for before, after in pairwise(indexes))


@each_stream
def test_a_delta_that_looks_plain_is_read_as_the_same_text(recording: Recording):
    reader = anthropic_messages.Reader()
    for frame in _frames(recording):
        span = anthropic_messages.plain_text(frame.data)
        said = reader.read(frame)
        if span is not None:
            assert said == (chat.TextDelta(0, frame.data[slice(*span)].decode()),)


def test_most_text_deltas_look_plain():
    frames = [frame for recording in STREAMS for frame in _frames(recording)]
    plain = sum(anthropic_messages.plain_text(frame.data) is not None for frame in frames)
    assert plain > 0.5 * sum(b'"text_delta"' in frame.data for frame in frames) > 0


# Errors, and counts.


@over([each for each in REFUSED if str(each) != NO_BODY])
def test_an_error_becomes_what_the_contract_says(recording: Recording):
    error = anthropic_messages.classify(recording.status, recording.answered, recording.headers, now_s=0)
    told = json.loads(recording.answered)["error"]
    assert (type(error), error.status) == {
        400: (errors.UpstreamRefused, 400),
        401: (errors.UpstreamAuthFailed, 502),
        404: (errors.UpstreamRefused, 404),
        529: (errors.UpstreamDown, 503),
    }[recording.status]
    assert (error.provider_status, error.provider_message) == (recording.status, told["message"])
    assert not error.may_have_billed


def test_a_rate_limit_tells_when_it_is_over_even_without_saying_when_to_retry():
    headers = _named(NO_BODY).headers
    now_s = datetime(2024, 3, 26, 19, 59, 59, tzinfo=UTC).timestamp()
    error = anthropic_messages.classify(429, b"", headers, now_s)
    assert isinstance(error, errors.UpstreamRateLimited)
    assert error.retry_after_s == 1.0


def test_an_overloaded_provider_says_so_within_status_200():
    assert _events(_named(FAILED_AT_ONCE)) == [
        chat.Failed(message="Overloaded", type="overloaded_error", status=529),
    ]


@over(COUNTS)
def test_a_count_is_read_and_said_again(recording: Recording):
    told = json.loads(recording.answered)
    count = anthropic_messages.read_count(recording.answered)
    assert json.loads(anthropic_messages.write_count(count)) == told == {"input_tokens": count}


# Recordings that something happened to.


@given(st.data())
def test_a_damaged_request_is_read_or_refused(data: st.DataObject):
    body = _damaged(data, _with_model(data.draw(st.sampled_from(ASKED))))
    with suppress(errors.InvalidRequest):
        anthropic_messages.glance_request(body)
        anthropic_messages.rewrite_request(body, model="m", include_usage=False, cap=5)
    with suppress(errors.InvalidRequest):
        anthropic_messages.write_request(anthropic_messages.read_request(body))


@given(st.data())
def test_a_damaged_answer_is_read_or_breaks_off(data: st.DataObject):
    body = _damaged(data, data.draw(st.sampled_from(WHOLE)).answered)
    with suppress(errors.UpstreamIncomplete):
        anthropic_messages.glance_answer(body)
    with suppress(errors.UpstreamIncomplete):
        anthropic_messages.write_answer(anthropic_messages.read_answer(body))


@given(st.data())
def test_a_damaged_stream_is_read_or_breaks_off(data: st.DataObject):
    stream = _damaged(data, data.draw(st.sampled_from(STREAMS)).answered)
    reader = anthropic_messages.Reader()
    with suppress(errors.UpstreamIncomplete):
        collect(event for frame in sse.Reader().feed(stream) for event in reader.read(frame))


def _damaged(data: st.DataObject, body: bytes) -> bytes:
    """The body with some of its bytes replaced by others."""
    start = data.draw(st.integers(0, len(body) - 1))
    end = start + data.draw(st.integers(0, 20))
    return body[:start] + data.draw(st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"null", b"-1"])) + body[end:]


# What the wire says, by other readers than ours.

WORDS = frozenset({"text", "thinking", "redacted_thinking", "tool_use", "tool_result"})

USAGE = frozenset(
    {
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "output_tokens",
        "output_tokens_details",
        "service_tier",
    }
)


def _named(name: str) -> Recording:
    return next(each for each in ALL if str(each) == name)


def _with_model(recording: Recording) -> bytes:
    """Vertex has the model in its address."""
    asked = json.loads(recording.asked or b"")
    asked.setdefault("model", "claude-3-7-sonnet@20250219")
    return json.dumps(asked, ensure_ascii=False).encode()


def _blocks(asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for turn in asked["messages"] if isinstance(turn["content"], list) for block in turn["content"]]


def _block_types(asked: dict[str, Any]) -> list[str]:
    blocks = _blocks(asked)
    inner = [block["content"] for block in blocks if block["type"] == "tool_result" and "content" in block]
    return [block["type"] for block in blocks + [each for some in inner if isinstance(some, list) for each in some]]


def _frames(recording: Recording) -> list[sse.Frame]:
    return sse.Reader().feed(recording.answered)


def _events(recording: Recording) -> list[chat.Event]:
    reader = anthropic_messages.Reader()
    return [event for frame in _frames(recording) for event in reader.read(frame)]


def _wire_events(recording: Recording) -> list[dict[str, Any]]:
    """The events, by the shortest reading of the format there is."""
    return [json.loads(line[5:]) for line in recording.answered.decode().splitlines() if line.startswith("data:")]


def _spelled(recording: Recording) -> dict[str, Any]:
    blocks: dict[int, dict[str, Any]] = {}
    stop: dict[str, Any] = {}
    for event in _wire_events(recording):
        if event["type"] == "content_block_start":
            block = event["content_block"]
            blocks[event["index"]] = block | {"json": json.dumps(block["input"]) if block.get("input") else ""}
        if event["type"] == "content_block_delta":
            block, delta = blocks[event["index"]], event["delta"]
            for name in ("text", "thinking", "signature"):
                block[name] = block.get(name, "") + delta.get(name, "")
            block["json"] += delta.get("partial_json", "")
        if event["type"] == "message_delta":
            stop = event["delta"]
    said = list(blocks.values())
    thinking = [(each["thinking"], each["signature"], None) for each in said if each["type"] == "thinking"]
    return {
        "text": "".join(each["text"] for each in said if each["type"] == "text"),
        "thinking": thinking + [("", None, each["data"]) for each in said if each["type"] == "redacted_thinking"],
        "tool_use": [
            (each["id"], each["name"], json.loads(each["json"] or "{}")) for each in said if each["type"] == "tool_use"
        ],
        "stop": (stop["stop_reason"], stop["stop_sequence"]),
    }


def _counted(recording: Recording) -> dict[str, Any]:
    """The last count; a whole answer has one, a stream counts at its beginning and again at its end."""
    if not recording.is_stream:
        told = json.loads(recording.answered)
        return told.get("usage", told)
    counted: dict[str, Any] = {}
    for event in _wire_events(recording):
        usage = event.get("usage") or event.get("message", {}).get("usage") or {}
        counted |= {name: value for name, value in usage.items() if value is not None}
    return counted


def _counted_input(recording: Recording) -> int:
    counted = _counted(recording)
    parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(counted.get(name) or 0 for name in parts)


def _said_bytes(message: chat.Message) -> int:
    texts = [part.text for part in message.parts if isinstance(part, chat.TextPart | chat.ReasoningPart)]
    return sum(len(text.encode()) for text in [*texts, *(call.arguments for call in message.tool_calls)])


def _check_usage(usage: chat.Usage | None, told: dict[str, Any]) -> None:
    # The judge knows Anthropic's models only; how usage is written does not depend on the model.
    judged = genai_prices.extract_usage(told | {"model": "claude-sonnet-4-5"}, provider_id="anthropic").usage
    assert usage is not None
    assert usage.input_tokens == judged.input_tokens
    assert usage.output_tokens == judged.output_tokens
    assert usage.input_cached_tokens == (judged.cache_read_tokens or 0)
    assert usage.input_cache_write_tokens == (judged.cache_write_tokens or 0)
    thought = (told["usage"].get("output_tokens_details") or {}).get("thinking_tokens") or 0
    assert usage.output_reasoning_tokens == thought
    assert usage.service_tier == told["usage"].get("service_tier")


def _canonical_request(asked: dict[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in asked.items() if value is not None and value != []}
    if form := asked.pop("output_format", None):
        asked["output_config"] = asked.get("output_config", {}) | {"format": form}
    if asked.get("stream") is False:
        del asked["stream"]
    if asked["messages"][0]["role"] == "system" and "system" not in asked:
        asked["system"] = asked["messages"].pop(0)["content"]
    if "system" in asked:
        asked["system"] = _canonical_content(asked["system"])
    turns: list[dict[str, Any]] = []
    for turn in asked["messages"]:
        content = _canonical_content(turn["content"])
        if turns and turns[-1]["role"] == turn["role"] == "user":
            turns[-1]["content"] += content
        else:
            turns.append({"role": turn["role"], "content": content})
    asked["messages"] = turns
    return asked


def _canonical_content(content: Any) -> list[dict[str, Any]]:
    """Blocks without what says nothing; calls stand last."""
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    said = [_canonical_block(block) for block in blocks if block.get("text") != ""]
    return sorted(said, key=lambda block: block["type"] == "tool_use")


def _canonical_block(block: dict[str, Any]) -> dict[str, Any]:
    block = {name: value for name, value in block.items() if value not in (None, [], False)}
    if block["type"] == "tool_result" and "content" in block:
        block["content"] = _canonical_content(block["content"])
    return block


def _canonical_answer(told: dict[str, Any]) -> dict[str, Any]:
    """What an answer says, without the details of usage that are not modelled."""
    told = {name: value for name, value in told.items() if value is not None}
    told["content"] = _canonical_content(told["content"])
    told["usage"] = {name: value for name, value in told["usage"].items() if value and name in USAGE}
    if told["usage"].get("output_tokens_details") == {"thinking_tokens": 0}:
        del told["usage"]["output_tokens_details"]
    return told
