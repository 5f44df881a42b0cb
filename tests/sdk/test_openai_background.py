"""The official OpenAI SDK leaves its responses to workers, and comes back for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import openai
import pytest
from openai.types.responses import Response

from gateways import Gateway
from sdk.openai_clients import assert_exact, sdk_of
from tollhouse.testing import answer, done, finish, say, stall, status, think, usage

Open = Callable[..., Awaitable[Gateway]]

MODEL = "acme/acme-1"


@pytest.fixture
async def gateway(open_gateway: Open) -> Gateway:
    return await open_gateway(dialect="anthropic_messages", works=True)


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[openai.AsyncOpenAI]:
    async with sdk_of(gateway, max_retries=0) as it:
        yield it


async def until(client: openai.AsyncOpenAI, name: str, *wanted: str) -> Response:
    """A response, once it has one of these states."""
    async with asyncio.timeout(30):
        while (response := await client.responses.retrieve(name)).status not in wanted:
            await asyncio.sleep(0.02)
    return response


async def test_a_response_is_made_in_the_background_and_fetched(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(answer("Hello to you", usage=(19, 10)))
    made = await client.responses.create(model=MODEL, input="Hi", background=True, metadata={"a": "b"})
    assert (made.status, made.background, made.output, made.usage) == ("queued", True, [], None)
    ended = await until(client, made.id, "completed", "failed")
    assert (ended.status, ended.output_text, ended.background) == ("completed", "Hello to you", True)
    assert ended.usage is not None
    assert (ended.usage.input_tokens, ended.usage.output_tokens) == (19, 10)
    assert ended.created_at == made.created_at
    gateway.provider.script(answer("And again"))
    second = await client.responses.create(model=MODEL, input="Again", background=True, previous_response_id=made.id)
    assert (await until(client, second.id, "completed", "failed")).output_text == "And again"
    assert [message["role"] for message in gateway.provider.requests[-1].json["messages"]] == [
        "user",
        "assistant",
        "user",
    ]


async def test_a_stream_in_the_background_outlives_its_client_and_is_gone_on_with(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    words = [say(f"word{number} ") for number in range(20)]
    gateway.provider.script(think("Hm."), *words[:5], stall(), *words[5:], finish(), usage(9, 20), done())
    stream = await client.responses.create(model=MODEL, input="Hi", background=True, stream=True)
    events: list[Any] = []
    async for event in stream:
        events.append(event)
        if event.type == "response.output_text.delta":
            break
    await stream.close()
    name = events[0].response.id
    gateway.provider.release()
    cuts = 0
    while events[-1].type != "response.completed":
        again = await client.responses.retrieve(name, stream=True, starting_after=events[-1].sequence_number)
        heard = 0
        async for event in again:
            events.append(event)
            heard += 1
            if heard == 7 and event.type != "response.completed":
                break
        await again.close()
        cuts += 1
    assert cuts > 2
    assert [event.sequence_number for event in events] == list(range(len(events)))
    for event in events:
        assert_exact(event)
    kept = await client.responses.retrieve(name)
    assert events[-1].response == kept
    assert kept.output_text == "".join(f"word{number} " for number in range(20))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == kept.output_text


async def test_a_response_in_the_background_is_cancelled(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(say("Hel"), stall())
    made = await client.responses.create(model=MODEL, input="Hi", background=True)
    async with asyncio.timeout(30):
        async for event in await client.responses.retrieve(made.id, stream=True):
            if event.type == "response.output_text.delta":
                await client.responses.cancel(made.id)
    kept = await until(client, made.id, "cancelled")
    assert kept.output_text == "Hel"
    assert await client.responses.cancel(made.id) == kept


async def test_a_response_that_fails_in_the_background_tells_why(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.always(status(400, "Bad field"))
    made = await client.responses.create(model=MODEL, input="Hi", background=True)
    failed = await until(client, made.id, "failed")
    assert failed.error is not None
    assert (failed.error.code, failed.error.message) == ("invalid_prompt", "Bad field")
    with pytest.raises(openai.BadRequestError) as raised:
        await client.responses.create(model=MODEL, input="Hi", background=True, store=False)
    assert raised.value.param == "background"
    gateway.provider.always(stall())
    slow = await client.responses.create(model=MODEL, input="Hi", background=True)
    with pytest.raises(openai.ConflictError):
        await client.responses.create(model=MODEL, input="Hi", previous_response_id=slow.id)
