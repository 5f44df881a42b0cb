"""Attacks on who may do what, by their numbers in the threat model."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from houses import Person, make_admin, make_person, opened, served
from tollhouse import tokens
from tollhouse.admin import access, credentials
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.errors import CannotStart, Unavailable
from tollhouse.gateway.guessing import WRONG_A_MINUTE
from tollhouse.store import machinery
from tollhouse.store import requests as sql
from tollhouse.store.paging import Page
from tollhouse.testing import ManualClock


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture
async def ada(house: House) -> Person:
    return await make_person(house, "ada")


@pytest.fixture
async def bob(house: House) -> Person:
    return await make_person(house, "bob")


def shape(response: httpx2.Response) -> tuple[int, dict[str, Any]]:
    """Status and body, without the request's id."""
    body = response.json()
    body.pop("request_id", None)
    return response.status_code, body


PATHS = ("/api/me", "/api/chat", "/v1/models")


@pytest.mark.parametrize("path", PATHS)
async def test_a01_everything_that_is_no_token_is_401_of_one_shape(http: httpx2.AsyncClient, ada: Person, path: str):
    method = "POST" if path == "/api/chat" else "GET"
    values = [
        "Bearer",
        f"Basic {ada.token}",
        f"Token {ada.token}",
        ada.token,
        f"Bearer {ada.token} {ada.token}",
        f"Bearer {ada.token}x",
        f"Bearer {ada.token[:-1]}",
        f"Bearer {ada.token[:-1]}{'a' if ada.token[-1] != 'a' else 'b'}",
        f"Bearer {ada.token.upper()}",
        f"Bearer {tokens.mint().text}",
        f"Bearer {ada.token}' OR '1'='1",
        f"Bearer {'a' * 60_000}",
    ]
    refused = [await http.request(method, path, headers={"authorization": value}) for value in values]
    assert {it.status_code for it in refused} == {401}
    assert len({str(sorted(shape(it)[1])) for it in refused}) == 1
    assert all(it.headers["www-authenticate"].startswith("Bearer") for it in refused)


async def test_a01_what_stands_around_a_token_never_makes_one(house: House, ada: Person):
    """On the wire, because a client refuses to send some of it. Blanks around a field are trimmed; nothing else is."""
    token = ada.token.encode()
    wrong = {}
    async with served(house) as url:
        for begin, end in itertools.product((b"Bearer ", b"bearer  ", b"Bearer \0", b" "), (b"", b" ", b"\t", b"\0")):
            is_token = begin.strip().lower() == b"bearer" and not end.strip()
            for value, allowed in ((begin + end, {400, 401}), (begin + token + end, {200} if is_token else {400, 401})):
                status = await raw_status(url, b"Authorization: " + value + b"\r\n")
                if status not in allowed:
                    wrong[value] = status
    assert wrong == {}


