"""Calls of tools that a stream tells piece by piece, and several at once."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.dialects import anthropic_messages, chat, openai_chat, sse
from tollhouse.dialects.collect import collect

HEAD = {"id": "chatcmpl-1", "model": "m", "created": 1, "object": "chat.completion.chunk"}
NO_TEXT = st.sampled_from(["", "{}", '{"a": 1}', '{"city":"Paris","days":[1,2,{"x":"}"}]}', "not json"])


def frames(pieces: list[dict[str, Any]], *last: Any) -> list[sse.Frame]:
    chunks: list[Any] = [
        HEAD | {"choices": [{"index": 0, "delta": {"tool_calls": [piece]}, "finish_reason": None}]} for piece in pieces
    ]
    told = [*chunks, *last]
    return sse.Reader().feed(
        b"".join(sse.frame(each if isinstance(each, bytes) else json.dumps(each).encode()) for each in told)
    )


FINISH = HEAD | {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
DONE = b"[DONE]"


def heard(*told: sse.Frame) -> list[chat.Event]:
    reader = openai_chat.Reader()
    return [event for each in told for event in reader.read(each)]


def pieces_of(number: int, arguments: str, cuts: list[int]) -> list[dict[str, Any]]:
    """A call, its arguments cut into pieces."""
    places = sorted({cut % (len(arguments) + 1) for cut in cuts})
    bounds = [0, *places, len(arguments)]
    parts = [arguments[start:end] for start, end in pairwise(bounds)]
    head = {"index": number, "id": f"call_{number}", "type": "function", "function": {"name": f"f{number}"}}
    return [head, *({"index": number, "function": {"arguments": part}} for part in parts)]


@given(st.data())
def test_however_calls_are_mixed_each_is_told_whole_and_after_the_one_before(data: st.DataObject) -> None:
    said = data.draw(st.lists(NO_TEXT, min_size=1, max_size=4))
    cuts = st.lists(st.integers(0, 50), max_size=4)
    left = [pieces_of(number, each, data.draw(cuts)) for number, each in enumerate(said)]
    mixed: list[dict[str, Any]] = []
    begun = 0
    while any(left):
        # A call begins after those before it have begun, which is what its number says.
        able = [number for number, pieces in enumerate(left) if pieces and number <= begun]
        number = data.draw(st.sampled_from(able))
        begun = max(begun, number + 1)
        mixed.append(left[number].pop(0))
    events = heard(*frames(mixed, *data.draw(st.sampled_from([(FINISH, DONE), (DONE,)]))))
    deltas = [event for event in events if isinstance(event, chat.ToolCallDelta)]
    assert [delta.slot for delta in deltas] == sorted(delta.slot for delta in deltas)
    (choice,) = collect(events).choices
    assert [(call.id, call.name, call.arguments) for call in choice.message.tool_calls] == [
        (f"call_{number}", f"f{number}", each) for number, each in enumerate(said)
    ]


def test_one_after_another_nothing_waits() -> None:
    told = frames([*pieces_of(0, '{"a":1}', [3]), *pieces_of(1, "{}", []), *pieces_of(2, '{"b":2}', [])])
    reader = openai_chat.Reader()
    said = [[event for event in reader.read(each) if isinstance(event, chat.ToolCallDelta)] for each in told]
    assert all(len(each) == 1 for each in said)


def test_a_call_waits_for_the_end_of_the_one_before_and_then_follows_at_once() -> None:
    first, second = pieces_of(0, '{"a":1}', [3]), pieces_of(1, '{"b":2}', [])
    told = frames([*first[:2], *second, *first[2:]])
    reader = openai_chat.Reader()
    slots = [[event.slot for event in reader.read(each) if isinstance(event, chat.ToolCallDelta)] for each in told]
    assert slots == [[0], [0], [], [], [0, 1, 1]]


def test_what_a_custom_tool_takes_ends_when_another_begins() -> None:
    custom = {"index": 0, "id": "call_0", "type": "custom", "custom": {"name": "sh", "input": "ls ("}}
    events = heard(*frames([custom, *pieces_of(1, "{}", [])]))
    assert [event.slot for event in events if isinstance(event, chat.ToolCallDelta)] == [0, 1, 1]


@pytest.mark.parametrize("order", [(0, 1, 0, 1), (0, 1, 1, 0)])
def test_a_client_of_messages_hears_each_block_to_its_end(order: tuple[int, ...]) -> None:
    """Claude Code reads a tool's input when its block ends."""
    arguments = ('{"path":"a"}', '{"path":"b"}')
    left = [pieces_of(number, each, [6]) for number, each in enumerate(arguments)]
    heads = [pieces.pop(0) for pieces in left]
    told = frames([*heads, *(left[number].pop(0) for number in order)], FINISH, DONE)
    writer = anthropic_messages.Writer(id="msg_1", model="m", created=1, include_usage=True)
    said = sse.Reader().feed(b"".join(writer.write(event) for event in heard(*told)))
    inputs: dict[int, str] = {}
    ended: list[str] = []
    for each in said:
        wire = msgspec.json.decode(each.data)
        if wire["type"] == "content_block_delta":
            inputs[wire["index"]] = inputs.get(wire["index"], "") + wire["delta"]["partial_json"]
        elif wire["type"] == "content_block_stop":
            ended.append(inputs[wire["index"]])
    assert ended == list(arguments)
