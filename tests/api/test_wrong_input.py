"""What a caller can do wrong, and what may be wrong with us: each told in OpenAI's envelope, none with a secret."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import pytest

from databases import execute
from gateways import ACME_KEY, CHAT, Gateway, asking, over_both_peers
from houses import make_person
from raw_http import connected, request
from tollhouse import tokens
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.testing import ManualClock, answer

Open = Callable[..., Awaitable[Gateway]]

ENVELOPE = {"message", "type", "param", "code", "request_id"}
INTERNALS = re.compile(r"Traceback|File \"|\.py\b|tollhouse\.\w+\.|sqlite|sqlalchemy|asyncpg|msgspec| at 0x[0-9a-f]{6}")


def error_of(response: httpx2.Response, status: int, code: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    """The envelope's error, after a look at what every refusal must be like."""
    assert response.headers["content-type"] == "application/json"
    (top,) = response.json().items()
    assert top[0] == "error"
    error: dict[str, Any] = top[1]
    assert (response.status_code, error["code"], error["type"]) == (status, code, kind), error["message"]
    assert error.keys() >= ENVELOPE
    assert error["message"]
    assert error["request_id"] == response.headers["x-request-id"]
    said = response.text + str(response.headers)
    assert ACME_KEY not in said
    assert "th_live_" not in said.replace("th_live_…", "")
    assert not INTERNALS.search(said)
    return error


# --- who asks --------------------------------------------------------------------------------------------------------

WELL_FORMED = tokens.mint().text

NOT_TOKENS: dict[str, dict[str, str]] = {
    "nothing": {},
    "an empty header": {"authorization": ""},
    "no token": {"authorization": "Bearer"},
    "another scheme": {"authorization": "Basic dXNlcjpwYXNz"},
    "no scheme": {"authorization": WELL_FORMED},
    "another vendor's key": {"authorization": "Bearer sk-proj-0123456789abcdef0123456789"},
    "a typing error": {"authorization": f"Bearer {WELL_FORMED[:-1]}!"},
    "one letter less": {"authorization": f"Bearer {WELL_FORMED[:-1]}"},
    "one that we never made": {"authorization": f"Bearer {WELL_FORMED}"},
    "SQL": {"authorization": "Bearer ' OR 1=1 --"},
    "JSON": {"authorization": 'Bearer {"$ne": null}'},
    "letters that look alike": {"authorization": "Bearer th_live_\u0430bc".encode().decode("latin-1")},
    "very much": {"authorization": "Bearer " + "x" * 50_000},
}


@over_both_peers
@pytest.mark.parametrize("headers", NOT_TOKENS.values(), ids=NOT_TOKENS.keys())
async def test_without_a_good_token_nothing_is_asked(gateway: Gateway, headers: dict[str, str]) -> None:
    response = await gateway.client.post(
        CHAT, headers={name: value.encode("latin-1") for name, value in headers.items()}, json=asking()
    )
    error_of(response, 401, "invalid_api_key", "authentication_error")
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert not [name for name in response.headers if name.startswith(("x-tollhouse", "x-ratelimit"))]
    assert await gateway.rows() == []
    assert gateway.provider.asked == 0


@over_both_peers
async def test_a_token_is_taken_from_one_place_only(gateway: Gateway) -> None:
    token = gateway.person.token
    for headers, query in (
        ({"x-api-key": token}, ""),
        ({"api-key": token}, ""),
        ({"cookie": f"token={token}; session={token}"}, ""),
        ({"proxy-authorization": f"Bearer {token}"}, ""),
        ({}, f"?token={token}&api_key={token}&key={token}&access_token={token}"),
    ):
        response = await gateway.client.post(CHAT + query, headers=headers, json=asking())
        error_of(response, 401, "invalid_api_key", "authentication_error")


@over_both_peers
@pytest.mark.parametrize("which", ["the same twice", "a bad one first", "a bad one last", "an empty one"])
async def test_two_tokens_are_none(gateway: Gateway, which: str) -> None:
    good = f"Bearer {gateway.person.token}"
    pair = {
        "the same twice": (good, good),
        "a bad one first": ("Bearer x", good),
        "a bad one last": (good, "Bearer x"),
        "an empty one": (good, ""),
    }[which]
    response = await gateway.client.post(CHAT, headers=[("authorization", one) for one in pair], json=asking())
    error_of(response, 401, "invalid_api_key", "authentication_error")


