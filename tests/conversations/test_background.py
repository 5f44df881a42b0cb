"""Turns in the background: written down at once, executed once, tried again by their failure, refused with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from houses import acme_toml, opened, served
from talks import Talk
from tollhouse.admin import access, budgets, deliveries, jobs, providers
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.conversations.turns.retrying import ATTEMPTS
from tollhouse.store import queue, runs
from tollhouse.testing import ManualClock, WireProvider, answer, cut, say, stall, status

START = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
async def talking_house(
    tmp_path: Path, database_url: str, provider: WireProvider, clock: ManualClock
) -> AsyncIterator[House]:
    toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
    async with opened(tmp_path / "data", toml=toml, database_url=database_url, clock=clock, works=True) as house:
        yield house


async def later(talk: Talk, conversation: str, message: str = "Hi", **more: Any) -> str:
    """Ask in the background; gives the run."""
    accepted = await talk.say(conversation, message, 202, background=True, **more)
    return str(accepted["run"])


async def until(talk: Talk, run: str, wanted: str, *, attempt: int = 1) -> Any:
    """A run, once it is in this state in an attempt."""
    async with asyncio.timeout(30):
        while True:
            view = await talk.call("GET", f"/api/runs/{run}")
            if (view["status"], view["attempt"]) == (wanted, attempt):
                return view
            assert view["finished_at"] is None, view
            await asyncio.sleep(0.02)


async def test_a_background_turn_answers_202_with_where_to_ask(ada: Talk, provider: WireProvider):
    """C8, J2, J10: the run has an id, a place and a status, and outlives the request."""
    provider.script(answer("Hello", usage=(19, 10)))
    conversation = await ada.new()
    body = {"message": "Hi", "background": True}
    headers = {**ada.person.headers, "idempotency-key": "once"}
    response = await ada.http.post(f"{conversation}/messages", json=body, headers=headers)
    accepted = response.json()
    assert (response.status_code, accepted["status"]) == (202, "queued")
    assert response.headers["location"] == f"/api/runs/{accepted['run']}"
    assert response.headers["retry-after"] == "1"
    again = await ada.http.post(f"{conversation}/messages", json=body, headers=headers)
    assert (again.status_code, again.json(), again.headers["location"]) == (202, accepted, response.headers["location"])
    assert again.headers["idempotency-replayed"] == "true"
    run = await ada.ended(accepted["run"])
    assert (run["status"], run["background"], run["attempt"], run["message"]) == (
        "succeeded",
        True,
        1,
        accepted["message"]["id"],
    )
    assert (run["cost_usd"], run["answer"]["content"]) == ("0.0001475", [{"type": "text", "text": "Hello"}])
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]
    told = await ada.follow(accepted["run"])
    assert [event.name for event in told if event.name != "message.delta"] == [
        "run.started",
        "message.completed",
        "run.succeeded",
    ]
    assert provider.asked == 1


async def test_what_may_pass_is_tried_again_three_times_in_all_and_later_each_time(
    ada: Talk, provider: WireProvider, clock: ManualClock
):
    """C14, J1, J2, J3: one question however often; growing pauses; never `failed` while tries remain."""
    provider.script(status(503, "busy"))
    provider.script(say("Hel"), cut())
    provider.script(answer("Hello"))
    conversation = await ada.new()
    run = await later(ada, conversation)
    first = await until(ada, run, "retrying")
    assert first["error"]["code"] == "provider_unavailable"
    pause = datetime.fromisoformat(first["next_try_at"]) - START
    assert 4 <= pause.total_seconds() <= 6
    clock.advance(seconds=6)
    second = await until(ada, run, "retrying", attempt=2)
    assert (second["error"]["code"], second["answer"]) == ("provider_incomplete", None)
    clock.advance(seconds=12)
    ended = await ada.ended(run)
    assert (ended["status"], ended["attempt"], ended["error"]) == ("succeeded", 3, None)
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]
    names = [event.name for event in await ada.follow(run)]
    assert names.count("run.reset") == names.count("run.retrying") == 2
    assert names[-1] == "run.succeeded"
    assert provider.asked == 3


async def test_what_would_fail_again_is_not_tried_again(ada: Talk, provider: WireProvider, talking_house: House):
    """J1, J4, C15: the error's class decides; whoever is to know is told, and of what was said nothing."""
    provider.script(status(400, "no such parameter"))
    run = await ada.ended(await later(ada, await ada.new(), "swordfish"))
    assert (run["status"], run["attempt"], run["error"]["retryable"]) == ("failed", 1, False)
    (alert,) = (await deliveries.list_alerts(talking_house.desk)).data
    assert (alert.type, alert.facts["run"], alert.facts["error"]) == ("run.failed", run["id"], "invalid_request")
    assert "swordfish" not in str(alert)
    assert 'jobs_finished_total{outcome="failed"} 1.0' in talking_house.metrics.render().decode()
    provider.script(answer("Hello"))
    accepted = await ada.call("POST", f"/api/runs/{run['id']}/retry", 202)
    assert (accepted["run"], accepted["status"]) == (run["id"], "queued")
    assert (await ada.ended(run["id"]))["attempt"] == 2


