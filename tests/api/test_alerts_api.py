"""/api/webhooks, /api/deliveries and /api/alerts over a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from houses import make_admin, make_person, opened, served
from receivers import Receiver
from tollhouse.app import House

HOSTS = '[alerts]\nprivate_hosts = ["127.0.0.1"]\n'


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path / "data", toml=HOSTS) as it:
        yield it


@pytest.fixture
async def root(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """An administrator's client."""
    admin = await make_admin(house)
    async with served(house) as url, httpx2.AsyncClient(base_url=url, headers=admin.headers) as client:
        yield client


async def test_an_endpoint_from_its_first_day_to_its_last(root: httpx2.AsyncClient, receiver: Receiver) -> None:
    made = await root.post("/api/webhooks", json={"url": receiver.url, "events": ["budget.threshold"]})
    assert (made.status_code, made.json()["secret"][:6]) == (201, "whsec_")
    path = f"/api/webhooks/{made.json()['id']}"
    assert "secret" not in (await root.get(path)).json()
    changed = await root.patch(path, json={"events": ["credential.failing", "credential.aging"]})
    assert changed.json()["events"] == ["credential.aging", "credential.failing"]
    rotated = await root.post(f"{path}/rotate")
    assert (rotated.status_code, rotated.json()["secret"] == made.json()["secret"]) == (201, False)
    receiver.will(503)
    pinged = (await root.post(f"{path}/ping")).json()
    assert (pinged["status"], pinged["response_status"], pinged["target"]) == ("pending", 503, made.json()["id"])
    resent = (await root.post(f"/api/deliveries/{pinged['id']}/resend")).json()
    assert (resent["id"], resent["status"], resent["error"]) == (pinged["id"], "delivered", None)
    assert (await root.get(f"/api/deliveries/{pinged['id']}")).json() == resent
    listed = (await root.get("/api/deliveries", params={"status": "delivered", "limit": 1})).json()
    assert (listed["data"], listed["has_more"]) == ([resent], False)
    assert [alert["type"] for alert in (await root.get("/api/alerts")).json()["data"]] == ["webhook.ping"]
    assert (await root.delete(path)).status_code == 204
    assert (await root.get(path)).status_code == 404
    assert (await root.get("/api/webhooks")).json()["data"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"url": "https://example.com/"},
        {"url": "https://example.com/", "events": []},
        {"url": "https://example.com/", "events": ["webhook.ping"]},
        {"url": "http://10.0.0.1/", "events": ["budget.threshold"]},
        {"url": "https://example.com/", "events": ["budget.threshold"], "secret": "whsec_mine"},
    ],
)
async def test_what_is_no_endpoint_is_refused(root: httpx2.AsyncClient, body: dict[str, object]) -> None:
    refused = await root.post("/api/webhooks", json=body)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")


async def test_only_administrators_see_or_set_who_is_told(house: House, root: httpx2.AsyncClient) -> None:
    person = await make_person(house)
    for path in ("/api/webhooks", "/api/deliveries", "/api/alerts"):
        assert (await root.get(path, headers=person.headers)).status_code == 403
