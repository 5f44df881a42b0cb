"""What guards stop is, for the official SDKs, what they know a content filter to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors, types

from gateways import Gateway
from sdk.openai_clients import assert_exact, sdk_of
from tollhouse.gateway.screened import STOPPED
from tollhouse.testing import answer, status

# The SDK derives from a class that aiohttp asks not to derive from.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

Open = Callable[..., Awaitable[Gateway]]

BOTH = "".join(f'[guards.{side}]\nmode = "enforce"\ndeny = ["project falcon"]\n' for side in ("input", "output"))
SECRET = "What is project falcon?"
MODEL = "acme/acme-1"
TELLS = answer("Project Falcon flies.", usage=(10, 7))


def asking(words: str) -> Any:
    return {"model": MODEL, "messages": [{"role": "user", "content": words}]}


async def test_openais_hears_a_bad_request_or_an_answer_that_a_filter_stopped(open_gateway: Open):
    gateway = await open_gateway(extra=BOTH)
    gateway.provider.always(TELLS)
    async with sdk_of(gateway, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.chat.completions.create(**asking(SECRET))
        assert (refused.value.code, refused.value.type) == ("content_filter", "invalid_request_error")
        whole = await client.chat.completions.create(**asking("Hi"))
        assert_exact(whole)
        (choice,) = whole.choices
        assert (choice.finish_reason, choice.message.refusal, choice.message.content) == (
            "content_filter",
            STOPPED,
            None,
        )
        chunks = [chunk async for chunk in await client.chat.completions.create(**asking("Hi"), stream=True)]
        assert chunks[-1].choices[0].finish_reason == "content_filter"
        response = await client.responses.create(model=MODEL, input="Hi")
        assert response.status == "incomplete"
        assert response.incomplete_details is not None
        assert response.incomplete_details.reason == "content_filter"
        async with client.responses.stream(model=MODEL, input="Hi") as stream:
            kinds = [event.type async for event in stream]
        assert kinds[-1] == "response.incomplete"


async def test_openais_tries_again_what_could_not_be_judged(open_gateway: Open):
    gateway = await open_gateway(extra='[guards.input]\nmode = "enforce"\nmoderation_model = "acme/acme-1"\n')
    gateway.provider.when(path="/v1/moderations").always(status(500))
    async with sdk_of(gateway, max_retries=0) as client:
        with pytest.raises(openai.InternalServerError) as failed:
            await client.chat.completions.create(**asking("Hi"))
    assert (failed.value.status_code, failed.value.code) == (503, "guard_unavailable")


async def test_anthropics_hears_a_bad_request_or_a_refusal(open_gateway: Open):
    gateway = await open_gateway(extra=BOTH)
    gateway.provider.always(TELLS)
    client = anthropic.AsyncAnthropic(api_key=gateway.person.token, base_url=gateway.url, max_retries=0)
    async with client:
        with pytest.raises(anthropic.BadRequestError, match="blocked"):
            await client.messages.create(**asking(SECRET), max_tokens=100)
        whole = await client.messages.create(**asking("Hi"), max_tokens=100)
        assert (whole.stop_reason, whole.usage.output_tokens) == ("refusal", 7)
        async with client.messages.stream(**asking("Hi"), max_tokens=100) as stream:
            final = await stream.get_final_message()
        assert (final.stop_reason, final.usage.output_tokens) == ("refusal", 7)


async def test_googles_hears_a_client_error_or_an_answer_that_safety_stopped(open_gateway: Open):
    gateway = await open_gateway(extra=BOTH)
    gateway.provider.always(TELLS)
    options = types.HttpOptions(base_url=gateway.url, client_args={"trust_env": False})
    async with genai.Client(api_key=gateway.person.token, http_options=options).aio as client:
        with pytest.raises(errors.ClientError, match="blocked") as refused:
            await client.models.generate_content(model=MODEL, contents=SECRET)
        assert refused.value.code == 400
        whole = await client.models.generate_content(model=MODEL, contents="Hi")
        chunks = [chunk async for chunk in await client.models.generate_content_stream(model=MODEL, contents="Hi")]
    for said in (whole, chunks[-1]):
        assert said.candidates is not None
        assert said.candidates[0].finish_reason == types.FinishReason.SAFETY
    assert "alcon" not in str(whole) + str(chunks)


async def test_a_stream_of_googles_as_one_array_is_screened_too(open_gateway: Open):
    gateway = await open_gateway(extra=BOTH + 'personal_data = "block"\n')
    gateway.provider.always(TELLS)
    body = {"contents": [{"parts": [{"text": "Hi"}]}]}
    path = f"/v1beta/models/{MODEL}:streamGenerateContent"
    response = await gateway.client.post(path, headers=gateway.person.headers, json=body)
    assert isinstance(response.json(), list)
    assert "alcon" not in response.text
    assert "SAFETY" in response.text
