"""A process that dies in a turn leaves a question, a failed run that can be tried again, and nothing half-written."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2

from houses import acme_toml, make_person, opened, served
from talks import Talk
from tollhouse.app import House
from tollhouse.store import runs
from tollhouse.testing import WireProvider, answer, say, stall


async def talking(http: httpx2.AsyncClient, house: House) -> Talk:
    return Talk(http, await make_person(house))


async def test_a_gateway_that_stops_ends_its_runs_and_the_next_one_tries_again(
    tmp_path: Path, database_url: str, provider: WireProvider
):
    toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
    provider.script(say("Hel"), stall())
    provider.script(answer("Hello"))
    async with (
        opened(tmp_path / "data", toml=toml, database_url=database_url) as house,
        served(house) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as http,
    ):
        ada = await talking(http, house)
        conversation = await ada.new()
        said = asyncio.Event()
        listening = asyncio.create_task(ada.events(conversation, "Hi", on_delta=said.set))
        await said.wait()
        await house.conversing.under_way.aclose()
        last = (await listening)[-1]
        assert (last.name, last.data["error"]["code"], last.data["error"]["retryable"]) == (
            "run.failed",
            "service_unavailable",
            True,
        )
        tried = await ada.call("POST", f"/api/runs/{last.data['id']}/retry")
        assert (tried["status"], tried["attempt"]) == ("succeeded", 2)
        assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]


async def test_the_runs_of_a_dead_process_are_failed_at_the_next_start(
    tmp_path: Path, database_url: str, provider: WireProvider
):
    toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
    provider.script(answer("Hello"))
    provider.script(answer("Hello again"))
    async with opened(tmp_path / "data", toml=toml, database_url=database_url) as house:
        async with served(house) as url, httpx2.AsyncClient(base_url=url, timeout=30) as http:
            ada = await talking(http, house)
            conversation = await ada.new()
            turn = await ada.say(conversation, "Hi")
        # As a kill leaves it: the run says `running`, and its process is not among the living.
        await house.store.write(
            lambda tx: runs.move(
                tx,
                turn["run"],
                since=("succeeded",),
                attempt=None,
                values={"status": "running", "boot_id": "boot_dead", "finished_at": None},
            )
        )
    async with (
        opened(tmp_path / "data", toml=toml, database_url=database_url, kind="web") as house,
        served(house) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as http,
    ):
        ada = Talk(http, ada.person)
        lost = await ada.call("GET", f"/api/runs/{turn['run']}")
        assert (lost["status"], lost["error"]["code"], lost["error"]["retryable"]) == (
            "failed",
            "gateway_stopped",
            True,
        )
        await ada.call("POST", f"/api/runs/{turn['run']}/retry")
        assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello again")]
