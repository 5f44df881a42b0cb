"""C1: what is deleted is gone on every way to it."""

from __future__ import annotations

import asyncio

from talks import Talk
from tollhouse.testing import WireProvider, answer, done, finish, say, usage, wait

SECRET = "swordfish"


async def test_a_deleted_conversation_is_not_found_by_its_runs_until_it_is_restored(ada: Talk, provider: WireProvider):
    provider.script(answer(f"It is {SECRET}."))
    conversation, key = await ada.new(), {"Idempotency-Key": "once"}
    turn = await ada.say(conversation, "What is it?", headers=key)
    path = f"/api/runs/{turn['run']}"
    seen = await ada.call("POST", f"{path}/cancel", headers=key)
    await ada.call("DELETE", conversation, 204)
    for method, way in (
        ("GET", path),
        ("GET", f"{path}/events"),
        ("POST", f"{path}/cancel"),
        ("POST", f"{path}/retry"),
    ):
        await ada.call(method, way, 404, headers=key)
    for asked in ({}, {"conversation": turn["conversation"]}):
        assert (await ada.call("GET", "/api/runs", params=asked))["data"] == []
    await ada.say(conversation, "What is it?", 404, headers=key)
    assert await ada.events(conversation, "What is it?", headers=key, expected=404) == []
    await ada.call("POST", f"{conversation}/restore")
    assert await ada.call("GET", path) == seen
    assert (await ada.follow(turn["run"]))[-1].data == seen
    assert (await ada.call("GET", "/api/runs"))["data"] == [seen]
    assert (await ada.say(conversation, "What is it?", headers=key))["run"] == turn["run"]
    assert provider.asked == 1


async def test_what_goes_with_the_last_of_its_responses_is_not_found_by_its_runs(ada: Talk, provider: WireProvider):
    provider.script(answer(f"It is {SECRET}."))
    asked = {"model": "acme/acme-1", "input": "What is it?", "store": True}
    response = await ada.call("POST", "/v1/responses", json=asked)
    run = f"/api/runs/{response['id'].replace('resp_', 'run_')}"
    assert SECRET in str(await ada.call("GET", run))
    await ada.call("DELETE", f"/v1/responses/{response['id']}")
    await ada.call("GET", run, 404)
    await ada.call("GET", f"{run}/events", 404)


async def test_who_follows_a_run_hears_its_end_though_its_conversation_is_deleted(ada: Talk, provider: WireProvider):
    provider.script(say("Hel"), wait(1), say("lo"), finish(), usage(1, 2), done())
    conversation = await ada.new()
    turn = asyncio.create_task(ada.events(conversation, "Hi"))
    async with asyncio.timeout(10):
        while not (listed := (await ada.call("GET", "/api/runs"))["data"]):
            await asyncio.sleep(0.02)
        following = asyncio.create_task(ada.follow(listed[0]["id"]))
        await asyncio.sleep(0.3)
        await ada.call("DELETE", conversation, 204)
        assert [(await task)[-1].name for task in (turn, following)] == ["run.succeeded"] * 2


async def test_the_words_of_a_deleted_item_are_told_nowhere(ada: Talk, provider: WireProvider):
    provider.script(say("It is "), say(f"{SECRET}."), finish(), usage(5, 4), done())
    conversation = (await ada.call("POST", "/v1/conversations", json={}))["id"]
    items, kept = f"/v1/conversations/{conversation}/items", f"/api/conversations/{conversation}"
    asked = {"model": "acme/acme-1", "input": f"Is it {SECRET}?", "conversation": conversation, "stream": True}
    await ada.http.post("/v1/responses", json=asked, headers=ada.person.headers)
    (run,) = (await ada.call("GET", "/api/runs"))["data"]
    before = [event.id for event in await ada.follow(run["id"])]
    ways = [
        items,
        kept,
        f"{kept}/messages",
        f"{kept}/export",
        f"/api/search?q={SECRET}",
        f"/api/runs/{run['id']}",
        f"/api/runs/{run['id']}/events",
        f"/v1/responses/{run['id'].replace('run_', 'resp_')}",
        f"/v1/responses/{run['id'].replace('run_', 'resp_')}?stream=true",
    ]
    for way in ways:
        assert SECRET in (await ada.http.get(way, headers=ada.person.headers)).text, way
    for item in (await ada.call("GET", items))["data"]:
        await ada.call("DELETE", f"{items}/{item['id']}")
    for way in ways:
        told = await ada.http.get(way, headers=ada.person.headers)
        assert (told.status_code, SECRET in told.text) == (200, False), way
    after = await ada.follow(run["id"])
    assert [event.name for event in after] == ["run.started", "message.completed", "run.succeeded"]
    assert [event.id for event in after] == [before[0], *before[-2:]]


async def test_a_title_goes_with_the_words_that_it_is_made_of_and_no_others(ada: Talk, provider: WireProvider):
    said = [{"role": role, "content": role} for role in ("developer", "user", "assistant")]
    made = (await ada.call("POST", "/v1/conversations", json={"items": said}))["id"]
    own = await ada.call("POST", "/v1/conversations", json={"items": said})
    await ada.call("PATCH", f"/api/conversations/{own['id']}", json={"title": "user"})
    titles = []
    for conversation in (made, own["id"]):
        for item in (await ada.call("GET", f"/v1/conversations/{conversation}/items"))["data"]:
            await ada.call("DELETE", f"/v1/conversations/{conversation}/items/{item['id']}")
            titles.append((await ada.call("GET", f"/api/conversations/{conversation}"))["title"])
    assert titles == ["user", None, None, "user", "user", "user"]
    provider.script(answer("Hello"))
    await ada.say(f"/api/conversations/{made}", "Hi", model="acme/acme-1")
    assert (await ada.call("GET", f"/api/conversations/{made}"))["title"] == "Hi"
