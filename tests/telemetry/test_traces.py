"""Traces, from a client's request to the bytes that a collector is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import FakeCollector
from finished_rows import finished_row
from gateways import ACME_KEY, Gateway, gateway_over
from tollhouse.store.requests import LOST
from tollhouse.telemetry import Journey
from tollhouse.telemetry.traces import SETTLED, Parent, operation_of, read_traceparent, trace_of
from tollhouse.testing import answer, reset, say, status

Open = Callable[..., Awaitable[Gateway]]

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"
SECRET_QUESTION = "what-nobody-may-read-question"
SECRET_ANSWER = "what-nobody-may-read-answer"
ROUTE = (
    '\n[providers.acme.models."acme-2"]\ninput_usd_per_million = "1"\noutput_usd_per_million = "2"\n'
    '[routes.smart]\ncandidates = ["acme/acme-1", "acme/acme-2"]\n'
)


async def traced(open_gateway: Open, collector: FakeCollector, *, extra: str = "", peer: str = "hot") -> Gateway:
    return await open_gateway(kind="web", extra=extra + collector.toml, peer=peer)


async def test_a_request_is_a_server_span_and_its_call_a_client_span_below(
    open_gateway: Open, collector: FakeCollector
) -> None:
    gateway = await traced(open_gateway, collector)
    gateway.provider.script(answer("Hello"))
    response = await gateway.chat()
    row = await gateway.row(response)
    server, client = await collector.until(2)
    assert (server.name, client.name) == ("chat acme/acme-1", "chat acme-1")
    assert (server.kind, client.kind) == ("server", "client")
    assert server.parent == ""
    assert (client.trace, client.parent) == (server.trace, server.id)
    assert server.start_ns == row["created_at"] * 1_000
    assert server.end_ns - server.start_ns == row["response_time_us"] * 1_000
    assert server.start_ns <= client.start_ns < client.end_ns <= server.end_ns
    assert not server.is_error
    assert not client.is_error
    usage = {
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": row["input_tokens"],
        "gen_ai.usage.cache_read.input_tokens": row["input_cached_tokens"],
        "gen_ai.usage.output_tokens": row["output_tokens"],
    }
    assert (
        client.attributes.items()
        >= {
            **usage,
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "acme",
            "gen_ai.request.model": "acme-1",
            "tollhouse.request.id": row["id"],
            "tollhouse.attempt": 1,
        }.items()
    )
    assert (
        server.attributes.items()
        >= {
            **usage,
            "gen_ai.request.model": "acme/acme-1",
            "gen_ai.response.model": "acme-1",
            "http.response.status_code": 200,
            "user.id": gateway.person.id,
            "tollhouse.request.id": row["id"],
            "tollhouse.cost.nanodollars": row["input_cost"] + row["output_cost"],
        }.items()
    )
    assert "error.type" not in {**server.attributes, **client.attributes}


@pytest.mark.parametrize("peer", ["hot", "asgi"])
async def test_a_traceparent_makes_the_request_part_of_the_clients_trace(
    open_gateway: Open, collector: FakeCollector, peer: str
) -> None:
    gateway = await traced(open_gateway, collector, peer=peer)
    gateway.provider.script(answer())
    assert (await gateway.chat(headers={"traceparent": TRACEPARENT})).status_code == 200
    server, client = await collector.until(2)
    assert (server.trace, server.parent) == (TRACE, SPAN)
    assert (client.trace, client.parent) == (TRACE, server.id)
    (asked,) = gateway.provider.requests
    assert "traceparent" not in {name.lower() for name in asked.headers}


@pytest.mark.parametrize("path", ["/v1/responses", "/api/conversations"])
async def test_a_turn_that_is_kept_is_part_of_the_clients_trace(
    open_gateway: Open, collector: FakeCollector, path: str
) -> None:
    gateway = await traced(open_gateway, collector)
    gateway.provider.always(answer())
    headers = gateway.person.headers | {"traceparent": TRACEPARENT}
    if path == "/v1/responses":
        asked = {"model": "acme/acme-1", "input": "Hi", "store": True}
    else:
        made = await gateway.client.post(path, headers=headers, json={"settings": {}})
        path = f"{path}/{made.json()['id']}/messages"
        asked = {"model": "acme/acme-1", "message": "Hi"}
    assert (await gateway.client.post(path, headers=headers, json=asked)).is_success
    server, client = await collector.until(2)
    assert (server.trace, server.parent, client.parent) == (TRACE, SPAN, server.id)
    assert server.attributes["tollhouse.run.id"].startswith("run_")


async def test_a_client_whose_trace_is_not_recorded_has_no_spans(open_gateway: Open, collector: FakeCollector) -> None:
    gateway = await traced(open_gateway, collector)
    gateway.provider.script(answer())
    gateway.provider.script(answer())
    await gateway.chat(headers={"traceparent": TRACEPARENT[:-1] + "0"})
    response = await gateway.chat()
    spans = await collector.until(2)
    assert {span.attributes["tollhouse.request.id"] for span in spans} == {response.headers["x-request-id"]}


async def test_each_attempt_is_a_span_and_says_how_it_ended(open_gateway: Open, collector: FakeCollector) -> None:
    gateway = await traced(open_gateway, collector, extra=ROUTE)
    gateway.provider.script(status(500))
    gateway.provider.script(answer())
    assert (await gateway.chat(model="smart")).status_code == 200
    server, failed, answered = await collector.until(3)
    assert [span.name for span in (server, failed, answered)] == ["chat smart", "chat acme-1", "chat acme-2"]
    assert [failed.parent, answered.parent] == [server.id, server.id]
    assert failed.end_ns <= answered.start_ns
    assert [failed.is_error, answered.is_error, server.is_error] == [True, False, False]
    assert failed.attributes["http.response.status_code"] == 500
    assert failed.attributes["error.type"] == failed.attributes["tollhouse.outcome"]
    assert "gen_ai.usage.output_tokens" not in failed.attributes
    assert answered.attributes["gen_ai.usage.output_tokens"] > 0


async def test_a_request_that_fails_is_an_error_with_a_word_and_no_sentence(
    open_gateway: Open, collector: FakeCollector
) -> None:
    gateway = await traced(open_gateway, collector)
    for _ in range(3):
        gateway.provider.script(reset())
    response = await gateway.chat()
    row = await gateway.row(response)
    server, *clients = await collector.until(4)
    assert len(clients) == 3
    assert all(span.is_error for span in (server, *clients))
    assert server.attributes["error.type"] == row["error_code"]
    assert server.attributes["http.response.status_code"] == response.status_code
    assert row["error_message"].encode() not in collector.bytes


async def test_what_the_client_did_wrong_is_no_error_of_the_server(
    open_gateway: Open, collector: FakeCollector
) -> None:
    gateway = await traced(open_gateway, collector)
    assert (await gateway.chat(model="acme/nothing-like-it")).status_code == 404
    (server,) = await collector.until(1)
    assert server.attributes["error.type"] == "model_not_found"
    assert not server.is_error


async def test_the_newest_names_are_used_when_they_are_wanted(
    open_gateway: Open, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http, gen_ai_latest_experimental")
    gateway = await traced(open_gateway, collector)
    gateway.provider.script(answer("Hello"))
    assert (await gateway.chat(stream=True)).status_code == 200
    server, client = await collector.until(2)
    assert client.attributes["gen_ai.provider.name"] == server.attributes["gen_ai.provider.name"] == "acme"
    assert client.attributes["gen_ai.request.stream"] is True
    assert 0 < client.attributes["gen_ai.response.time_to_first_chunk"] <= (client.end_ns - client.start_ns) / 1e9
    assert "gen_ai.system" not in {**server.attributes, **client.attributes}


@pytest.mark.parametrize("stream", [False, True])
async def test_neither_a_prompt_nor_an_answer_nor_a_key_is_in_what_is_sent(
    open_gateway: Open, collector: FakeCollector, stream: bool
) -> None:
    gateway = await traced(open_gateway, collector)
    gateway.provider.script(answer(SECRET_ANSWER))
    gateway.provider.script(status(400, message=f"{SECRET_QUESTION} {ACME_KEY}"))
    messages = [{"role": "user", "content": SECRET_QUESTION}]
    assert (await gateway.chat(messages=messages, stream=stream)).status_code == 200
    assert (await gateway.chat(messages=messages, stream=stream)).status_code == 400
    await collector.until(4)
    told = collector.bytes + str([dict(heard.headers) for heard in collector.receiver.heard]).encode()
    for secret in (SECRET_QUESTION, SECRET_ANSWER, ACME_KEY, gateway.person.token):
        assert secret.encode() not in told


async def test_a_stream_that_breaks_off_is_an_error_though_its_status_was_200(
    open_gateway: Open, collector: FakeCollector
) -> None:
    gateway = await traced(open_gateway, collector)
    gateway.provider.script(say("Half an"), reset())
    response = await gateway.chat(stream=True)
    assert response.status_code == 200
    server, client = await collector.until(2)
    assert server.is_error
    assert client.is_error
    assert server.attributes["http.response.status_code"] == 200


async def test_the_process_and_the_headers_are_as_the_settings_and_the_environment_say(
    open_gateway: Open, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLECTOR_HEADERS", "Authorization=Bearer%20collector-secret,x-team=gate")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=staging")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    extra = collector.toml + 'otlp_headers = "env:COLLECTOR_HEADERS"\n'
    gateway = await open_gateway(kind="web", extra=extra)
    gateway.provider.script(answer())
    await gateway.chat()
    await collector.until(2)
    (heard,) = collector.receiver.heard
    assert heard.target == "/v1/traces"
    assert heard.headers["content-type"] == "application/x-protobuf"
    assert (heard.headers["authorization"], heard.headers["x-team"]) == ("Bearer collector-secret", "gate")
    resource = collector.resource
    assert resource["service.name"] == "tollhouse"
    assert resource["service.instance.id"] == gateway.house.boot_id
    assert resource["deployment.environment.name"] == "staging"


async def test_the_standard_variable_alone_is_enough(
    open_gateway: Open, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint + "/")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "our-gate")
    gateway = await open_gateway(kind="web")
    gateway.provider.script(answer())
    await gateway.chat()
    await collector.until(2)
    assert collector.resource["service.name"] == "our-gate"


async def test_a_sampler_of_the_standard_variables_decides(
    collector: FakeCollector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    async with gateway_over(tmp_path, kind="web", extra=collector.toml) as gateway:
        gateway.provider.always(answer())
        await gateway.chat()
        await gateway.chat(headers={"traceparent": TRACEPARENT})
        metrics = gateway.house.metrics
    assert [span.trace for span in collector.spans] == [TRACE, TRACE]
    assert metrics.spans_dropped() == 0


async def test_what_is_finished_is_sent_before_the_process_ends(collector: FakeCollector, tmp_path: Path) -> None:
    async with gateway_over(tmp_path, kind="web", extra=collector.toml) as gateway:
        gateway.provider.script(answer())
        await gateway.chat()
        assert collector.spans == []
    assert len(collector.spans) == 2


async def test_a_collector_that_is_down_or_slow_delays_nobody_and_is_counted(
    open_gateway: Open, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    collector.receiver.hold.clear()
    gateway = await traced(open_gateway, collector)
    began_s = time.monotonic()
    for _ in range(5):
        gateway.provider.script(answer())
        assert (await gateway.chat()).status_code == 200
    assert time.monotonic() - began_s < 1
    async with asyncio.timeout(30):
        while b"tollhouse_spans_dropped_total 10.0" not in gateway.house.metrics.render():
            await asyncio.sleep(0.05)


def test_a_request_whose_process_died_is_a_trace_of_one_span():
    trace = trace_of(finished_row(outcome=LOST, status=499), SETTLED)
    assert trace.server.attributes["error.type"] == LOST
    assert trace.server.start_ns == trace.server.end_ns
    assert trace.clients == ()


def test_the_same_row_told_twice_is_the_same_trace():
    row = finished_row(output_tokens=1)
    row.journey = Journey(traceparent=None, attempts=())
    assert trace_of(row, SETTLED) == trace_of(row, SETTLED)


@pytest.mark.parametrize(
    ("surface", "operation"),
    [
        ("chat.completions", "chat"),
        ("messages", "chat"),
        ("messages.count", "count_tokens"),
        ("responses.count", "count_tokens"),
        ("generate_content", "generate_content"),
        ("generate_content.count", "count_tokens"),
        ("embeddings", "embeddings"),
        ("moderations", "moderations"),
        ("guard", "moderations"),
    ],
)
def test_operations_have_the_conventions_names(surface: str, operation: str):
    assert operation_of(surface) == operation


@given(
    st.integers(min_value=1, max_value=2**128 - 1),
    st.integers(min_value=1, max_value=2**64 - 1),
    st.integers(min_value=0, max_value=255),
    st.integers(min_value=0, max_value=254),
)
def test_every_traceparent_is_read_as_it_was_written(trace_id: int, span_id: int, flags: int, version: int):
    text = f"{version:02x}-{trace_id:032x}-{span_id:016x}-{flags:02x}"
    assert read_traceparent(text.encode()) == Parent(trace_id, span_id, flags)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-1",
        f" {TRACEPARENT}",
    ],
)
def test_a_header_that_is_no_traceparent_is_ignored(text: str):
    assert read_traceparent(text.encode()) is None


def test_a_later_version_may_say_more():
    assert read_traceparent(f"01-{TRACE}-{SPAN}-01-more".encode()) == Parent(int(TRACE, 16), int(SPAN, 16), 1)
