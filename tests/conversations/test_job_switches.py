"""Operators hold a queue up, try again whatever failed and matches, and let what waits overtake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from houses import acme_toml, make_admin, make_person, opened
from talks import Talk
from tollhouse.admin import access, audit, jobs
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.jobs.dispatch import LOOK_EVERY_S
from tollhouse.store.paging import Page
from tollhouse.testing import WireProvider, answer, status


@pytest.fixture
async def talking_house(tmp_path: Path, database_url: str, provider: WireProvider) -> AsyncIterator[House]:
    toml = "[jobs]\nconcurrency = 1\n" + acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
    async with opened(tmp_path / "data", toml=toml, database_url=database_url, works=True) as house:
        yield house


@pytest.fixture
async def root(talking_house: House, http: httpx2.AsyncClient) -> Talk:
    return Talk(http, await make_admin(talking_house))


async def later(talk: Talk, **more: Any) -> str:
    """Ask in the background; gives the run."""
    return str((await talk.say(await talk.new(), "Hi", 202, background=True, **more))["run"])


async def deeds(house: House, count: int) -> list[tuple[str, str]]:
    """The latest, oldest of them first."""
    page = await audit.list_deeds(house.desk, Page(limit=count))
    return [(deed.deed, deed.subject) for deed in page][::-1]


async def test_a_queue_that_is_paused_begins_nothing_until_it_is_resumed(
    talking_house: House, root: Talk, ada: Talk, provider: WireProvider
):
    provider.always(answer("Hello"))
    paused = await root.call("POST", "/api/jobs/queues/turns/pause", json={"reason": "Repairs"})
    assert (paused["paused"]["by"], paused["paused"]["reason"]) == (root.person.token_id, "Repairs")
    run = await later(ada)
    await asyncio.sleep(2 * LOOK_EVERY_S)
    (queue,) = (await root.call("GET", "/api/jobs/queues"))["data"]
    assert (queue["name"], queue["paused"], queue["waiting"], queue["running"]) == ("turns", paused["paused"], 1, 0)
    assert (await root.call("GET", f"/api/jobs/{run}"))["status"] == "queued"
    assert (await root.call("POST", "/api/jobs/queues/turns/resume"))["paused"] is None
    assert (await ada.ended(run))["status"] == "succeeded"
    await root.call("POST", "/api/jobs/queues/turns/resume")
    assert await deeds(talking_house, 2) == [("jobs.pause", "turns"), ("jobs.resume", "turns")]


async def test_there_is_no_other_queue(root: Talk, ada: Talk):
    assert "turns" in (await root.call("POST", "/api/jobs/queues/turn/pause", 404))["detail"]
    await root.call("POST", "/api/jobs/queues/turn/resume", 404)
    await ada.call("POST", "/api/jobs/queues/turns/pause", 403)


async def failed(talk: Talk) -> str:
    """A run that has failed for good."""
    run = await later(talk)
    ended = await talk.ended(run)
    assert ended["status"] == "failed", ended
    return run


async def test_all_that_failed_and_match_are_tried_again_in_one_call(
    talking_house: House, root: Talk, ada: Talk, http: httpx2.AsyncClient, provider: WireProvider
):
    await access.create_workspace(talking_house.desk, COMMAND_LINE, "lab")
    bob = Talk(http, await make_person(talking_house, "bob", workspace="lab"))
    provider.always(status(400))
    hers = [await failed(ada), await failed(ada)]
    provider.always(status(401))
    his = await failed(bob)
    provider.always(answer("Hello"))
    none = {"count": 0, "runs": [], "has_more": False, "dry_run": False}
    assert await root.call("POST", "/api/jobs/retry", json={"user": "ada", "workspace": "lab"}) == none
    would = await root.call("POST", "/api/jobs/retry", json={"workspace": "lab", "dry_run": True})
    assert (would["runs"], would["dry_run"]) == ([his], True)
    (listed,) = (await root.call("GET", "/api/jobs", params={"workspace": "lab"}))["data"]
    assert (listed["id"], listed["status"], listed["workspace"]) == (his, "failed", bob.person.workspace)
    tried = await root.call("POST", "/api/jobs/retry", json={"error": listed["error"]["code"]})
    assert (tried["count"], tried["runs"]) == (1, [his])
    tried = await root.call("POST", "/api/jobs/retry", json={})
    assert (tried["count"], tried["runs"], tried["has_more"]) == (2, hers, False)
    assert [(await talk.ended(run))["status"] for talk, run in ((bob, his), *((ada, run) for run in hers))] == [
        "succeeded"
    ] * 3
    assert await deeds(talking_house, 3) == [("jobs.retry", run) for run in (his, *hers)]


async def test_no_more_are_tried_again_in_one_call_than_it_says(
    talking_house: House, root: Talk, ada: Talk, provider: WireProvider, monkeypatch: pytest.MonkeyPatch
):
    provider.always(status(400))
    runs = [await failed(ada) for _ in range(3)]
    monkeypatch.setattr(jobs, "RETRIED_MOST", 2)
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    provider.always(answer("Hello"))
    first = await root.call("POST", "/api/jobs/retry", json={})
    assert (first["runs"], first["has_more"]) == (runs[:2], True)
    rest = await root.call("POST", "/api/jobs/retry", json={})
    assert (rest["runs"], rest["has_more"]) == (runs[2:], False)


async def test_what_is_to_be_tried_again_is_said_in_known_words(root: Talk, ada: Talk):
    await root.call("POST", "/api/jobs/retry", 422)
    await root.call("POST", "/api/jobs/retry", 422, json={"status": "queued"})
    await root.call("POST", "/api/jobs/retry", 404, json={"user": "nobody"})
    await root.call("POST", "/api/jobs/retry", 404, json={"workspace": "nowhere"})
    await ada.call("POST", "/api/jobs/retry", 403, json={})


async def test_a_run_that_waits_overtakes_others_when_it_is_told_to(
    talking_house: House, root: Talk, ada: Talk, provider: WireProvider
):
    provider.always(answer("Hello"))
    await root.call("POST", "/api/jobs/queues/turns/pause")
    first, second, third = [await later(ada) for _ in range(3)]
    assert (await ada.call("PATCH", f"/api/runs/{third}", json={"priority": 9}))["priority"] == 9
    assert (await root.call("PATCH", f"/api/jobs/{first}", json={"priority": 0}))["priority"] == 0
    assert await deeds(talking_house, 1) == [("jobs.priority", first)]
    await root.call("POST", "/api/jobs/queues/turns/resume")
    begun = {run: (await ada.ended(run))["started_at"] for run in (first, second, third)}
    assert sorted(begun, key=lambda run: begun[run]) == [third, second, first]


async def test_only_what_waits_overtakes(talking_house: House, root: Talk, ada: Talk, provider: WireProvider):
    provider.always(answer("Hello"))
    run = await later(ada)
    await ada.ended(run)
    assert "succeeded" in (await root.call("PATCH", f"/api/jobs/{run}", 409, json={"priority": 9}))["detail"]
    assert "succeeded" in (await ada.call("PATCH", f"/api/runs/{run}", 409, json={"priority": 9}))["detail"]
    waits = await later(ada, delay=600)
    for wrong in ({"priority": 10}, {"priority": -1}, {"priority": "9"}, {}):
        await root.call("PATCH", f"/api/jobs/{waits}", 422, json=wrong)
        await ada.call("PATCH", f"/api/runs/{waits}", 422, json=wrong)
    bob = Talk(ada.http, await make_person(talking_house, "bob"))
    await bob.call("PATCH", f"/api/runs/{waits}", 404, json={"priority": 9})
    await root.call("PATCH", "/api/jobs/run_nobody", 404, json={"priority": 9})
    await ada.call("POST", f"/api/runs/{waits}/cancel")
    await root.call("PATCH", f"/api/jobs/{waits}", 409, json={"priority": 9})
