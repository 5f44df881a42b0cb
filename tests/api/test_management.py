"""The management API over a real server: what its calls answer, and how it refuses."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from houses import Person
from tollhouse.admin import access, budgets, credentials, webhooks
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.errors import Unavailable


def problem(response: httpx2.Response) -> dict[str, Any]:
    """The body of an error, after what is true of each."""
    body: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == body["request_id"]
    assert (body["status"], body["type"]) == (response.status_code, f"urn:tollhouse:{body['code']}")
    return body


async def test_an_operator_sets_up_a_user_who_can_then_work(http: httpx2.AsyncClient, root: Person):
    made = await http.post("/api/workspaces", headers=root.headers, json={"name": "lab"})
    assert (made.status_code, made.json()["time_zone"]) == (201, "UTC")
    path = f"/api/workspaces/{made.json()['id']}"
    moved = await http.patch(path, headers=root.headers, json={"time_zone": "Asia/Kathmandu"})
    assert (moved.status_code, moved.json()["time_zone"]) == (200, "Asia/Kathmandu")
    user = await http.post(
        "/api/users", headers=root.headers, json={"name": "Bob", "email": "b@example.com", "workspace": "lab"}
    )
    assert (user.status_code, user.json()["workspace"]) == (201, made.json()["id"])
    user_id = user.json()["id"]
    limits = {"requests_per_minute": None, "concurrent": 3}
    changed = await http.put(f"/api/users/{user_id}/limits", headers=root.headers, json=limits)
    assert changed.json()["limits"] == {"requests_per_minute": None, "tokens_per_minute": None, "concurrent": 3}
    token = await http.post(f"/api/users/{user_id}/tokens", headers=root.headers, json={"name": "laptop"})
    assert (token.status_code, token.json()["token"][:8]) == (201, "th_live_")
    headers = {"authorization": f"Bearer {token.json()['token']}"}
    question = {"model": "demo/echo", "messages": [{"role": "user", "content": "hi"}]}
    assert (await http.post("/v1/chat/completions", headers=headers, json=question)).status_code == 200
    revoked = await http.delete(f"/api/tokens/{token.json()['id']}", headers=root.headers)
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert (await http.post("/v1/chat/completions", headers=headers, json=question)).status_code == 401


async def test_a_token_is_shown_once(http: httpx2.AsyncClient, root: Person, ada: Person):
    made = (await http.post(f"/api/users/{ada.id}/tokens", headers=root.headers, json={"name": "t"})).json()
    listed = await http.get(f"/api/users/{ada.id}/tokens", headers=root.headers)
    assert made["id"] in listed.text
    assert made["token"] not in listed.text


async def test_a_budget_is_made_read_changed_and_lifted(http: httpx2.AsyncClient, root: Person, ada: Person):
    asked = {"owner": {"user": ada.id}, "unit": "usd", "window": "month", "limit": "12.50"}
    made = await http.post("/api/budgets", headers=root.headers, json=asked)
    assert made.status_code == 201
    budget = made.json()
    expected = {"owner": {"user": ada.id}, "unit": "usd", "window": "month", "mode": "strict", "limit": "12.5"}
    nothing_yet = {"posted": "0", "open": "0", "unconfirmed": "0", "available": "12.5", "exceeded": False}
    assert budget.items() >= {**expected, **nothing_yet}.items()
    assert (await http.get("/api/budgets", headers=root.headers, params={"user": ada.id})).json()["data"] == [budget]
    path = f"/api/budgets/{budget['id']}"
    changed = await http.patch(path, headers=root.headers, json={"limit": "0.01", "mode": "warn"})
    assert (changed.json()["limit"], changed.json()["mode"]) == ("0.01", "warn")
    assert (await http.delete(path, headers=root.headers)).status_code == 204
    assert (await http.get(path, headers=root.headers)).status_code == 404


async def test_what_a_budget_posted_is_corrected(http: httpx2.AsyncClient, root: Person, ada: Person):
    asked = {"owner": {"user": ada.id}, "unit": "tokens", "window": "day", "limit": 100, "model": "smart"}
    budget = (await http.post("/api/budgets", headers=root.headers, json=asked)).json()
    path = f"/api/budgets/{budget['id']}/credits"
    charged = await http.post(path, headers=root.headers, json={"amount": -30, "reason": "counted elsewhere"})
    assert (charged.status_code, charged.json()["posted"], charged.json()["available"]) == (201, 30, 70)
    more = await http.post(path, headers=root.headers, json={"amount": 31, "reason": "too much"})
    assert (more.status_code, problem(more)["detail"][:9]) == (409, "Only 30 t")
    assert (await http.post(path, headers=ada.headers, json={"amount": 1, "reason": "mine"})).status_code == 403


async def test_a_spent_budget_shows_in_the_owners_own_page(http: httpx2.AsyncClient, root: Person, ada: Person):
    asked = {"owner": {"token": ada.token_id}, "unit": "requests", "window": "total", "limit": 1}
    await http.post("/api/budgets", headers=root.headers, json=asked)
    question = {"model": "demo/echo", "messages": [{"role": "user", "content": "hi"}]}
    statuses = [
        (await http.post("/v1/chat/completions", headers=ada.headers, json=question)).status_code for _ in range(2)
    ]
    assert statuses == [200, 429]
    me = (await http.get("/api/me", headers=ada.headers)).json()
    assert (me["user"]["id"], me["token"]["id"]) == (ada.id, ada.token_id)
    assert [(it["posted"], it["available"], it["exceeded"]) for it in me["budgets"]] == [(1, 0, True)]
    usage = (await http.get("/api/me/usage", headers=ada.headers)).json()
    assert [(row["model"], row["requests"]) for row in usage["models"]] == [("echo", 1)]
    mine = (await http.get("/api/me/requests", headers=ada.headers)).json()["data"]
    assert [(row["status"], row["outcome"]) for row in mine] == [(429, "insufficient_quota"), (200, "succeeded")]


async def test_a_users_own_key_is_added_changed_and_removed(http: httpx2.AsyncClient, ada: Person):
    secret = "sk-canary-of-the-management-api"
    made = await http.post("/api/me/credentials", headers=ada.headers, json={"provider": "openai", "api_key": secret})
    assert (made.status_code, made.json()["last4"], made.json()["age_days"]) == (201, "-api", 0)
    path = f"/api/me/credentials/{made.json()['id']}"
    changed = await http.patch(path, headers=ada.headers, json={"active": False})
    assert (changed.json()["active"], changed.json()["role"]) == (False, "primary")
    rotated = await http.post(f"{path}/rotate", headers=ada.headers, json={"api_key": "sk-another-one"})
    listed = await http.get("/api/me/credentials", headers=ada.headers)
    assert [it["id"] for it in listed.json()["data"]] == [made.json()["id"], rotated.json()["id"]]
    assert secret not in made.text + changed.text + rotated.text + listed.text
    assert (await http.delete(path, headers=ada.headers)).status_code == 204
    assert (await http.get(path, headers=ada.headers)).status_code == 404


async def test_an_unknown_provider_is_400_with_near_ones(http: httpx2.AsyncClient, ada: Person):
    asked = {"provider": "opnai", "api_key": "sk-canary"}
    refused = problem(await http.post("/api/me/credentials", headers=ada.headers, json=asked))
    assert (refused["status"], refused["errors"][0]["pointer"]) == (400, "/provider")
    assert "openai" in refused["detail"]


async def test_spend_is_json_or_csv_without_formulas(house: House, http: httpx2.AsyncClient, root: Person, ada: Person):
    question = {"model": "demo/echo", "messages": [{"role": "user", "content": "hi"}]}
    await http.post("/v1/chat/completions", headers=ada.headers, json=question)
    rows = (await http.get("/api/reports/spend?by=model", headers=root.headers)).json()["data"]
    assert [(row["model"], row["requests"], row["cost_usd"]) for row in rows] == [("echo", 1, "0")]
    csv = await http.get("/api/reports/spend?by=model", headers={**root.headers, "accept": "text/csv"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.text.splitlines()[0].startswith("provider,model,requests")


async def test_routes_and_prices_are_told(http: httpx2.AsyncClient, root: Person, ada: Person):
    asked = {"model": "demo/echo", "user": ada.id}
    explained = await http.get("/api/routes/explain", headers=root.headers, params=asked)
    assert [it["provider"] for it in explained.json()["candidates"]] == ["demo"]
    assert (await http.get("/api/routes", headers=root.headers)).json()["data"] == []
    assert (await http.post("/api/prices/refresh", headers=root.headers)).json() == {"dropped": 0}


async def test_lists_turn_their_pages_in_openais_words(http: httpx2.AsyncClient, root: Person, house: House):
    made = [root.id, *[(await access.create_user(house.desk, COMMAND_LINE, name=f"u{n}")).id for n in range(3)]]
    asked: dict[str, Any] = {"limit": 2, "order": "asc"}
    first = (await http.get("/api/users", headers=root.headers, params=asked)).json()
    assert ([it["id"] for it in first["data"]], first["has_more"], first["object"]) == (made[:2], True, "list")
    second = await http.get("/api/users", headers=root.headers, params={**asked, "after": first["last_id"]})
    assert ([it["id"] for it in second.json()["data"]], second.json()["has_more"]) == (made[2:], False)
    back = await http.get("/api/users", headers=root.headers, params={**asked, "before": second.json()["first_id"]})
    assert (back.json()["data"], back.json()["has_more"]) == (first["data"], False)


@pytest.mark.parametrize(
    "path",
    ["/api/workspaces", "/api/budgets", "/api/users/{ada}/tokens", "/api/users/{ada}/credentials", "/api/webhooks"],
)
async def test_lists_whose_first_is_the_oldest_turn_their_pages_too(
    http: httpx2.AsyncClient, house: House, root: Person, ada: Person, path: str
):
    desk = house.desk
    for number in range(3):
        await access.create_workspace(desk, COMMAND_LINE, f"w{number}")
        await access.create_token(desk, COMMAND_LINE, ada.id, name=f"t{number}")
        owner = {"owner_kind": "user", "owner_id": ada.id, "unit": "usd", "window": "day", "limit": "1"}
        await budgets.set_budget(desk, COMMAND_LINE, **owner, model=f"m{number}")
        await credentials.add_credential(desk, COMMAND_LINE, ada.id, provider="openai", api_key=f"sk-{number}")
        url = f"https://{number}.example.com/"
        await webhooks.add_webhook(desk, COMMAND_LINE, url=url, events=["budget.threshold"])
    path = path.format(ada=ada.id)
    every = [it["id"] for it in (await http.get(path, headers=root.headers)).json()["data"]]
    assert len(every) >= 3
    assert every == sorted(every)
    first = (await http.get(path, headers=root.headers, params={"limit": 1})).json()
    assert ([it["id"] for it in first["data"]], first["has_more"]) == (every[:1], True)
    rest = (await http.get(path, headers=root.headers, params={"after": first["last_id"]})).json()
    assert ([it["id"] for it in rest["data"]], rest["has_more"]) == (every[1:], False)
    newest = (await http.get(path, headers=root.headers, params={"order": "desc", "limit": 1})).json()
    assert [it["id"] for it in newest["data"]] == every[-1:]


async def test_holds_are_paged_and_a_budgets_owner_is_one(http: httpx2.AsyncClient, root: Person):
    asked = {"state": "unconfirmed", "limit": 2}
    assert (await http.get("/api/holds", headers=root.headers, params=asked)).json()["data"] == []
    refused = await http.get("/api/budgets?user=a&token=b&limit=2", headers=root.headers)
    assert problem(refused)["status"] == 422


async def test_the_audit_tells_who_changed_what_newest_first(http: httpx2.AsyncClient, root: Person, ada: Person):
    budget = {"owner": {"user": ada.id}, "unit": "usd", "window": "day", "limit": "5"}
    made = (await http.post("/api/budgets", headers=root.headers, json=budget)).json()
    credit = {"amount": "-1.5", "reason": "billed elsewhere"}
    await http.post(f"/api/budgets/{made['id']}/credits", headers=root.headers, json=credit)
    told = (await http.get("/api/audit", headers=root.headers, params={"limit": 2})).json()
    assert [(it["deed"], it["subject"]) for it in told["data"]] == [
        ("budget.credit", made["id"]),
        ("budget.create", made["id"]),
    ]
    assert told["data"][0]["facts"]["reason"] == "billed elsewhere"
    assert told["data"][0]["actor"].startswith("tok_")
    assert told["has_more"]
    assert problem(await http.get("/api/audit", headers=ada.headers))["status"] == 403


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"owner": {"user": "usr_nobody"}, "unit": "usd", "window": "day", "limit": "1"}, 404, "/owner/user"),
        ({"owner": {}, "unit": "usd", "window": "day", "limit": "1"}, 422, "/owner"),
        ({"owner": {"user": "a", "token": "b"}, "unit": "usd", "window": "day", "limit": "1"}, 422, "/owner"),
        ({"owner": {"user": "a"}, "unit": "usd", "window": "day", "limit": 0.1}, 422, "/limit"),
        ({"owner": {"user": "a"}, "unit": "usd", "window": "day", "limit": "1e9"}, 422, "/limit"),
        ({"owner": {"user": "a"}, "unit": "tokens", "window": "day", "limit": 10**30}, 422, "/limit"),
        ({"owner": {"user": "a"}, "unit": "usd", "window": "week", "limit": "1"}, 422, "/window"),
        ({"owner": {"user": "a"}, "unit": "usd", "window": "day"}, 422, "/limit"),
        ({"owner": {"user": "a"}, "unit": "usd", "window": "day", "limit": "1", "spent": "0"}, 422, "/spent"),
        ({"owner": {"user": "\x00"}, "unit": "usd", "window": "day", "limit": "1"}, 422, "/owner/user"),
        ([], 422, ""),
    ],
)
async def test_a_wrong_field_is_pointed_at(
    http: httpx2.AsyncClient, root: Person, body: Any, status: int, pointer: str
):
    refused = problem(await http.post("/api/budgets", headers=root.headers, json=body))
    assert refused["status"] == status
    assert [it["pointer"] for it in refused["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"name": NaN}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"name":' + b"9" * 6_000 + b"}", 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"name": 5}', 422),
        (b"", 422),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(http: httpx2.AsyncClient, root: Person, body: bytes, status: int):
    headers = {**root.headers, "content-type": "application/json"}
    assert problem(await http.post("/api/users", headers=headers, content=body))["status"] == status


async def test_only_json_is_read(http: httpx2.AsyncClient, root: Person):
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "application/xml", ""):
        headers = {**root.headers, "content-type": content_type}
        refused = await http.post("/api/users", headers=headers, content=b'{"name": "a"}')
        assert problem(refused)["status"] == 415


async def test_a_body_over_the_limit_is_413(http: httpx2.AsyncClient, house: House, root: Person):
    headers = {**root.headers, "content-type": "application/json"}
    body = b" " * (house.settings.limits.body_bytes + 1)
    assert problem(await http.post("/api/users", headers=headers, content=body))["status"] == 413


async def test_unknown_parameters_are_refused(http: httpx2.AsyncClient, root: Person):
    refused = problem(await http.get("/api/users?limit=5&role=admin", headers=root.headers))
    assert (refused["status"], refused["errors"][0]["parameter"]) == (422, "role")
    for asked in ("limit=0", "limit=1001", "limit=x", "order=up", "after="):
        assert problem(await http.get(f"/api/users?{asked}", headers=root.headers))["status"] == 422


async def test_what_is_not_there_is_a_problem_too(http: httpx2.AsyncClient, root: Person):
    assert problem(await http.get("/api/nothing", headers=root.headers))["status"] == 404
    assert problem(await http.get("/api/users/", headers=root.headers))["status"] == 404
    assert problem(await http.get("/API/users", headers=root.headers))["status"] == 404
    assert problem(await http.get("/api/users/%00", headers=root.headers))["status"] == 404
    wrong = await http.put("/api/users", headers=root.headers)
    assert problem(wrong)["status"] == 405
    assert wrong.headers["allow"] == "GET, POST"


async def test_the_clients_own_request_id_is_kept(http: httpx2.AsyncClient, root: Person):
    answered = await http.get("/api/users", headers={**root.headers, "x-request-id": "mine-42"})
    assert answered.headers.get_list("x-request-id") == ["mine-42"]


async def test_a_database_that_does_not_answer_is_503(
    http: httpx2.AsyncClient, house: House, root: Person, monkeypatch: pytest.MonkeyPatch
):
    await http.get("/api/users", headers=root.headers)

    async def silent(query: object) -> None:
        raise Unavailable("the database does not answer", retry_after_s=2)

    monkeypatch.setattr(house.store, "read", silent)
    for forget in (False, True):
        if forget:
            house.steps.identify.forget()
        refused = await http.get("/api/users", headers=root.headers)
        assert (problem(refused)["status"], refused.headers["retry-after"]) == (503, "2")


async def test_the_framework_is_not_imported_until_it_is_needed(tmp_path: Path):
    program = (
        "import sys, tollhouse.app\n"
        "found = [name for name in ('fastapi', 'starlette', 'tollhouse.api.management') if name in sys.modules]\n"
        "sys.exit(', '.join(found) or 0)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=tmp_path, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert (process.returncode, said) == (0, b"")


async def test_many_first_requests_build_it_once(http: httpx2.AsyncClient, root: Person):
    answers = await asyncio.gather(*[http.get("/api/users", headers=root.headers) for _ in range(8)])
    assert {it.status_code for it in answers} == {200}


async def test_the_document_names_every_route_once_and_keeps_its_references(http: httpx2.AsyncClient):
    answered = await http.get("/openapi.json")
    document = answered.json()
    assert document["openapi"].startswith("3.1")
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert {"create_user", "set_budget", "add_my_credential", "chat", "report_spend"} <= set(names)
    assert all("default" in one["responses"] for one in operations)
    assert [one["operationId"] for one in operations if not one["security"]] == ["begin_session"]
    schemas = document["components"]["schemas"]
    referred = {it.rpartition("/")[2] for it in references(document)}
    assert referred <= set(schemas)
    assert "HTTPValidationError" not in json.dumps(document)


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


async def test_the_document_tells_that_a_turn_may_be_left_to_a_worker_or_streamed(http: httpx2.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    turns = "/api/conversations/{conversation}/messages"
    for path, done in [
        (turns, "201"),
        (f"{turns}/{{message}}/edit", "201"),
        (f"{turns}/{{message}}/regenerate", "201"),
        ("/api/runs/{run}/retry", "200"),
    ]:
        answers = paths[path]["post"]["responses"]
        assert {"200", "202", done} <= answers.keys(), path
        assert "application/json" in answers[done]["content"]
        assert "text/event-stream" in answers["200"]["content"]
        assert answers["202"]["headers"].keys() == {"Location", "Retry-After"}
        accepted = answers["202"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert accepted == "AcceptedView"


async def test_the_page_for_people_needs_nothing_from_elsewhere(http: httpx2.AsyncClient):
    page = await http.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "POST /api/budgets" in page.text
