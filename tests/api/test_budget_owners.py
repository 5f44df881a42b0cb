"""Whose budget, in which unit, for which model: each combination is set, held, told and lifted over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from gateways import CHAT, Gateway, asking, gateway_over
from houses import Person, make_admin, make_person
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.testing import answer

ALIAS = '\n[routes.quick]\ncandidates = ["acme/acme-1"]\n'
AUCKLAND = ZoneInfo("Pacific/Auckland")

OWNERS = ("workspace", "user", "token")
MODELS = (None, "quick", "acme/acme-1", "acme-1")
UNITS: dict[str, tuple[str | int, str | int]] = {"usd": ("0.000001", "5"), "tokens": (3, 10**6), "requests": (1, 10**6)}
"""Of each unit a limit that is too small for another call, and an ample one."""


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with gateway_over(tmp_path / "data", extra=ALIAS) as it:
        it.provider.always(answer("Hello.", usage=(12, 7)))
        yield it


@pytest.fixture
async def root(gateway: Gateway) -> Person:
    return await make_admin(gateway.house)


async def ask(gateway: Gateway, model: str, person: Person | None = None) -> httpx2.Response:
    person = person or gateway.person
    return await gateway.client.post(CHAT, headers=person.headers, json=asking(model=model, max_tokens=10))


async def test_each_owner_unit_and_model_is_held_for_what_it_covers_and_for_nothing_else(
    gateway: Gateway, root: Person
):
    ids = {"workspace": gateway.person.workspace, "user": gateway.person.id, "token": gateway.person.token_id}
    for kind, model, (unit, (small, ample)) in product(OWNERS, MODELS, UNITS.items()):
        said: dict[str, Any] = {"owner": {kind: ids[kind]}, "unit": unit, "window": "total", "limit": ample}
        if model is not None:
            said["model"] = model
        made = (await gateway.client.post("/api/budgets", headers=root.headers, json=said)).json()
        path, where = f"/api/budgets/{made['id']}", f"{kind}, {unit}, {model}"
        assert (made["owner"], made["model"], made["mode"]) == (
            {kind: ids[kind]},
            model,
            "strict" if unit == "usd" else "estimate",
        )
        covered = "quick" if model in (None, "quick") else "acme/acme-1"
        assert (await ask(gateway, covered)).status_code == 200, where
        # A budget of an alias is about who asks for that, one of a model about whoever gets it.
        beside = await ask(gateway, "acme/acme-1" if model == "quick" else "quick")
        assert beside.status_code == 200, where
        posted = (await gateway.client.get(path, headers=root.headers)).json()["posted"]
        each = {"usd": "0.0001", "tokens": 19, "requests": 1}[unit]
        twice = {"usd": "0.0002", "tokens": 38, "requests": 2}[unit]
        assert posted == (each if model == "quick" else twice), where

        await gateway.client.patch(path, headers=root.headers, json={"limit": small})
        refused = await ask(gateway, covered)
        assert (refused.status_code, refused.json()["error"]["budget"]) == (429, made["id"]), where
        assert (await ask(gateway, "acme/acme-1" if model == "quick" else "quick")).status_code == (
            200 if model == "quick" else 429
        ), where
        assert (await gateway.client.delete(path, headers=root.headers)).status_code == 204
        assert (await ask(gateway, covered)).status_code == 200, where


async def test_another_workspace_and_another_user_are_not_held_by_it(gateway: Gateway, root: Person):
    await access.create_workspace(gateway.house.desk, COMMAND_LINE, "elsewhere")
    stranger = await make_person(gateway.house, "stranger", workspace="elsewhere")
    said = {"owner": {"workspace": gateway.person.workspace}, "unit": "requests", "window": "day", "limit": 1}
    await gateway.client.post("/api/budgets", headers=root.headers, json=said)
    assert [(await ask(gateway, "quick")).status_code for _ in range(2)] == [200, 429]
    colleague = await make_person(gateway.house, "colleague")
    assert (await ask(gateway, "quick", colleague)).status_code == 429
    assert (await ask(gateway, "quick", stranger)).status_code == 200


@pytest.mark.parametrize("window", ["day", "month", "total"])
async def test_a_refusal_tells_what_can_be_afforded_and_when_it_begins_anew_by_the_owners_calendar(
    gateway: Gateway, root: Person, window: str
):
    kiri = await make_person(gateway.house, "kiri", time_zone="Pacific/Auckland")
    said = {"owner": {"user": kiri.id}, "unit": "usd", "window": window, "limit": "0.002"}
    await gateway.client.post("/api/budgets", headers=root.headers, json=said)
    body = asking(max_tokens=1_000)
    before = datetime.now(AUCKLAND)
    refused = await gateway.client.post(CHAT, headers=kiri.headers, json=body)
    told = refused.json()["error"]
    assert (refused.status_code, told["code"], told["available"]) == (429, "insufficient_quota", "0.002")
    body["max_tokens"] = told["affordable_max_tokens"]
    assert (await gateway.client.post(CHAT, headers=kiri.headers, json=body)).status_code == 200
    if window == "total":
        assert "resets_at" not in told
        return
    resets = datetime.strptime(told["resets_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).astimezone(AUCKLAND)
    first = (
        before + timedelta(days=1) if window == "day" else (before.replace(day=1) + timedelta(days=32)).replace(day=1)
    )
    assert (resets.date(), resets.hour, resets.minute) == (first.date(), 0, 0)
    left_s = (resets - before).total_seconds()
    assert left_s - 60 < float(refused.headers["retry-after"]) <= left_s + 1
