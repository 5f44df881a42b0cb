"""The surfaces of Anthropic's, Google's and OpenAI's newer clients: tokens, errors, limits, counts, lists, forms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from clients import Client, body_of, text_of
from gateways import Gateway, over_both_peers
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.api.live import Patience
from tollhouse.dialects import anthropic_messages, gemini, openai_responses
from tollhouse.testing import answer, expect, fail, reply, reset, say, stall, status

Open = Callable[..., Awaitable[Gateway]]

ANTHROPIC, GOOGLE, RESPONSES = map(Client, (anthropic_messages, gemini, openai_responses))
GENERATE = "/v1beta/models/acme/acme-1:generateContent"
STREAM = "/v1beta/models/acme/acme-1:streamGenerateContent"
HI: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
MESSAGE: dict[str, Any] = {"model": "acme/acme-1", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


# --- tokens ----------------------------------------------------------------------------------------------------------


@over_both_peers
@pytest.mark.parametrize(
    ("path", "body", "name"),
    [("/v1/messages", MESSAGE, "x-api-key"), (GENERATE, HI, "x-goog-api-key")],
)
async def test_a_token_is_taken_where_the_dialects_own_clients_put_it(
    gateway: Gateway, path: str, body: dict[str, Any], name: str
) -> None:
    gateway.provider.always(answer())
    response = await gateway.client.post(path, headers={name: gateway.person.token}, json=body)
    assert response.status_code == 200
    assert (await gateway.row(response))["user_id"] == gateway.person.id


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/messages", {}),
        ("/v1/messages", {"x-goog-api-key": "TOKEN"}),
        ("/v1/chat/completions", {"x-api-key": "TOKEN"}),
        ("/v1/responses", {"x-api-key": "TOKEN"}),
        (GENERATE, {"x-api-key": "TOKEN"}),
        (f"{GENERATE}?key=TOKEN", {}),
        (f"{GENERATE}?key=TOKEN&key=TOKEN", {}),
        ("/v1/messages?key=TOKEN", {}),
    ],
)
async def test_a_token_is_taken_nowhere_else(gateway: Gateway, path: str, headers: dict[str, str]) -> None:
    token = gateway.person.token
    told = {name: value.replace("TOKEN", token) for name, value in headers.items()}
    response = await gateway.client.post(path.replace("TOKEN", token), headers=told, json=MESSAGE)
    assert response.status_code == 401


@over_both_peers
async def test_what_else_stands_behind_a_question_mark_is_let_pass(gateway: Gateway) -> None:
    """Anthropic's SDKs ask for beta features at `/v1/messages?beta=true`."""
    gateway.provider.script(answer())
    response = await gateway.client.post("/v1/messages?beta=true", headers=gateway.person.headers, json=MESSAGE)
    assert text_of(ANTHROPIC.hear(response)) == "Hello"


async def test_a_token_in_the_address_is_not_kept_nor_sent_on(gateway: Gateway) -> None:
    gateway.provider.script(answer())
    token, address = gateway.person.token, f"{GENERATE}?key={gateway.person.token}"
    assert "never in the address" in (await gateway.client.post(address, json=HI)).json()["error"]["message"]
    response = await gateway.client.post(address, headers={"x-goog-api-key": token}, json=HI)
    assert token not in json.dumps(dict(await gateway.row(response)), default=str)
    assert token not in gateway.provider.requests[-1].target


# --- errors and headers ----------------------------------------------------------------------------------------------


async def test_anthropics_clients_hear_errors_as_anthropic_says_them(gateway: Gateway) -> None:
    response = await ANTHROPIC.ask(gateway, model="acme/other")
    body = response.json()
    assert (response.status_code, body["type"], body["error"]["type"]) == (404, "error", "not_found_error")
    assert body["request_id"] == response.headers["request-id"] == response.headers["x-request-id"]


async def test_so_they_do_within_a_stream(gateway: Gateway) -> None:
    gateway.provider.script([say("Hel"), reset()])
    response = await ANTHROPIC.ask(gateway, stream=True)
    last = heard(response.content)[-1]
    assert (last["type"], last["request_id"]) == ("error", response.headers["request-id"])


