"""Anthropic's own SDK is the judge of what we say: its types, strictly applied, and its reading of a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, MessageTokensCount, RawMessageStreamEvent
from anthropic.types.shared import ErrorResponse
from msgspec import Raw
from pydantic import TypeAdapter

from tollhouse.dialects import anthropic_messages, chat, sse
from tollhouse.dialects.collect import collect

EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
BEGAN = chat.Began(id="chatcmpl-1", model="gpt-6", created=1_790_000_000)
USAGE = chat.UsageSeen(
    chat.Usage(
        input_tokens=15,
        output_tokens=7,
        input_cached_tokens=4,
        input_cache_write_tokens=3,
        output_reasoning_tokens=2,
        web_searches=1,
        service_tier="default",
    )
)
TEXT = [chat.TextDelta(0, "Hel"), chat.TextDelta(0, "lo")]
FOREIGN = chat.Citation(url="https://example.com", raw=Raw(b'{"type":"url_citation"}'))
STREAMS: dict[str, list[chat.Event]] = {
    "text": [*TEXT, chat.Finished(0, "stop", "stop")],
    "nothing": [],
    "thinking": [
        chat.ReasoningDelta(0, "hm"),
        chat.ReasoningDelta(0, "", "s", None, "anthropic_messages"),
        chat.ReasoningDelta(0, "", None, "x", "anthropic_messages"),
        chat.ReasoningDelta(0, "unproven"),
        *TEXT,
        chat.Finished(0, "stop", "STOP"),
    ],
    "calls": [
        chat.TextDelta(0, "Let me see."),
        chat.ToolCallDelta(index=0, slot=0, id="t1", name="f"),
        chat.ToolCallDelta(index=0, slot=0, arguments='{"city":'),
        chat.ToolCallDelta(index=0, slot=0, arguments='"Paris"}'),
        chat.ToolCallDelta(index=0, slot=1, id="t2", name="g", arguments="{}"),
        chat.Finished(0, "tool_calls", "tool_calls"),
    ],
    "citations": [*TEXT, chat.CitationSeen(0, FOREIGN), chat.Finished(0, "length", "length")],
    "refusal": [chat.RefusalDelta(0, "I can't."), chat.Finished(0, "content_filter", "content_filter")],
    "unheard of": [*TEXT, chat.Finished(0, "other", "MALFORMED_FUNCTION_CALL")],
}
each = pytest.mark.parametrize("events", STREAMS.values(), ids=STREAMS)


@each
def test_a_whole_answer_is_a_message(events: list[chat.Event]) -> None:
    answer = collect([BEGAN, *events, USAGE, chat.Ended()])
    if not answer.choices:
        return
    message = Message.model_validate_json(anthropic_messages.write_answer(answer), strict=True)
    assert message.id == "chatcmpl-1"
    assert (message.usage.input_tokens, message.usage.cache_read_input_tokens) == (8, 4)


@each
def test_a_stream_is_read_as_the_same_message(events: list[chat.Event]) -> None:
    whole = [BEGAN, *events, USAGE, chat.Ended()]
    writer = anthropic_messages.Writer("chatcmpl-1", "gpt-6", 0, include_usage=True)
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    for frame in sse.Reader().feed(b"".join(map(writer.write, whole))):
        event = EVENT.validate_json(frame.data, strict=True)
        assert frame.event == event.type
        snapshot = accumulate_event(event=event, current_snapshot=snapshot, json_bufs=buffers)
    answer = collect(whole)
    if not answer.choices:
        assert snapshot.content == []
        return
    said = json.loads(anthropic_messages.write_answer(answer))
    assert snapshot.stop_reason == said["stop_reason"]
    whole_message = Message.model_validate(said)
    assert [block.model_dump(exclude_none=True) for block in snapshot.content] == [
        block.model_dump(exclude_none=True) for block in whole_message.content
    ]
    assert (snapshot.usage.input_tokens, snapshot.usage.output_tokens) == (8, 7)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 502, 503, 504, 529])
def test_an_error_is_an_error(status: int) -> None:
    wire = anthropic_messages.write_error(chat.Failed(message="m"), status, "req_1")
    response = ErrorResponse.model_validate_json(wire, strict=True)
    assert (response.error.message, response.request_id) == ("m", "req_1")


def test_a_count_is_a_count() -> None:
    assert MessageTokensCount.model_validate_json(anthropic_messages.write_count(5), strict=True).input_tokens == 5
