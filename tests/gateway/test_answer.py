"""One request through the whole house: what the provider hears, what the client hears, what the books say."""

from __future__ import annotations

import msgspec
import pytest

from gateways import ACME_KEY, CHAT, Gateway, asking, over_both_peers
from tollhouse.money.amounts import nanodollars_from_usd
from tollhouse.testing import answer, chunk, done, expect, finish, head, reply, say, usage

COST = 19 * 2_500 + 10 * 10_000
"""Nanodollars for 19 tokens in and 10 out at 2.50 and 10 dollars per million."""

ODD = (
    b'{ "id":"chatcmpl-9" ,\n "object":"chat.completion","created":1.5e9,"model":"acme-1-2026", "x_vendor":{"a":[1,2]},'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"h\\u00e9llo","x":null},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29}}\n'
)
"""An answer that no JSON library would write like this."""

FRAMES = (
    b": hello\n\n"
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"acme-1-2026",'
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
    b"event: message\r\n"
    b'data: { "id":"c","choices":[{"index":0, "delta":{"content":"h\\u00e9"}}], "obfuscation":"xx"}\r\n\r\n'
    b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
)
USAGE_FRAME = b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29}}\n\n'
DONE_FRAME = b"data: [DONE]\n\n"

EVENTS = head(headers={"content-type": "text/event-stream"})


# --- what the client hears -------------------------------------------------------------------------------------------


@over_both_peers
async def test_passes_an_answer_on_byte_for_byte(gateway: Gateway) -> None:
    gateway.provider.script(reply(body=ODD, headers={"content-type": "application/json"}))
    response = await gateway.chat()
    assert (response.status_code, response.content) == (200, ODD)
    assert response.headers["content-type"] == "application/json"


@over_both_peers
async def test_passes_a_stream_on_frame_by_frame_as_the_provider_said_it(gateway: Gateway) -> None:
    gateway.provider.script(EVENTS, chunk(FRAMES + USAGE_FRAME + DONE_FRAME))
    response = await gateway.chat(stream=True)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.content == FRAMES + DONE_FRAME


@over_both_peers
async def test_tells_what_a_stream_cost_beside_the_usage_that_the_client_asked_for(gateway: Gateway) -> None:
    gateway.provider.script(EVENTS, chunk(FRAMES + USAGE_FRAME + DONE_FRAME))
    response = await gateway.chat(stream=True, stream_options={"include_usage": True})
    before, told = response.content.removesuffix(DONE_FRAME).split(b'"usage":{')
    assert before + told.replace(b',"cost_usd":"0.0001475"', b"") == (FRAMES + USAGE_FRAME).replace(b'"usage":{', b"")
    assert told.count(b'"cost_usd":"0.0001475"') == 1
    row = await gateway.row(response)
    assert row["input_cost"] + row["output_cost"] == 147_500


@pytest.mark.parametrize("piece_bytes", [1, 7, 64])
async def test_a_stream_does_not_depend_on_where_the_network_cuts_it(gateway: Gateway, piece_bytes: int) -> None:
    whole = FRAMES + USAGE_FRAME + DONE_FRAME
    pieces = [chunk(whole[at : at + piece_bytes]) for at in range(0, len(whole), piece_bytes)]
    gateway.provider.script(EVENTS, pieces)
    response = await gateway.chat(stream=True)
    assert response.content == FRAMES + DONE_FRAME


@over_both_peers
async def test_withholds_the_usage_that_only_we_asked_for(gateway: Gateway) -> None:
    gateway.provider.script(expect(json={"stream_options": {"include_usage": True}}), answer("Hel lo", usage=(19, 10)))
    response = await gateway.chat(stream=True)
    assert b'"usage":{' not in response.content
    assert response.content.endswith(DONE_FRAME)
    assert (await gateway.row(response))["input_tokens"] == 19


@over_both_peers
async def test_passes_the_usage_on_that_the_client_asked_for(gateway: Gateway) -> None:
    gateway.provider.script(
        expect(json={"stream_options": {"include_usage": True, "include_obfuscation": False}}), answer(usage=(19, 10))
    )
    response = await gateway.chat(stream=True, stream_options={"include_usage": True, "include_obfuscation": False})
    assert response.content.count(b'"usage":{"prompt_tokens":19') == 1


