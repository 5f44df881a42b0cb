"""Guards have no second door: turns, runs in the background and titles go through them, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from houses import acme_toml, opened
from talks import Talk
from tollhouse.app import House
from tollhouse.gateway.screened import STOPPED
from tollhouse.store import requests
from tollhouse.store.paging import Page
from tollhouse.testing import WireProvider, answer

GUARDS = """
[conversations]
title_model = "acme/acme-1"
[guards.input]
mode = "enforce"
deny = ["project falcon"]
personal_data = "redact"
[guards.output]
mode = "enforce"
deny = ["project falcon"]
"""


@pytest.fixture
async def talking_house(tmp_path: Path, database_url: str, provider: WireProvider) -> AsyncIterator[House]:
    toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True) + GUARDS
    async with opened(tmp_path / "data", toml=toml, database_url=database_url, works=True) as house:
        yield house


async def told(house: House, conversation_turns: int) -> list[Any]:
    """The rows of turns, oldest first, without titles."""
    await house.store.write(lambda tx: None)
    rows = await house.store.read(lambda tx: requests.rows(tx, Page(limit=100, descending=False)))
    turns = [row for row in rows if row["surface"] == "conversations"]
    assert len(turns) == conversation_turns
    return turns


@pytest.mark.parametrize("how", [{}, {"stream": True}, {"background": True}])
async def test_a_forbidden_question_is_kept_and_never_asked(
    ada: Talk, provider: WireProvider, talking_house: House, how: dict[str, Any]
):
    conversation = await ada.new()
    words = "What is Project Falcon?"
    if how.get("stream"):
        await ada.events(conversation, words, expected=400)
    elif how:
        run = await ada.ended((await ada.say(conversation, words, 202, **how))["run"])
        # It would fail again, so that it is not tried again.
        assert (run["status"], run["attempt"], run["error"]["code"]) == ("failed", 1, "content_filter")
    else:
        refused = await ada.say(conversation, words, 400)
        assert refused["code"] == "content_filter"
    assert provider.requests == []
    (row,) = await told(talking_house, 1)
    assert (row["outcome"], row["input_cost"]) == ("content_filter", None)
    assert await ada.texts(conversation) == [("user", words)]


@pytest.mark.parametrize("how", [{}, {"stream": True}, {"background": True}])
async def test_personal_data_is_kept_here_and_told_nobody_else(ada: Talk, provider: WireProvider, how: dict[str, Any]):
    provider.always(answer(pieces=["I write to [EM", "AIL_1]."]))
    conversation = await ada.new(title="Mail")
    words = "Write to ada@example.com"
    if how.get("stream"):
        events = await ada.events(conversation, words)
        said = "".join(event.data["text"] for event in events if event.name == "message.delta")
        assert said == "I write to ada@example.com."
    elif how:
        await ada.ended((await ada.say(conversation, words, 202, **how))["run"])
    else:
        await ada.say(conversation, words)
    assert await ada.texts(conversation) == [("user", words), ("assistant", "I write to ada@example.com.")]
    await ada.say(conversation, "And again?")
    assert len(provider.requests) == 2
    assert all(b"example.com" not in request.body for request in provider.requests)
    assert provider.requests[1].body.count(b"[EMAIL_1]") == 2


async def test_a_title_is_made_of_placeholders_too(ada: Talk, provider: WireProvider):
    provider.always(answer("A letter to [EMAIL_1]"))
    conversation = await ada.new()
    await ada.say(conversation, "Write to ada@example.com")
    await provider.until(lambda: len(provider.requests) == 2)
    assert all(b"example.com" not in request.body for request in provider.requests)


async def test_a_forbidden_answer_is_kept_without_its_words(ada: Talk, provider: WireProvider, talking_house: House):
    provider.script(answer("Project Falcon is secret.", usage=(10, 7)))
    conversation = await ada.new(title="Birds")
    said = await ada.say(conversation, "Hi")
    assert (said["status"], said["answer"]["finish_reason"]) == ("succeeded", "content_filter")
    assert said["usage"]["output_tokens"] == 7
    assert STOPPED in str(said["answer"]["content"])
    assert "alcon" not in str(await ada.call("GET", f"{conversation}/messages"))
    (row,) = await told(talking_house, 1)
    assert row["finish_reason"] == "content_filter"
