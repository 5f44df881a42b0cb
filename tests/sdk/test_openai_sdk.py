"""The official OpenAI SDK against the gateway: what it sends is taken, what it gets is exactly of its types."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import openai
import pytest
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel

from gateways import CONTEXT, Gateway
from sdk.openai_clients import assert_exact, sdk_of
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.testing import answer, done, fail, finish, refuse, reset, say, status, think, tool_call, usage
from tollhouse.testing.steps import CallTool

Open = Callable[..., Awaitable[Gateway]]
Messages = list[Any]

HI: Messages = [{"role": "user", "content": "Hi there"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[openai.AsyncOpenAI]:
    """The SDK as its users have it, but that it does not try again."""
    async with sdk_of(gateway, max_retries=0) as it:
        yield it


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["demo/echo", "demo/lorem", "demo/json", "demo/tools", "demo/flaky"])
async def test_a_completion(client: openai.AsyncOpenAI, model: str) -> None:
    completion = await client.chat.completions.create(model=model, messages=HI)
    assert_exact(completion)
    assert completion.choices[0].message.content
    assert completion.usage is not None
    assert completion.usage.total_tokens > 0
    assert completion._request_id is not None
    assert completion._request_id.startswith("req_")


@pytest.mark.parametrize("model", ["demo/echo", "demo/lorem", "demo/json", "demo/tools", "demo/flaky"])
async def test_a_stream(client: openai.AsyncOpenAI, model: str) -> None:
    stream = await client.chat.completions.create(model=model, messages=HI, stream=True)
    chunks = [chunk async for chunk in stream]
    for chunk in chunks:
        assert isinstance(chunk, ChatCompletionChunk)
        assert_exact(chunk)
        assert chunk.usage is None
    assert "".join([chunk.choices[0].delta.content or "" for chunk in chunks])
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_a_stream_with_its_usage(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(answer("Hello to you", usage=(19, 10)))
    stream = await client.chat.completions.create(
        model="acme/acme-1", messages=HI, stream=True, stream_options={"include_usage": True}
    )
    *said, last = [chunk async for chunk in stream]
    assert all(chunk.usage is None for chunk in said)
    assert last.choices == []
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (19, 10)
    assert_exact(last)


async def test_the_sync_client(gateway: Gateway) -> None:
    gateway.provider.always(answer("Hello to you"))

    def talk() -> tuple[ChatCompletion, str, list[Model]]:
        plain = httpx2.Client(verify=CONTEXT, trust_env=False)
        with openai.OpenAI(api_key=gateway.person.token, base_url=f"{gateway.url}/v1", http_client=plain) as client:
            whole = client.chat.completions.create(model="acme/acme-1", messages=HI)
            with client.chat.completions.create(model="acme/acme-1", messages=HI, stream=True) as stream:
                said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
            return whole, said, list(client.models.list())

    whole, said, models = await asyncio.to_thread(talk)
    assert_exact(whole)
    assert whole.choices[0].message.content == said == "Hello to you"
    assert "acme/acme-1" in {model.id for model in models}


async def test_several_choices_and_their_logprobs(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    logprobs = {"content": [{"token": "A", "logprob": -0.5, "bytes": [65], "top_logprobs": []}], "refusal": None}
    gateway.provider.always(
        say("A", logprobs=logprobs),
        say("B", choice=1, logprobs=logprobs),
        finish(),
        finish(choice=1),
        usage(5, 2),
        done(),
    )
    completion = await client.chat.completions.create(model="acme/acme-1", messages=HI, n=2, logprobs=True)
    assert_exact(completion)
    assert [choice.message.content for choice in completion.choices] == ["A", "B"]
    assert completion.choices[1].logprobs is not None
    assert completion.choices[1].logprobs.content is not None
    assert completion.choices[1].logprobs.content[0].logprob == -0.5
    stream = await client.chat.completions.create(model="acme/acme-1", messages=HI, n=2, logprobs=True, stream=True)
    chunks = [chunk async for chunk in stream]
    assert {chunk.choices[0].index for chunk in chunks} == {0, 1}
    assert any(chunk.choices[0].logprobs for chunk in chunks)
    for chunk in chunks:
        assert_exact(chunk)


async def test_several_choices_of_the_demo(client: openai.AsyncOpenAI) -> None:
    completion = await client.chat.completions.create(model="demo/echo", messages=HI, n=3)
    assert [choice.message.content for choice in completion.choices] == ["Hi there"] * 3


async def test_a_refusal(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.always(refuse("I will not"), finish(), usage(5, 3), done())
    completion = await client.chat.completions.create(model="acme/acme-1", messages=HI)
    assert_exact(completion)
    assert completion.choices[0].message.refusal == "I will not"


async def test_visible_reasoning_rides_along(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.always(think("Hm"), say("Yes"), finish(), usage(5, 3), done())
    completion = await client.chat.completions.create(model="acme/acme-1", messages=HI)
    assert completion.choices[0].message.model_extra == {"reasoning_content": "Hm"}


async def test_the_raw_response_tells_what_the_gateway_did(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(answer(usage=(19, 10)))
    response = await client.chat.completions.with_raw_response.create(model="acme/acme-1", messages=HI)
    assert response.headers["x-tollhouse-cost-usd"] == "0.0001475"
    assert response.request_id == response.headers["x-request-id"]


async def test_fields_of_the_users_own_reach_the_provider(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(answer())
    await client.chat.completions.create(
        model="acme/acme-1", messages=HI, temperature=0, seed=7, metadata={"a": "b"}, extra_body={"top_k": 3}
    )
    heard = gateway.provider.requests[0].json
    assert (heard["temperature"], heard["seed"], heard["metadata"], heard["top_k"]) == (0, 7, {"a": "b"}, 3)


# --- tools -----------------------------------------------------------------------------------------------------------


async def test_a_tool_of_the_demo_is_called_and_its_result_read(client: openai.AsyncOpenAI) -> None:
    messages: Messages = list(HI)
    first = await client.chat.completions.create(model="demo/tools", messages=messages, tools=[WEATHER])
    assert_exact(first)
    assert first.choices[0].finish_reason == "tool_calls"
    (call,) = first.choices[0].message.tool_calls or ()
    assert call.type == "function"
    assert json.loads(call.function.arguments).keys() == {"city", "days"}
    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "Sunny"}]
    second = await client.chat.completions.create(model="demo/tools", messages=messages, tools=[WEATHER])
    assert "Sunny" in (second.choices[0].message.content or "")


async def test_parallel_tool_calls(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    oslo, rome = {"city": "Oslo", "days": 1}, {"city": "Rome", "days": 2}
    gateway.provider.script(
        tool_call("get_weather", oslo),
        tool_call("get_weather", rome, slot=1),
        finish("tool_calls"),
        usage(9, 9),
        done(),
    )
    completion = await client.chat.completions.create(model="acme/acme-1", messages=HI, tools=[WEATHER])
    assert_exact(completion)
    calls = completion.choices[0].message.tool_calls or []
    assert [json.loads(call.function.arguments) for call in calls if call.type == "function"] == [oslo, rome]


async def test_tool_calls_are_streamed_in_pieces(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    oslo, rome = {"city": "Oslo", "days": 1}, {"city": "Rome", "days": 2}
    gateway.provider.script(
        tool_call("get_weather", oslo, pieces=4),
        tool_call("get_weather", rome, slot=1, pieces=3),
        finish("tool_calls"),
        usage(9, 9),
        done(),
    )
    async with client.chat.completions.stream(model="acme/acme-1", messages=HI, tools=[WEATHER]) as stream:
        kinds = [event.type async for event in stream]
        completion = await stream.get_final_completion()
    # The first piece of each names it, and has no arguments.
    assert kinds.count("tool_calls.function.arguments.delta") == (1 + 4) + (1 + 3)
    assert kinds.count("tool_calls.function.arguments.done") == 2
    calls = completion.choices[0].message.tool_calls or []
    assert [call.function.parsed_arguments for call in calls] == [oslo, rome]


async def test_pieces_of_parallel_tool_calls_may_interleave(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(
        CallTool(0, id="call_a", name="get_weather"),
        CallTool(1, id="call_b", name="get_weather"),
        CallTool(0, '{"city": "Os'),
        CallTool(1, '{"city": "Rome", '),
        CallTool(0, 'lo", "days": 1}'),
        CallTool(1, '"days": 2}'),
        finish("tool_calls"),
        usage(9, 9),
        done(),
    )
    stream = await client.chat.completions.create(model="acme/acme-1", messages=HI, tools=[WEATHER], stream=True)
    said = {0: "", 1: ""}
    async for chunk in stream:
        assert_exact(chunk)
        for call in chunk.choices[0].delta.tool_calls or ():
            assert call.function is not None
            said[call.index] += call.function.arguments or ""
    assert [json.loads(arguments)["city"] for arguments in said.values()] == ["Oslo", "Rome"]


# --- answers of a given form -----------------------------------------------------------------------------------------


class Place(BaseModel):
    """A place."""

    name: str
    inhabitants: int
    twins: list[str]


@pytest.mark.parametrize("model", ["demo/json", "acme/acme-1"])
async def test_an_answer_is_parsed_as_the_users_own_type(
    client: openai.AsyncOpenAI, gateway: Gateway, model: str
) -> None:
    gateway.provider.always(answer('{"name": "Oslo", "inhabitants": 1, "twins": []}'))
    parsed = await client.chat.completions.parse(model=model, messages=HI, response_format=Place)
    assert isinstance(parsed.choices[0].message.parsed, Place)
    if model.startswith("acme"):
        (heard,) = gateway.provider.requests
        assert heard.json["response_format"]["json_schema"]["schema"]["required"] == ["name", "inhabitants", "twins"]


@pytest.mark.parametrize("model", ["demo/json", "acme/acme-1"])
async def test_a_stream_is_parsed_as_the_users_own_type(
    client: openai.AsyncOpenAI, gateway: Gateway, model: str
) -> None:
    gateway.provider.always(answer('{"name": "Oslo", "inhabitants": 1, "twins": []}'))
    async with client.chat.completions.stream(model=model, messages=HI, response_format=Place) as stream:
        async for _ in stream:
            pass
        completion = await stream.get_final_completion()
    assert isinstance(completion.choices[0].message.parsed, Place)


# --- models ----------------------------------------------------------------------------------------------------------


async def test_models_are_listed_and_found(client: openai.AsyncOpenAI) -> None:
    models = [model async for model in client.models.list()]
    names = {model.id for model in models}
    assert {"acme/acme-1", "demo/echo"} <= names
    assert not [name for name in names if name.startswith("openai/")]
    for model in models:
        assert_exact(model)
    found = await client.models.retrieve("acme/acme-1")
    assert (found.id, found.owned_by) == ("acme/acme-1", "acme")
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("acme/nothing")


# --- errors ----------------------------------------------------------------------------------------------------------

PROVIDERS_ERRORS = {
    "400": (status(400, "Bad field"), openai.BadRequestError, "invalid_request"),
    "404": (status(404, "No such model"), openai.NotFoundError, "model_not_found"),
    "413": (status(413, "Too much"), openai.APIStatusError, "invalid_request"),
    "422": (status(422, "Unfit"), openai.UnprocessableEntityError, "invalid_request"),
    "401": (status(401, "Wrong key"), openai.InternalServerError, "provider_auth_failed"),
    "402": (status(402, "Pay first"), openai.InternalServerError, "provider_quota"),
    "429": (status(429, "Slow down", retry_after=60), openai.RateLimitError, "provider_rate_limited"),
    "500": (status(500, "Oops"), openai.InternalServerError, "provider_unavailable"),
    "reset": (reset(), openai.InternalServerError, "provider_incomplete"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("scripted", "error", "code"), PROVIDERS_ERRORS.values(), ids=PROVIDERS_ERRORS.keys())
async def test_a_providers_failure_is_the_exception_that_is_expected(
    client: openai.AsyncOpenAI,
    gateway: Gateway,
    scripted: Any,
    error: type[openai.APIStatusError],
    code: str,
    stream: bool,
) -> None:
    gateway.provider.always(scripted)
    with pytest.raises(error) as raised:
        await client.chat.completions.create(model="acme/acme-1", messages=HI, stream=stream)
    assert raised.value.code == code
    assert raised.value.request_id is not None
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["request_id"] == raised.value.request_id


async def test_our_own_refusals_are_the_exceptions_that_are_expected(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    async def ask(client: openai.AsyncOpenAI = client, **fields: Any) -> None:
        await client.chat.completions.create(**{"model": "acme/acme-1", "messages": HI} | fields)

    with pytest.raises(openai.NotFoundError) as raised:
        await ask(model="acme/acme-9")
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as refused:
        await ask(max_tokens=-1)
    assert refused.value.param == "max_tokens"
    with pytest.raises(openai.BadRequestError, match="credential"):
        await ask(model="openai/gpt-4.1")
    with pytest.raises(openai.AuthenticationError):
        await ask(client.with_options(api_key="th_live_wrong"))
    token = await access.create_token(
        gateway.house.desk, COMMAND_LINE, gateway.person.id, name="other", scopes=["usage:read"]
    )
    with pytest.raises(openai.PermissionDeniedError):
        await ask(client.with_options(api_key=token.token))
    await gateway.budget("0.000001")
    with pytest.raises(openai.RateLimitError) as spent:
        await ask()
    assert (spent.value.code, spent.value.type) == ("insufficient_quota", "insufficient_quota")


async def test_a_spent_budget_is_not_asked_again(gateway: Gateway) -> None:
    await gateway.budget("0.000001")
    async with sdk_of(gateway, max_retries=3) as client:
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model="acme/acme-1", messages=HI)
    assert len(await gateway.rows()) == 1


async def test_a_rate_limit_is_asked_again_after_the_time_it_tells(gateway: Gateway) -> None:
    """A second is the shortest that can be told, and the SDK's own pauses are shorter."""
    await access.set_limits(gateway.house.desk, COMMAND_LINE, gateway.person.id, concurrent=1)
    async with sdk_of(gateway, max_retries=5) as client:
        stream = await client.chat.completions.create(model="demo/slow", messages=HI, stream=True)
        began_s = asyncio.get_running_loop().time()
        asking = asyncio.create_task(client.chat.completions.create(model="demo/echo", messages=HI))
        await gateway.only_row()  # of the call that was refused
        await stream.close()
        assert (await asking).choices[0].message.content == "Hi there"
        assert asyncio.get_running_loop().time() - began_s >= 0.9