async def test_a_provider_that_asks_to_be_left_alone_is_left_alone(ada: Talk, provider: WireProvider):
    """J1: Retry-After is honoured, where it is longer than our own pause."""
    provider.script(status(429, "slow down", retry_after=90))
    run = await until(ada, await later(ada, await ada.new()), "retrying")
    pause = datetime.fromisoformat(run["next_try_at"]) - START
    assert 90 <= pause.total_seconds() <= 110
    cancelled = await ada.call("POST", f"/api/runs/{run['id']}/cancel")
    assert cancelled["status"] == "cancelled"
    assert (await ada.follow(run["id"]))[-1].name == "run.cancelled"


async def test_a_delayed_run_waits_and_one_past_its_deadline_fails(
    ada: Talk, provider: WireProvider, clock: ManualClock
):
    conversation = await ada.new()
    delayed = await later(ada, conversation, delay=60)
    late = await later(ada, conversation, delay=60, deadline=30)
    await asyncio.sleep(0.6)
    assert [run["status"] for run in (await ada.call("GET", "/api/runs"))["data"]] == ["queued", "queued"]
    provider.script(answer("Hello"))
    clock.advance(seconds=61)
    assert (await ada.ended(delayed))["status"] == "succeeded"
    assert (await ada.ended(late))["error"]["code"] == "deadline_exceeded"


async def test_a_call_that_is_under_way_at_its_deadline_is_stopped_and_paid_as_far_as_it_was_answered(
    ada: Talk, provider: WireProvider, talking_house: House
):
    provider.script(say("Hel"), stall())
    conversation = await ada.new()
    ended = await ada.ended(await later(ada, conversation, deadline=4))
    assert (ended["status"], ended["attempt"]) == ("failed", 1)
    assert (ended["error"]["code"], ended["answer"]["finish_reason"]) == ("deadline_exceeded", "stopped")
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hel")]
    assert (await ada.follow(ended["id"]))[-1].name == "run.failed"
    (attempt,) = await talking_house.store.read(lambda tx: runs.attempts(tx, ended["id"]))
    charged = await ada.call("GET", f"/api/me/requests/{attempt['request_id']}")
    assert (charged["outcome"], charged["cost_status"]) == ("client_left", "estimated")
    assert ended["usage"]["output_tokens"] > 0
    assert provider.asked == 1


async def test_a_run_of_somebody_who_may_not_ask_any_more_fails_with_the_reason(
    ada: Talk, bob: Talk, provider: WireProvider, talking_house: House, clock: ManualClock
):
    desk = talking_house.desk
    conversation, others = await ada.new(), await bob.new()
    run, gone = await later(ada, conversation, delay=60), await later(bob, others, delay=60)
    deleted = await later(bob, forgotten := await bob.new(), delay=60)
    await ada.http.delete(forgotten, headers=bob.person.headers)
    await budgets.set_budget(
        desk, COMMAND_LINE, owner_kind="user", owner_id=bob.person.id, unit="usd", window="total", limit="0.000001"
    )
    await access.revoke_token(desk, COMMAND_LINE, ada.person.token_id)
    clock.advance(seconds=61)
    ended = await bob.ended(gone)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "insufficient_quota")
    await bob.call("POST", f"{forgotten}/restore")
    assert (await bob.ended(deleted))["error"]["code"] == "conversation_deleted"
    row = await talking_house.store.read(lambda tx: runs.find(tx, ada.person.id, run))
    assert (row["status"], row["error"]["code"]) == ("failed", "token_revoked")
    assert provider.asked == 0