async def test_googles_clients_hear_errors_as_google_says_them(gateway: Gateway) -> None:
    response = await GOOGLE.ask(gateway, model="acme/other")
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["status"]) == (404, 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1beta/models/acme/acme-1:embedContent"),
        ("POST", "/v1beta/models/acme-1"),
        ("GET", "/v1beta/files"),
        ("POST", "/v1/models/acme/acme-1:embedContent"),
        ("DELETE", "/v1beta/models/acme-1"),
    ],
)
async def test_what_google_has_and_we_have_not_is_not_found_in_googles_words(
    gateway: Gateway, method: str, path: str
) -> None:
    response = await gateway.client.request(method, path, headers=gateway.person.headers)
    assert (response.status_code, response.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("version", ["v1", "v1beta"])
async def test_googles_clients_may_leave_the_collection_out_where_a_models_name_has_a_slash(
    gateway: Gateway, version: str
) -> None:
    gateway.provider.always(answer("Hello"))
    body = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    for verb in ("generateContent", "streamGenerateContent?alt=sse", "countTokens"):
        path = f"/{version}/acme/acme-1:{verb}"
        response = await gateway.client.post(path, json=body, headers=gateway.person.headers)
        assert response.status_code == 200, response.text


async def test_anthropics_clients_are_told_of_limits_in_anthropics_headers(gateway: Gateway) -> None:
    await access.set_limits(gateway.house.desk, COMMAND_LINE, gateway.person.id, requests_per_minute=7)
    gateway.provider.always(answer())
    told = (await ANTHROPIC.ask(gateway)).headers
    assert told["anthropic-ratelimit-requests-limit"] == "7"
    assert told["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert "x-ratelimit-limit-requests" not in told
    told = (await GOOGLE.ask(gateway)).headers
    assert "ratelimit" in told
    assert not [name for name in told if name.startswith(("x-ratelimit", "anthropic-ratelimit"))]


# --- counts ----------------------------------------------------------------------------------------------------------

COUNTS = [
    (ANTHROPIC, "/v1/messages/count_tokens", {"model": "acme/acme-1", "messages": MESSAGE["messages"]}, "input_tokens"),
    (RESPONSES, "/v1/responses/input_tokens", {"model": "acme/acme-1", "input": "Hi"}, "input_tokens"),
    (GOOGLE, "/v1beta/models/acme/acme-1:countTokens", HI, "totalTokens"),
]
each_count = pytest.mark.parametrize(("path", "body", "field"), [case[1:] for case in COUNTS])


@each_count
@pytest.mark.parametrize(
    ("upstream", "asked", "counted"),
    [
        ("anthropic_messages", "/v1/messages/count_tokens", b'{"input_tokens": 42}'),
        ("gemini", "/v1/models/acme-1:countTokens", b'{"totalTokens": 42}'),
        ("openai_responses", "/v1/responses/input_tokens", b'{"object": "response.input_tokens", "input_tokens": 42}'),
    ],
)
async def test_a_provider_that_counts_is_asked_for_its_count(
    open_gateway: Open, path: str, body: dict[str, Any], field: str, upstream: str, asked: str, counted: bytes
) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.script(expect(path=asked), reply(200, body=counted))
    response = await gateway.client.post(path, headers=gateway.person.headers, json=body)
    assert (response.json()[field], response.headers["x-tollhouse-count"]) == (42, "exact")
    assert "max_tokens" not in body_of(gateway)
    row = await gateway.row(response)
    assert (row["status"], row["attempts"], row["surface"].rpartition(".")[2]) == (200, 0, "count")
    assert await gateway.holds(row) == []


@each_count
async def test_without_a_provider_that_counts_the_count_is_a_bound_and_says_so(
    gateway: Gateway, path: str, body: dict[str, Any], field: str
) -> None:
    response = await gateway.client.post(path, headers=gateway.person.headers, json=body)
    assert response.headers["x-tollhouse-count"] == "bound"
    assert len(json.dumps(body)) <= response.json()[field] <= 2 * len(json.dumps(body)) + 100
    assert not gateway.provider.requests


@pytest.mark.parametrize("step", [status(500), status(429), status(404), reply(200, body=b"<html>")])
async def test_a_provider_that_fails_to_count_is_no_reason_to_fail(open_gateway: Open, step: Any) -> None:
    gateway = await open_gateway(dialect="anthropic_messages")
    gateway.provider.script(step)
    _, path, body, _ = COUNTS[0]
    response = await gateway.client.post(path, headers=gateway.person.headers, json=body)
    assert (response.status_code, response.headers["x-tollhouse-count"]) == (200, "bound")


async def test_what_the_provider_refuses_to_count_is_refused(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="anthropic_messages")
    gateway.provider.script(
        reply(400, body=b'{"type":"error","error":{"type":"invalid_request_error","message":"No"}}')
    )
    _, path, body, _ = COUNTS[0]
    response = await gateway.client.post(path, headers=gateway.person.headers, json=body)
    assert (response.status_code, response.json()["error"]["message"]) == (400, "No")
    assert (await gateway.row(response))["status"] == 400


# --- lists of models -------------------------------------------------------------------------------------------------


async def listed(gateway: Gateway, path: str, **headers: str) -> httpx2.Response:
    return await gateway.client.get(path, headers=gateway.person.headers | headers)


async def test_each_dialect_lists_models_in_its_own_shape(gateway: Gateway) -> None:
    theirs = (await listed(gateway, "/v1/models", **{"anthropic-version": "2023-06-01"})).json()
    assert theirs["data"][0]["type"] == "model"
    assert (theirs["has_more"], theirs["first_id"]) == (False, theirs["data"][0]["id"])
    names = [model["id"] for model in theirs["data"]]
    assert [model["id"] for model in (await listed(gateway, "/v1/models")).json()["data"]] == names
    for path, headers in (("/v1beta/models", {}), ("/v1/models", {"x-goog-api-client": "google-genai-sdk/3"})):
        models = (await listed(gateway, path, **headers)).json()["models"]
        assert [model["name"] for model in models] == [f"models/{name}" for name in names]


async def test_one_model_is_shown_by_its_name(gateway: Gateway) -> None:
    assert (await listed(gateway, "/v1beta/models/acme/acme-1")).json()["name"] == "models/acme/acme-1"
    version = {"anthropic-version": "2023-06-01"}
    assert (await listed(gateway, "/v1/models/acme/acme-1", **version)).json()["id"] == "acme/acme-1"
    assert (await listed(gateway, "/v1beta/models/acme/other")).json()["error"]["status"] == "NOT_FOUND"
    assert (await gateway.client.get("/v1beta/models")).status_code == 401


# --- Google's array --------------------------------------------------------------------------------------------------


@over_both_peers
async def test_a_stream_is_one_json_array_unless_events_are_asked_for(gateway: Gateway) -> None:
    gateway.provider.script(answer("Hello to you"))
    response = await gateway.client.post(STREAM, headers=gateway.person.headers, json=HI)
    assert response.headers["content-type"] == "application/json"
    said = [part["text"] for it in response.json() for part in it["candidates"][0]["content"]["parts"]]
    assert "".join(said) == "Hello to you"


async def test_an_array_that_breaks_off_ends_with_the_error(gateway: Gateway) -> None:
    gateway.provider.script([say("Hel"), reset()])
    response = await gateway.client.post(STREAM, headers=gateway.person.headers, json=HI)
    first, last = response.json()
    assert first["candidates"][0]["content"]["parts"][0]["text"] == "Hel"
    assert last["error"]["code"] == 502


async def test_an_array_that_fails_at_once_is_a_status(gateway: Gateway) -> None:
    gateway.provider.script(status(400, "Bad"))
    response = await gateway.client.post(STREAM, headers=gateway.person.headers, json=HI)
    assert (response.status_code, response.json()["error"]["message"]) == (400, "Bad")


async def test_googles_clients_are_pinged_by_an_empty_line_and_no_comment(open_gateway: Open) -> None:
    patience = Patience(sweep_s=0.01, watch_after_s=5, commit_after_s=0.02, ping_every_s=0.02)
    gateway = await open_gateway(patience=patience)
    gateway.provider.script([stall(), *answer("Hello")])
    events = f"{STREAM}?alt=sse"
    async with gateway.client.stream("POST", events, headers=gateway.person.headers, json=HI) as response:
        pieces = response.aiter_bytes()
        assert [await anext(pieces) for _ in range(2)] == [b"\r\n"] * 2
        gateway.provider.release()
        said = b"".join([piece async for piece in pieces])
    assert {line[:6] for line in said.split(b"\r\n")} == {b"", b"data: "}


async def test_a_silent_array_stays_valid_json(open_gateway: Open) -> None:
    patience = Patience(sweep_s=0.01, watch_after_s=5, commit_after_s=0.02, ping_every_s=0.02)
    gateway = await open_gateway(patience=patience)
    gateway.provider.script([stall(), *answer("Hello")])
    async with gateway.client.stream("POST", STREAM, headers=gateway.person.headers, json=HI) as response:
        pieces = response.aiter_bytes()
        said = b""
        while said.count(b"\n") < 2:
            said += await anext(pieces)
        gateway.provider.release()
        async for piece in pieces:
            said += piece
    assert json.loads(said)[0]["candidates"][0]["content"]["parts"][0]["text"] == "Hello"


# --- Responses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"store": False}, {"store": None, "previous_response_id": None}])
async def test_responses_are_not_stored_and_say_so(open_gateway: Open, fields: dict[str, Any]) -> None:
    gateway = await open_gateway(dialect="openai_responses")
    gateway.provider.script(expect(json={"store": False}), answer())
    response = await RESPONSES.ask(gateway, **fields)
    assert text_of(RESPONSES.hear(response)) == "Hello"
    assert response.json()["store"] is False


async def test_a_response_that_is_stored_is_stored_here_and_not_at_the_provider(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="openai_responses")
    gateway.provider.script(expect(json={"store": False}), answer())
    response = await RESPONSES.ask(gateway, store=True)
    assert text_of(RESPONSES.hear(response)) == "Hello"
    assert response.json()["store"] is True
    row = await gateway.row(response)
    assert (row["status"], row["surface"]) == (200, "responses")
    assert response.headers["x-tollhouse-cost-usd"]


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"previous_response_id": "resp_1"}, 404, None),
        ({"conversation": "conv_1"}, 404, None),
        ({"conversation": "conv_1", "store": False}, 404, None),
        ({"conversation": {}}, 400, "conversation.id"),
        ({"background": True, "store": False}, 400, "background"),
        ({"background": "later"}, 400, "background"),
    ],
)
async def test_what_goes_on_from_nothing_is_refused_and_has_a_row(
    gateway: Gateway, fields: dict[str, Any], status: int, param: str | None
) -> None:
    response = await RESPONSES.ask(gateway, **fields)
    assert (response.status_code, response.json()["error"]["param"]) == (status, param)
    assert (await gateway.row(response))["status"] == status


