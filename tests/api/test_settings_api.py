"""/api/settings: what is in force, who said so, and what may be changed while the gateway runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from houses import Person, make_admin, opened, served
from tollhouse.app import House

FILE = """
attempts = 5

[requests]
max_rows = 1000

[providers.acme]
dialect = "openai_chat"
base_url = "https://acme.example/v1"
api_key = "sk-secret-in-the-file"
"""


class Asking:
    """An administrator, before a house of their own."""

    def __init__(self, house: House, http: httpx2.AsyncClient, admin: Person) -> None:
        self.house = house
        self.http = http
        self.admin = admin

    async def settings(self) -> dict[str, Any]:
        """Every setting's view, by its name."""
        answered = await self.http.get("/api/settings", headers=self.admin.headers)
        assert answered.status_code == 200
        return {view["name"]: view for view in answered.json()["data"]}

    async def set(self, **changes: Any) -> httpx2.Response:
        named = {name.replace("__", "."): value for name, value in changes.items()}
        return await self.http.patch("/api/settings", json=named, headers=self.admin.headers)

    async def refused(self, **changes: Any) -> dict[str, str]:
        """Why each of them is not changed, by its pointer; nothing was."""
        before = await self.settings()
        answered = await self.set(**changes)
        assert answered.status_code == 422, answered.text
        assert await self.settings() == before
        return {error["pointer"]: error["detail"] for error in answered.json()["errors"]}

    async def reset(self, name: str) -> httpx2.Response:
        return await self.http.delete(f"/api/settings/{name}", headers=self.admin.headers)

    async def deeds(self) -> list[dict[str, Any]]:
        """What was noted of settings, newest first."""
        answered = await self.http.get("/api/audit", headers=self.admin.headers)
        return [deed for deed in answered.json()["data"] if deed["deed"].startswith("setting.")]


@pytest.fixture
async def asking(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asking]:
    monkeypatch.setenv("TOLLHOUSE_LOG__LEVEL", "warning")
    async with (
        opened(tmp_path / "data", toml=FILE, database_url=database_url) as house,
        served(house) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as http,
    ):
        yield Asking(house, http, await make_admin(house))


async def test_each_setting_tells_who_has_said_it(asking: Asking) -> None:
    found = await asking.settings()
    told = {name: (found[name]["origin"], found[name]["changeable"]) for name in found}
    assert told["requests.max_age_days"] == ("default", True)
    assert told["requests.max_rows"] == ("file", False)
    assert told["log.level"] == ("environment", False)
    assert told["port"] == ("default", False)
    assert found["attempts"]["set_in"] == str(asking.house.settings.data / "tollhouse.toml")
    assert found["log.level"]["set_in"] == found["log.level"]["variable"] == "TOLLHOUSE_LOG__LEVEL"
    assert found["new_user.concurrent"] == {
        "name": "new_user.concurrent",
        "value": 100,
        "default": 100,
        "origin": "default",
        "set_in": None,
        "variable": "TOLLHOUSE_NEW_USER__CONCURRENT",
        "meaning": "Calls at the same time, or `none`.",
        "changeable": True,
        "taken": "for the next user who is made",
        "stored": False,
    }


async def test_what_the_operator_has_named_is_told_with_its_meaning_and_no_secret(asking: Asking) -> None:
    found = await asking.settings()
    key = found["providers.acme.api_key"]
    assert (key["value"], key["meaning"]) == ("(hidden)", "The operator's own key.")
    assert "sk-secret" not in str(found)


async def test_a_change_counts_at_once_and_says_that_it_comes_from_the_database(asking: Asking) -> None:
    answered = await asking.set(requests__max_age_days=30, conversations__title_model="demo/echo")
    assert answered.status_code == 200
    (days, model) = sorted(answered.json()["data"], key=lambda view: view["name"], reverse=True)
    assert (days["value"], days["origin"], days["stored"]) == (30, "database", True)
    assert model["value"] == "demo/echo"
    assert asking.house.settings.requests.max_age_days == 30
    assert asking.house.conversing.habits.title_model == "demo/echo"


async def test_a_limit_is_lifted_with_null_or_none(asking: Asking) -> None:
    assert (await asking.set(requests__max_age_days=None, new_user__concurrent="none")).status_code == 200
    found = await asking.settings()
    for name in ("requests.max_age_days", "new_user.concurrent"):
        assert (found[name]["value"], found[name]["origin"]) == (None, "database")


