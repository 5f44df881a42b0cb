"""Titles: the user's own, else a cheap model's, else the first words; and never over the user's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest

from houses import acme_toml, make_person, opened, served
from talks import Talk
from tollhouse.conversations.keeping.titles import TITLE_CHARS, cleaned, first_words
from tollhouse.testing import WireProvider, answer, expect, status


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("How do I\n boil an egg?", "How do I boil an egg?"),
        ("  \n ", None),
        ("a\0b", "ab"),
        ("x" * 300, "x" * 99 + "…"),
    ],
)
def test_the_first_words_are_a_title(text: str, title: str | None):
    assert first_words(text) == title


def test_a_long_message_is_cut_between_words():
    title = first_words("word " * 100) or ""
    assert len(title) <= TITLE_CHARS
    assert title.endswith("word…")


@pytest.mark.parametrize(
    ("said", "title"), [('"Boiling Eggs."', "Boiling Eggs"), ("\n# Eier kochen\nmore", "Eier kochen"), ("«»", None)]
)
def test_what_a_model_says_is_cleaned(said: str, title: str | None):
    assert cleaned(said) == title


async def titled(talk: Talk, conversation: str, source: str) -> str | None:
    """The title, once it is of this source."""
    async with asyncio.timeout(30):
        while True:
            found = await talk.call("GET", conversation)
            if found["title_source"] == source:
                return str(found["title"])
            await asyncio.sleep(0.02)


async def test_a_cheap_model_makes_the_title_unless_the_user_has(tmp_path: Path, provider: WireProvider):
    """C4."""
    toml = '[conversations]\ntitle_model = "acme/acme-1"\n' + acme_toml(
        provider.base_url, api_key="sk-operator-key", share=True
    )
    async with (
        opened(tmp_path / "data", toml=toml) as house,
        served(house) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as http,
    ):
        ada = Talk(http, await make_person(house))
        provider.script(answer("Seven minutes."))
        provider.script(expect(json={"messages": [{"role": "system"}, {"role": "user"}]}), answer('"Boiling Eggs"'))
        conversation = await ada.new()
        turn = await ada.say(conversation, "How do I boil an egg?")
        assert await titled(ada, conversation, "model") == "Boiling Eggs"
        rows = (await ada.call("GET", "/api/me/requests"))["data"]
        assert len(rows) == 2
        provider.script(answer("Hello"))
        own = await ada.new(title="Mine")
        await ada.say(own, "Hi")
        assert await titled(ada, own, "user") == "Mine"
        assert provider.asked == 3
        items = f"/v1/conversations/{turn['conversation']}/items"
        await ada.call("DELETE", f"{items}/{turn['answer']['id']}_0")
        assert await titled(ada, conversation, "model") == "Boiling Eggs"
        await ada.call("DELETE", f"{items}/{turn['message']['id']}_0")
        assert (await ada.call("GET", conversation))["title"] is None


async def test_without_a_cheap_model_or_when_it_fails_the_first_words_stay(ada: Talk, provider: WireProvider):
    provider.script(status(401, "bad key"))
    conversation = await ada.new()
    await ada.say(conversation, "How do I boil an egg?", 502)
    assert await titled(ada, conversation, "fallback") == "How do I boil an egg?"
    await ada.call("PATCH", conversation, json={"title": "Eggs"})
    provider.script(answer("Hello"))
    await ada.say(conversation, "Once more")
    assert await titled(ada, conversation, "user") == "Eggs"
