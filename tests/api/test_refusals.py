"""What is refused beside the surfaces: in whose words, under which id, to whom, and with which row."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from gateways import Gateway, over_both_peers

GENERATE = "/v1beta/models/acme/acme-1:generateContent"
ASKS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/responses/input_tokens",
    "/v1/messages",
    "/v1/messages/count_tokens",
    GENERATE,
    "/api/chat",
)
MINE = "my.id:1"


def assert_speaks(response: httpx2.Response, path: str, status: int, code: str, shown_id: str = MINE) -> None:
    """An error in the envelope of its address, under the id that the client gave."""
    body: Any = response.json()
    assert (response.status_code, response.headers["x-request-id"]) == (status, shown_id)
    assert ("request-id" in response.headers) is path.startswith("/v1/messages")
    if path.startswith("/v1/messages"):
        assert (body["type"], body["request_id"], response.headers["request-id"]) == ("error", shown_id, shown_id)
    elif ":" in path or path.startswith("/v1beta/"):
        assert body["error"]["code"] == status
        assert [it["reason"] for it in body["error"]["details"] if "reason" in it] == [code]
    elif path.startswith("/v1/"):
        assert (body["error"]["code"], body["error"]["request_id"]) == (code, shown_id)
    else:
        assert response.headers["content-type"] == "application/problem+json"
        assert (body["status"], body["code"], body["request_id"]) == (status, code, shown_id)


@over_both_peers
@pytest.mark.parametrize("header", [{"x-tollhouse-tag": "two words"}, {"x-tollhouse-wait": "soon"}])
async def test_what_a_head_may_not_say_is_refused_to_who_may_ask_and_has_a_row(
    gateway: Gateway, header: dict[str, str]
) -> None:
    headers = header | {"x-request-id": MINE}
    for path in ASKS:
        stranger = await gateway.client.post(path, headers=headers, json={})
        assert_speaks(stranger, path, 401, "invalid_api_key")
        response = await gateway.client.post(path, headers=gateway.person.headers | headers, json={})
        assert_speaks(response, path, 400, "invalid_request")
    assert [row["status"] for row in await gateway.rows()] == [400] * len(ASKS)


UNKNOWN = [
    ("GET", "/v1/nothing", 404),
    ("POST", "/v1/nothing", 404),
    ("GET", "/v1/messages/batches", 404),
    ("POST", "/v1/messages/batches/one", 404),
    ("GET", "/v1beta/files", 404),
    ("POST", "/v1beta/models/acme/acme-1:embedContent", 404),
    ("GET", "/v1/messages", 405),
    ("DELETE", "/v1/chat/completions", 405),
    ("PUT", "/v1/responses", 405),
    ("GET", "/api/chat", 405),
    ("POST", "/v1beta/models", 405),
]


@over_both_peers
@pytest.mark.parametrize(("method", "path", "status"), UNKNOWN)
async def test_what_is_not_here_is_refused_in_the_words_of_its_address_and_has_a_row(
    gateway: Gateway, method: str, path: str, status: int
) -> None:
    mine = {"x-request-id": MINE}
    assert (await gateway.client.request(method, path, headers=mine)).status_code == 401
    response = await gateway.client.request(method, path, headers=gateway.person.headers | mine)
    assert_speaks(response, path, status, "not_found" if status == 404 else "method_not_allowed")
    assert (await gateway.only_row())["status"] == status


@over_both_peers
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/messages", "POST"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("GET", "/v1/conversations", "POST"),
        ("PUT", "/v1/conversations/conv_1", "GET, POST, DELETE"),
        ("POST", "/v1/responses/resp_1", "GET, DELETE"),
        ("POST", "/metrics", "GET, HEAD"),
        ("DELETE", "/health/live", "GET, HEAD"),
        ("PUT", "/api/chat", "POST"),
        ("PUT", "/api/users", "GET, POST"),
    ],
)
async def test_a_path_tells_which_methods_it_takes(gateway: Gateway, method: str, path: str, allowed: str) -> None:
    response = await gateway.client.request(method, path, headers=gateway.person.headers)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == set(allowed.split(", "))


@over_both_peers
@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/v1/models", "/v1beta/models"])
async def test_head_is_get_without_a_body(gateway: Gateway, path: str) -> None:
    headers = gateway.person.headers | {"x-request-id": MINE}
    whole = await gateway.client.get(path, headers=headers)
    head = await gateway.client.head(path, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "x-request-id"):
        assert head.headers[name] == whole.headers[name]
    assert head.headers["x-request-id"] == MINE


async def test_models_are_refused_in_the_words_of_who_asks(gateway: Gateway) -> None:
    for name, marker in (("anthropic-version", "request_id"), ("x-goog-api-client", "error"), ("x-else", "error")):
        response = await gateway.client.get("/v1/models", headers={name: "1", "x-request-id": MINE})
        assert (response.status_code, marker in response.json()) == (401, True)
        assert ("request-id" in response.headers) is (name == "anthropic-version")


async def test_while_draining_everybody_is_refused_in_their_own_words(gateway: Gateway) -> None:
    gateway.server.handle_exit(15, None)
    try:
        for path in (*ASKS, "/v1/models", "/v1/conversations/conv_1", "/api/me", "/"):
            response = await gateway.client.post(path, headers={"x-request-id": MINE}, json={})
            assert_speaks(response, path, 503, "service_unavailable")
            assert response.headers["retry-after"]
    finally:
        gateway.server.should_exit = False