async def test_stopping_a_background_run_keeps_and_bills_what_was_said(ada: Talk, provider: WireProvider):
    provider.script(say("Hel"), stall())
    conversation = await ada.new()
    run = await later(ada, conversation)
    (started, said) = await ada.follow(run, most=2)
    assert (started.name, said.data) == ("run.started", {"text": "Hel"})
    stopped = await ada.call("POST", f"/api/runs/{run}/cancel")
    assert (stopped["status"], stopped["usage"]["output_tokens"] > 0) == ("cancelled", True)
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hel")]


async def test_a_run_that_is_stopped_before_another_try_has_none_and_no_error(ada: Talk, provider: WireProvider):
    provider.script(status(503, "busy"))
    run = await later(ada, await ada.new())
    await until(ada, run, "retrying")
    stopped = await ada.call("POST", f"/api/runs/{run}/cancel")
    assert (stopped["status"], stopped["next_try_at"], stopped["error"]) == ("cancelled", None, None)


@pytest.mark.parametrize("who", ["caller", "operator"])
async def test_a_run_that_is_cancelled_from_another_process_ends_once_with_what_was_said(
    ada: Talk, provider: WireProvider, tmp_path: Path, database_url: str, clock: ManualClock, who: str
):
    provider.script(say("Hel"), stall())
    conversation = await ada.new()
    run = await later(ada, conversation)
    await ada.follow(run, most=2)
    following = asyncio.create_task(ada.follow(run))
    async with (
        opened(tmp_path / "data", database_url=database_url, clock=clock) as other,
        served(other) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as http,
    ):
        if who == "operator":
            assert (await jobs.cancel(other.desk, COMMAND_LINE, run)).finished_at is None
        stopped = await Talk(http, ada.person).call("POST", f"/api/runs/{run}/cancel")
    assert (stopped["status"], stopped["answer"]["content"]) == ("cancelled", [{"type": "text", "text": "Hel"}])
    assert stopped["usage"]["output_tokens"] > 0
    assert stopped["cost_usd"] is not None
    told = await following
    assert [event.name for event in told] == ["run.started", "message.delta", "message.completed", "run.cancelled"]
    assert [event.id for event in told] == ["1.1", "1.2", "1.3", "1.4"]
    assert told[-1].data == stopped
    assert await ada.follow(run) == told


async def test_a_cancelled_run_whose_worker_died_is_ended_by_another(
    ada: Talk, provider: WireProvider, talking_house: House
):
    run = await later(ada, await ada.new(), delay=60)
    # As a death between being told to stop and stopping leaves it.
    left = {**runs.STOPPED, "boot_id": "boot_dead", "started_at": talking_house.clock.now()}
    await talking_house.store.write(lambda tx: runs.move(tx, run, since=("queued",), attempt=None, values=left))
    ended = await ada.ended(run)
    assert (ended["status"], ended["error"], ended["answer"]) == ("cancelled", None, None)
    assert (await ada.follow(run))[-1].name == "run.cancelled"
    assert provider.asked == 0


