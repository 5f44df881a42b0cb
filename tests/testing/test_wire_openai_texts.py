"""The scripted provider embeds and judges well enough for OpenAI's own client, and bills what it read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import openai
import pytest

from tollhouse.testing import WireProvider, answer, done, expect, fail, status, usage, vectors, verdicts
from tollhouse.testing.openai_texts import vector_of


@pytest.fixture
async def provider() -> AsyncIterator[WireProvider]:
    async with WireProvider() as running:
        yield running


@pytest.fixture
async def client(provider: WireProvider) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="sk-1", max_retries=0) as it:
        yield it


async def test_each_text_has_a_vector_of_its_own(provider: WireProvider, client: openai.AsyncOpenAI):
    provider.script(expect(json={"input": ["a", "b"]}), answer(usage=(12, 5)))
    said = await client.embeddings.create(model="acme-e", input=["a", "b"])
    assert [one.embedding for one in said.data] == [vector_of("a"), vector_of("b")]
    assert vector_of("a") != vector_of("b")
    assert (said.usage.prompt_tokens, said.usage.total_tokens, said.model) == (12, 12, "acme-e")


async def test_tokens_are_one_text_and_a_size_is_kept_to(provider: WireProvider, client: openai.AsyncOpenAI):
    provider.script(answer())
    said = await client.embeddings.create(model="m", input=[1, 2], dimensions=3, encoding_format="float")
    assert [one.embedding for one in said.data] == [vector_of([1, 2], 3)]


async def test_nothing_is_harmful_and_nothing_counted(provider: WireProvider, client: openai.AsyncOpenAI):
    provider.script(answer())
    said = await client.moderations.create(model="m", input=["a", "b"])
    assert [one.flagged for one in said.results] == [False, False]


async def test_only_what_was_read_is_billed(provider: WireProvider, client: openai.AsyncOpenAI):
    provider.script(answer(usage=(12, 5)))
    await client.embeddings.create(model="acme-e", input="a")
    (billed,) = provider.billed
    assert (billed.usage.input_tokens, billed.usage.output_tokens, billed.model) == (12, 0, "acme-e")


async def test_a_refusal_is_openais_and_costs_nothing(provider: WireProvider, client: openai.AsyncOpenAI):
    provider.script(status(400, "No such size"))
    with pytest.raises(openai.BadRequestError, match="No such size"):
        await client.embeddings.create(model="m", input="a")
    assert provider.billed == []


async def test_an_error_event_has_no_place():
    provider = WireProvider()
    await provider.start()
    async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="sk-1", max_retries=0) as client:
        provider.script(fail())
        with pytest.raises(openai.InternalServerError, match="status"):
            await client.embeddings.create(model="m", input="a")
    assert any("needs a stream" in finding for finding in provider.findings)
    await provider.aclose()


async def test_vectors_and_verdicts_may_be_scripted(provider: WireProvider, client: openai.AsyncOpenAI):
    provider.script(vectors([0.5, 0.25]), usage(3, 0), done())
    provider.script(verdicts((), ("violence",)))
    said = await client.embeddings.create(model="acme-e", input="a")
    assert said.data[0].embedding == [0.5, 0.25]
    judged = await client.moderations.create(input=["a", "b"])
    assert [one.flagged for one in judged.results] == [False, True]
    assert provider.billed[0].usage.input_tokens == 3


async def test_there_must_be_a_vector_for_each_text():
    async with WireProvider() as provider:
        provider.script(vectors([0.5]))
        async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="sk-1", max_retries=0) as asking:
            with pytest.raises(openai.InternalServerError, match="2 texts were sent, and the script tells of 1"):
                await asking.embeddings.create(model="acme-e", input=["a", "b"])
        provider.forgive()


async def test_nobody_says_vectors_in_a_chat(provider: WireProvider, client: openai.AsyncOpenAI):
    provider.always(vectors([0.5]))
    for stream in (True, False):
        with pytest.raises(openai.InternalServerError, match="no words for it here"):
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}], stream=stream)
    with pytest.raises(openai.InternalServerError, match="no words for it here"):
        await client.responses.create(model="m", input="?")
    provider.forgive()