async def test_each_refusal_says_where_the_setting_is_set(asking: Asking) -> None:
    refused = await asking.refused(
        attempts=2,
        log__level="debug",
        port=9000,
        providers__acme__base_url="https://evil.example",
        log__levle="debug",
        requests__bodies=True,
    )
    file = f"file {asking.house.settings.data / 'tollhouse.toml'}"
    assert refused == {
        "/attempts": f"This is set in: {file}. That counts before what is set here: change it there.",
        "/log.level": "This is set in: environment TOLLHOUSE_LOG__LEVEL. "
        "That counts before what is set here: change it there.",
        "/port": "This is not changed while we run (it has its default): write it in tollhouse.toml, and start again.",
        "/providers.acme.base_url": f"This is not changed while we run (it is set in: {file}): "
        "write it in tollhouse.toml, and start again.",
        "/log.levle": "There is no such setting; did you mean log.level?",
    }


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("requests__max_age_days", 0, "greater than or equal to 1"),
        ("requests__max_age_days", 10**6, "less than or equal to 36500"),
        ("requests__max_age_days", True, "a number"),
        ("requests__max_body_mib", "much", "valid integer"),
        ("cache__mode", "always", "'off' or 'exact'"),
        ("cache__ttl_seconds", [1], "valid integer"),
        ("new_user__concurrent", 2**31, "less than or equal to"),
        ("alerts__email_to", ["ops@example.com"], "email_to needs smtp.host and smtp.sender"),
        ("alerts__email_to", ["no address"], "must be a mail address"),
        ("requests__max_age_days", {"days": 1}, "valid integer"),
    ],
)
async def test_a_value_is_held_to_what_the_file_is_held_to(asking: Asking, name: str, value: Any, why: str) -> None:
    refused = await asking.refused(**{name: value})
    assert why in refused["/" + name.replace("__", ".")]


async def test_what_only_shows_when_it_is_put_together_is_refused_too(asking: Asking) -> None:
    refused = await asking.refused(guards__input__mode="enforce", guards__input__deny_patterns=["(a"])
    assert refused.keys() == {"/guards.input.mode", "/guards.input.deny_patterns"}
    assert "guards.input" in refused["/guards.input.mode"]
    # Also while they are off: what is written now would keep the gateway from starting when they are wanted.
    refused = await asking.refused(guards__input__deny_patterns=["(a"])
    assert refused.keys() == {"/guards.input.deny_patterns"}


async def test_nothing_at_all_is_no_change(asking: Asking) -> None:
    for body in ({}, [], "x", None):
        answered = await asking.http.patch("/api/settings", json=body, headers=asking.admin.headers)
        assert answered.status_code == 422


async def test_what_is_reset_has_its_default_again(asking: Asking) -> None:
    await asking.set(requests__max_age_days=30, new_user__concurrent=7)
    assert (await asking.reset("requests.max_age_days")).status_code == 204
    found = await asking.settings()
    assert (found["requests.max_age_days"]["value"], found["requests.max_age_days"]["origin"]) == (90, "default")
    assert found["new_user.concurrent"]["value"] == 7


async def test_what_is_not_set_here_cannot_be_reset(asking: Asking) -> None:
    answered = await asking.reset("attempts")
    assert answered.status_code == 404
    assert "it comes from: file" in answered.json()["detail"]
    answered = await asking.reset("attemps")
    assert answered.status_code == 404
    assert "did you mean attempts?" in answered.json()["detail"]


async def test_every_change_is_noted_with_what_was_before(asking: Asking) -> None:
    await asking.set(requests__max_age_days=30)
    await asking.set(requests__max_age_days=None)
    await asking.reset("requests.max_age_days")
    noted = [(deed["deed"], deed["subject"], deed["facts"]) for deed in await asking.deeds()]
    assert noted == [
        ("setting.reset", "requests.max_age_days", {"before": None, "after": 90}),
        ("setting.set", "requests.max_age_days", {"before": 30, "after": None}),
        ("setting.set", "requests.max_age_days", {"before": 90, "after": 30}),
    ]
    assert {deed["actor"] for deed in await asking.deeds()} == {asking.admin.token_id}


async def test_what_is_refused_is_not_noted(asking: Asking) -> None:
    await asking.refused(port=9000, requests__bodies=True)
    assert await asking.deeds() == []


async def test_what_is_set_outlives_a_restart_and_yields_to_the_file(
    open_a_house: Callable[..., Any],
) -> None:
    first = await open_a_house()
    async with served(first) as url, httpx2.AsyncClient(base_url=url) as http:
        admin = await make_admin(first)
        asked = {"requests.max_age_days": 30, "attempts": 9}
        assert (await http.patch("/api/settings", json=asked, headers=admin.headers)).status_code == 200
    second = await open_a_house(toml="attempts = 2")
    assert (second.settings.requests.max_age_days, second.settings.attempts) == (30, 2)
    async with served(second) as url, httpx2.AsyncClient(base_url=url) as http:
        data = (await http.get("/api/settings", headers=admin.headers)).json()["data"]
        shown = next(view for view in data if view["name"] == "attempts")
        assert (shown["value"], shown["origin"], shown["changeable"], shown["stored"]) == (2, "file", False, True)
        # What does not count can still be taken back.
        assert (await http.delete("/api/settings/attempts", headers=admin.headers)).status_code == 204