@pytest.mark.parametrize("broken", [reset(), fail("Overloaded", error_type="server_error")], ids=["reset", "event"])
async def test_a_stream_that_breaks_off_raises(client: openai.AsyncOpenAI, gateway: Gateway, broken: Any) -> None:
    gateway.provider.script(say("Hel"), broken)
    stream = await client.chat.completions.create(model="acme/acme-1", messages=HI, stream=True)
    said = ""

    async def listen() -> None:
        nonlocal said
        async for chunk in stream:
            said += chunk.choices[0].delta.content or ""

    with pytest.raises(openai.APIError) as raised:
        await listen()
    assert said == "Hel"
    assert raised.value.code in ("provider_incomplete", "provider_unavailable")


async def test_a_stream_that_the_user_closes_ends_the_call(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    stream = await client.chat.completions.create(model="demo/slow", messages=HI, stream=True)
    async for _ in stream:
        break
    await stream.close()
    assert (await gateway.only_row())["outcome"] == "client_left"


@pytest.mark.parametrize("upstream", ["openai_chat", "openai_responses"])
async def test_a_response_that_breaks_off_is_an_error_of_the_api(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.script([say("Hel"), reset()])
    said = ""

    async def listen(client: openai.AsyncOpenAI) -> None:
        nonlocal said
        async with client.responses.stream(model="acme/acme-1", input="Hi") as stream:
            async for event in stream:
                said += event.delta if event.type == "response.output_text.delta" else ""

    async with sdk_of(gateway, max_retries=0) as client:
        with pytest.raises(openai.APIError) as raised:
            await listen(client)
    assert (said, raised.value.code) == ("Hel", "provider_incomplete")
