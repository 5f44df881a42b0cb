"""Turns whose answer was given before: written like every other, for nothing; and regenerated when that is wanted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from houses import acme_toml, opened
from talks import Talk
from tollhouse.app import House
from tollhouse.testing import WireProvider, answer

STEADY = {"temperature": 0}


@pytest.fixture
async def talking_house(tmp_path: Path, database_url: str, provider: WireProvider) -> AsyncIterator[House]:
    toml = '[cache]\nmode = "exact"\n' + acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
    async with opened(tmp_path / "data", toml=toml, database_url=database_url) as house:
        yield house


async def test_a_turn_that_was_answered_before_is_written_and_free(ada: Talk, provider: WireProvider) -> None:
    provider.script(answer("Rome", usage=(19, 10)))
    first, second = await ada.new(settings=STEADY), await ada.new(settings=STEADY)
    asked = await ada.say(first, "Which city?")
    again = await ada.say(second, "Which city?")
    assert asked["usage"]["cached"] is False
    assert again["usage"] | {"cached": True, "total_tokens": 0} == again["usage"]
    assert (
        again["usage"]["kept"] | {"input_tokens": 19, "output_tokens": 10, "total_tokens": 29} == again["usage"]["kept"]
    )
    assert (again["cost_usd"], again["answer"]["model"]) == ("0", "acme/acme-1")
    assert await ada.texts(second) == [("user", "Which city?"), ("assistant", "Rome")]
    row = await ada.call("GET", f"/api/me/requests/{again['request']}")
    assert (row["cache"], row["cost_usd"], row["attempts"]) == ("hit", "0", [])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_response_that_is_kept_tells_the_usage_of_the_answer(
    ada: Talk, provider: WireProvider, stream: bool
) -> None:
    provider.script(answer("Rome", usage=(19, 10)))
    asked = {"model": "acme/acme-1", "input": "Which city?", "temperature": 0, "store": True}
    first = await ada.call("POST", "/v1/responses", json=asked)
    again = await ada.http.post("/v1/responses", headers=ada.person.headers, json=asked | {"stream": stream})
    said = json.loads(again.text.rpartition("data: ")[2])["response"] if stream else again.json()
    assert again.headers["x-tollhouse-cache"].partition(";")[0] == "hit"
    assert said["usage"] == first["usage"]
    assert said["usage"]["total_tokens"] == 29


async def test_a_streamed_turn_is_told_in_events_as_ever(ada: Talk, provider: WireProvider) -> None:
    provider.script(answer("Rome"))
    await ada.say(await ada.new(settings=STEADY), "Which city?")
    told = await ada.events(await ada.new(settings=STEADY), "Which city?")
    assert "".join(event.data["text"] for event in told if event.name == "message.delta") == "Rome"
    assert told[-1].name == "run.succeeded"


async def test_who_regenerates_an_answer_gets_another(ada: Talk, provider: WireProvider) -> None:
    provider.script(answer("Rome"))
    conversation = await ada.new(settings=STEADY)
    turn = await ada.say(conversation, "Which city?")
    provider.script(answer("Roma"))
    path = f"{conversation}/messages/{turn['answer']['id']}/regenerate"
    again = await ada.call("POST", path, 201, json={})
    assert (again["answer"]["content"][0]["text"], again["usage"]["cached"]) == ("Roma", False)


async def test_nobody_is_answered_with_what_another_asked(ada: Talk, bob: Talk, provider: WireProvider) -> None:
    for talk, words in ((ada, "for ada"), (bob, "for bob")):
        provider.script(answer(words))
        turn = await talk.say(await talk.new(settings=STEADY), "Which city?")
        assert turn["answer"]["content"][0]["text"] == words
