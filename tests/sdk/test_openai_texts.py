"""Embeddings and moderations by the official OpenAI SDK, waited for and not: exactly of its types."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import openai
import pytest

from gateways import CONTEXT, Gateway
from sdk.openai_clients import assert_exact, sdk_of
from tollhouse.testing import answer, status
from tollhouse.testing.openai_texts import vector_of


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[openai.AsyncOpenAI]:
    """The SDK as its users have it, but that it does not try again."""
    async with sdk_of(gateway, max_retries=0) as it:
        yield it


async def test_texts_are_embedded(client: openai.AsyncOpenAI, gateway: Gateway):
    gateway.provider.always(answer(usage=(12, 0)))
    said = await client.embeddings.create(model="acme/acme-1", input=["Hello", "there"])
    assert_exact(said)
    assert [one.embedding for one in said.data] == [vector_of("Hello"), vector_of("there")]
    assert said.usage.total_tokens == 12


@pytest.mark.parametrize("said", ["Hello", ["Hello"], ["Hello", "there"], [1, 2], [[1, 2], [3]]])
async def test_every_kind_of_input_is_taken(client: openai.AsyncOpenAI, said: list[str]):
    answered = await client.embeddings.create(model="demo/embed", input=said, dimensions=16, user="ada")
    assert_exact(answered)
    assert {len(one.embedding) for one in answered.data} == {16}


async def test_both_encodings_have_the_same_numbers(client: openai.AsyncOpenAI):
    """Asked for none the SDK asks for base64, and reads it."""
    plain = await client.embeddings.create(model="demo/embed", input="Hello there", encoding_format="float")
    packed = await client.embeddings.create(model="demo/embed", input="Hello there")
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-7)


async def test_texts_are_judged(client: openai.AsyncOpenAI):
    said = await client.moderations.create(model="demo/moderation", input=["I will kill you", "Good morning"])
    assert_exact(said)
    assert [one.flagged for one in said.results] == [True, False]
    assert said.results[0].categories.violence


async def test_the_blocking_client_is_served_too(gateway: Gateway):
    def ask() -> tuple[int, bool]:
        plain = httpx2.Client(verify=CONTEXT, trust_env=False)
        with openai.OpenAI(api_key=gateway.person.token, base_url=f"{gateway.url}/v1", http_client=plain) as client:
            vectors = client.embeddings.create(model="demo/embed", input=["a", "b"])
            verdicts = client.moderations.create(model="demo/moderation", input="a")
            assert_exact(vectors)
            assert_exact(verdicts)
            return len(vectors.data), verdicts.results[0].flagged

    assert await asyncio.to_thread(ask) == (2, False)
    rows = await gateway.rows()
    assert [(row["surface"], row["outcome"]) for row in rows] == [
        ("embeddings", "succeeded"),
        ("moderations", "succeeded"),
    ]


async def test_what_became_of_it_stands_in_the_head(client: openai.AsyncOpenAI, gateway: Gateway):
    gateway.provider.always(answer(usage=(12, 0)))
    raw = await client.embeddings.with_raw_response.create(model="acme/acme-1", input="Hello")
    assert raw.headers["x-tollhouse-cost-usd"] == "0.00003"
    assert raw.headers["x-tollhouse-model"] == "acme-1"


async def test_errors_are_the_sdks_own(client: openai.AsyncOpenAI, gateway: Gateway):
    with pytest.raises(openai.BadRequestError) as wrong:
        await client.embeddings.create(model="demo/embed", input="")
    assert (wrong.value.param, wrong.value.code) == ("input", "invalid_request")
    with pytest.raises(openai.NotFoundError) as unknown:
        await client.embeddings.create(model="demo/nobody", input="Hello")
    assert unknown.value.code == "model_not_found"
    gateway.provider.always(status(429))
    with pytest.raises(openai.RateLimitError):
        await client.embeddings.create(model="acme/acme-1", input="Hello")
