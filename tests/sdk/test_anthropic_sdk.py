"""The official Anthropic SDK against the gateway, before a provider of each dialect; and a long day of an agent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, TextBlock, ThinkingBlock, ToolUseBlock

from gateways import Gateway
from tollhouse.testing import answer, done, fail, finish, reset, say, status, think, tool_call, usage

Open = Callable[..., Awaitable[Gateway]]

MODEL = "acme/acme-1"
HI: Any = [{"role": "user", "content": "Hi there"}]
UPSTREAMS = ["anthropic_messages", "gemini", "openai_chat", "openai_responses"]
each_upstream = pytest.mark.parametrize("upstream", UPSTREAMS)


@asynccontextmanager
async def sdk_of(gateway: Gateway, **options: Any) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """The SDK as its users have it, but that it does not try again."""
    client = anthropic.AsyncAnthropic(
        api_key=gateway.person.token, base_url=gateway.url, **({"max_retries": 0} | options)
    )
    async with client:
        yield client


@each_upstream
async def test_a_message_whole_and_streamed(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.always(answer("Hello to you", usage=(19, 10)))
    async with sdk_of(gateway) as client:
        whole = await client.messages.create(model=MODEL, max_tokens=100, messages=HI)
        async with client.messages.stream(model=MODEL, max_tokens=100, messages=HI) as stream:
            words = [text async for text in stream.text_stream]
            streamed = await stream.get_final_message()
    for message in (whole, streamed):
        assert [block.text for block in message.content if isinstance(block, TextBlock)] == ["Hello to you"]
        assert (message.stop_reason, message.role, message.type) == ("end_turn", "assistant", "message")
        assert (message.usage.input_tokens, message.usage.output_tokens) == (19, 10)
        assert message.id
    assert "".join(words) == "Hello to you"
    assert whole._request_id is not None
    assert whole._request_id.startswith("req_")


@each_upstream
async def test_tool_calls_whole_and_streamed(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    calls = (*tool_call("f", {"a": 1}, call_id="c1", pieces=2), *tool_call("g", {}, slot=1, call_id="c2"))
    gateway.provider.always([say("Wait. "), *calls, finish("tool_calls"), usage(19, 10), done()])
    tools: Any = [{"name": name, "input_schema": {"type": "object"}} for name in "fg"]
    async with sdk_of(gateway) as client:
        whole = await client.messages.create(model=MODEL, max_tokens=100, messages=HI, tools=tools)
        async with client.messages.stream(model=MODEL, max_tokens=100, messages=HI, tools=tools) as stream:
            streamed = await stream.get_final_message()
    for message in (whole, streamed):
        used = [block for block in message.content if isinstance(block, ToolUseBlock)]
        assert [(block.id, block.name, block.input) for block in used] == [("c1", "f", {"a": 1}), ("c2", "g", {})]
        assert message.stop_reason == "tool_use"


@each_upstream
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (400, anthropic.BadRequestError),
        (404, anthropic.NotFoundError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
    ],
)
async def test_errors_are_of_the_sdks_own_classes(
    open_gateway: Open, upstream: str, number: int, expected: type[Exception]
) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.always(status(number))
    async with sdk_of(gateway) as client:
        with pytest.raises(expected):
            await client.messages.create(model=MODEL, max_tokens=100, messages=HI)


@each_upstream
@pytest.mark.parametrize("ending", [reset(), fail("It broke")], ids=["reset", "error event"])
async def test_a_stream_that_breaks_off_raises(open_gateway: Open, upstream: str, ending: Any) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.script([say("Hel"), ending])
    async with sdk_of(gateway) as client, client.messages.stream(model=MODEL, max_tokens=9, messages=HI) as stream:
        with pytest.raises(anthropic.APIStatusError):
            await stream.get_final_message()


async def test_tokens_are_counted_and_models_listed(gateway: Gateway) -> None:
    async with sdk_of(gateway) as client:
        assert (await client.messages.count_tokens(model=MODEL, messages=HI)).input_tokens > 0
        assert MODEL in [model.id async for model in client.models.list()]
        assert (await client.models.retrieve(MODEL)).display_name == MODEL
        with pytest.raises(anthropic.NotFoundError):
            await client.models.retrieve("acme/other")


async def test_a_stranger_is_refused(gateway: Gateway) -> None:
    async with sdk_of(gateway) as client:
        with pytest.raises(anthropic.AuthenticationError):
            await client.with_options(api_key="sk-ant-unknown").messages.create(model=MODEL, max_tokens=9, messages=HI)


# --- an agent's day --------------------------------------------------------------------------------------------------

TURNS = 6
SYSTEM: Any = [
    {"type": "text", "text": "You are a coding agent. " * 400, "cache_control": {"type": "ephemeral"}},
    {"type": "text", "text": "The project is a gateway. " * 200, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
]
SCHEMA = {
    "type": "object",
    "properties": {"path": {"type": "string", "description": "Where"}, "limit": {"type": "integer"}},
    "required": ["path"],
    "additionalProperties": False,
    "$schema": "http://json-schema.org/draft-07/schema#",
}
TOOLS: Any = [{"name": f"Tool{n}", "description": f"Does {n}. " * 30, "input_schema": SCHEMA} for n in range(24)]
TOOLS[-1]["cache_control"] = {"type": "ephemeral"}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}


def turn(number: int) -> list[Any]:
    """What the model does: it thinks, speaks, and asks for two tools at once."""
    calls = [
        *tool_call(f"Tool{number}", {"path": f"/{number}"}, call_id=f"call_{number}_a", pieces=3),
        *tool_call("Tool23", {"path": "ü", "limit": number}, slot=1, call_id=f"call_{number}_b", pieces=2),
    ]
    thoughts = [think(f"Step {number}: "), think("look there"), think("", signature=f"proof-{number}")]
    return [*thoughts, say(f"Looking at {number}. "), *calls, finish("tool_calls"), usage(9000, 50), done()]


def results(number: int) -> Any:
    """What the tools answer: words, and a failure with a picture."""
    shown = [{"type": "text", "text": f"failed {number}"}, PICTURE]
    return {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": f"call_{number}_a", "content": f"found {number}"},
            {"type": "tool_result", "tool_use_id": f"call_{number}_b", "content": shown, "is_error": True},
        ],
    }


async def test_an_agents_conversation_keeps_ids_order_and_proofs_through_another_dialect(open_gateway: Open) -> None:
    """As Claude Code does it: a long system, many tools, every turn streamed, every block sent back as it came."""
    gateway = await open_gateway(dialect="openai_chat")
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "Fix it"}]}]
    async with sdk_of(gateway) as client:
        for number in range(TURNS):
            gateway.provider.script(turn(number))
            message = await ask(client, messages)
            thought, said, first, second = message.content
            assert isinstance(thought, ThinkingBlock)
            assert (thought.thinking, thought.signature) == (f"Step {number}: look there", f"proof-{number}")
            assert isinstance(said, TextBlock)
            assert isinstance(first, ToolUseBlock)
            assert isinstance(second, ToolUseBlock)
            assert (first.id, second.id) == (f"call_{number}_a", f"call_{number}_b")
            assert (first.input, second.input) == ({"path": f"/{number}"}, {"path": "ü", "limit": number})
            assert message.stop_reason == "tool_use"
            messages.append({"role": "assistant", "content": [block.model_dump() for block in message.content]})
            messages.append(results(number))
        gateway.provider.script(answer("All done"))
        assert (await ask(client, messages)).stop_reason == "end_turn"
    check_sent(json.loads(gateway.provider.requests[-1].body))


async def ask(client: anthropic.AsyncAnthropic, messages: list[Any]) -> Message:
    async with client.messages.stream(
        model=MODEL,
        max_tokens=32_000,
        system=SYSTEM,
        tools=TOOLS,
        messages=messages,
        thinking={"type": "enabled", "budget_tokens": 8192},
        metadata={"user_id": "user_1"},
    ) as stream:
        return await stream.get_final_message()


def check_sent(body: dict[str, Any]) -> None:
    """The last request, as the provider has it: nothing lost, nothing out of its place."""
    system, question, *history = body["messages"]
    assert [part["text"] for part in system["content"]] == [part["text"] for part in SYSTEM]
    assert question == {"role": "user", "content": "Fix it"}
    assert [tool["function"]["name"] for tool in body["tools"]] == [tool["name"] for tool in TOOLS]
    assert all(tool["function"]["parameters"] == SCHEMA for tool in body["tools"])
    assert (body["reasoning_effort"], body["user"]) == ("medium", "user_1")
    assert "cache_control" not in json.dumps(body)
    assert len(history) == 4 * TURNS
    for number in range(TURNS):
        said, found, failed, shown = history[4 * number : 4 * number + 4]
        assert said["content"] == f"Looking at {number}. "
        (proof,) = said["reasoning_details"]
        assert (proof["text"], proof["signature"]) == (f"Step {number}: look there", f"proof-{number}")
        assert [call["id"] for call in said["tool_calls"]] == [f"call_{number}_a", f"call_{number}_b"]
        assert json.loads(said["tool_calls"][1]["function"]["arguments"]) == {"path": "ü", "limit": number}
        assert (found["tool_call_id"], found["content"]) == (f"call_{number}_a", f"found {number}")
        assert (failed["tool_call_id"], failed["content"]) == (f"call_{number}_b", f"failed {number}")
        assert shown["role"] == "user"
        assert shown["content"][0]["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize("upstream", ["anthropic_messages", "gemini", "openai_responses"])
async def test_an_agents_conversation_goes_on_through_every_dialect(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    messages: list[Any] = [{"role": "user", "content": "Fix it"}]
    async with sdk_of(gateway) as client:
        for number in range(3):
            gateway.provider.script(turn(number))
            message = await ask(client, messages)
            used = [block for block in message.content if isinstance(block, ToolUseBlock)]
            assert [block.id for block in used] == [f"call_{number}_a", f"call_{number}_b"]
            assert used[1].input == {"path": "ü", "limit": number}
            messages.append({"role": "assistant", "content": [block.model_dump() for block in message.content]})
            messages.append(results(number))
    sent = gateway.provider.requests[-1].body.decode()
    places = [sent.index(f"found {number}") for number in range(2)]
    assert places == sorted(places)
    assert all(sent.count(f"call_{number}_{name}") == 2 for number in range(2) for name in "ab")
    if upstream == "anthropic_messages":
        assert all(f"proof-{number}" in sent for number in range(2))