async def raw_status(url: str, headers: bytes) -> int:
    """The status of GET /api/me with these bytes as headers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(b"GET /api/me HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + headers + b"\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("path", PATHS)
async def test_a01_two_authorization_headers_are_none(http: httpx2.AsyncClient, ada: Person, path: str):
    twice = [("authorization", f"Bearer {ada.token}"), ("authorization", f"Bearer {ada.token}")]
    method = "POST" if path == "/api/chat" else "GET"
    assert (await http.request(method, path, headers=twice)).status_code == 401


@pytest.mark.parametrize("path", [*PATHS, "/v1/chat/completions", "/v1/conversations"])
async def test_a11_who_is_refused_is_counted_and_logged(
    http: httpx2.AsyncClient, path: str, capsys: pytest.CaptureFixture[str]
):
    method = "GET" if path in ("/api/me", "/v1/models") else "POST"
    counted = 'tollhouse_requests_total{outcome="invalid_api_key",provider="none",status="401"}'
    guess = "th_live_" + "a" * 40
    response = await http.request(method, path, headers={"authorization": f"Bearer {guess}"}, json={})
    assert response.status_code == 401
    assert f"{counted} 1.0" in (await http.get("/metrics")).text
    printed = capsys.readouterr()
    (line,) = [line for line in (printed.out + printed.err).splitlines() if "authentication.refused" in line]
    assert "127.0.0.1" in line
    assert guess not in printed.out + printed.err


def wrong_token(number: int) -> str:
    """One of ours in every letter, which nobody was given."""
    return tokens.mint(lambda size: number.to_bytes(size, "big")).text


async def guess(http: httpx2.AsyncClient, count: int, path: str = "/v1/models") -> list[httpx2.Response]:
    """So many wrong tokens, one after the other."""
    return [
        await http.get(path, headers={"authorization": f"Bearer {wrong_token(number)}"})
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("path", ["/v1/models", "/api/me"])
async def test_a11_who_guesses_on_is_told_429_and_not_to_try_again(http: httpx2.AsyncClient, path: str):
    heard = await guess(http, WRONG_A_MINUTE + 20, path)
    statuses = [response.status_code for response in heard]
    assert statuses[:WRONG_A_MINUTE] == [401] * WRONG_A_MINUTE
    assert statuses[-10:] == [429] * 10
    assert len({it.text.replace(it.headers["x-request-id"], "") for it in heard}) == 2
    assert int(heard[-1].headers["retry-after"]) >= 1
    assert heard[-1].headers["x-should-retry"] == "false"
    page = (await http.get("/metrics")).text
    assert f'tollhouse_ratelimit_rejections_total{{scope="address"}} {statuses.count(429)}.0' in page
    assert f'{{outcome="rate_limit_exceeded",provider="none",status="429"}} {statuses.count(429)}.0' in page


async def test_a11_a_true_token_is_never_refused_for_what_others_guess_from_its_address(
    http: httpx2.AsyncClient, ada: Person, house: House
):
    assert (await http.get("/api/me", headers=ada.headers)).status_code == 200
    assert (await guess(http, WRONG_A_MINUTE + 5))[-1].status_code == 429
    assert (await http.get("/api/me", headers=ada.headers)).status_code == 200
    newcomer = await make_person(house, "new")
    answers = await asyncio.gather(
        *(
            http.get("/api/me", headers={"authorization": f"Bearer {wrong_token(number)}"})
            for number in range(900, 940)
        ),
        http.get("/api/me", headers=newcomer.headers),
    )
    assert [answer.status_code for answer in answers] == [429] * 40 + [200]


async def test_a11_a_token_that_was_true_once_is_told_so_even_then(http: httpx2.AsyncClient, house: House, ada: Person):
    await access.revoke_token(house.desk, COMMAND_LINE, ada.token_id)
    await guess(http, WRONG_A_MINUTE + 5)
    refused = await http.get("/api/me", headers=ada.headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_revoked")
    assert (await http.get("/api/me")).status_code == 401


async def test_a11_guesses_over_the_limit_do_not_fill_the_log(
    http: httpx2.AsyncClient, capsys: pytest.CaptureFixture[str]
):
    await guess(http, WRONG_A_MINUTE + 60)
    printed = capsys.readouterr()
    lines = [line for line in (printed.out + printed.err).splitlines() if "authentication.refused" in line]
    assert WRONG_A_MINUTE < len(lines) < WRONG_A_MINUTE + 30


async def test_a04_a_token_in_the_address_or_a_cookie_is_no_token(http: httpx2.AsyncClient, ada: Person):
    for name in ("token", "api_key", "key", "access_token", "authorization"):
        assert (await http.get("/api/me", params={name: ada.token})).status_code == 401
    assert (await http.get("/api/me", headers={"cookie": f"token={ada.token}"})).status_code == 401


async def test_a07_an_expired_token_is_refused_to_the_second(tmp_path: Any):
    clock = ManualClock()
    async with opened(tmp_path / "data", clock=clock) as house:
        ada = await make_person(house)
        expiry = clock.now() + timedelta(seconds=10)
        made = await access.create_token(house.desk, COMMAND_LINE, ada.id, name="short", expires_at=expiry)
        headers = {"authorization": f"Bearer {made.token}"}
        async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
            clock.advance(seconds=9)
            assert (await http.get("/api/me", headers=headers)).status_code == 200
            clock.advance(seconds=1.001)
            refused = await http.get("/api/me", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (401, "token_expired")


async def test_a07_a_revocation_in_another_process_is_seen_within_five_seconds(tmp_path: Any):
    clock = ManualClock()
    async with opened(tmp_path / "data", clock=clock) as house, opened(tmp_path / "data", clock=clock) as other:
        ada = await make_person(house)
        async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
            assert (await http.get("/api/me", headers=ada.headers)).status_code == 200
            await access.revoke_token(other.desk, COMMAND_LINE, ada.token_id)
            clock.advance(seconds=5.001)
            assert (await http.get("/api/me", headers=ada.headers)).status_code == 401


async def test_a12_a_silent_database_is_503_and_never_a_verdict(
    http: httpx2.AsyncClient, house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
):
    async def silent(*asked: object) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(house.store, "read", silent)
    monkeypatch.setattr(house.store, "join", silent)
    for method, path in (("GET", "/api/me"), ("GET", "/v1/models"), ("POST", "/api/chat")):
        refused = await http.request(method, path, headers=ada.headers)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")


async def test_a13_a_house_without_its_master_key_stays_closed(tmp_path: Any):
    async with opened(tmp_path / "data") as house:
        await make_person(house)
    key = tmp_path / "data" / "master.key"
    key.chmod(0o644)
    with pytest.raises(CannotStart, match="can be read by others"):
        async with opened(tmp_path / "data"):
            pass


async def test_a20_what_is_anothers_looks_like_none(http: httpx2.AsyncClient, house: House, ada: Person, bob: Person):
    question = {"model": "demo/echo", "messages": [{"role": "user", "content": "hi"}]}
    await http.post("/v1/chat/completions", headers=ada.headers, json=question)
    (row,) = (await http.get("/api/me/requests", headers=ada.headers)).json()["data"]
    made = await credentials.add_credential(
        house.desk, COMMAND_LINE, ada.id, provider="openai", api_key="sk-canary-of-ada"
    )
    things = [
        ("GET", "/api/me/requests/{}", None, row["id"]),
        ("GET", "/api/me/credentials/{}", None, made.id),
        ("PATCH", "/api/me/credentials/{}", {"label": "mine"}, made.id),
        ("DELETE", "/api/me/credentials/{}", None, made.id),
        ("POST", "/api/me/credentials/{}/verify", None, made.id),
        ("POST", "/api/me/credentials/{}/rotate", {"api_key": "sk-bobs-own"}, made.id),
    ]
    for method, path, body, thing in things:
        random_id = thing[:4] + thing[:3:-1]
        told = [
            shape(await http.request(method, path.format(it), headers=bob.headers, json=body))
            for it in (thing, random_id)
        ]
        assert told[0] == told[1], (method, path)
        assert told[0][0] == 404
    assert await credentials.get_credential(house.desk, made.id) == made


async def test_a23_lists_show_ones_own_whatever_is_asked(http: httpx2.AsyncClient, ada: Person, bob: Person):
    question = {"model": "demo/echo", "messages": [{"role": "user", "content": "hi"}]}
    await http.post("/v1/chat/completions", headers=ada.headers, json=question)
    for asked in ("", "?limit=1000", "?outcome=succeeded", "?model=echo", "?after=req_0&order=asc"):
        assert (await http.get(f"/api/me/requests{asked}", headers=bob.headers)).json()["data"] == []
    for asked in (f"?user={ada.id}", "?user=", "?user[]=a", "?user=null", "?outcome=", "?limit[]=1"):
        assert (await http.get(f"/api/me/requests{asked}", headers=bob.headers)).status_code == 422


AUTHORITY = {
    "role": "admin",
    "scopes": ["admin:*"],
    "owner_id": "usr_x",
    "tenant_id": "ws_x",
    "is_admin": True,
    "budget": "1000",
    "spent": "0",
    "price": "0",
    "base_url": "https://attacker.example",
    "created_at": "2020-01-01T00:00:00Z",
    "id": "usr_chosen",
    "reference": "env:HOME",
}


async def test_a24_a_field_that_carries_authority_is_refused_in_every_body(
    http: httpx2.AsyncClient, house: House, ada: Person
):
    root = await make_admin(house)
    bodies: list[tuple[str, str, Person, dict[str, Any]]] = [
        ("POST", "/api/workspaces", root, {"name": "w"}),
        ("POST", "/api/users", root, {"name": "u"}),
        ("PUT", f"/api/users/{ada.id}/limits", root, {"concurrent": 1}),
        ("POST", f"/api/users/{ada.id}/tokens", root, {"name": "t"}),
        ("POST", f"/api/users/{ada.id}/credentials", root, {"provider": "openai", "api_key": "sk-canary"}),
        ("POST", "/api/me/credentials", ada, {"provider": "openai", "api_key": "sk-canary"}),
        ("POST", "/api/budgets", root, {"owner": {"user": ada.id}, "unit": "usd", "window": "day", "limit": "1"}),
    ]
    own = {("/tokens", "scopes"), ("/credentials", "role")}
    for method, path, person, body in bodies:
        for field, value in AUTHORITY.items():
            if any(path.endswith(end) and field == name for end, name in own):
                continue
            refused = await http.request(method, path, headers=person.headers, json={**body, field: value})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}"), (path, field)
    assert len(await credentials.list_credentials(house.desk)) == 0
    assert len(await access.list_users(house.desk)) == 2


async def test_a25_an_administrators_token_makes_none_that_outlives_it(http: httpx2.AsyncClient, house: House):
    root = await make_admin(house)
    expiry = house.clock.now() + timedelta(hours=1)
    short = await access.create_token(
        house.desk, COMMAND_LINE, root.id, name="short", scopes=["admin:*"], expires_at=expiry
    )
    headers = {"authorization": f"Bearer {short.token}"}
    later = (expiry + timedelta(days=1)).isoformat()
    asked = {"name": "long", "expires_at": later}
    assert (await http.post(f"/api/users/{root.id}/tokens", headers=headers, json=asked)).status_code == 403
    made = await http.post(f"/api/users/{root.id}/tokens", headers=headers, json={"name": "unsaid"})
    assert made.json()["expires_at"] is not None


async def test_a28_an_id_cannot_be_guessed_from_its_neighbour(house: House):
    ids = [(await make_person(house, f"u{n}")).id for n in range(20)]
    assert ids == sorted(ids)
    assert len({it[-15:] for it in ids}) == 20


async def test_a29_what_an_administrator_does_is_written_down_and_nothing_deletes_it(
    http: httpx2.AsyncClient, house: House, ada: Person
):
    root = await make_admin(house)
    await http.post(f"/api/users/{ada.id}/disable", headers=root.headers)
    (deed, *_) = await house.store.read(lambda tx: machinery.deeds(tx, Page(limit=100)))
    assert (deed["deed"], deed["actor"], deed["subject"]) == ("user.disable", root.token_id, ada.id)
    assert not [name for name in dir(machinery) if "deed" in name and name not in ("deeds", "note_deed")]


async def test_a45_a_body_names_no_address_and_no_key(http: httpx2.AsyncClient, house: House, ada: Person):
    asked = {"model": "demo/echo", "messages": [{"role": "user", "content": "hi"}], "api_base": "https://x.example"}
    assert (await http.post("/api/chat", headers=ada.headers, json=asked)).status_code == 400
    (row,) = await house.store.read(lambda tx: sql.rows(tx, Page()))
    assert row["provider"] is None


async def test_a56_no_page_gives_a_secret_back(http: httpx2.AsyncClient, house: House, ada: Person):
    root = await make_admin(house)
    secret = "sk-canary-0123456789abcdef"
    asked = {"provider": "openai", "api_key": secret}
    made = await http.post("/api/me/credentials", headers=ada.headers, json=asked)
    paths = ("/api/credentials", f"/api/credentials/{made.json()['id']}", f"/api/users/{ada.id}/credentials")
    pages = [made.text, *[(await http.get(path, headers=root.headers)).text for path in paths]]
    pages.append(repr([dict(row) for row in await house.store.read(lambda tx: machinery.deeds(tx, Page(limit=100)))]))
    assert not any(secret in page or secret[3:-4] in page for page in pages)
    assert all("cdef" in page for page in pages[:-1])
