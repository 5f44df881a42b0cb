"""Settings that are changed while requests come: the next ones go by them, those under way end as they began."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
import structlog
from structlog.testing import capture_logs

from gateways import asking
from houses import opened
from screens import STREAMS, stream
from tollhouse.admin import access, settings
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.gateway.answer import Steps
from tollhouse.settings import Settings, changeable
from tollhouse.store import requests, stored_settings
from tollhouse.telemetry import configure_logs
from tollhouse.testing import answer, say, status, wait

OTHERWISE: Mapping[str, Any] = {
    "alerts.email_to": ["ops@example.com"],
    "cache.semantic.max_wrong": 0.02,
    "cache.semantic.verify": 0.5,
    "conversations.title_model": "demo/echo",
    "guards.input.deny": ["tulip"],
    "guards.input.deny_patterns": ["tulip[0-9]"],
    "guards.output.deny": ["tulip"],
    "guards.output.deny_patterns": ["tulip[0-9]"],
}
"""Another value than the default, where that does not follow from its type."""

MAIL = '[alerts.smtp]\nhost = "127.0.0.1"\nsender = "tollhouse@example.com"\n'


async def change(house: House, **changes: Any) -> None:
    named = {name.replace("__", "."): value for name, value in changes.items()}
    await settings.change_settings(house.desk, COMMAND_LINE, named)


def another(name: str) -> Any:
    """A value for a setting that is not its default."""
    if name in OTHERWISE:
        return OTHERWISE[name]
    default = changeable()[name].default
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default - 1
    at: Any = Settings
    for part in name.split("."):
        annotation = at.model_fields[part].annotation
        at = next((one for one in (annotation, *get_args(annotation)) if hasattr(one, "model_fields")), annotation)
    if get_origin(annotation) is Literal:
        return next(word for word in get_args(annotation) if word != default)
    assert NoneType in get_args(annotation)
    return 1_000


def told(house: House) -> list[Any]:
    """What every part goes by."""
    return [of_path(held.now) if isinstance(held.now, Steps) else held.now for held, _ in house.in_force._handed]


def of_path(steps: Steps) -> Any:
    """What a request goes by."""
    screen = steps.screen
    policies = None if screen is None else (screen._asked, screen._answered)
    return steps.calling.attempts, steps.keeps_bodies, steps.recall is not None, policies


@pytest.mark.parametrize("name", sorted(changeable()))
async def test_a_setting_that_may_be_changed_reaches_a_part_at_once(tmp_path: Path, name: str) -> None:
    stream = io.StringIO()
    logs = configure_logs(stream=stream)
    async with opened(tmp_path / "data", toml=MAIL, kind="worker") as house:
        if name.startswith("guards.") and not name.endswith(".mode"):
            side = name.split(".")[1]
            await change(house, **{f"guards__{side}__mode": "monitor"})
        house.in_force.tell(lambda now: logs.adjust(level=now.log.level, warn_tokens=now.log.warn_tokens))
        before = (told(house), logs.least, logs._warn_tokens)
        await settings.change_settings(house.desk, COMMAND_LINE, {name: another(name)})
        assert (told(house), logs.least, logs._warn_tokens) != before
        await settings.reset_setting(house.desk, COMMAND_LINE, name)
        assert (told(house), logs.least, logs._warn_tokens) == before
    structlog.reset_defaults()


async def test_what_is_asked_is_kept_from_the_next_request_on(open_gateway: Any) -> None:
    gateway = await open_gateway()
    gateway.provider.always(answer("Hello"))
    asked = []
    for is_kept in (False, True, False):
        await change(gateway.house, requests__bodies=is_kept)
        asked.append(await gateway.row(await gateway.chat()))

    async def kept() -> list[bool]:
        found = [await gateway.house.store.read(lambda tx, id_=row["id"]: requests.body(tx, id_)) for row in asked]
        return [body is not None for body in found]

    async with asyncio.timeout(30):
        while not any(await kept()):
            await asyncio.sleep(0.01)
    assert await kept() == [False, True, False]


async def test_answers_are_given_again_from_the_next_request_on(open_gateway: Any) -> None:
    gateway = await open_gateway()
    gateway.provider.always(answer("Hello"))

    async def looked_for() -> str | None:
        response = await gateway.chat(temperature=0)
        said = response.headers.get("x-tollhouse-cache")
        return said and said.partition(";")[0]

    assert await looked_for() is None
    await change(gateway.house, cache__mode="exact")
    assert [await looked_for(), await looked_for()] == ["miss", "hit"]
    await change(gateway.house, cache__mode="off")
    assert await looked_for() is None
    await change(gateway.house, cache__mode="exact")
    assert await looked_for() == "hit"
    await change(gateway.house, cache__max_answer_bytes=1)
    response = await gateway.chat(temperature=0, messages=[{"role": "user", "content": "Another"}])
    assert response.headers["x-tollhouse-cache"].startswith("miss")
    response = await gateway.chat(temperature=0, messages=[{"role": "user", "content": "Another"}])
    assert response.headers["x-tollhouse-cache"].startswith("miss")


async def test_who_came_before_answers_were_given_again_has_none_kept(open_gateway: Any) -> None:
    gateway = await open_gateway()
    gateway.provider.always(answer("Hello"))
    body = msgspec.json.encode(asking(temperature=0))
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> Any:
        yield body[:10]
        has_begun.set()
        await may_go_on.wait()
        yield body[10:]

    headers = gateway.person.headers | {"cache-control": "no-store", "content-type": "application/json"}
    asked = asyncio.create_task(gateway.client.post("/v1/chat/completions", headers=headers, content=slowly()))
    await has_begun.wait()
    await asyncio.sleep(0.1)
    await change(gateway.house, cache__mode="exact")
    may_go_on.set()
    assert (await asked).status_code == 200
    assert (await gateway.chat(temperature=0)).headers["x-tollhouse-cache"].startswith("miss")


@pytest.mark.parametrize("surface", STREAMS)
async def test_a_word_is_denied_from_the_next_request_on_and_what_is_under_way_is_said(
    open_gateway: Any, surface: str
) -> None:
    gateway = await open_gateway()
    gateway.provider.script(say("Project "), wait(0.5), say("Falcon."))
    under_way = asyncio.create_task(stream(gateway, surface))
    while not gateway.provider.requests:
        await asyncio.sleep(0.01)
    await change(gateway.house, guards__output__mode="enforce", guards__output__deny=["falcon"])
    text, _, _ = await under_way
    assert text == "Project Falcon."
    gateway.provider.script(say("Project "), say("Falcon."))
    text, _, _ = await stream(gateway, surface)
    assert "Falcon" not in text


async def test_a_provider_is_asked_as_often_as_is_set(open_gateway: Any) -> None:
    gateway = await open_gateway()
    gateway.provider.always(status(503))
    await change(gateway.house, attempts=1)
    row = await gateway.row(await gateway.chat())
    assert row["attempts"] == 1


async def test_a_new_user_gets_what_is_set_and_who_is_there_keeps_theirs(stored_house: House) -> None:
    desk = stored_house.desk
    ada = await access.create_user(desk, COMMAND_LINE, name="ada")
    await change(stored_house, new_user__requests_per_minute=3, new_user__concurrent=None)
    bob = await access.create_user(desk, COMMAND_LINE, name="bob")
    assert (bob.limits.requests_per_minute, bob.limits.concurrent) == (3, None)
    assert (await access.get_user(desk, ada.id)).limits.requests_per_minute == 20


async def test_a_message_may_be_as_long_as_is_set(open_gateway: Any) -> None:
    gateway = await open_gateway()
    gateway.provider.always(answer("Hello"))
    begun = await gateway.client.post(
        "/api/conversations", headers=gateway.person.headers, json={"model": "acme/acme-1"}
    )
    path = f"/api/conversations/{begun.json()['id']}/messages"

    async def said() -> int:
        body = {"message": "x" * 50}
        return (await gateway.client.post(path, headers=gateway.person.headers, json=body)).status_code

    assert await said() == 201
    await change(gateway.house, conversations__max_message_chars=49)
    assert await said() in (400, 413, 422)
    await change(gateway.house, conversations__max_message_chars="none")
    assert await said() == 201


async def test_another_process_takes_a_change_over_with_its_heartbeat(tmp_path: Path, database_url: str) -> None:
    async with (
        opened(tmp_path / "data", database_url=database_url) as one,
        opened(tmp_path / "data", database_url=database_url, kind="worker") as two,
    ):
        await change(one, requests__max_age_days=7)
        async with asyncio.timeout(30):
            while two.settings.requests.max_age_days != 7:
                await asyncio.sleep(0.05)


async def test_what_another_version_has_set_is_left_out(stored_house: House) -> None:
    await stored_house.store.write(lambda tx: stored_settings.put(tx, "requests.of_tomorrow", 1))
    await change(stored_house, attempts=7)
    assert stored_house.settings.attempts == 7
    await settings.reset_setting(stored_house.desk, COMMAND_LINE, "requests.of_tomorrow")


async def test_what_cannot_be_used_changes_nothing_and_is_told_once(stored_house: House) -> None:
    await change(stored_house, attempts=7)
    await stored_house.store.write(lambda tx: stored_settings.put(tx, "requests.max_age_days", "for ever"))
    with capture_logs() as told:
        (problem,) = await stored_house.in_force.look()
        assert await stored_house.in_force.look() == ()
    assert problem.startswith("requests.max_age_days: ")
    assert [line["warning"] for line in told] == [problem]
    assert (stored_house.settings.attempts, stored_house.settings.requests.max_age_days) == (7, 90)


def test_the_log_tells_more_or_less_at_once() -> None:
    stream = io.StringIO()
    logs = configure_logs(stream=stream, level="info")
    logs.adjust(level="warning", warn_tokens=0)
    structlog.get_logger("tollhouse").info("quiet")
    logs.adjust(level="debug", warn_tokens=0)
    structlog.get_logger("tollhouse").debug("loud")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]
    structlog.reset_defaults()
