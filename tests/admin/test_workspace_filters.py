"""Whatever is listed may be asked for of one workspace alone; and tokens by how they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from houses import Person, make_admin, make_person, opened, served
from tollhouse.admin import access, budgets, credentials
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.errors import NotFound
from tollhouse.store import people
from tollhouse.testing import ManualClock

KEY = "sk-0123456789abcdef"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
async def lab(stored_house: House) -> str:
    return (await access.create_workspace(stored_house.desk, COMMAND_LINE, "lab")).id


async def asked(house: House, person: Person, model: str = "demo/echo") -> None:
    async with served(house) as url, AsyncClient(base_url=url) as http:
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
        assert (await http.post("/v1/chat/completions", headers=person.headers, json=body)).status_code == 200


async def test_lists_and_reports_are_of_one_workspace_when_that_is_said(stored_house: House, lab: str):
    ada, bob = await make_person(stored_house), await make_person(stored_house, "bob", workspace="lab")
    root, desk = await make_admin(stored_house), stored_house.desk
    for person in (ada, bob):
        await credentials.add_credential(
            desk, COMMAND_LINE, person.id, provider="openai", api_key="sk-0123456789abcdef"
        )
        for kind, owner in (("user", person.id), ("token", person.token_id), ("workspace", person.workspace)):
            await budgets.set_budget(
                desk, COMMAND_LINE, owner_kind=kind, owner_id=owner, unit="requests", window="total", limit=9
            )
        await asked(stored_house, person)
    async with served(stored_house) as url, AsyncClient(base_url=url, headers=root.headers) as http:

        async def told(path: str, **params: str) -> list[dict[str, object]]:
            answer = await http.get(path, params=params)
            assert answer.status_code == 200, answer.text
            rows: list[dict[str, object]] = answer.json()["data"]
            return rows

        for named in ("lab", lab):
            assert [row["id"] for row in await told("/api/users", workspace=named)] == [bob.id]
            assert [row["id"] for row in await told("/api/tokens", workspace=named)] == [bob.token_id]
            assert [row["user"] for row in await told("/api/credentials", workspace=named)] == [bob.id]
            assert [row["user"] for row in await told("/api/requests", workspace=named)] == [bob.id]
            assert [row["user"] for row in await told("/api/reports/spend", workspace=named)] == [bob.id]
            owners = [row["owner"] for row in await told("/api/budgets", within=named)]
            assert owners == [{"user": bob.id}, {"token": bob.token_id}, {"workspace": lab}]
            report = (await http.get("/api/reports/requests", params={"workspace": named})).json()
            assert report["totals"]["requests"] == 1
            days = (await http.get("/api/reports/spend", params={"workspace": named, "bucket": "day"})).json()["rows"]
            assert [(day["key"], day["requests"]) for day in days] == [(bob.id, 1)]
            assert (await http.get("/api/reports/forecast", params={"workspace": named})).status_code == 200
        assert len(await told("/api/tokens")) == 3
        assert await told("/api/requests", workspace="lab", user=ada.id) == []
        listing = ("users", "tokens", "credentials", "requests", "jobs", "reports/spend", "reports/requests")
        for path in (*listing, "reports/forecast"):
            assert (await http.get(f"/api/{path}", params={"workspace": "nowhere"})).status_code == 404, path
        assert (await http.get("/api/budgets", params={"within": "nowhere"})).status_code == 404
        assert (await http.get("/api/budgets", params={"within": "lab", "user": bob.id})).status_code == 422


async def test_tokens_are_found_by_how_they_stand_and_whether_anybody_uses_them(tmp_path: Path, database_url: str):
    clock = ManualClock(NOW)
    async with opened(tmp_path / "data", database_url=database_url, clock=clock) as house:
        desk = house.desk
        user = (await access.create_user(desk, COMMAND_LINE, name="ada")).id
        made = {
            name: await access.create_token(
                desk, COMMAND_LINE, user, name=name, expires_at=None if days is None else NOW + timedelta(days=days)
            )
            for name, days in {"lasts": None, "ends": 10, "ended": 1, "taken back": 1}.items()
        }
        await access.revoke_token(desk, COMMAND_LINE, made["taken back"].id)
        clock.advance(seconds=2 * 86_400)
        await house.store.write(lambda tx: people.touch_tokens(tx, {made["ends"].id: clock.now()}))

        async def names(**said: object) -> list[str]:
            return [token.name for token in await access.list_tokens(desk, **said)]  # type: ignore[arg-type]

        assert await names(state="active") == ["lasts", "ends"]
        assert await names(state="expired") == ["ended"]
        assert await names(state="revoked") == ["taken back"]
        assert await names(unused_since=NOW + timedelta(days=1)) == ["lasts", "ended", "taken back"]
        assert await names(state="active", unused_since=NOW + timedelta(days=1)) == ["lasts"]
        assert await names(unused_since=NOW) == []
        by_prefix = await access.get_token(desk, made["lasts"].prefix)
        assert (by_prefix.id, by_prefix.name) == (made["lasts"].id, "lasts")
        with pytest.raises(NotFound) as refused:
            await access.get_token(desk, made["lasts"].token)
        assert made["lasts"].token[20:] not in refused.value.message


async def test_everybodys_tokens_are_turned_page_by_page(stored_house: House):
    people_ = [await make_person(stored_house, name) for name in ("a", "b", "c")]
    root = await make_admin(stored_house)
    async with served(stored_house) as url, AsyncClient(base_url=url, headers=root.headers) as http:
        first = (await http.get("/api/tokens", params={"limit": 2})).json()
        assert ([row["user"] for row in first["data"]], first["has_more"]) == ([it.id for it in people_[:2]], True)
        rest = (await http.get("/api/tokens", params={"limit": 2, "after": first["last_id"]})).json()
        assert [row["user"] for row in rest["data"]] == [people_[2].id, root.id]
        assert (await http.get("/api/tokens", params={"state": "lost"})).status_code == 422
        assert (await http.get("/api/tokens", headers=people_[0].headers)).status_code == 403
        token = (await http.get(f"/api/tokens/{people_[0].token_id}")).json()
        assert token == first["data"][0]
        assert people_[0].token not in str(first)
