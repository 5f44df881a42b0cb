"""The demo provider, asked over its wire and read with the official SDK's strict types."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.model import Model

from tollhouse.upstream.base import Call, Origin
from tollhouse.upstream.demo import SLOW_TOKEN_S, DemoReply, DemoUpstream

ORIGIN = Origin("https", "demo.invalid", 443)
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
            "required": ["city", "days"],
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "clock"}}


class Slept:
    """Remembers what it was asked to sleep, and does not."""

    def __init__(self) -> None:
        self.times_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.times_s.append(seconds)


def demo(sleep: Callable[[float], Awaitable[None]] | None = None) -> DemoUpstream:
    return DemoUpstream(sleep=sleep or Slept(), clock=lambda: 1_795_000_000.5)


def call(body: object, target: bytes = b"/v1/chat/completions", method: bytes = b"POST") -> Call:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(origin=ORIGIN, target=target, method=method, body=raw)


def asking(model: str, text: str = "Hello there, friend", **more: Any) -> Call:
    return call({"model": model, "messages": [{"role": "user", "content": text}], **more})


async def answer(request: Call) -> ChatCompletion:
    reply = await demo().send(request)
    body = await reply.read()
    assert reply.status == 200, body
    assert dict(reply.headers)[b"content-type"] == b"application/json"
    return ChatCompletion.model_validate_json(body, strict=True)


async def stream(request: Call, upstream: DemoUpstream | None = None) -> list[ChatCompletionChunk]:
    reply = await (upstream or demo()).send(request)
    assert reply.status == 200
    assert dict(reply.headers)[b"content-type"] == b"text/event-stream"
    events = []
    while event := await reply.next():
        assert event.startswith(b"data: ")
        assert event.endswith(b"\n\n")
        events.append(event[6:-2])
    assert events.pop() == b"[DONE]"
    return [ChatCompletionChunk.model_validate_json(event, strict=True) for event in events]


async def refusal(request: Call) -> tuple[int, dict[str, Any]]:
    reply = await demo().send(request)
    return reply.status, json.loads(await reply.read())["error"]


async def test_echo_says_the_last_user_message_back() -> None:
    completion = await answer(
        call(
            {
                "model": "echo",
                "messages": [
                    {"role": "user", "content": "first"},
                    {"role": "assistant", "content": "first"},
                    {"role": "user", "content": [{"type": "text", "text": "Grüß  dich,\nWelt "}]},
                ],
            }
        )
    )
    assert completion.choices[0].message.content == "Grüß  dich,\nWelt "
    assert completion.choices[0].finish_reason == "stop"
    assert completion.system_fingerprint == "demo"
    assert completion.model == "echo"


async def test_a_token_is_a_word() -> None:
    completion = await answer(asking("echo", "one two three"))
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (3, 3)
    assert completion.usage.total_tokens == 6


async def test_the_same_request_has_the_same_answer() -> None:
    assert await answer(asking("lorem")) == await answer(asking("lorem"))
    assert (await answer(asking("lorem"))).id != (await answer(asking("lorem", "else"))).id


@pytest.mark.parametrize("cap", ["max_tokens", "max_completion_tokens"])
async def test_lorem_stops_at_the_cap(cap: str) -> None:
    completion = await answer(asking("lorem", **{cap: 5}))
    assert completion.choices[0].message.content == "Lorem ipsum dolor sit amet, "
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 5


async def test_lorem_has_paragraphs_when_nothing_stops_it() -> None:
    completion = await answer(asking("lorem"))
    assert (completion.choices[0].message.content or "").count("\n\n") == 2
    assert completion.choices[0].finish_reason == "stop"


async def test_every_choice_is_said_and_counted() -> None:
    completion = await answer(asking("echo", "one two", n=3))
    assert [choice.index for choice in completion.choices] == [0, 1, 2]
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 6


@pytest.mark.parametrize("model", ["echo", "lorem", "json"])
async def test_a_stream_says_what_the_whole_answer_does(model: str) -> None:
    whole = await answer(asking(model, n=2))
    chunks = await stream(asking(model, n=2, stream=True))
    for choice in whole.choices:
        deltas = [part for chunk in chunks for part in chunk.choices if part.index == choice.index]
        assert "".join(part.delta.content or "" for part in deltas) == choice.message.content
        assert deltas[0].delta.role == "assistant"
        assert [part.finish_reason for part in deltas if part.finish_reason] == [choice.finish_reason]


async def test_a_stream_counts_only_when_asked() -> None:
    plain = await stream(asking("echo", "one two", stream=True))
    assert all(chunk.usage is None for chunk in plain)
    counted = await stream(asking("echo", "one two", stream=True, stream_options={"include_usage": True}))
    assert [chunk.usage for chunk in counted[:-1]] == [None] * (len(counted) - 1)
    assert counted[-1].choices == []
    assert counted[-1].usage is not None
    assert counted[-1].usage.total_tokens == 4


async def test_tools_calls_the_first_function_with_arguments_that_fit_its_schema() -> None:
    completion = await answer(asking("tools", tools=[WEATHER, CLOCK]))
    choice = completion.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (made,) = choice.message.tool_calls or []
    assert made.type == "function"
    assert made.function.name == "weather"
    assert json.loads(made.function.arguments) == {"city": "example", "days": 1}


async def test_tools_calls_the_function_that_is_chosen() -> None:
    chosen = {"type": "function", "function": {"name": "clock"}}
    completion = await answer(asking("tools", tools=[WEATHER, CLOCK], tool_choice=chosen))
    (made,) = completion.choices[0].message.tool_calls or []
    assert made.type == "function"
    assert (made.function.name, made.function.arguments) == ("clock", "{}")


async def test_a_streamed_tool_call_is_the_whole_one_in_pieces() -> None:
    chunks = await stream(asking("tools", tools=[WEATHER], stream=True))
    pieces = [piece for chunk in chunks for piece in chunk.choices[0].delta.tool_calls or []]
    assert pieces[0].function is not None
    assert pieces[0].function.name == "weather"
    arguments = "".join(piece.function.arguments or "" for piece in pieces if piece.function)
    assert json.loads(arguments) == {"city": "example", "days": 1}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_tools_quotes_what_the_tool_answered() -> None:
    completion = await answer(
        call(
            {
                "model": "tools",
                "tools": [WEATHER],
                "messages": [
                    {"role": "user", "content": "weather?"},
                    {
                        "role": "assistant",
                        "tool_calls": [
                            {"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
                        ],
                    },
                    {"role": "tool", "tool_call_id": "c", "content": "rain"},
                ],
            }
        )
    )
    assert completion.choices[0].message.content == "The tool answered: rain"
    assert completion.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("more", [{}, {"tools": []}, {"tools": [WEATHER], "tool_choice": "none"}])
async def test_tools_says_so_when_there_is_none_to_call(more: dict[str, Any]) -> None:
    completion = await answer(asking("tools", **more))
    assert "declares none" in (completion.choices[0].message.content or "")


async def test_json_answers_what_the_schema_asks_for() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}}},
        "required": ["name", "tags"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema, "strict": True}}
    completion = await answer(asking("json", response_format=wanted))
    assert json.loads(completion.choices[0].message.content or "") == {"name": "example", "tags": ["a"]}


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "json"}}])
async def test_json_calls_a_function_that_it_must_call(choice: Any) -> None:
    parameters = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    tools = [{"type": "function", "function": {"name": "json", "parameters": parameters}}]
    called = (await answer(asking("json", tools=tools, tool_choice=choice))).choices[0].message
    assert [call.function.name for call in called.tool_calls or ()] == ["json"]
    left = (await answer(asking("json", tools=tools, tool_choice="auto"))).choices[0].message
    assert not left.tool_calls


@pytest.mark.parametrize("wanted", [{}, {"response_format": {"type": "json_object"}}])
async def test_json_answers_an_object_when_there_is_no_schema(wanted: dict[str, Any]) -> None:
    completion = await answer(asking("json", "hi", **wanted))
    assert json.loads(completion.choices[0].message.content or "") == {"you_said": "hi"}


async def test_slow_takes_a_while_for_every_token() -> None:
    slept = Slept()
    chunks = await stream(asking("slow", stream=True, max_tokens=4), demo(slept))
    assert slept.times_s == [SLOW_TOKEN_S] * 4
    assert len(chunks) == 6


async def test_slow_takes_as_long_when_it_does_not_stream() -> None:
    slept = Slept()
    reply = await demo(slept).send(asking("slow", max_tokens=4))
    assert slept.times_s == []
    await reply.read()
    assert slept.times_s == [4 * SLOW_TOKEN_S]


async def test_a_slow_answer_can_be_cancelled() -> None:
    asleep = asyncio.Event()

    async def forever(_: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    reply = await demo(forever).send(asking("slow", stream=True))
    assert await reply.next()
    waiting = asyncio.create_task(reply.next())
    await asleep.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    reply.close()
    reply.close()
    assert await reply.next() == b""


async def test_flaky_fails_the_first_attempt_of_each_request_and_answers_the_second() -> None:
    upstream = demo()
    first, second = asking("flaky", "one"), asking("flaky", "two")
    replies: list[DemoReply] = [await upstream.send(attempt) for attempt in (first, second, first, second, first)]
    assert [reply.status for reply in replies] == [503, 503, 200, 200, 503]
    error = json.loads(await replies[0].read())["error"]
    assert (error["type"], error["code"]) == ("server_error", "demo_flaky")
    assert ChatCompletion.model_validate_json(await replies[2].read(), strict=True).choices[0].message.content == "one"


async def test_requests_that_never_come_again_are_forgotten() -> None:
    upstream = demo()
    for number in range(2_000):
        assert (await upstream.send(asking("flaky", str(number)))).status == 503
    assert (await upstream.send(asking("flaky", "1999"))).status == 200
    assert (await upstream.send(asking("flaky", "0"))).status == 503


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (asking("gpt-4o"), 404, "model_not_found"),
        (call(b"{"), 400, "invalid_request"),
        (call(b"\xff"), 400, "invalid_request"),
        (call({"model": "echo"}), 400, "invalid_request"),
        (call({"model": "echo", "messages": []}), 400, "invalid_request"),
        (asking("echo", n=0), 400, "invalid_request"),
        (asking("echo", n=129), 400, "invalid_request"),
        (asking("echo", max_tokens=0), 400, "invalid_request"),
        (asking("echo", max_tokens=1.5), 400, "invalid_request"),
        (asking("tools", tools=[CLOCK], tool_choice=WEATHER), 400, "invalid_request"),
        (
            asking("json", response_format={"type": "json_schema", "json_schema": {"schema": {"type": "what"}}}),
            400,
            "invalid_schema",
        ),
        (call({}, b"/v1/completions"), 404, "unknown_url"),
        (call(b"", b"/v1/chat/completions", b"GET"), 404, "unknown_url"),
    ],
)
async def test_what_it_cannot_serve_is_refused_in_the_envelope_of_openai(
    request_: Call, status: int, code: str
) -> None:
    answered, error = await refusal(request_)
    assert (answered, error["code"]) == (status, code)
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["message"]


async def test_the_models_are_listed() -> None:
    upstream = demo()
    reply = await upstream.send(call(b"", b"/v1/models?limit=9", b"GET"))
    models = [Model.model_validate(model, strict=True) for model in json.loads(await reply.read())["data"]]
    assert [model.id for model in models] == ["echo", "lorem", "tools", "json", "slow", "flaky", "embed", "moderation"]
    await upstream.aclose()
