"""A fake with and without pytest, and how SDKs find it."""

from __future__ import annotations

import os
import unittest

import anthropic
import openai
import pytest
from google import genai

from tollhouse.testing import ScriptNotFollowed
from tollhouse.testing.faking import AiFake, fake


def by_chat(client: openai.OpenAI) -> str | None:
    told = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
    return told.choices[0].message.content


def test_every_sdk_finds_it_by_the_environment_and_past_a_proxy(ai_fake: AiFake, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "db.internal")
    for name, value in ai_fake.environ().items():
        monkeypatch.setenv(name, value)
    assert os.environ["NO_PROXY"] == "db.internal,127.0.0.1"
    ai_fake.chat().reply(lambda asked: asked.dialect).always()
    words = [{"role": "user", "content": "Hi"}]
    with openai.OpenAI() as client:
        assert by_chat(client) == "openai_chat"
    with anthropic.Anthropic() as client:
        assert client.messages.create(model="m", max_tokens=9, messages=words).content[0].text == "anthropic_messages"
    assert genai.Client().models.generate_content(model="m", contents="Hi").text == "gemini"


def test_a_block_without_pytest_verifies_at_its_end():
    def ask() -> None:
        with fake() as made:
            client = openai.OpenAI(base_url=made.base_url, api_key="sk-1", max_retries=0)
            with client, pytest.raises(openai.BadRequestError):
                by_chat(client)

    with pytest.raises(ScriptNotFollowed, match="no rules"):
        ask()


@fake(environment=True)
def test_a_decorated_function_has_a_fake_that_sdks_find(ai_fake: AiFake):
    ai_fake.chat().reply("found")
    with openai.OpenAI() as client:
        assert by_chat(client) == "found"


class TestCaseOfTheStandardLibrary(unittest.TestCase):
    @fake(environment=True)
    def test_has_one_too(self, ai_fake: AiFake):
        ai_fake.chat().reply("found")
        with openai.OpenAI() as client:
            assert by_chat(client) == "found"


@fake()
async def test_so_has_one_that_awaits(ai_fake: AiFake):
    ai_fake.chat().reply("found")
    async with openai.AsyncOpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        told = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
    assert told.choices[0].message.content == "found"
    ai_fake.assert_called(times=1)