async def test_a_revoked_token_is_refused_from_the_next_request_on(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    assert (await gateway.chat()).status_code == 200
    await access.revoke_token(gateway.house.desk, COMMAND_LINE, gateway.person.token_id)
    error_of(await gateway.chat(), 401, "token_revoked", "authentication_error")


async def test_a_disabled_users_token_is_refused(gateway: Gateway) -> None:
    await access.disable_user(gateway.house.desk, COMMAND_LINE, gateway.person.id)
    error_of(await gateway.chat(), 401, "user_disabled", "authentication_error")


async def test_a_token_is_refused_from_the_second_on_in_which_it_expires(open_gateway: Open) -> None:
    clock = ManualClock()
    gateway = await open_gateway(clock=clock)
    gateway.provider.always(answer())
    made = await access.create_token(
        gateway.house.desk,
        COMMAND_LINE,
        gateway.person.id,
        name="short",
        expires_at=clock.now() + timedelta(seconds=3),
    )
    headers = {"authorization": f"Bearer {made.token}"}
    assert (await gateway.client.post(CHAT, headers=headers, json=asking())).status_code == 200
    # Callers are remembered for five seconds, but not beyond the end of their token.
    clock.advance(seconds=3.5)
    response = await gateway.client.post(CHAT, headers=headers, json=asking())
    error_of(response, 401, "token_expired", "authentication_error")


@over_both_peers
async def test_a_token_without_the_scope_is_refused_and_logged(gateway: Gateway) -> None:
    other = await make_person(gateway.house, "bob", scopes=["usage:read"])
    response = await gateway.client.post(CHAT, headers=other.headers, json=asking())
    error = error_of(response, 403, "insufficient_scope", "permission_error")
    assert "`inference`" in error["message"]
    assert (await gateway.row(response))["status"] == 403
    response = await gateway.client.get("/v1/models", headers=other.headers)
    error_of(response, 403, "insufficient_scope", "permission_error")


# --- what is asked for -----------------------------------------------------------------------------------------------

NEAR = {
    "acme/acme-2": "`acme/acme-1`",
    "acme/acme1": "`acme/acme-1`",
    "acme-11": "`acme/acme-1`",
    "acne/acme-1": "`acme/acme-1`",
    "demo/ecko": "`demo/echo`",
    "zzz": "GET /v1/models",
    "acme/": "`acme/acme-1`",
    "/": "GET /v1/models",
}


@over_both_peers
@pytest.mark.parametrize(("model", "named"), NEAR.items())
async def test_an_unknown_model_is_refused_naming_near_ones(gateway: Gateway, model: str, named: str) -> None:
    response = await gateway.chat(model=model)
    error = error_of(response, 404, "model_not_found")
    assert error["param"] == "model"
    assert named in error["message"]
    row = await gateway.row(response)
    assert (row["status"], row["asked_model"]) == (404, model)


async def test_a_providers_name_may_be_left_out_where_only_one_serves_the_model(gateway: Gateway) -> None:
    gateway.provider.script(answer())
    assert (await gateway.chat(model="acme-1")).headers["x-tollhouse-model"] == "acme-1"


async def test_without_a_credential_the_caller_is_told_how_to_add_one(gateway: Gateway) -> None:
    response = await gateway.chat(model="openai/gpt-4.1")
    error = error_of(response, 400, "no_credential")
    assert "openai" in error["message"]
    assert "tollhouse credentials add" in error["message"]
    assert "POST /api/me/credentials" in error["message"]
    assert (await gateway.row(response))["status"] == 400


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"model": None}, "model"),
    "empty model": ({"model": ""}, "model"),
    "number as model": ({"model": 7}, "model"),
    "very long model": ({"model": "a" * 257}, "model"),
    "line break in the model": ({"model": "acme/acme-1\r\nx-evil: 1"}, "model"),
    "NUL in the model": ({"model": "acme/\0"}, "model"),
    "no messages": ({"messages": None}, "messages"),
    "empty messages": ({"messages": []}, "messages"),
    "text as messages": ({"messages": "Hi"}, "messages"),
    "too many messages": ({"messages": [{"role": "user", "content": "x"}] * 10_001}, "messages"),
    "message without a role": ({"messages": [{"content": "Hi"}]}, "messages[0].role"),
    "unknown role": ({"messages": [{"role": "boss", "content": "Hi"}]}, "messages[0].role"),
    "parts that are none": ({"messages": [{"role": "user", "content": ["Hi"]}]}, "messages[0].content[0]"),
    "max_tokens 0": ({"max_tokens": 0}, "max_tokens"),
    "max_tokens -1": ({"max_tokens": -1}, "max_tokens"),
    "max_tokens 1e18": ({"max_tokens": 10**18}, "max_tokens"),
    "max_tokens as text": ({"max_tokens": "5"}, "max_tokens"),
    "max_tokens 5.5": ({"max_tokens": 5.5}, "max_tokens"),
    "max_tokens true": ({"max_tokens": True}, "max_tokens"),
    "max_completion_tokens -1": ({"max_completion_tokens": -1}, "max_completion_tokens"),
    "n 0": ({"n": 0}, "n"),
    "n 1000": ({"n": 1000}, "n"),
    "temperature 3": ({"temperature": 3}, "temperature"),
    "temperature hot": ({"temperature": "hot"}, "temperature"),
    "top_p -1": ({"top_p": -1}, "top_p"),
    "stream 1": ({"stream": 1}, "stream"),
    "stream yes": ({"stream": "yes"}, "stream"),
    "stream_options true": ({"stream_options": True}, "stream_options"),
    "tools as text": ({"tools": "search"}, "tools"),
    "tool without a name": ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    "top_logprobs 99": ({"top_logprobs": 99}, "top_logprobs"),
}


