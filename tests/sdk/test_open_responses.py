"""The cases of the Open Responses compliance suite, kept and not kept, over a provider of another dialect.

The cases and what they ask of a response are those of openresponses.org, "Compliance" and "ResponseResource" (read
2026-11-30); the schema is told here in our own words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
import pytest

from gateways import Gateway
from tollhouse.dialects import sse
from tollhouse.testing import answer, done, finish, tool_call, usage

Open = Callable[..., Awaitable[Gateway]]

HEART = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC"
)
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather for a location",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string", "description": "The city and state"}},
        "required": ["location"],
    },
}


def user(content: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": content}


SEEN = [{"type": "input_text", "text": "What is this?"}, {"type": "input_image", "image_url": HEART}]
CASES: dict[str, dict[str, Any]] = {
    "basic": {"input": [user("Say hello in exactly 3 words.")]},
    "system-prompt": {
        "input": [{"type": "message", "role": "system", "content": "You are a pirate."}, user("Say hello.")]
    },
    "tool-calling": {"input": [user("Weather in San Francisco?")], "tools": [WEATHER]},
    "image-input": {"input": [user(SEEN)]},
    "multi-turn": {
        "input": [
            user("My name is Alice."),
            {"type": "message", "role": "assistant", "content": "Hello Alice!"},
            user("What is my name?"),
        ]
    },
}


class Words(msgspec.Struct, tag="output_text", forbid_unknown_fields=True):
    text: str
    annotations: list[Any]
    logprobs: list[Any]


class Refusal(msgspec.Struct, tag="refusal", forbid_unknown_fields=True):
    refusal: str


class Message(msgspec.Struct, tag="message", forbid_unknown_fields=True):
    id: str
    status: Literal["in_progress", "completed", "incomplete"]
    role: Literal["assistant"]
    content: list[Words | Refusal]


class Call(msgspec.Struct, tag="function_call", forbid_unknown_fields=True):
    id: str
    call_id: str
    name: str
    arguments: str
    status: Literal["in_progress", "completed", "incomplete"]


class Thinking(msgspec.Struct, tag="reasoning", forbid_unknown_fields=True):
    id: str
    summary: list[Any]
    encrypted_content: str | None = None


class InputDetails(msgspec.Struct):
    cached_tokens: int


class OutputDetails(msgspec.Struct):
    reasoning_tokens: int


class Usage(msgspec.Struct):
    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: InputDetails
    output_tokens_details: OutputDetails


class Function(msgspec.Struct):
    type: Literal["function"]
    name: str
    description: str | None
    parameters: dict[str, Any] | None
    strict: bool | None


class Resource(msgspec.Struct):
    """Every field must be there."""

    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: Literal["queued", "in_progress", "completed", "failed", "incomplete", "cancelled"]
    incomplete_details: dict[str, str] | None
    model: str
    previous_response_id: str | None
    instructions: str | None
    output: list[Message | Call | Thinking]
    error: dict[str, Any] | None
    tools: list[Function]
    tool_choice: str | dict[str, Any]
    truncation: Literal["auto", "disabled"]
    parallel_tool_calls: bool
    text: dict[str, Any]
    top_p: float
    presence_penalty: float
    frequency_penalty: float
    top_logprobs: int
    temperature: float
    reasoning: dict[str, Any] | None
    user: str | None
    usage: Usage | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    store: bool
    background: bool
    service_tier: str
    metadata: dict[str, str]
    safety_identifier: str | None
    prompt_cache_key: str | None


class Told(msgspec.Struct):
    type: str
    sequence_number: int


WHOLE = ("response.created", "response.in_progress", "response.completed", "response.incomplete", "response.failed")
FIELDS = {
    "response.output_item.added": {"output_index", "item"},
    "response.output_item.done": {"output_index", "item"},
    "response.content_part.added": {"item_id", "output_index", "content_index", "part"},
    "response.content_part.done": {"item_id", "output_index", "content_index", "part"},
    "response.output_text.delta": {"item_id", "output_index", "content_index", "delta", "logprobs"},
    "response.output_text.done": {"item_id", "output_index", "content_index", "text", "logprobs"},
    "response.function_call_arguments.delta": {"item_id", "output_index", "delta"},
    "response.function_call_arguments.done": {"item_id", "output_index", "arguments"},
}


@pytest.fixture
async def gateway(open_gateway: Open) -> Gateway:
    gateway = await open_gateway(dialect="anthropic_messages")
    gateway.provider.always(answer("Hello to you"))
    return gateway


@pytest.mark.parametrize("store", [None, True])
@pytest.mark.parametrize("name", CASES)
async def test_a_case_of_the_suite_is_answered_whole_and_as_a_stream(
    gateway: Gateway, name: str, store: bool | None
) -> None:
    asked = {"model": "acme/acme-1", "store": store, **CASES[name]}
    if "tools" in asked:
        call = tool_call("get_weather", {"location": "San Francisco"}, pieces=2)
        gateway.provider.always(call, finish("tool_calls"), usage(9, 9), done())
    response = await gateway.client.post("/v1/responses", headers=gateway.person.headers, json=asked)
    whole = msgspec.json.decode(response.content, type=Resource)
    streamed = await gateway.client.post("/v1/responses", headers=gateway.person.headers, json=asked | {"stream": True})
    events = [frame.data for frame in sse.Reader().feed(streamed.content) if frame.data]
    told = [msgspec.json.decode(event, type=Told) for event in events]
    assert [event.sequence_number for event in told] == list(range(len(told)))
    for event, raw in zip(told, events, strict=True):
        fields = msgspec.json.decode(raw)
        if event.type in WHOLE:
            msgspec.convert(fields["response"], Resource)
        else:
            assert fields.keys() >= FIELDS[event.type], event.type
    final = msgspec.convert(msgspec.json.decode(events[-1])["response"], Resource)
    for resource in (whole, final):
        assert (resource.status, resource.store) == ("completed", store is True)
        assert resource.output
        if "tools" in asked:
            assert isinstance(resource.output[-1], Call)
    if "tools" in asked:
        kinds = [event.type for event in told]
        assert "response.function_call_arguments.delta" in kinds
        assert "response.function_call_arguments.done" in kinds
