"""The scripted provider embeds well enough for Google's own client, and bills what it read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google import genai
from google.genai import errors, types

from tollhouse.testing import WireProvider, answer, status, vectors
from tollhouse.testing.openai_texts import vector_of


@pytest.fixture
def provider() -> Iterator[WireProvider]:
    with WireProvider.in_thread() as running:
        yield running


@pytest.fixture
def client(provider: WireProvider) -> genai.Client:
    return genai.Client(api_key="k", http_options=types.HttpOptions(base_url=provider.base_url.removesuffix("/v1")))


def test_each_text_has_a_vector_of_its_own(provider: WireProvider, client: genai.Client):
    provider.script(answer(usage=(12, 5)))
    size = types.EmbedContentConfig(output_dimensionality=3)
    said = client.models.embed_content(model="acme-e", contents=["a", "b"], config=size)
    assert [one.values for one in said.embeddings] == [vector_of("a", 3), vector_of("b", 3)]
    (billed,) = provider.billed
    assert (billed.model, billed.usage.input_tokens, billed.usage.output_tokens) == ("acme-e", 12, 0)


def test_vectors_may_be_scripted_and_errors_are_googles(provider: WireProvider, client: genai.Client):
    provider.script(vectors([0.5, 0.25]))
    assert client.models.embed_content(model="acme-e", contents="a").embeddings[0].values == [0.5, 0.25]
    provider.script(status(400, "No such size"))
    with pytest.raises(errors.ClientError, match="INVALID_ARGUMENT"):
        client.models.embed_content(model="acme-e", contents="a")