def heard(stream: bytes) -> list[dict[str, Any]]:
    """The events of a response's stream."""
    return [json.loads(line[6:]) for line in stream.split(b"\n") if line.startswith(b"data: ")]


def assert_goes_on_to_its_error(events: list[dict[str, Any]], code: str) -> None:
    """One response from its beginning to its failure: numbered throughout, never begun anew, and always the same."""
    kinds = [event["type"] for event in events]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert (kinds.count("response.created"), kinds.count("response.in_progress")) == (1, 1)
    assert kinds[-2:] == ["error", "response.failed"]
    error = {"code": code, "message": events[-2]["message"]}
    assert (events[-2]["code"], events[-2]["error"]["code"]) == (code, code)
    assert events[-1]["response"] == events[0]["response"] | {"status": "failed", "error": error}


@over_both_peers
@pytest.mark.parametrize("end", [reset(), fail("Too much", code="rate_limit_exceeded")])
async def test_a_response_that_breaks_off_goes_on_to_its_error(gateway: Gateway, end: Any) -> None:
    gateway.provider.script([say("Hel"), end])
    response = await RESPONSES.ask(gateway, stream=True)
    row = await gateway.row(response)
    assert_goes_on_to_its_error(heard(response.content), row["outcome"])


async def test_so_does_one_whose_bytes_are_passed_on(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="openai_responses")
    gateway.provider.script([say("Hel"), say("lo"), reset()])
    response = await RESPONSES.ask(gateway, stream=True)
    events = heard(response.content)
    assert [event["delta"] for event in events if "delta" in event] == ["Hel", "lo"]
    assert_goes_on_to_its_error(events, "provider_incomplete")


