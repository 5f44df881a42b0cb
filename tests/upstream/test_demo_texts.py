"""The demo's vectors and verdicts, asked over its wire and read with the official SDK's strict types."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse, ModerationCreateResponse

from tollhouse.upstream.base import Call, Origin
from tollhouse.upstream.demo import DemoUpstream
from tollhouse.upstream.demo_texts import DIMENSIONS, vector

ORIGIN = Origin("https", "demo.invalid", 443)
WORDS = st.lists(st.text("abcde", min_size=1, max_size=3), min_size=1, max_size=30)


async def ask(path: bytes, **body: Any) -> tuple[int, bytes]:
    call = Call(origin=ORIGIN, target=b"/v1" + path, body=json.dumps(body).encode())
    reply = await DemoUpstream().send(call)
    return reply.status, await reply.read()


async def embedded(said: Any, **fields: Any) -> CreateEmbeddingResponse:
    status, body = await ask(b"/embeddings", **{"model": "embed", "input": said} | fields)
    assert status == 200, body
    return CreateEmbeddingResponse.model_validate_json(body, strict=True)


async def judged(said: Any) -> ModerationCreateResponse:
    status, body = await ask(b"/moderations", model="moderation", input=said)
    assert status == 200, body
    return ModerationCreateResponse.model_validate_json(body, strict=True)


def likeness(one: list[float], other: list[float]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


async def test_texts_are_as_alike_as_the_words_they_share():
    said = ["How much is the fish?", "How much is the chicken?", "Nobody knows what tomorrow will bring", "fish"]
    fish, chicken, tomorrow, word = [one.embedding for one in (await embedded(said)).data]
    assert likeness(fish, chicken) > 0.6 > 0.3 > abs(likeness(fish, tomorrow))
    assert likeness(fish, word) > abs(likeness(tomorrow, word))


async def test_letters_and_order_make_no_difference():
    said = await embedded(["Hello there", "THERE, hello!"])
    assert said.data[0].embedding == said.data[1].embedding
    assert (said.usage.prompt_tokens, said.usage.total_tokens) == (4, 4)


@given(WORDS, st.integers(1, 64))
def test_every_vector_has_length_one(words: list[str], dimensions: int):
    """Also where all words cancel one another out."""
    numbers = vector(words, dimensions)
    assert len(numbers) == dimensions
    assert math.isclose(likeness(numbers, numbers), 1)


async def test_vectors_have_the_size_and_the_form_that_was_asked():
    assert len((await embedded("Hello")).data[0].embedding) == DIMENSIONS
    assert len((await embedded("Hello", dimensions=8)).data[0].embedding) == 8
    status, body = await ask(b"/embeddings", model="embed", input="Hello", dimensions=8, encoding_format="base64")
    said = base64.b64decode(json.loads(body)["data"][0]["embedding"])
    assert status == 200
    assert struct.unpack("<8f", said) == struct.unpack("<8f", struct.pack("<8f", *vector(["hello"], 8)))


@pytest.mark.parametrize(
    ("said", "vectors", "tokens"), [([1, 2, 3], 1, 3), ([[1, 2], [3]], 2, 3), ("?!", 1, 1), (["a b", "c"], 2, 3)]
)
async def test_tokens_are_taken_for_words(said: Any, vectors: int, tokens: int):
    answer = await embedded(said)
    assert (len(answer.data), answer.usage.prompt_tokens) == (vectors, tokens)
    assert [one.index for one in answer.data] == list(range(vectors))


async def test_harm_is_found_by_its_words():
    said = await judged(["I will kill you, idiot", "Have a nice day", "My skill is to kill time"])
    assert [one.flagged for one in said.results] == [True, False, True]
    first, second = said.results[:2]
    assert (first.categories.violence, first.categories.harassment, first.categories.hate) == (True, True, False)
    assert first.category_scores.violence > 0.5 > second.category_scores.violence


async def test_of_pictures_it_knows_nothing():
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    (result,) = (await judged([{"type": "text", "text": "kill"}, picture])).results
    assert result.flagged
    (result,) = (await judged([picture])).results
    assert not result.flagged


async def test_the_same_request_has_the_same_answer():
    assert await judged("Hello") == await judged("Hello")
    assert await embedded("Hello") == await embedded("Hello")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (b"/embeddings", {"model": "echo", "input": "Hi"}, 404),
        (b"/embeddings", {"model": "embed"}, 400),
        (b"/embeddings", {"model": "embed", "input": []}, 400),
        (b"/embeddings", {"model": "embed", "input": "Hi", "dimensions": 0}, 400),
        (b"/moderations", {"model": "echo", "input": "Hi"}, 404),
        (b"/moderations", {"model": "moderation", "input": 7}, 400),
    ],
)
async def test_what_it_cannot_serve_is_refused_in_the_envelope_of_openai(path: bytes, body: Any, status: int):
    answered, said = await ask(path, **body)
    error = json.loads(said)["error"]
    assert (answered, error["type"]) == (status, "invalid_request_error")
    assert error["message"]
