"""Signing in to the dashboard: who gets a session, what it may do, when it is over, and who cannot borrow it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from gateways import Gateway, asking, over_both_peers
from houses import Person, make_admin, make_person, opened, served
from tollhouse import sessions
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.sessions import make_code
from tollhouse.app import House
from tollhouse.errors import NotFound
from tollhouse.sessions import CODE_S, SESSION_MOST_S
from tollhouse.store import machinery
from tollhouse.store import sessions as sql
from tollhouse.store.paging import Page
from tollhouse.store.tables import login_code, session
from tollhouse.testing import ManualClock

PATH = "/api/session"


class Browser:
    """Somebody who is signed in: the cookie, and what their page knows."""

    def __init__(self, http: httpx2.AsyncClient, response: httpx2.Response) -> None:
        assert response.status_code == 201, response.text
        self.http = http
        self.cookie = SimpleCookie(response.headers["set-cookie"])["tollhouse_session"]
        self.view: dict[str, Any] = response.json()
        http.cookies.clear()

    async def ask(self, method: str, path: str, *, proven: bool = True, **more: Any) -> httpx2.Response:
        """A request of the page's own; `proven` says whether with its proof."""
        headers = {"cookie": f"theme=dark; tollhouse_session={self.cookie.value}"} | more.pop("headers", {})
        if proven:
            headers["x-tollhouse-csrf"] = self.view["csrf"]
        return await self.http.request(method, path, headers=headers, **more)

    async def status(self, method: str, path: str, **more: Any) -> int:
        return (await self.ask(method, path, **more)).status_code


async def sign_in(http: httpx2.AsyncClient, token: str) -> Browser:
    return Browser(http, await http.post(PATH, json={"token": token}))


async def test_a_token_signs_in_and_the_cookie_is_for_no_script_and_no_other_site(
    http: httpx2.AsyncClient, house: House, root: Person
):
    answered = await http.post(PATH, json={"token": root.token})
    browser = Browser(http, answered)
    assert answered.headers["cache-control"] == "no-store"
    assert (browser.view["user"], browser.view["name"], browser.view["is_admin"]) == (root.id, "root", True)
    assert browser.view["scopes"] == ["admin:*"]
    assert set(browser.view) == {"user", "name", "scopes", "is_admin", "csrf", "expires_at"}
    flags = {name: browser.cookie[name] for name in ("httponly", "samesite", "path", "secure", "max-age", "domain")}
    assert flags == {
        "httponly": True,
        "samesite": "Strict",
        "path": "/",
        "secure": "",
        "max-age": str(SESSION_MOST_S),
        "domain": "",
    }
    assert (await browser.ask("GET", PATH, proven=False)).json() == browser.view


async def test_a_session_may_do_what_its_token_may_and_no_more(http: httpx2.AsyncClient, ada: Person, root: Person):
    mine, theirs = await sign_in(http, ada.token), await sign_in(http, root.token)
    assert (mine.view["is_admin"], await mine.status("GET", "/api/users"), await mine.status("GET", "/api/me")) == (
        False,
        403,
        200,
    )
    assert (await theirs.status("GET", "/api/users"), await theirs.status("GET", "/v1/models")) == (200, 403)


@over_both_peers
async def test_a_session_asks_models_as_its_token_does(gateway: Gateway):
    browser = await sign_in(gateway.client, gateway.person.token)
    asked = asking(model="demo/echo")
    answered = await browser.ask("POST", "/v1/chat/completions", json=asked)
    assert answered.status_code == 200
    row = await gateway.row(answered)
    assert (row["user_id"], row["token_id"]) == (gateway.person.id, gateway.person.token_id)
    assert await browser.status("POST", "/v1/chat/completions", json=asked, proven=False) == 403
    assert len(await gateway.rows()) == 1