@pytest.mark.parametrize(("fields", "param"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_field_is_named(gateway: Gateway, fields: dict[str, Any], param: str) -> None:
    response = await gateway.chat(**fields)
    error = error_of(response, 400, "invalid_request")
    assert error["param"] == param
    assert (await gateway.row(response))["status"] == 400
    assert gateway.provider.asked == 0


HI = b'"messages":[{"role":"user","content":"Hi"}]'

NO_JSON: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b"  \n",
    "no JSON": b"model=acme&messages=Hi",
    "cut off": b'{"model":"acme/acme-1",' + HI,
    "more than one": b'{"model":"acme/acme-1",' + HI + b"} {}",
    "an array": b"[]",
    "null": b"null",
    "a number": b"7",
    "NaN": b'{"model":"acme/acme-1","temperature":NaN,' + HI + b"}",
    "Infinity": b'{"model":"acme/acme-1","temperature":Infinity,' + HI + b"}",
    "1e400": b'{"model":"acme/acme-1","temperature":1e400,' + HI + b"}",
    "a number of 5,000 digits": b'{"model":"acme/acme-1","max_tokens":' + b"9" * 5_000 + b"," + HI + b"}",
    "not UTF-8": b'{"model":"acme/acme-1","messages":[{"role":"user","content":"\xff\xfe"}]}',
    "a lone surrogate in the model": b'{"model":"\\ud800",' + HI + b"}",
    "a raw NUL": b'{"model":"acme/acme-1\0",' + HI + b"}",
    "a byte order mark": b"\xef\xbb\xbf" + b'{"model":"acme/acme-1",' + HI + b"}",
    "too deep": b'{"model":"acme/acme-1",' + HI + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "too deep and cut off": b'{"x":' * 100_000,
    "a comment": b'{/* hi */"model":"acme/acme-1",' + HI + b"}",
}


@over_both_peers
@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
async def test_a_body_that_is_not_readable_is_refused(gateway: Gateway, body: bytes) -> None:
    error_of(await gateway.post(body), 400, "invalid_request")
    assert gateway.provider.asked == 0


# --- too much --------------------------------------------------------------------------------------------------------

SMALL_BODIES = "[limits]\nbody_bytes = 1000\n\n"


@pytest.mark.parametrize("peer", ["hot", "asgi"])
async def test_a_body_over_the_limit_is_refused_whether_announced_or_not(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, toml=SMALL_BODIES)
    body = msgspec.json.encode(asking(messages=[{"role": "user", "content": "x" * 300_000}]))

    async def in_pieces() -> Any:
        for at in range(0, len(body), 1_000):
            yield body[at : at + 1_000]

    for content in (body, in_pieces()):
        response = await gateway.client.post(CHAT, headers=gateway.person.headers, content=content)
        error = error_of(response, 413, "request_too_large")
        assert error["limit_bytes"] == 1_000
        row = await gateway.row(response)
        assert (row["status"], row["outcome"], row["asked_model"]) == (413, "request_too_large", None)


@pytest.mark.parametrize("peer", ["hot", "asgi"])
async def test_a_body_of_exactly_the_limit_is_read(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, toml=SMALL_BODIES)
    gateway.provider.always(answer())
    body = msgspec.json.encode(asking())
    assert (await gateway.post(body + b" " * (1_000 - len(body)))).status_code == 200
    error_of(await gateway.post(body + b" " * (1_001 - len(body))), 413, "request_too_large")


@pytest.mark.parametrize("peer", ["hot", "asgi"])
async def test_a_stranger_with_too_large_a_body_is_a_stranger_first(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, toml=SMALL_BODIES)
    response = await gateway.client.post(CHAT, content=b"x" * 2_000)
    error_of(response, 401, "invalid_api_key", "authentication_error")
    assert await gateway.rows() == []


@pytest.mark.parametrize("peer", ["hot", "asgi"])
async def test_a_connection_is_closed_after_a_body_that_was_not_read(open_gateway: Open, peer: str) -> None:
    gateway = await open_gateway(peer=peer, toml=SMALL_BODIES)
    async with connected(gateway.port) as client:
        await client.send(request(body=b"x" * 200_000, token=gateway.person.token))
        response = await client.response()
        assert response is not None
        assert response.status == 413
        if peer == "hot":
            assert response.headers[b"connection"] == b"close"
            assert await client.response() is None


# --- limits and budgets ----------------------------------------------------------------------------------------------


@over_both_peers
async def test_a_spent_budget_is_told_with_the_moment_it_resets(gateway: Gateway) -> None:
    await gateway.budget("0.000001", window="day")
    response = await gateway.chat()
    error = error_of(response, 429, "insufficient_quota", "insufficient_quota")
    assert response.headers["x-should-retry"] == "false"
    assert 1 <= int(response.headers["retry-after"]) <= 86_400
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", error["resets_at"])
    assert error["resets_at"] in error["message"]
    assert "affordable_max_tokens" in error
    row = await gateway.row(response)
    assert (row["status"], row["outcome"], row["attempts"]) == (429, "insufficient_quota", 0)
    assert gateway.provider.asked == 0


async def test_a_budget_for_ever_has_no_moment_to_try_again(gateway: Gateway) -> None:
    await gateway.budget("0.000001")
    response = await gateway.chat()
    error = error_of(response, 429, "insufficient_quota", "insufficient_quota")
    assert "retry-after" not in response.headers
    assert response.headers["x-should-retry"] == "false"
    assert "resets_at" not in error


async def test_a_stream_that_is_too_dear_is_refused_with_a_status(gateway: Gateway) -> None:
    await gateway.budget("0.000001")
    error_of(await gateway.chat(stream=True), 429, "insufficient_quota", "insufficient_quota")


@pytest.mark.parametrize("peer", ["hot", "asgi"])
async def test_a_new_user_may_ask_twenty_times_in_a_minute(open_gateway: Open, peer: str) -> None:
    clock = ManualClock()
    gateway = await open_gateway(peer=peer, clock=clock, without_limits=False)
    gateway.provider.always(answer())
    for left in reversed(range(20)):
        response = await gateway.chat()
        assert response.status_code == 200
        assert response.headers["x-ratelimit-limit-requests"] == "20"
        assert response.headers["x-ratelimit-remaining-requests"] == str(left)
    response = await gateway.chat()
    error_of(response, 429, "rate_limit_exceeded", "rate_limit_error")
    assert response.headers["x-ratelimit-remaining-requests"] == "0"
    assert response.headers["x-ratelimit-reset-requests"] == "1m0s"
    assert response.headers["retry-after"] == "60"
    assert '"requests";q=20;w=60' in response.headers["ratelimit-policy"]
    assert "x-should-retry" not in response.headers
    assert (await gateway.row(response))["outcome"] == "rate_limit_exceeded"
    assert gateway.provider.asked == 20
    clock.advance(seconds=61)
    assert (await gateway.chat()).status_code == 200


async def test_a_limit_belongs_to_the_user_not_to_the_token(open_gateway: Open) -> None:
    gateway = await open_gateway(clock=ManualClock(), without_limits=False)
    gateway.provider.always(answer())
    other = await access.create_token(gateway.house.desk, COMMAND_LINE, gateway.person.id, name="other")
    for _ in range(20):
        await gateway.chat()
    response = await gateway.client.post(CHAT, headers={"authorization": f"Bearer {other.token}"}, json=asking())
    error_of(response, 429, "rate_limit_exceeded", "rate_limit_error")


async def test_a_request_larger_than_the_limit_of_tokens_is_too_large_not_too_early(gateway: Gateway) -> None:
    await access.set_limits(gateway.house.desk, COMMAND_LINE, gateway.person.id, tokens_per_minute=100)
    error_of(await gateway.chat(max_tokens=1_000), 413, "request_too_large")


# --- our own trouble -------------------------------------------------------------------------------------------------


@over_both_peers
async def test_a_locked_database_is_503_and_never_the_callers_fault(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    other = sqlite3.connect(gateway.house.settings.data / "tollhouse.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    response = await gateway.chat()
    error_of(response, 503, "service_unavailable", "server_error")
    assert int(response.headers["retry-after"]) >= 1
    assert gateway.provider.asked == 0
    other.execute("ROLLBACK")
    other.close()
    assert (await gateway.chat()).status_code == 200


async def test_a_stopped_database_is_503_for_known_and_unknown_callers_alike(
    open_gateway: Open, postgres_server: str, postgres_url: str
) -> None:
    gateway = await open_gateway(database_url=postgres_url)
    gateway.provider.always(answer())
    stranger = {"authorization": f"Bearer {tokens.mint(pepper=gateway.house.desk.pepper).text}"}
    assert (await gateway.chat()).status_code == 200
    database = postgres_url.partition("?")[0].rpartition("/")[2]
    await execute(postgres_server, f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    await execute(
        postgres_server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    )
    for headers in (gateway.person.headers, stranger):
        response = await gateway.client.post(CHAT, headers=headers, json=asking())
        error_of(response, 503, "service_unavailable", "server_error")
        assert int(response.headers["retry-after"]) >= 1
    gateway.house.steps.identify.forget()
    response = await gateway.client.get("/v1/models", headers=gateway.person.headers)
    error_of(response, 503, "service_unavailable", "server_error")
    assert gateway.provider.asked == 1
    await execute(postgres_server, f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    assert (await gateway.chat()).status_code == 200
    error_of(
        await gateway.client.post(CHAT, headers=stranger, json=asking()),
        401,
        "invalid_api_key",
        "authentication_error",
    )


async def test_a_fault_of_ours_is_logged_and_tells_the_caller_nothing(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError(f"a secret {ACME_KEY}")

    gateway.house.steps.calling.keys.headers = break_down  # type: ignore[method-assign]
    response = await gateway.chat()
    error_of(response, 500, "internal_error", "server_error")
    assert (await gateway.row(response))["outcome"] == "internal_error"
    assert [hold["state"] for hold in await gateway.holds(await gateway.row(response))] == ["voided"]


# --- where there is nothing ------------------------------------------------------------------------------------------


@over_both_peers
@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/chat", "/v1/chat/completions/", "/v1/../metrics"])
async def test_a_path_that_is_not_there_is_404(gateway: Gateway, path: str) -> None:
    async with connected(gateway.port) as client:
        await client.send(request(path, b"{}", token=gateway.person.token))
        response = await client.response()
    assert response is not None
    assert (response.status, response.error["code"]) == (404, "not_found")