async def test_an_unstreamed_request_is_not_asked_for_stream_options(gateway: Gateway) -> None:
    gateway.provider.script(answer())
    await gateway.chat()
    assert "stream_options" not in gateway.provider.requests[0].json


@over_both_peers
async def test_tells_who_answered_at_what_price(gateway: Gateway) -> None:
    gateway.provider.script(answer(usage=(19, 10)))
    response = await gateway.chat()
    told = {name: value for name, value in response.headers.items() if name.startswith("x-tollhouse-")}
    assert float(told.pop("x-tollhouse-overhead-ms")) >= 0
    row = await gateway.row(response)
    (hold,) = await gateway.holds(row)
    assert nanodollars_from_usd(told.pop("x-tollhouse-hold-usd")) == hold["usd"]
    assert told == {
        "x-tollhouse-provider": "acme",
        "x-tollhouse-model": "acme-1",
        "x-tollhouse-attempts": "1",
        "x-tollhouse-cost-usd": "0.0001475",
    }
    assert row["input_cost"] + row["output_cost"] == COST == nanodollars_from_usd("0.0001475")


@over_both_peers
@pytest.mark.parametrize("mode", ["strict", "estimate"])
async def test_what_is_left_of_a_budget_is_told_less_what_it_cost_once_that_is_known(
    gateway: Gateway, mode: str
) -> None:
    await gateway.budget("1", mode=mode)
    gateway.provider.script(answer())
    told = (await gateway.chat(max_tokens=100)).headers
    left = nanodollars_from_usd(told["x-tollhouse-budget-remaining-usd"])
    assert left == nanodollars_from_usd("1") - nanodollars_from_usd(told["x-tollhouse-cost-usd"])


@over_both_peers
async def test_a_streams_head_tells_what_is_known_by_then(gateway: Gateway) -> None:
    await gateway.budget("1")
    gateway.provider.script(answer())
    response = await gateway.chat(stream=True, max_tokens=100)
    assert response.headers["x-tollhouse-provider"] == "acme"
    assert float(response.headers["x-tollhouse-budget-remaining-usd"]) < 1
    assert "x-tollhouse-cost-usd" not in response.headers


# --- ids -------------------------------------------------------------------------------------------------------------


