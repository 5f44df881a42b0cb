"""The official OpenAI SDK keeps its responses here, over a provider who speaks another dialect and keeps nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import openai
import pytest
from openai.types.responses import Response

from gateways import Gateway
from sdk.openai_clients import assert_exact, sdk_of
from tollhouse.store import run_events
from tollhouse.testing import (
    answer,
    done,
    expect,
    fail,
    finish,
    reply,
    reset,
    say,
    stall,
    status,
    think,
    tool_call,
    usage,
)

Open = Callable[..., Awaitable[Gateway]]

MODEL = "acme/acme-1"
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
UNKNOWN_TO_THE_SDK = {"store", "presence_penalty", "frequency_penalty"}
"""Fields that OpenAI answers, and its SDK has no names for."""


@pytest.fixture
async def gateway(open_gateway: Open) -> Gateway:
    return await open_gateway(dialect="anthropic_messages")


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[openai.AsyncOpenAI]:
    async with sdk_of(gateway, max_retries=0) as it:
        yield it


def heard(gateway: Gateway) -> list[tuple[str, Any]]:
    """The conversation as the provider was told it last."""
    return [(message["role"], message["content"]) for message in gateway.provider.requests[-1].json["messages"]]


def assert_whole(response: Response) -> None:
    extra = set(response.model_extra or {})
    assert extra == UNKNOWN_TO_THE_SDK
    for item in response.output:
        assert_exact(item)


async def test_a_response_is_kept_fetched_and_deleted(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(answer("Hello to you", usage=(19, 10)))
    made = await client.responses.create(
        model=MODEL, input="Hi", store=True, instructions="Be brief.", metadata={"a": "b"}, temperature=0.5
    )
    assert_whole(made)
    assert (made.status, made.output_text, made.instructions, made.metadata) == (
        "completed",
        "Hello to you",
        "Be brief.",
        {"a": "b"},
    )
    assert (made.temperature, made.model_extra and made.model_extra["store"]) == (0.5, True)
    assert made.usage is not None
    assert (made.usage.input_tokens, made.usage.output_tokens) == (19, 10)
    assert made.completed_at is not None
    assert await client.responses.retrieve(made.id) == made
    (asked,) = [item async for item in client.responses.input_items.list(made.id)]
    assert_exact(asked)
    assert asked.model_dump(exclude_none=True)["content"] == [{"type": "input_text", "text": "Hi"}]
    assert gateway.provider.requests[-1].json["system"] == "Be brief."
    await client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(made.id)
    gone = await gateway.client.get(f"/api/conversations/{made.conversation.id}", headers=gateway.person.headers)  # type: ignore[union-attr]  # it has one
    assert gone.status_code == 404, "it was begun for this response alone"


async def test_what_is_not_said_to_be_kept_is_not(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.always(answer("Hello"))
    made = await client.responses.create(model=MODEL, input="Hi")
    with pytest.raises(openai.NotFoundError, match="store"):
        await client.responses.retrieve(made.id)
    listed = await gateway.client.get("/api/conversations", headers=gateway.person.headers)
    assert listed.json()["data"] == []


async def test_an_operator_may_let_every_response_be_kept_that_does_not_say(open_gateway: Open) -> None:
    gateway = await open_gateway(toml="[conversations]\nstore_responses = true\n")
    gateway.provider.always(answer("Hello"))
    async with sdk_of(gateway) as client:
        made = await client.responses.create(model=MODEL, input="Hi")
        assert (await client.responses.retrieve(made.id)).output_text == "Hello"
        other = await client.responses.create(model=MODEL, input="Hi", store=False)
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(other.id)


async def test_a_response_goes_on_from_another_one(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(answer("One"))
    first = await client.responses.create(model=MODEL, input="Count", store=True, instructions="Be brief.")
    gateway.provider.script(answer("Two"))
    second = await client.responses.create(model=MODEL, input="Go on", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert second.conversation == first.conversation
    assert "system" not in gateway.provider.requests[-1].json, "instructions are not carried over"
    assert [role for role, _ in heard(gateway)] == ["user", "assistant", "user"]
    gateway.provider.script(answer("Zwei"))
    other = await client.responses.create(model=MODEL, input="In German", previous_response_id=first.id, stream=True)
    branch = [event async for event in other][-1].response  # type: ignore[union-attr]  # the last event has it
    assert branch.output_text == "Zwei"
    assert "Two" not in str(heard(gateway)), "a branch of its own"
    gateway.provider.script(answer("Three"))
    await client.responses.create(model=MODEL, input="And?", previous_response_id=second.id, store=False)
    assert [role for role, _ in heard(gateway)] == ["user", "assistant", "user", "assistant", "user"]
    messages = await gateway.client.get(
        f"/api/conversations/{first.conversation.id}/branches",  # type: ignore[union-attr]  # it has one
        headers=gateway.person.headers,
    )
    assert len(messages.json()["data"]) == 2, "what is not to be kept has added nothing"


async def test_a_conversation_holds_what_its_responses_said(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    seen: Any = {"type": "message", "role": "developer", "content": "Speak like a pirate."}
    conversation = await client.conversations.create(items=[seen])
    gateway.provider.script(answer("Arr"))
    made = await client.responses.create(model=MODEL, input="Hi", conversation=conversation.id)
    assert made.conversation is not None
    assert made.conversation.id == conversation.id
    gateway.provider.script(answer("Arr, arr"))
    await client.responses.create(model=MODEL, input="And?", conversation={"id": conversation.id})
    assert gateway.provider.requests[-1].json["system"] == "Speak like a pirate."
    items = [item async for item in client.conversations.items.list(conversation.id, order="asc")]
    assert [getattr(item, "role", None) for item in items] == ["developer", "user", "assistant", "user", "assistant"]
    assert items[2].id == made.output[0].id
    await client.responses.delete(made.id)
    assert (await client.conversations.retrieve(conversation.id)).id == conversation.id
    await client.conversations.items.delete(items[2].id, conversation_id=conversation.id)  # type: ignore[arg-type]  # it has one
    gateway.provider.script(answer("Aye"))
    await client.responses.create(model=MODEL, input="Well?", conversation=conversation.id)
    assert "'Arr'" not in str(heard(gateway))


async def test_a_streams_events_are_numbered_and_told_again(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(think("Hm."), say("Hello "), say("to you"), finish(), usage(9, 4), done())
    stream = await client.responses.create(model=MODEL, input="Hi", store=True, stream=True)
    events = [event async for event in stream]
    for event in events:
        assert_exact(event)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    final = events[-1].response  # type: ignore[union-attr]  # the last event has it
    assert await client.responses.retrieve(final.id) == final
    assert final.output_text == "Hello to you"
    for last in (-1, 0, 7, len(events) - 1):
        options: Any = {} if last < 0 else {"starting_after": last}
        again = await client.responses.retrieve(final.id, stream=True, **options)
        assert [event async for event in again] == events[last + 1 :]


async def test_tools_are_called_over_kept_responses_and_signed_thinking_comes_back(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    gateway.provider.script(
        think("Let me look.", signature="c2lnbmVk"),
        say("I look. "),
        tool_call("get_weather", {"city": "Oslo"}),
        finish("tool_calls"),
        usage(9, 9),
        done(),
    )
    first = await client.responses.create(model=MODEL, input="Weather in Oslo?", tools=[WEATHER], store=True)
    assert_whole(first)
    assert [item.type for item in first.output] == ["reasoning", "message", "function_call"]
    call: Any = first.output[-1]
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny"}
    gateway.provider.script(answer("It is sunny."))
    second = await client.responses.create(
        model=MODEL, input=[result], tools=[WEATHER], previous_response_id=first.id, stream=True
    )
    final = [event async for event in second][-1].response  # type: ignore[union-attr]  # the last event has it
    assert final.output_text == "It is sunny."
    (_, _), (role, said), (_, told) = heard(gateway)
    assert (role, [block["type"] for block in said]) == ("assistant", ["thinking", "text", "tool_use"])
    assert said[0]["signature"] == "c2lnbmVk"
    assert told[0]["type"] == "tool_result"
    shown = [item async for item in client.responses.input_items.list(final.id, order="asc")]
    assert [item.type for item in shown] == ["function_call_output"]
    assert first.tools[0].model_dump()["strict"] is None


async def test_what_fails_is_the_exception_that_is_expected_and_can_be_tried_again(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    for stream in (False, True):
        gateway.provider.always(status(500, "Oops"))
        with pytest.raises(openai.InternalServerError) as raised:
            await client.responses.create(model=MODEL, input="Hi", store=True, stream=stream)
        name = raised.value.body["response"]  # type: ignore[index]  # our errors have a body
        failed = await client.responses.retrieve(name)
        assert_whole(failed)
        assert failed.error is not None
        assert (failed.status, failed.error.code) == ("failed", "server_error")
        gateway.provider.always(answer("Hello"))
        run = name.replace("resp_", "run_")
        retried = await gateway.client.post(f"/api/runs/{run}/retry", headers=gateway.person.headers)
        assert retried.status_code == 200
        assert (await client.responses.retrieve(name)).output_text == "Hello"


@pytest.mark.parametrize("broken", [reset(), fail("Overloaded", error_type="overloaded_error")], ids=["reset", "event"])
async def test_a_stream_that_breaks_off_tells_so(client: openai.AsyncOpenAI, gateway: Gateway, broken: Any) -> None:
    gateway.provider.script(say("Hel"), broken)
    stream = await client.responses.create(model=MODEL, input="Hi", store=True, stream=True)
    said: list[Any] = []

    async def listen() -> None:
        async for event in stream:
            said.append(event)  # noqa: PERF401  # what came before the failure counts

    with pytest.raises(openai.APIError):
        await listen()
    assert said[-1].type == "response.output_text.delta"
    assert (await client.responses.retrieve(said[0].response.id)).status == "failed"


async def test_a_response_is_cancelled_as_often_as_one_likes(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.script(say("Hel"), stall())
    stream = await client.responses.create(model=MODEL, input="Hi", store=True, stream=True)
    name, last = "", None
    async for event in stream:
        name = name or event.response.id  # type: ignore[union-attr]  # the first event has it
        if event.type == "response.output_text.delta":
            cancelled = await client.responses.cancel(name)
            assert cancelled == await client.responses.cancel(name)
            assert (cancelled.status, cancelled.output_text) == ("cancelled", "Hel")
            assert_whole(cancelled)
        last = event
    assert last is not None
    assert (last.type, last.response.status) == ("response.incomplete", "cancelled")  # type: ignore[union-attr]
    assert await client.responses.retrieve(name) == cancelled
    again = [event async for event in await client.responses.retrieve(name, stream=True)]
    assert again[-1] == last


async def test_a_stream_that_its_client_leaves_is_stopped_and_kept(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    gateway.provider.script(say("Hel"), stall())
    stream = await client.responses.create(model=MODEL, input="Hi", store=True, stream=True)
    name = ""
    async for event in stream:
        name = name or event.response.id  # type: ignore[union-attr]  # the first event has it
        if event.type == "response.output_text.delta":
            break
    await stream.close()
    async with asyncio.timeout(30):
        while (kept := await client.responses.retrieve(name)).status == "in_progress":
            await asyncio.sleep(0.05)
    assert (kept.status, kept.output_text) == ("cancelled", "Hel")


async def test_an_answer_that_is_cut_short_is_incomplete(client: openai.AsyncOpenAI, gateway: Gateway) -> None:
    gateway.provider.always(say("Once upon"), finish("length"), usage(9, 2), done())
    made = await client.responses.create(model=MODEL, input="Tell", store=True, max_output_tokens=16)
    assert made.incomplete_details is not None
    assert (made.status, made.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    stream = await client.responses.create(model=MODEL, input="Tell", store=True, stream=True, max_output_tokens=16)
    last = [event async for event in stream][-1]
    assert last.type == "response.incomplete"
    assert await client.responses.retrieve(last.response.id) == last.response


async def test_what_cannot_be_kept_or_found_is_refused_in_openais_words(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    conversation = await client.conversations.create()
    gateway.provider.always(answer("Hello"))
    made = await client.responses.create(model=MODEL, input="Hi", store=True)

    async def ask(**fields: Any) -> None:
        await client.responses.create(**{"model": MODEL, "input": "Hi", "store": True} | fields)

    refused = {
        "previous_response_id": {"previous_response_id": made.id, "conversation": conversation.id},
        "include": {"include": ["message.output_text.logprobs"]},
        "metadata.a": {"metadata": {"a": "x" * 513}},
        "temperature": {"temperature": 3},
        "input[0].role": {"input": [{"role": "critic", "content": "Hi"}]},
        "input": {"input": []},
    }
    for param, fields in refused.items():
        with pytest.raises(openai.BadRequestError) as raised:
            await ask(**fields)
        assert raised.value.param == param
    missing: list[dict[str, Any]] = [
        {"previous_response_id": "resp_00000000000000000000000000"},
        {"previous_response_id": made.id.replace("resp_", "run_")},
        {"conversation": "conv_00000000000000000000000000"},
        {"model": "acme/other"},
    ]
    for fields in missing:
        with pytest.raises(openai.NotFoundError):
            await ask(**fields)
    with pytest.raises(openai.BadRequestError) as raised:
        await client.responses.with_raw_response.retrieve(made.id, extra_query={"starting_after": 3})
    assert raised.value.param == "starting_after"
    for name in ("resp_x", "run_1", made.id.replace("resp_", "run_")):
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(name)
    rows = await gateway.rows()
    assert {row["surface"] for row in rows} == {"responses"}
    assert sum(row["error_code"] is not None for row in rows) == len(refused) + len(missing)


async def test_a_stream_whose_events_are_no_longer_kept_is_told_from_its_answer(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    gateway.provider.script(*[say(f"{number} ") for number in range(20)], finish(), usage(9, 4), done())
    stream = await client.responses.create(model=MODEL, input="Count", store=True, stream=True)
    heard = [event async for event in stream]
    later = gateway.house.clock.now() + timedelta(hours=1)
    await gateway.house.store.write(lambda tx: run_events.drop_before(tx, later))
    name = heard[-1].response.id  # type: ignore[union-attr]  # the last event has it
    told = [event async for event in await client.responses.retrieve(name, stream=True)]
    assert len(told) < len(heard)
    assert told[-1].response == heard[-1].response  # type: ignore[union-attr]  # the last event has it
    rest = await client.responses.retrieve(name, stream=True, starting_after=heard[-2].sequence_number)
    assert [event.type async for event in rest] == ["response.completed"]


async def test_what_goes_on_from_a_response_is_counted_with_all_before_it(
    client: openai.AsyncOpenAI, gateway: Gateway
) -> None:
    gateway.provider.script(answer("Hello to you"))
    made = await client.responses.create(model=MODEL, input="Hi", store=True)
    gateway.provider.script(reply(json={"input_tokens": 42}))
    counted = await client.responses.input_tokens.count(model=MODEL, input="And?", previous_response_id=made.id)
    assert (counted.input_tokens, counted.object) == (42, "response.input_tokens")
    said = [message["content"] for message in gateway.provider.requests[-1].json["messages"]]
    assert [str(content).count(words) for content, words in zip(said, ("Hi", "Hello to you", "And?"), strict=True)] == [
        1,
        1,
        1,
    ]
    assert gateway.provider.requests[-1].target == "/v1/messages/count_tokens"
    with pytest.raises(openai.NotFoundError):
        await client.responses.input_tokens.count(model=MODEL, input="And?", previous_response_id="resp_x")


async def test_openai_itself_counts_responses(open_gateway: Open) -> None:
    table = (
        '\n[providers.openai]\nbase_url = "{base_url}"\nallow_private_address = true\napi_key = "sk-1"\nshare = true\n'
    )
    gateway = await open_gateway(extra=table)
    gateway.provider.script(
        expect(path="/v1/responses/input_tokens", model="gpt-4.1"),
        reply(json={"object": "response.input_tokens", "input_tokens": 42}),
    )
    async with sdk_of(gateway, max_retries=0) as client:
        counted = await client.responses.input_tokens.count(model="gpt-4.1", input="Hi", instructions="Be brief.")
    assert counted.input_tokens == 42
    assert set(gateway.provider.requests[-1].json) == {"model", "input", "instructions"}