WRITES = [
    ("POST", "/api/users"),
    ("DELETE", "/api/tokens/tok_0"),
    ("PATCH", "/api/budgets/bud_0"),
    ("PUT", "/api/users/usr_0/limits"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/messages"),
    ("POST", "/v1/conversations"),
    ("POST", "/v1beta/models/echo:generateContent"),
    ("POST", "/api/chat"),
    ("DELETE", PATH),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_whoever_writes_without_the_proof_is_refused_whatever_the_way(
    http: httpx2.AsyncClient, house: House, method: str, path: str
):
    """What another site can make a browser send: the cookie, and nothing that it must have read."""
    all_scopes = await make_person(house, scopes=["admin:*", "inference", "conversations:write"])
    browser = await sign_in(http, all_scopes.token)
    other = await sign_in(http, all_scopes.token)
    for headers in ({}, {"x-tollhouse-csrf": ""}, {"x-tollhouse-csrf": other.view["csrf"]}):
        refused = await browser.ask(method, path, json={}, proven=False, headers=headers)
        assert refused.status_code == 403, headers
    assert await browser.status("GET", PATH) == 200
    assert await browser.status(method, path, json={}) != 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
async def test_another_sites_page_cannot_use_the_cookie_even_to_read(http: httpx2.AsyncClient, root: Person, site: str):
    browser = await sign_in(http, root.token)
    for method, path in (("GET", "/api/users"), ("GET", PATH), ("POST", "/api/users")):
        assert await browser.status(method, path, headers={"sec-fetch-site": site}) == 403
    for site in ("same-origin", "none"):
        assert await browser.status("GET", "/api/users", headers={"sec-fetch-site": site}) == 200


async def test_no_other_site_signs_anybody_in(http: httpx2.AsyncClient, root: Person):
    asked = {"token": root.token}
    refused = await http.post(PATH, json=asked, headers={"sec-fetch-site": "cross-site", "origin": "https://evil.test"})
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
    # What needs no leave of ours: a form, or a script that says no content type of its own.
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {"content-type": content_type}
        refused = await http.post(PATH, content=msgspec.json.encode(asked), headers=headers)
        assert (refused.status_code, "set-cookie" in refused.headers) == (415, False)
    preflight = await http.request("OPTIONS", PATH, headers={"origin": "https://evil.test"})
    assert "access-control-allow-origin" not in preflight.headers


async def test_a_token_counts_before_a_cookie(http: httpx2.AsyncClient, root: Person, ada: Person):
    browser = await sign_in(http, root.token)
    assert await browser.status("GET", "/api/users", headers=ada.headers) == 403
    key = {"x-api-key": ada.token, "anthropic-version": "2023-06-01"}
    assert await browser.status("GET", "/v1/models", headers=key, proven=False) == 200


async def test_a_sessions_key_is_no_token_and_a_token_no_session(http: httpx2.AsyncClient, root: Person):
    browser = await sign_in(http, root.token)
    key = browser.cookie.value
    assert (await http.get("/api/users", headers={"authorization": f"Bearer {key}"})).status_code == 401
    assert (await http.get("/v1/models", headers={"x-api-key": key})).status_code == 401
    assert (await http.get("/api/users", headers={"cookie": f"tollhouse_session={root.token}"})).status_code == 401
    assert (await http.get(PATH, headers=root.headers)).status_code == 401
    assert (await http.delete(PATH, headers=root.headers)).status_code == 401


@pytest.mark.parametrize("cookie", ["", "tollhouse_session=", "tollhouse_session", "tollhouse_session={}x", "x={}"])
async def test_what_is_no_session_is_401(http: httpx2.AsyncClient, root: Person, cookie: str):
    browser = await sign_in(http, root.token)
    headers = {"cookie": cookie.format(browser.cookie.value)}
    assert (await http.get("/api/users", headers=headers)).status_code == 401


async def test_two_sessions_in_one_request_are_none(http: httpx2.AsyncClient, root: Person, ada: Person):
    """A neighbour under the same name can add a cookie of their own, and nobody knows then whose the request is."""
    first, second = await sign_in(http, root.token), await sign_in(http, ada.token)
    both = f"tollhouse_session={first.cookie.value}; tollhouse_session={second.cookie.value}"
    assert (await http.get("/api/me", headers={"cookie": both})).status_code == 401


async def test_after_signing_out_a_stolen_key_opens_nothing(http: httpx2.AsyncClient, root: Person):
    browser, thief = await sign_in(http, root.token), await sign_in(http, root.token)
    thief.cookie, thief.view = browser.cookie, browser.view
    assert await thief.status("GET", "/api/users") == 200
    ended = await browser.ask("DELETE", PATH)
    assert ended.status_code == 200
    assert SimpleCookie(ended.headers["set-cookie"])["tollhouse_session"]["max-age"] == "0"
    for method, path in (("GET", "/api/users"), ("GET", PATH), ("POST", "/api/users"), ("DELETE", PATH)):
        refused = await thief.ask(method, path, json={"name": "mallory"})
        assert (refused.status_code, refused.json()["code"]) == (401, "session_over")
    assert (await http.get("/api/users", headers=root.headers)).status_code == 200


async def test_a_session_is_over_when_its_token_is(http: httpx2.AsyncClient, house: House):
    person = await make_person(house)
    browser = await sign_in(http, person.token)
    assert await browser.status("GET", "/api/me") == 200
    await access.disable_user(house.desk, COMMAND_LINE, person.id)
    assert await browser.status("GET", "/api/me") == 401
    await access.enable_user(house.desk, COMMAND_LINE, person.id)
    assert await browser.status("GET", "/api/me") == 200
    await access.revoke_token(house.desk, COMMAND_LINE, person.token_id)
    for path in ("/api/me", PATH, "/v1/models"):
        assert await browser.status("GET", path) == 401


async def test_a_session_lasts_twelve_hours_and_never_longer_than_its_token(tmp_path: Path):
    clock = ManualClock()
    async with opened(tmp_path / "data", clock=clock) as house:
        person = await make_person(house)
        expiry = clock.now() + timedelta(minutes=10)
        short = await access.create_token(house.desk, COMMAND_LINE, person.id, name="short", expires_at=expiry)
        async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
            long, brief = await sign_in(http, person.token), await sign_in(http, short.token)
            assert (brief.view["expires_at"], brief.cookie["max-age"]) == ("2026-01-01T00:10:00Z", "600")
            clock.advance(seconds=599)
            assert await brief.status("GET", "/api/me") == 200
            clock.advance(seconds=1.001)
            assert (await brief.status("GET", "/api/me"), await long.status("GET", "/api/me")) == (401, 200)
            clock.advance(seconds=SESSION_MOST_S - 601)
            assert await long.status("GET", "/api/me") == 200
            clock.advance(seconds=1)
            assert await long.status("GET", "/api/me") == 401


async def test_what_a_session_makes_outlives_it(http: httpx2.AsyncClient, root: Person, ada: Person):
    browser = await sign_in(http, root.token)
    made = await browser.ask("POST", f"/api/users/{ada.id}/tokens", json={"name": "laptop"})
    assert (made.status_code, made.json()["expires_at"]) == (201, None)


async def test_a_link_signs_in_once(http: httpx2.AsyncClient, house: House, root: Person):
    made = await make_code(house.desk, COMMAND_LINE)
    answers = await asyncio.gather(*(http.post(PATH, json={"code": made.code}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 7
    (won,) = [answer for answer in answers if answer.status_code == 201]
    assert Browser(http, won).view["user"] == root.id
    again = await http.post(PATH, json={"code": made.code})
    assert (again.status_code, again.json()["code"]) == (401, "code_over")
    assert "tollhouse login" in again.json()["detail"]


async def test_a_link_is_good_for_fifteen_minutes(tmp_path: Path):
    clock = ManualClock()
    async with opened(tmp_path / "data", clock=clock) as house:
        await make_admin(house)
        good, late = await make_code(house.desk, COMMAND_LINE), await make_code(house.desk, COMMAND_LINE)
        async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
            clock.advance(seconds=CODE_S - 1)
            assert (await http.post(PATH, json={"code": good.code})).status_code == 201
            clock.advance(seconds=1)
            assert (await http.post(PATH, json={"code": late.code})).status_code == 401


async def test_a_link_opens_nothing_once_its_token_is_revoked(http: httpx2.AsyncClient, house: House, root: Person):
    made = await make_code(house.desk, COMMAND_LINE)
    await access.revoke_token(house.desk, COMMAND_LINE, root.token_id)
    assert (await http.post(PATH, json={"code": made.code})).status_code == 401


async def test_a_link_is_of_who_manages_or_of_a_user(http: httpx2.AsyncClient, house: House, ada: Person):
    with pytest.raises(NotFound, match="tokens create admin"):
        await make_code(house.desk, COMMAND_LINE)
    made = await make_code(house.desk, COMMAND_LINE, "ada")
    browser = Browser(http, await http.post(PATH, json={"code": made.code}))
    assert (browser.view["user"], browser.view["is_admin"]) == (ada.id, False)


WRONG = [{}, {"token": "x", "code": "y"}, {"token": 1}, {"code": None}, {"token": "x", "user": "root"}, [], "x"]


@pytest.mark.parametrize("body", WRONG, ids=str)
async def test_a_sign_in_that_cannot_be_read_is_400(http: httpx2.AsyncClient, body: object):
    assert (await http.post(PATH, json=body)).status_code == 400


@pytest.mark.parametrize("code", ["", "x", "a" * 43, "a" * 3000, "ä" * 43, "\0" * 43])
async def test_a_code_that_is_none_is_401(http: httpx2.AsyncClient, code: str):
    refused = await http.post(PATH, json={"code": code})
    assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)


async def test_a_long_sign_in_is_not_read(http: httpx2.AsyncClient):
    assert (await http.post(PATH, json={"token": "a" * 100_000})).status_code == 413


async def test_the_cookie_is_secure_where_a_trusted_proxy_says_https(tmp_path: Path):
    async with opened(tmp_path / "data", toml='trusted_proxies = ["127.0.0.0/8"]') as house:
        root = await make_admin(house)
        async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
            for told, is_secure in (("https", True), ("http", False), ("http, https", True), ("https, http", False)):
                answer = await http.post(PATH, json={"token": root.token}, headers={"x-forwarded-proto": told})
                assert Browser(http, answer).cookie["secure"] == (True if is_secure else "")


async def test_a_stranger_who_says_https_is_not_believed(http: httpx2.AsyncClient, root: Person):
    answer = await http.post(PATH, json={"token": root.token}, headers={"x-forwarded-proto": "https"})
    assert not Browser(http, answer).cookie["secure"]


async def test_neither_keys_nor_codes_are_kept_or_logged(
    stored_house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    root = await make_admin(stored_house)
    async with served(stored_house) as url, httpx2.AsyncClient(base_url=url) as http:
        used, unused = (
            await make_code(stored_house.desk, COMMAND_LINE),
            await make_code(stored_house.desk, COMMAND_LINE),
        )
        browser = Browser(http, await http.post(PATH, json={"code": used.code}))
        assert await browser.status("GET", "/api/users") == 200
        await http.post(PATH, json={"code": used.code})
    rows = await stored_house.store.read(lambda tx: [*tx.execute(session.select()), *tx.execute(login_code.select())])
    assert len(rows) == 2
    deeds = await stored_house.store.read(lambda tx: machinery.deeds(tx, Page()))
    assert {"session.link", "session.begin"} <= {row["deed"] for row in deeds}
    written = capsys.readouterr()
    told = f"{rows}{[dict(row) for row in deeds]}{written.out}{written.err}{used}{browser}"
    for secret in (used.code, unused.code, browser.cookie.value, browser.view["csrf"], root.token):
        assert secret not in told


async def test_a_session_holds_in_every_process_and_ends_in_all_within_five_seconds(tmp_path: Path, database_url: str):
    clock = ManualClock()
    places = {"clock": clock, "database_url": database_url}
    async with opened(tmp_path / "data", **places) as house, opened(tmp_path / "data", **places) as other:
        root = await make_admin(house)
        async with served(house) as url, served(other) as elsewhere, httpx2.AsyncClient() as http:
            browser = Browser(http, await http.post(f"{url}{PATH}", json={"token": root.token}))
            assert await browser.status("GET", f"{elsewhere}/api/users") == 200
            assert await browser.status("DELETE", f"{url}{PATH}") == 200
            clock.advance(seconds=5.001)
            assert await browser.status("GET", f"{elsewhere}/api/users") == 401


async def test_what_is_over_is_forgotten(tmp_path: Path):
    clock = ManualClock()
    async with opened(tmp_path / "data", clock=clock) as house:
        await make_admin(house)
        code = (await make_code(house.desk, COMMAND_LINE)).code
        async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
            assert (await http.post(PATH, json={"code": code})).status_code == 201
            await make_code(house.desk, COMMAND_LINE)
        clock.advance(seconds=SESSION_MOST_S - 1)
        assert await house.store.write(lambda tx: sql.drop_over(tx, clock.now())) == 1
        clock.advance(seconds=1)
        assert await house.store.write(lambda tx: sql.drop_over(tx, clock.now())) == 1


def test_the_proof_tells_nothing_of_the_key_and_is_its_own():
    one, other = sessions.mint().encode(), sessions.mint().encode()
    assert sessions.proves(sessions.csrf_of(one).encode(), one)
    assert not sessions.proves(sessions.csrf_of(one).encode(), other)
    assert not sessions.proves(b"", one)
    pepper = b"p" * 32
    assert len({sessions.digest(one, pepper=pepper), sessions.code_digest(one, pepper=pepper)}) == 2
