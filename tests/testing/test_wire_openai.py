"""The scripted provider speaks OpenAI's chat dialect well enough for OpenAI's own client."""

from collections.abc import AsyncIterator
from itertools import chain, zip_longest
from typing import Any

import openai
import pytest

from tollhouse.testing import (
    WireProvider,
    answer,
    cut,
    done,
    expect,
    fail,
    finish,
    refuse,
    say,
    status,
    think,
    tool_call,
    usage,
)

LOGPROBS = {"content": [{"token": "Hi", "logprob": -0.1, "bytes": None, "top_logprobs": []}], "refusal": None}


@pytest.fixture
async def provider() -> AsyncIterator[WireProvider]:
    async with WireProvider() as running:
        yield running


class Asker:
    """Asks by the official client, streamed and whole."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self._create = client.chat.completions.create
        self._asked: dict[str, Any] = {"model": "acme-1", "messages": [{"role": "user", "content": "Hi"}]}

    async def whole(self, **more: Any) -> openai.types.chat.ChatCompletion:
        return await self._create(**self._asked, **more)

    async def stream(self, **more: Any) -> list[openai.types.chat.ChatCompletionChunk]:
        return [chunk async for chunk in await self._create(**self._asked, stream=True, **more)]


@pytest.fixture
async def ask(provider: WireProvider) -> AsyncIterator[Asker]:
    async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="sk-test", max_retries=0) as client:
        yield Asker(client)


async def test_a_whole_answer(provider: WireProvider, ask: Asker):
    provider.script(expect(stream=False), answer("Hello you", usage=(19, 10)))
    completion = await ask.whole()
    assert (completion.object, completion.model) == ("chat.completion", "acme-1")
    assert completion.choices[0].message.content == "Hello you"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (19, 10)


async def test_a_streamed_answer_counts_only_for_those_who_ask(provider: WireProvider, ask: Asker):
    provider.always(answer("Hello dear you", usage=(19, 10)))
    silent = await ask.stream()
    assert [chunk.choices[0].delta.content for chunk in silent] == ["", "Hello ", "dear ", "you", None]
    counted = await ask.stream(stream_options={"include_usage": True})
    assert [chunk.usage.total_tokens for chunk in counted if chunk.usage] == [29]
    assert counted[-1].choices == []
    assert {chunk.id for chunk in counted} == {"chatcmpl-1"}


async def test_the_parts_of_usage(provider: WireProvider, ask: Asker):
    provider.script(say("Hi"), usage(100, 50, input_cached_tokens=80, output_reasoning_tokens=40), done())
    counted = (await ask.whole()).usage
    assert counted is not None
    assert counted.prompt_tokens_details is not None
    assert counted.prompt_tokens_details.cached_tokens == 80
    assert counted.completion_tokens_details is not None
    assert counted.completion_tokens_details.reasoning_tokens == 40


async def test_parallel_tools_whose_arguments_come_mixed(provider: WireProvider, ask: Asker):
    weather = tool_call("weather", {"city": "Köln"}, pieces=4)
    clock = tool_call("clock", {"zone": "Europe/Berlin"}, slot=1, call_id="call_b", pieces=3)
    mixed = [piece for piece in chain.from_iterable(zip_longest(weather, clock)) if piece]
    provider.always(mixed, finish("tool_calls"), done())

    calls = (await ask.whole()).choices[0].message.tool_calls
    assert calls is not None
    assert [(call.id, call.function.name, call.function.arguments) for call in calls] == [
        ("call_0", "weather", '{"city":"Köln"}'),
        ("call_b", "clock", '{"zone":"Europe/Berlin"}'),
    ]
    pieces = [piece for chunk in await ask.stream() for piece in chunk.choices[0].delta.tool_calls or []]
    assert [piece.index for piece in pieces[:4]] == [0, 1, 0, 1]
    assert [piece.id for piece in pieces if piece.id] == ["call_0", "call_b"]
    for slot, call in enumerate(calls):
        heard = [piece.function.arguments or "" for piece in pieces if piece.index == slot and piece.function]
        assert "".join(heard) == call.function.arguments


async def test_arguments_may_be_broken(provider: WireProvider, ask: Asker):
    provider.script(tool_call("weather", '{"city": "Kö'), finish("length"), done())
    calls = (await ask.whole()).choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].function.arguments == '{"city": "Kö'


async def test_several_choices(provider: WireProvider, ask: Asker):
    provider.always(say("A"), say("B", choice=1), say("a"), finish(), finish("length", choice=1), done())
    assert [(c.message.content, c.finish_reason) for c in (await ask.whole(n=2)).choices] == [
        ("Aa", "stop"),
        ("B", "length"),
    ]
    deltas = [(c.index, c.delta.role, c.delta.content) for chunk in await ask.stream(n=2) for c in chunk.choices]
    assert deltas[:5] == [
        (0, "assistant", ""),
        (0, None, "A"),
        (1, "assistant", ""),
        (1, None, "B"),
        (0, None, "a"),
    ]


async def test_refusals_reasoning_and_logprobs(provider: WireProvider, ask: Asker):
    provider.always(
        think("Hm. "), think("No."), refuse("I will "), refuse("not."), say("Hi", logprobs=LOGPROBS), finish(), done()
    )
    choice = (await ask.whole()).choices[0]
    assert choice.message.refusal == "I will not."
    assert choice.message.model_extra == {"reasoning_content": "Hm. No."}
    assert choice.logprobs is not None
    assert [token.token for token in choice.logprobs.content or []] == ["Hi"]
    chunks = await ask.stream()
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks) == "I will not."
    heard = [chunk.choices[0].logprobs for chunk in chunks if chunk.choices[0].logprobs]
    assert [token.token for logprobs in heard for token in logprobs.content or []] == ["Hi"]


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (529, openai.InternalServerError),
    ],
)
async def test_errors_are_known_to_the_client(provider: WireProvider, ask: Asker, number: int, error: type[Exception]):
    provider.always(status(number))
    with pytest.raises(error) as failure:
        await ask.whole()
    assert isinstance(failure.value, openai.APIStatusError)
    assert failure.value.type is not None
    with pytest.raises(error):
        await ask.stream()


async def test_an_error_event_after_a_good_beginning(provider: WireProvider, ask: Asker):
    provider.script(say("Hel"), fail("Overloaded", code="overloaded"))
    with pytest.raises(openai.APIError, match="Overloaded"):
        await ask.stream()


async def test_a_cut_is_an_error_to_the_client(provider: WireProvider, ask: Asker):
    provider.always(say("Hel"), cut())
    with pytest.raises(Exception, match=r"(?i)connection|incomplete"):
        await ask.stream()
    with pytest.raises(openai.APIConnectionError):
        await ask.whole()