@pytest.mark.parametrize("store", [False, True])
async def test_so_does_one_that_is_cut_off_because_the_gateway_stops(gateway: Gateway, store: bool) -> None:
    gateway.provider.script([say("Hel"), stall()])
    path, body = RESPONSES.request("Hi", "acme/acme-1", stream=True)
    asked = gateway.client.stream("POST", path, headers=gateway.person.headers, json=body | {"store": store})
    async with asked as response:
        pieces = response.aiter_bytes()
        said = b""
        while b"Hel" not in said:
            said += await anext(pieces)
        stopping = asyncio.create_task(gateway.server.shutdown())
        said += b"".join([piece async for piece in pieces])
        await stopping
    assert_goes_on_to_its_error(heard(said), "service_unavailable")


async def test_a_response_that_fails_before_its_first_word_is_told_whole(open_gateway: Open) -> None:
    gateway = await open_gateway(patience=Patience(sweep_s=0.01, watch_after_s=5, commit_after_s=0.02))
    gateway.provider.script(stall(), status(400, "Not like this"))
    path, body = RESPONSES.request("Hi", "acme/acme-1", stream=True)
    async with gateway.client.stream("POST", path, headers=gateway.person.headers, json=body) as response:
        pieces = response.aiter_bytes()
        assert b"ping" in await anext(pieces)
        gateway.provider.release()
        events = heard(b"".join([piece async for piece in pieces]))
    assert_goes_on_to_its_error(events, "invalid_request")


# --- stopping --------------------------------------------------------------------------------------------------------


async def test_a_client_that_leaves_a_translated_stream_is_settled(open_gateway: Open) -> None:
    gateway = await open_gateway(patience=Patience(sweep_s=0.01, watch_after_s=0.01, hear_out_s=0.01))
    gateway.provider.script([say("Hello"), stall()])
    body = MESSAGE | {"stream": True}
    async with gateway.client.stream("POST", "/v1/messages", headers=gateway.person.headers, json=body) as response:
        async for _ in response.aiter_bytes():
            break
    row = await gateway.row(response)
    assert row["outcome"] == "client_left"
    assert [hold["state"] for hold in await gateway.holds(row)] == ["settled"]
    gateway.provider.release()
