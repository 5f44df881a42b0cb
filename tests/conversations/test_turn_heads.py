"""The head of a turn's answer: its status is right though it is streamed, and it tells what became of the request."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from talks import Talk
from tollhouse.admin import access, budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.api import run_source
from tollhouse.app import House
from tollhouse.testing import WireProvider, answer, cut, fail, reset, say, stall, status, wait

each_way = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


async def ask(ada: Talk, conversation: str, *, stream: bool, form: str = "events", **more: Any) -> httpx2.Response:
    """Everything that a turn is answered."""
    body = {"message": "Hi", "stream": stream, **more}
    path = f"{conversation}/messages"
    return await ada.http.post(path, params={"format": form}, headers=ada.person.headers, json=body)


async def statuses(ada: Talk) -> list[tuple[int, str]]:
    """The status and the outcome of every row of the log."""
    return [(row["status"], row["outcome"]) for row in (await ada.call("GET", "/api/me/requests"))["data"]]


@each_way
@pytest.mark.parametrize(
    ("failure", "expected", "code"),
    [
        (status(400, "no such parameter"), 400, "invalid_request"),
        (status(401, "bad key"), 502, "provider_auth_failed"),
        (status(413, "too long"), 413, "invalid_request"),
        (status(429, "slow down", retry_after=90), 429, "provider_rate_limited"),
        (reset(), 502, "provider_incomplete"),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
async def test_a_turn_that_fails_before_its_first_word_has_the_failures_status(
    ada: Talk, provider: WireProvider, stream: bool, failure: Any, expected: int, code: str
):
    provider.always(failure)
    conversation = await ada.new()
    refused = await ask(ada, conversation, stream=stream)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (expected, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.headers.get("retry-after") is not None) == (expected == 429)
    run = await ada.call("GET", f"/api/runs/{problem['run']}")
    assert (run["status"], run["error"]["code"]) == ("failed", code)
    assert await ada.texts(conversation) == [("user", "Hi")]


@each_way
async def test_who_is_over_a_limit_hears_when_to_come_again(
    talking_house: House, ada: Talk, provider: WireProvider, stream: bool
):
    await access.set_limits(talking_house.desk, COMMAND_LINE, ada.person.id, requests_per_minute=1)
    provider.always(answer("Hello"))
    conversation = await ada.new()
    await ada.say(conversation, "Hi")
    refused = await ask(ada, conversation, stream=stream)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert provider.asked == 1


@each_way
async def test_who_has_spent_a_budget_hears_when_there_is_a_new_one(
    talking_house: House, ada: Talk, provider: WireProvider, stream: bool
):
    owner = {"owner_kind": "user", "owner_id": ada.person.id}
    budget = {"unit": "usd", "window": "day", "limit": "0.000001"}
    await budgets.set_budget(talking_house.desk, COMMAND_LINE, **owner, **budget)
    refused = await ask(ada, await ada.new(), stream=stream)
    assert (refused.status_code, refused.headers["x-should-retry"]) == (429, "false")
    assert refused.json()["resets_at"]
    assert provider.asked == 0


@each_way
async def test_the_head_tells_what_became_of_the_request(
    talking_house: House, ada: Talk, provider: WireProvider, stream: bool
):
    await access.set_limits(talking_house.desk, COMMAND_LINE, ada.person.id, requests_per_minute=7)
    provider.always(answer("Hello", usage=(19, 10)))
    told = (await ask(ada, await ada.new(), stream=stream)).headers
    assert (told["x-tollhouse-provider"], told["x-tollhouse-model"]) == ("acme", "acme-1")
    assert (told["x-tollhouse-attempts"], float(told["x-tollhouse-hold-usd"]) > 0) == ("1", True)
    assert float(told["x-tollhouse-overhead-ms"]) >= 0
    assert told.get("x-tollhouse-cost-usd") == (None if stream else "0.0001475")
    assert told["x-ratelimit-limit-requests"] == "7"
    assert "ratelimit" in told


async def test_a_run_that_is_tried_again_has_the_same_head(ada: Talk, provider: WireProvider):
    provider.script(status(400, "no such parameter"))
    provider.always(status(401, "bad key"))
    failed = await ada.say(await ada.new(), "Hi", 400)
    for stream in (False, True):
        path = f"/api/runs/{failed['run']}/retry"
        refused = await ada.http.post(path, headers=ada.person.headers, json={"stream": stream})
        assert (refused.status_code, refused.headers["x-tollhouse-attempts"]) == (502, "1")


async def test_a_stream_for_use_chat_is_refused_as_such(ada: Talk, provider: WireProvider):
    provider.always(status(401, "bad key"))
    assert (await ask(ada, await ada.new(), stream=True, form="vercel")).status_code == 502


async def test_after_some_silence_the_head_is_sent_though_nothing_was_said(
    ada: Talk, provider: WireProvider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_source, "COMMIT_AFTER_S", 0.2)
    provider.always(wait(0.5), status(400, "no such parameter"))
    events = await ada.events(await ada.new(), "Hi")
    assert [event.name for event in events] == ["run.started", "run.failed"]
    assert await statuses(ada) == [(200, "invalid_request")]


@pytest.mark.parametrize(
    ("failure", "code"),
    [(cut(), "provider_incomplete"), (fail("Overloaded"), "provider_unavailable")],
    ids=["cut", "error event"],
)
async def test_the_row_of_a_stream_that_broke_off_has_the_status_that_was_answered(
    ada: Talk, provider: WireProvider, failure: Any, code: str
):
    provider.script(say("Hel"), failure)
    told = await ask(ada, await ada.new(), stream=True)
    assert (told.status_code, b"run.failed" in told.content) == (200, True)
    provider.script(say("Hel"), failure)
    body = {"model": "acme/acme-1", "input": "Hi", "store": True, "stream": True}
    told = await ada.http.post("/v1/responses", headers=ada.person.headers, json=body)
    assert (told.status_code, b"response.failed" in told.content) == (200, True)
    assert await statuses(ada) == [(200, code)] * 2


async def test_the_row_of_a_turn_that_was_not_streamed_has_the_failures_status(ada: Talk, provider: WireProvider):
    provider.always(reset())
    assert (await ask(ada, await ada.new(), stream=False)).status_code == 502
    assert await statuses(ada) == [(502, "provider_incomplete")]


async def test_who_leaves_before_the_first_word_stops_the_run(ada: Talk, provider: WireProvider):
    provider.always(stall())
    conversation = await ada.new()
    asking = asyncio.create_task(ada.events(conversation, "Hi"))
    while not (found := (await ada.call("GET", "/api/runs", params={"status": "running"}))["data"]):
        await asyncio.sleep(0.01)
    asking.cancel()
    assert (await ada.ended(found[0]["id"]))["status"] == "cancelled"


@each_way
async def test_a_response_that_is_kept_has_the_head_of_any_other(
    talking_house: House, ada: Talk, provider: WireProvider, stream: bool
):
    await access.set_limits(talking_house.desk, COMMAND_LINE, ada.person.id, requests_per_minute=7)
    provider.script(answer("Hello"))
    provider.always(status(400, "no such parameter"))
    body = {"model": "acme/acme-1", "input": "Hi", "store": True, "stream": stream}
    told = (await ada.http.post("/v1/responses", headers=ada.person.headers, json=body)).headers
    assert (told["x-tollhouse-provider"], told["x-tollhouse-attempts"]) == ("acme", "1")
    assert told["x-ratelimit-limit-requests"] == "7"
    refused = await ada.http.post("/v1/responses", headers=ada.person.headers, json=body)
    assert (refused.status_code, refused.headers["x-ratelimit-limit-requests"]) == (400, "7")
