"""The official Google SDK against the gateway, in front of a provider of each dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from gateways import Gateway
from tollhouse.testing import answer, done, finish, say, status, tool_call, usage

# The SDK derives from a class that aiohttp asks not to derive from.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

Open = Callable[..., Awaitable[Gateway]]

MODEL = "acme/acme-1"
each_upstream = pytest.mark.parametrize("upstream", ["anthropic_messages", "gemini", "openai_chat", "openai_responses"])
each_version = pytest.mark.parametrize("version", ["v1", "v1beta"])


@asynccontextmanager
async def sdk_of(gateway: Gateway, version: str = "v1beta") -> AsyncIterator[Any]:
    """The SDK's asynchronous half, as its users have it."""
    options = types.HttpOptions(base_url=gateway.url, api_version=version, client_args={"trust_env": False})
    async with genai.Client(api_key=gateway.person.token, http_options=options).aio as client:
        yield client


@each_upstream
@each_version
async def test_an_answer_whole_and_streamed(open_gateway: Open, upstream: str, version: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.always(answer("Hello to you", usage=(19, 10)))
    async with sdk_of(gateway, version) as client:
        whole = await client.models.generate_content(model=MODEL, contents="Hi")
        chunks = [it async for it in await client.models.generate_content_stream(model=MODEL, contents="Hi")]
    assert whole.text == "Hello to you"
    assert "".join([it.text or "" for it in chunks]) == "Hello to you"
    for last in (whole, chunks[-1]):
        assert last.candidates[0].finish_reason == types.FinishReason.STOP
        assert (last.usage_metadata.prompt_token_count, last.usage_metadata.total_token_count) == (19, 29)


@each_upstream
async def test_function_calls_go_there_and_back(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    call = tool_call("get_weather", {"city": "Rome"}, call_id="call_7", pieces=2)
    gateway.provider.script([*call, finish("tool_calls"), usage(19, 10), done()])
    gateway.provider.script(answer("Sunny"))
    weather = types.FunctionDeclaration(
        name="get_weather", description="The weather", parameters_json_schema={"type": "object", "properties": {}}
    )
    config = types.GenerateContentConfig(
        system_instruction="Be brief", tools=[types.Tool(function_declarations=[weather])], temperature=0.5
    )
    question = types.Content(role="user", parts=[types.Part(text="Weather in Rome?")])
    async with sdk_of(gateway) as client:
        first = await client.models.generate_content(model=MODEL, contents=[question], config=config)
        (asked,) = first.function_calls
        assert (asked.id, asked.name, asked.args) == ("call_7", "get_weather", {"city": "Rome"})
        told = types.FunctionResponse(id=asked.id, name=asked.name, response={"result": "25 degrees"})
        turns = [
            question,
            first.candidates[0].content,
            types.Content(role="user", parts=[types.Part(function_response=told)]),
        ]
        second = await client.models.generate_content(model=MODEL, contents=turns, config=config)
    assert second.text == "Sunny"
    sent = gateway.provider.requests[-1].body.decode()
    assert all(word in sent for word in ("Be brief", "get_weather", "Rome", "25 degrees"))


@each_upstream
@pytest.mark.parametrize(
    ("number", "expected"), [(400, errors.ClientError), (404, errors.ClientError), (500, errors.ServerError)]
)
async def test_errors_are_of_the_sdks_own_classes(
    open_gateway: Open, upstream: str, number: int, expected: type[Exception]
) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.always(status(number, "Bad thing"))
    async with sdk_of(gateway) as client:
        with pytest.raises(expected):
            await client.models.generate_content(model=MODEL, contents="Hi")


async def test_pictures_and_schemas_reach_a_provider_of_another_dialect(gateway: Gateway) -> None:
    gateway.provider.script([say('{"color": "red"}'), finish(), usage(19, 10), done()])
    picture = types.Part.from_bytes(data=b"\x89PNG", mime_type="image/png")
    schema = {"type": "object", "properties": {"color": {"type": "string"}}, "required": ["color"]}
    config = types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=schema)
    async with sdk_of(gateway) as client:
        answered = await client.models.generate_content(model=MODEL, contents=[picture, "Which color?"], config=config)
    assert answered.text == '{"color": "red"}'
    sent = gateway.provider.requests[-1].json
    assert sent["messages"][0]["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
    assert sent["response_format"]["json_schema"]["schema"]["required"] == ["color"]


@each_version
async def test_tokens_are_counted_and_models_listed(gateway: Gateway, version: str) -> None:
    async with sdk_of(gateway, version) as client:
        assert (await client.models.count_tokens(model=MODEL, contents="Hi")).total_tokens > 0
        assert f"models/{MODEL}" in [model.name async for model in await client.models.list()]
        assert (await client.models.get(model=MODEL)).display_name == MODEL
