"""Workers that are killed at once, in processes of their own: what they had under way is ended by others, once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from command_line import Gateway, started
from houses import Person, acme_toml
from talks import Talk
from tollhouse.testing import WireProvider, answer, say, stall

pytestmark = pytest.mark.slow


@pytest.fixture
async def provider() -> AsyncIterator[WireProvider]:
    async with WireProvider() as it:
        yield it


class Fleet:
    """A gateway that only serves, and workers beside it."""

    def __init__(self, data: Path, stack: ExitStack, env: dict[str, str]) -> None:
        self.data = data
        self._stack = stack
        self._env = env

    async def start(self, verb: str, crash: Sequence[str] = ()) -> Gateway:
        return await asyncio.to_thread(
            self._stack.enter_context, started(self.data, verb=verb, env=self._env, crash=crash)
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path, provider: WireProvider) -> Iterator[Fleet]:
    env = {}
    if request.param == "postgresql":
        env["TOLLHOUSE_DATABASE_URL"] = str(request.getfixturevalue("postgres_url"))
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
    (data / "tollhouse.toml").write_text(toml, encoding="utf-8")
    with ExitStack() as stack:
        yield Fleet(data, stack, env)


async def asked(talk: Talk, conversation: str) -> str:
    accepted: Any = await talk.say(conversation, "Hi", 202, background=True)
    return str(accepted["run"])


async def test_a_run_whose_worker_is_killed_is_ended_by_another_with_one_question_and_one_answer(
    fleet: Fleet, provider: WireProvider
):
    """C14, J3, J7: by the next worker, whoever it is; what was completed is not asked for again."""
    provider.script(answer("One"))
    provider.script(say("Tw"), stall())
    provider.script(answer("Two"))
    first = await fleet.start("up")
    person = Person(id="", workspace="", token_id="", token=first.served["api_key"])
    async with httpx2.AsyncClient(base_url=first.url, timeout=30) as http:
        ada = Talk(http, person)
        conversation = await ada.new()
        assert (await ada.ended(await asked(ada, conversation)))["status"] == "succeeded"
        run = await asked(ada, conversation)
        told = await ada.follow(run, most=2)
    first.process.kill()
    first.process.wait()
    second = await fleet.start("serve")
    worker = await fleet.start("work")
    async with httpx2.AsyncClient(base_url=second.url, timeout=30) as http:
        ada = Talk(http, person)
        rest = await ada.follow(run, last=told[-1].id)
        assert [event.name for event in rest] == [
            "run.reset",
            "run.started",
            "message.delta",
            "message.completed",
            "run.succeeded",
        ]
        ended = await ada.ended(run)
        assert (ended["status"], ended["attempt"]) == ("succeeded", 2)
        texts = [("user", "Hi"), ("assistant", "One"), ("user", "Hi"), ("assistant", "Two")]
        assert await ada.texts(conversation) == texts
    assert provider.asked == 3
    worker.stop(signal.SIGTERM)
    second.stop(signal.SIGTERM)
    assert (worker.wait(), second.wait()) == (0, 0)


@pytest.mark.parametrize("point", ["before_settle_commit", "after_settle_commit"])
async def test_what_is_settled_is_answered_though_the_worker_dies_at_that_moment(
    fleet: Fleet, provider: WireProvider, point: str
):
    """J7: the answer is written with the settlement of its call, or neither is."""
    is_settled = point == "after_settle_commit"
    for said in ["One"] if is_settled else ["One", "Two"]:
        provider.script(answer(said))
    web = await fleet.start("up")
    person = Person(id="", workspace="", token_id="", token=web.served["api_key"])
    web.stop(signal.SIGTERM)
    web.wait()
    web = await fleet.start("serve")
    worker = await fleet.start("work", crash=(point, "1"))
    async with httpx2.AsyncClient(base_url=web.url, timeout=30) as http:
        ada = Talk(http, person)
        conversation = await ada.new()
        run = await asked(ada, conversation)
        await asyncio.to_thread(worker.process.wait)
        await fleet.start("work")
        ended = await ada.ended(run)
        assert (ended["status"], ended["attempt"]) == ("succeeded", 1 if is_settled else 2)
        assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "One" if is_settled else "Two")]
    assert provider.asked == (1 if is_settled else 2)