@over_both_peers
async def test_makes_an_id_when_the_client_gives_none(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    ids = {(await gateway.chat()).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(request_id.startswith("req_") for request_id in ids)


@over_both_peers
@pytest.mark.parametrize("name", ["X-Request-Id", "X-Client-Request-Id"])
async def test_gives_a_clients_own_id_back_and_finds_the_row_by_it(gateway: Gateway, name: str) -> None:
    gateway.provider.script(answer())
    response = await gateway.chat(headers={name: "trace-1:a.b_C"})
    assert response.headers["x-request-id"] == "trace-1:a.b_C"
    row = await gateway.row(response)
    assert row["client_request_id"] == "trace-1:a.b_C"
    assert row["id"].startswith("req_")


@pytest.mark.parametrize("unsafe", ["a b", "a" * 129, 'x"y', "<script>", "a;b", "é".encode().decode("latin-1"), ""])
async def test_does_not_repeat_an_id_that_is_unsafe(gateway: Gateway, unsafe: str) -> None:
    gateway.provider.script(answer())
    response = await gateway.client.post(
        CHAT,
        headers={**gateway.person.headers, b"x-request-id": unsafe.encode("latin-1")},  # type: ignore[dict-item]
        json=asking(),
    )
    assert response.headers["x-request-id"].startswith("req_")
    assert (await gateway.row(response))["client_request_id"] is None


async def test_two_requests_with_one_id_are_two_requests(gateway: Gateway) -> None:
    gateway.provider.always(answer())
    for _ in range(2):
        assert (await gateway.chat(headers={"x-request-id": "same"})).status_code == 200
    assert [row["client_request_id"] for row in await gateway.rows()] == ["same", "same"]


# --- what the provider hears -----------------------------------------------------------------------------------------


@over_both_peers
async def test_the_provider_hears_its_own_key_and_its_own_name_of_the_model(gateway: Gateway) -> None:
    gateway.provider.script(
        expect(path="/v1/chat/completions", model="acme-1", headers={"authorization": f"Bearer {ACME_KEY}"}), answer()
    )
    assert (await gateway.chat()).status_code == 200


@over_both_peers
async def test_no_header_of_the_client_reaches_the_provider(gateway: Gateway) -> None:
    gateway.provider.script(answer())
    theirs = {
        "cookie": "session=secret",
        "x-api-key": "their-key",
        "api-key": "their-key",
        "forwarded": "for=192.0.2.1",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-host": "evil.test",
        "proxy-authorization": "Basic abc",
        "te": "trailers",
        "connection": "keep-alive, x-hop",
        "x-hop": "1",
        "openai-organization": "org-theirs",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "accept-encoding": "gzip, br",
        "x-stainless-lang": "python",
        "user-agent": "Theirs/1.0",
    }
    assert (await gateway.chat(headers=theirs)).status_code == 200
    (heard,) = gateway.provider.requests
    assert set(heard.headers) == {"host", "authorization", "content-type", "content-length", "accept-encoding"}
    assert heard.headers["accept-encoding"] == "identity"
    assert heard.headers["host"] == f"127.0.0.1:{gateway.provider.port}"
    assert gateway.person.token not in str(heard.headers)


async def test_no_header_of_the_provider_reaches_the_client(gateway: Gateway) -> None:
    theirs = {"set-cookie": "a=b", "x-vendor-secret": "1", "server": "vendor", "openai-organization": "org-1"}
    gateway.provider.script(reply(body=ODD, headers={"content-type": "application/json", **theirs}))
    response = await gateway.chat()
    assert not set(theirs) & set(response.headers)


async def test_every_value_of_the_request_but_the_model_keeps_its_bytes(gateway: Gateway) -> None:
    gateway.provider.script(answer())
    values = (
        b'"messages":[ {"role":"user","content":"\\u00e9 \xc3\xa9","name":"n"} ],"temperature":1.0e0,'
        b'"x_unknown":{"deep":[1.50,{"b":null}]},"metadata":{"k":"v"}'
    )
    await gateway.post(b'{"model":"acme/acme-1",' + values + b"}")
    heard = gateway.provider.requests[0].body
    for value in (
        b'[ {"role":"user","content":"\\u00e9 \xc3\xa9","name":"n"} ]',
        b"1.0e0",
        b'{"deep":[1.50,{"b":null}]}',
    ):
        assert value in heard
    assert msgspec.json.decode(heard)["model"] == "acme-1"


# --- money -----------------------------------------------------------------------------------------------------------


@over_both_peers
@pytest.mark.parametrize("stream", [False, True])
async def test_settles_the_hold_at_exactly_what_the_answer_cost(gateway: Gateway, stream: bool) -> None:
    await gateway.budget("1")
    gateway.provider.script(answer(usage=(19, 10)))
    response = await gateway.chat(stream=stream, max_tokens=1_000)
    row = await gateway.row(response)
    (hold,) = await gateway.holds(row)
    assert (hold["state"], hold["skeleton"]) == ("settled", None)
    assert hold["usd"] > COST
    assert await gateway.settled(row) == [COST]
    balance = await gateway.balance()
    assert (balance.posted, balance.open, balance.unconfirmed) == ("0.0001475", "0", "0")


async def test_a_strict_budget_writes_the_cap_and_says_so(gateway: Gateway) -> None:
    await gateway.budget("0.05")
    gateway.provider.script(answer())
    response = await gateway.chat()
    cap = int(response.headers["x-tollhouse-max-tokens"])
    assert cap >= 1_024
    assert gateway.provider.requests[0].json["max_completion_tokens"] == cap
    (hold,) = await gateway.holds(await gateway.row(response))
    # With the cap that was written, what is held is what can be spent.
    assert hold["usd"] >= cap * 10_000


async def test_a_clients_own_cap_is_never_changed(gateway: Gateway) -> None:
    await gateway.budget("1")
    gateway.provider.script(answer())
    response = await gateway.chat(max_tokens=77)
    assert "x-tollhouse-max-tokens" not in response.headers
    assert gateway.provider.requests[0].json["max_tokens"] == 77
    assert "max_completion_tokens" not in gateway.provider.requests[0].json


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_not_counted_is_charged_by_our_own_bound(gateway: Gateway, stream: bool) -> None:
    await gateway.budget("1")
    gateway.provider.script(answer("four", usage=None))
    row = await gateway.row(await gateway.chat(stream=stream, max_tokens=1_000))
    assert row["cost_status"] == "estimated"
    assert row["output_tokens"] >= 4
    assert await gateway.settled(row) == [row["input_cost"] + row["output_cost"]]


# --- the row ---------------------------------------------------------------------------------------------------------


@over_both_peers
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_leaves_a_whole_row(gateway: Gateway, stream: bool) -> None:
    cached = usage(19, 10, input_cached_tokens=4, output_reasoning_tokens=3)
    gateway.provider.script(say("Hel"), say("lo"), finish("length"), cached, done())
    response = await gateway.chat(stream=stream, headers={"user-agent": "Test/1.0", "x-tollhouse-tag": "search"})
    row = dict(await gateway.row(response))
    response_time_us, upstream_us, first_token_us = (
        row.pop(name) for name in ("response_time_us", "upstream_us", "first_token_us")
    )
    assert response_time_us >= first_token_us > 0
    assert response_time_us >= upstream_us > 0
    assert row.pop("created_at") > 1_700_000_000_000_000
    assert row.pop("id") == response.headers["x-request-id"]
    assert row == {
        "user_id": gateway.person.id,
        "workspace_id": gateway.person.workspace,
        "token_id": gateway.person.token_id,
        "boot_id": gateway.house.boot_id,
        "surface": "chat.completions",
        "asked_model": "acme/acme-1",
        "stream": stream,
        "ip": "127.0.0.1",
        "user_agent": "Test/1.0",
        "client_request_id": None,
        "tag": "search",
        "run_id": None,
        "status": 200,
        "outcome": "succeeded",
        "error_code": None,
        "error_message": None,
        "provider": "acme",
        "model": "acme-1",
        "credential_id": "shared:acme",
        "finish_reason": "length",
        "input_tokens": 19,
        "input_cached_tokens": 4,
        "input_cache_write_tokens": 0,
        "output_tokens": 10,
        "output_reasoning_tokens": 3,
        # Without a price of their own, cached tokens cost as much as the others.
        "input_cost": 19 * 2_500,
        "output_cost": 10 * 10_000,
        "cost_status": "exact",
        "attempts": 1,
        "attempt_log": None,
        "cache": None,
        "guards": None,
    }


async def test_a_row_tells_which_credential_and_which_attempts_were_used(gateway: Gateway) -> None:
    gateway.provider.script(reply(503, json={"error": {"message": "busy"}}))
    gateway.provider.script(answer())
    row = await gateway.row(await gateway.chat())
    log = msgspec.json.decode(row["attempt_log"])
    assert [(one["number"], one["outcome"], one["provider_status"]) for one in log] == [
        (1, "provider_unavailable", 503),
        (2, "succeeded", None),
    ]
    first, second = log
    assert 0 < first["began_ms"] <= first["heard_ms"] <= second["began_ms"] <= second["heard_ms"]
    assert second["heard_ms"] <= row["response_time_us"] / 1e3
    assert {one["credential"] for one in log} == {"shared:acme"}
    assert [one["hold"] for one in log] == [hold["id"] for hold in await gateway.holds(row)]


async def test_a_request_that_was_refused_before_any_call_has_a_row_too(gateway: Gateway) -> None:
    row = await gateway.row(await gateway.chat(model="acme/nothing"))
    assert (row["status"], row["outcome"], row["error_code"]) == (404, "model_not_found", "model_not_found")
    assert (row["asked_model"], row["attempts"], row["provider"]) == ("acme/nothing", 0, None)
    assert (row["input_cost"], row["cost_status"]) == (None, None)


async def test_the_client_behind_a_trusted_proxy_is_the_one_in_the_row(open_gateway) -> None:  # type: ignore[no-untyped-def]
    gateway: Gateway = await open_gateway(toml='trusted_proxies = ["127.0.0.0/8"]\n')
    gateway.provider.script(answer())
    response = await gateway.chat(headers={"x-forwarded-for": "203.0.113.9, 198.51.100.7, 127.0.0.5"})
    assert (await gateway.row(response))["ip"] == "198.51.100.7"


async def test_nobody_else_can_say_where_a_request_comes_from(gateway: Gateway) -> None:
    gateway.provider.script(answer())
    response = await gateway.chat(headers={"x-forwarded-for": "203.0.113.9"})
    assert (await gateway.row(response))["ip"] == "127.0.0.1"
