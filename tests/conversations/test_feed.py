"""What a run tells can be followed by anybody who may see it: from the beginning, after a cut, and long afterwards."""

from __future__ import annotations

import asyncio

import httpx2

from houses import acme_toml, opened, served
from talks import Talk, Told
from tollhouse.app import House
from tollhouse.store import run_events, runs
from tollhouse.testing import WireProvider, answer, finish, say, stall, status, wait


async def test_a_run_that_has_ended_is_told_again_event_by_event(ada: Talk, bob: Talk, provider: WireProvider):
    provider.script(*[say(f"{number} ") for number in range(5)], finish("stop"))
    told = await ada.events(await ada.new(), "Count")
    run = told[-1].data["id"]
    assert await ada.follow(run) == told
    assert await ada.follow(run, last=told[3].id) == told[4:]
    assert await ada.follow(run, last=told[-1].id) == []
    events = f"/api/runs/{run}/events"
    page = await ada.http.get(events, params={"starting_after": told[3].id}, headers=ada.person.headers)
    assert page.text.count("event: ") == len(told) - 4
    refused = await ada.call("GET", events, 400, params={"starting_after": "seven"})
    assert "attempt.sequence" in refused["detail"]
    await bob.call("GET", events, 404)


async def test_a_follower_that_is_cut_off_has_every_event_once_from_whichever_process(
    ada: Talk, provider: WireProvider, talking_house: House, database_url: str
):
    provider.script(*[step for number in range(60) for step in (say(f"{number} "), wait(0.02))], finish("stop"))
    data, toml = talking_house.settings.data, acme_toml(provider.base_url)
    async with (
        opened(data, toml=toml, database_url=database_url) as other_house,
        served(other_house) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as http,
    ):
        elsewhere = Talk(http, ada.person)
        begun = asyncio.Event()
        telling = asyncio.create_task(ada.events(await ada.new(), "Count", on_delta=begun.set))
        await begun.wait()
        (run,) = (await ada.call("GET", "/api/runs"))["data"]
        told: list[Told] = []
        for number in range(5):
            follower = elsewhere if number % 2 else ada
            told += await follower.follow(run["id"], last=told[-1].id if told else "", most=10)
        told += await elsewhere.follow(run["id"], last=told[-1].id)
        assert told == await telling
        assert len(told) > 60


async def test_a_run_whose_events_are_forgotten_tells_its_end(ada: Talk, provider: WireProvider, talking_house: House):
    provider.script(answer("Hello"))
    turn = await ada.say(await ada.new(), "Hi")
    assert [event.name for event in await ada.follow(turn["run"])] == [
        "run.started",
        "message.completed",
        "run.succeeded",
    ]
    now = talking_house.clock.now()
    assert await talking_house.store.write(lambda tx: run_events.drop_before(tx, now)) == 3
    completed, last = await ada.follow(turn["run"])
    assert (completed.data["id"], last.name) == (turn["answer"]["id"], "run.succeeded")
    assert await ada.follow(turn["run"], last=completed.id) == [last]
    assert await ada.follow(turn["run"], last=last.id) == []


async def test_another_attempt_begins_with_a_reset_and_ends_once(ada: Talk, provider: WireProvider):
    provider.script(status(401, "bad key"))
    provider.script(answer("Hello"))
    failed = await ada.say(await ada.new(), "Hi", 502)
    first = await ada.follow(failed["run"])
    assert [event.name for event in first] == ["run.started", "run.failed"]
    await ada.call("POST", f"/api/runs/{failed['run']}/retry")
    told = await ada.follow(failed["run"], last=first[0].id)
    assert [(event.name, event.id) for event in told] == [
        ("run.reset", "2.1"),
        ("run.started", "2.2"),
        ("message.completed", "2.3"),
        ("run.succeeded", "2.4"),
    ]


async def test_a_run_that_was_cancelled_elsewhere_is_stopped_here_and_accounted_for(
    ada: Talk, provider: WireProvider, talking_house: House
):
    provider.script(say("Hel"), stall())
    conversation = await ada.new()
    said = asyncio.Event()
    listening = asyncio.create_task(ada.events(conversation, "Hi", on_delta=said.set))
    await said.wait()
    (run,) = (await ada.call("GET", "/api/runs"))["data"]
    assert await talking_house.store.write(lambda tx: runs.stop(tx, run["id"]))
    await ada.call("POST", f"/api/runs/{run['id']}/retry", 409)
    told = await ada.follow(run["id"])
    assert await listening == told
    assert [event.name for event in told] == ["run.started", "message.delta", "message.completed", "run.cancelled"]
    assert await ada.follow(run["id"], last=told[-1].id) == []
    assert told[-1].data["usage"]["output_tokens"] > 0
    assert told[-1].data["cost_usd"] is not None
    row = await ada.call("GET", f"/api/me/requests/{told[-1].data['request']}")
    assert row["cost_usd"] == told[-1].data["cost_usd"]
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hel")]