async def test_a_worker_that_leaves_gives_its_runs_back_and_the_next_one_ends_them(
    ada: Talk, provider: WireProvider, talking_house: House, tmp_path: Path, database_url: str, clock: ManualClock
):
    """J5, J7: nothing waits for the process that began it."""
    provider.script(say("Hel"), stall())
    conversation = await ada.new()
    run = await later(ada, conversation)
    await ada.follow(run, most=2)
    talking_house.worker.leave()
    await talking_house.conversing.under_way.aclose()
    await talking_house.worker.aclose()
    assert (await ada.call("GET", f"/api/runs/{run}"))["status"] == "queued"
    provider.script(answer("Hello"))
    toml = acme_toml(provider.base_url, api_key="sk-operator-key", share=True)
    async with opened(tmp_path / "data", toml=toml, database_url=database_url, clock=clock, works=True):
        ended = await ada.ended(run)
    assert (ended["status"], ended["attempt"]) == ("succeeded", 2)
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]
    attempts = await talking_house.store.read(lambda tx: runs.attempts(tx, run))
    assert [row["number"] for row in attempts] == [1, 2]
    lost = await ada.call("GET", f"/api/me/requests/{attempts[0]['request_id']}")
    assert lost["outcome"] == "service_unavailable"


async def test_a_run_that_its_process_forgot_goes_back_to_the_queue(
    ada: Talk, provider: WireProvider, talking_house: House
):
    provider.script(answer("Hello"))
    run = await later(ada, await ada.new(), delay=60)
    # As a death between taking the run and handing it over leaves it.
    await talking_house.store.write(lambda tx: queue.claim(tx, {run: "job_lost"}, "boot_dead"))
    await talking_house.store.write(
        lambda tx: runs.move(tx, run, since=("queued",), attempt=None, values={"next_try_at": None})
    )
    assert (await ada.ended(run))["status"] == "succeeded"


async def test_a_run_that_cannot_be_begun_fails_once_instead_of_being_taken_for_ever(
    ada: Talk, provider: WireProvider, talking_house: House
):
    run = await later(ada, await ada.new(), delay=60)
    damaged = {"origin": {"asked": "by nobody"}, "next_try_at": None}
    await talking_house.store.write(lambda tx: runs.move(tx, run, since=("queued",), attempt=None, values=damaged))
    ended = await ada.ended(run)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "internal_error")
    assert provider.asked == 0


async def test_every_way_to_ask_can_be_in_the_background_and_followed_at_once(ada: Talk, provider: WireProvider):
    provider.always(answer("Hello"))
    conversation = await ada.new()
    events = await ada.events(conversation, "Hi", background=True)
    assert (events[0].name, events[-1].name) == ("run.started", "run.succeeded")
    question = events[-1].data["message"]
    edited = await ada.call(
        "POST", f"{conversation}/messages/{question}/edit", 202, json={"message": "Ho", "background": True}
    )
    again = await ada.call("POST", f"{conversation}/messages/{question}/regenerate", 202, json={"background": True})
    assert [(await ada.ended(it["run"]))["status"] for it in (edited, again)] == ["succeeded", "succeeded"]


async def test_the_urgent_overtake_whatever_waits(
    ada: Talk, provider: WireProvider, talking_house: House, clock: ManualClock
):
    """J6."""
    provider.always(answer("Hello"))
    conversation = await ada.new()
    for number in range(80):
        await later(ada, conversation, f"ordinary {number}", delay=1)
    urgent = await later(ada, conversation, "urgent", delay=1, priority=9)
    clock.advance(seconds=2)
    await ada.ended(urgent)
    begun = await ada.call("GET", "/api/runs", params={"limit": 100})
    order = sorted((run for run in begun["data"] if run["started_at"]), key=lambda run: run["started_at"])
    assert urgent in [run["id"] for run in order[:32]]


async def test_a_run_whose_provider_is_paused_waits_and_loses_no_attempt(
    ada: Talk, provider: WireProvider, talking_house: House, clock: ManualClock
):
    desk = talking_house.desk
    await providers.pause_provider(desk, COMMAND_LINE, "acme", reason="Repairs")
    run = await later(ada, await ada.new())
    for attempt in range(1, ATTEMPTS + 2):
        waits = await until(ada, run, "retrying", attempt=attempt)
        assert waits["error"]["code"] == "provider_paused"
        if attempt <= ATTEMPTS:
            clock.advance(seconds=100)
    assert (await jobs.get_job(desk, run)).failures == 0
    await providers.resume_provider(desk, COMMAND_LINE, "acme")
    provider.script(answer("Hello"))
    clock.advance(seconds=100)
    assert (await ada.ended(run))["status"] == "succeeded"
    assert provider.asked == 1
