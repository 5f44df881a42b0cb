"""The reports that pages of the dashboard are made of, over HTTP: who may ask, how, and for what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from finished_rows import NOON, log_request
from houses import Person, make_person
from tollhouse.app import House

TIME = {"from": "2026-11-22T12:00:00Z", "to": "2026-11-22T13:00:00Z"}


async def test_a_report_is_of_the_time_and_the_filters_of_its_address(
    http: httpx2.AsyncClient, house: House, root: Person, ada: Person
):
    await log_request(house, ada, NOON, is_dated=True)
    await log_request(house, ada, NOON + timedelta(minutes=1), is_dated=True, status=429, outcome="rate_limit_exceeded")
    asked = TIME | {"bucket": "15m", "status": "429"}
    told = (await http.get("/api/reports/requests", headers=root.headers, params=asked)).json()
    assert (told["from"], told["to"], told["bucket_s"], told["sampled"]) == (*TIME.values(), 900, False)
    assert set(told["buckets"][0]) == {"at", "succeeded", "failed", "cost_usd", "p50_ms", "p95_ms"}
    assert [(it["succeeded"], it["failed"]) for it in told["buckets"]] == [(0, 1), (0, 0), (0, 0), (0, 0)]
    assert told["facets"]["status"] == [{"value": "429", "count": 1}]
    assert (told["totals"]["requests"], told["totals"]["failed"]) == (1, 1)
    page = (await http.get("/api/requests", headers=root.headers, params=TIME | {"provider": "acme"})).json()
    assert [row["status"] for row in page["data"]] == [429, 200]


async def test_ones_own_report_is_of_oneself_whatever_is_asked(http: httpx2.AsyncClient, house: House, ada: Person):
    bob = await make_person(house, "bob")
    await log_request(house, ada, NOON, is_dated=True)
    told = (await http.get("/api/me/reports/requests", headers=bob.headers, params=TIME)).json()
    assert told["totals"]["requests"] == 0
    mine = (await http.get("/api/me/reports/requests", headers=ada.headers, params=TIME)).json()
    assert mine["totals"]["requests"] == 1
    refused = await http.get("/api/me/reports/requests", headers=bob.headers, params=TIME | {"user": ada.id})
    assert refused.status_code == 422


WRONG: list[dict[str, Any]] = [
    {"from": "2026-11-22T12:00:00"},
    {"from": "yesterday"},
    {"bucket": "2m"},
    {"status": "99"},
    {"status": "ok"},
    {"from": TIME["to"], "to": TIME["from"]},
    {"from": "2026-01-01T00:00:00Z", "to": "2026-11-01T00:00:00Z", "bucket": "1m"},
    {"from": "0001-01-01T00:00:00Z"},
    {"to": "9999-12-31T23:59:59Z"},
    {"from": "0001-01-01T00:00:00+23:00", "to": "9999-12-31T23:59:59-23:00"},
    {"since": TIME["from"]},
]


@pytest.mark.parametrize("asked", WRONG, ids=str)
async def test_a_time_that_is_none_is_refused(http: httpx2.AsyncClient, root: Person, asked: dict[str, Any]):
    refused = await http.get("/api/reports/requests", headers=root.headers, params=asked)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"]


@pytest.mark.parametrize("path", ["/api/requests", "/api/reports/requests", "/api/reports/spend"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
async def test_a_moment_at_which_nothing_can_have_been_is_refused(
    http: httpx2.AsyncClient, root: Person, path: str, moment: str
):
    for name in ("since",) if path.endswith("spend") else ("from", "to"):
        refused = await http.get(path, headers=root.headers, params={name: moment})
        assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (422, name)


async def test_spend_comes_day_by_day_when_that_is_asked(
    http: httpx2.AsyncClient, house: House, root: Person, ada: Person
):
    await log_request(house, ada)
    asked = {"by": "model", "bucket": "day", "since": TIME["from"]}
    told = (await http.get("/api/reports/spend", headers=root.headers, params=asked)).json()
    assert told == {
        "rows": [{"day": "2026-11-22", "key": "acme/acme-1", "cost_usd": "0.0001475", "requests": 1, "unpriced": 0}]
    }
    refused = await http.get("/api/reports/spend", headers=root.headers, params=asked | {"by": "day"})
    assert refused.status_code == 422


async def test_providers_are_listed_without_a_secret(http: httpx2.AsyncClient, root: Person):
    listed = (await http.get("/api/providers", headers=root.headers)).json()["data"]
    names = [provider["name"] for provider in listed]
    assert names == sorted(names)
    assert {"openai", "anthropic", "demo"} <= set(names)
    (demo,) = [provider for provider in listed if provider["name"] == "demo"]
    assert (demo["breaker"], demo["attempts"], demo["error_share"]) == ("closed", 0, None)


async def keep_words(house: House, request_id: str) -> None:
    words = text("INSERT INTO request_body (request_id, request, response, size_bytes) VALUES (:id, 'Hi', 'Hello', 7)")
    await house.store.write(lambda tx: tx.execute(words, {"id": request_id}))


async def reveals(http: httpx2.AsyncClient, root: Person) -> list[tuple[str, str, Any]]:
    deeds = (await http.get("/api/audit", headers=root.headers)).json()["data"]
    return [(it["actor"], it["subject"], it["facts"]) for it in deeds if it["deed"] == "request.reveal"]


async def test_who_reads_what_another_one_said_is_written_down(
    http: httpx2.AsyncClient, house: House, root: Person, ada: Person
):
    made = await log_request(house, ada, NOON)
    await keep_words(house, made)
    hidden = (await http.get(f"/api/requests/{made}?content=own", headers=root.headers)).json()
    assert hidden["has_payload"] is True
    assert "payload" not in hidden
    assert await reveals(http, root) == []
    shown = (await http.get(f"/api/requests/{made}", headers=root.headers)).json()
    assert shown["payload"] == {"request": "Hi", "response": "Hello"}
    assert await reveals(http, root) == [(root.token_id, made, {"user": ada.id})]


async def test_ones_own_words_are_ones_own(http: httpx2.AsyncClient, house: House, root: Person, ada: Person):
    of_root, of_ada = await log_request(house, root, NOON), await log_request(house, ada, NOON)
    for made in (of_root, of_ada):
        await keep_words(house, made)
    for path, who in ((f"/api/requests/{of_root}?content=own", root), (f"/api/me/requests/{of_ada}", ada)):
        assert (await http.get(path, headers=who.headers)).json()["payload"]["request"] == "Hi"
    assert await reveals(http, root) == []


async def test_nothing_is_written_down_where_nothing_was_kept(
    http: httpx2.AsyncClient, house: House, root: Person, ada: Person
):
    made = await log_request(house, ada, NOON)
    told = (await http.get(f"/api/requests/{made}", headers=root.headers)).json()
    assert (told["has_payload"], "payload" in told) == (False, False)
    assert await reveals(http, root) == []
    assert (await http.get(f"/api/requests/{made}?content=all", headers=root.headers)).status_code == 422
