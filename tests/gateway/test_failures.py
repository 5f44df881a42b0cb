"""What a provider's failure becomes: for the caller, for the books, and for whoever reads the log."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import httpx2
import msgspec
import pytest
import trustme

from gateways import ACME_KEY, Gateway, provider_table
from tollhouse.testing import (
    WireProvider,
    answer,
    chunk,
    cut,
    done,
    fail,
    finish,
    head,
    raw,
    reply,
    reset,
    say,
    stall,
    status,
    usage,
    wait,
)
from tollhouse.testing.steps import Scripted

Open = Callable[..., Awaitable[Gateway]]


class Becomes(NamedTuple):
    """What a failure becomes.

    Attributes:
        hold: how each attempt's hold ends.
        attempts: how often the provider was asked.
    """

    status: int
    type: str
    code: str
    hold: str = "voided"
    attempts: int = 1
    param: str | None = None
    retry_after: str | None = None


DOWN = Becomes(502, "provider_error", "provider_unavailable", attempts=3)
BUSY = Becomes(503, "provider_error", "provider_unavailable", attempts=3, retry_after="5")
INCOMPLETE = Becomes(502, "provider_error", "provider_incomplete", hold="unconfirmed", attempts=3)
AUTH = Becomes(502, "provider_error", "provider_auth_failed")
QUOTA = Becomes(502, "provider_error", "provider_quota")


def refused(number: int, code: str = "invalid_request", param: str | None = None) -> Becomes:
    return Becomes(number, "invalid_request_error", code, param=param)


def limited(retry_after: str, attempts: int = 1) -> Becomes:
    return Becomes(429, "rate_limit_error", "provider_rate_limited", retry_after=retry_after, attempts=attempts)


HTML = reply(200, body=b"<!DOCTYPE html><html><body>Welcome</body></html>", headers={"content-type": "text/html"})
CONTEXT_LENGTH = "This model's maximum context length is 128000 tokens."

BEFORE_THE_FIRST_TOKEN: dict[str, tuple[Scripted, Becomes]] = {
    "400": (status(400, "Bad field"), refused(400)),
    "404": (status(404, "No such model", code="model_not_found"), refused(404, "model_not_found")),
    "413": (status(413, "Too much"), refused(413)),
    "422": (status(422, "Unfit"), refused(422)),
    "context length by code": (
        status(400, "Too long", code="context_length_exceeded"),
        refused(400, "context_length_exceeded"),
    ),
    "context length by words": (status(413, CONTEXT_LENGTH), refused(400, "context_length_exceeded")),
    "401": (status(401, "Incorrect API key"), AUTH),
    "403": (status(403, "Not allowed"), AUTH),
    "402": (status(402, "Pay first"), QUOTA),
    "insufficient quota": (status(429, "Quota", code="insufficient_quota"), QUOTA),
    "429 with a long Retry-After": (status(429, "Slow down", retry_after=30), limited("30")),
    "429 with a short Retry-After": (status(429, "Slow down", retry_after=2), limited("2", attempts=3)),
    "429 with rubbish in Retry-After": (status(429, "Slow down", retry_after="soon"), limited("5", attempts=3)),
    "429 with a negative Retry-After": (status(429, "Slow down", retry_after=-3), limited("5", attempts=3)),
    "429 with Retry-After zero": (status(429, "Slow down", retry_after=0), limited("1", attempts=3)),
    "429 with the date of long ago": (
        status(429, "Slow down", retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
        limited("5", attempts=3),
    ),
    "429 without Retry-After": (status(429, "Slow down"), limited("5", attempts=3)),
    "500": (status(500, "Oops"), DOWN),
    "502": (status(502, "Oops"), DOWN),
    "503": (status(503, "Oops"), BUSY),
    "503 with a long Retry-After": (
        status(503, "Back at noon", retry_after=20),
        Becomes(503, "provider_error", "provider_unavailable", retry_after="20"),
    ),
    "429 with the date of a far day": (
        status(429, "Slow down", retry_after="Wed, 21 Oct 2065 07:28:00 GMT"),
        limited("86400"),
    ),
    "529": (status(529, "Overloaded"), BUSY),
    "redirect": (reply(302, body=b"", headers={"location": "http://127.0.0.1:1/"}), DOWN),
    "error without a body": (reply(500, body=b""), DOWN),
    "error that is a web page": (reply(502, body=b"<html>Bad gateway</html>"), DOWN),
    "error that is cut off": (
        (raw(b"HTTP/1.1 429 Too Many\r\nretry-after: 30\r\ncontent-length: 99\r\n\r\n{"), cut()),
        limited("30"),
    ),
    "HTML with 200": (HTML, INCOMPLETE),
    "nothing with 200": (reply(200, body=b""), INCOMPLETE),
    "204": (reply(204, body=b""), INCOMPLETE),
    "JSON that is no answer": (reply(200, json={"hello": "world"}), INCOMPLETE),
    "reset before the first byte": (reset(), INCOMPLETE),
    "end before the first byte": (cut(), INCOMPLETE),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.9\r\n"), Becomes(*DOWN[:3], hold="unconfirmed", attempts=3)),
}

ONLY_WHOLE: dict[str, tuple[Scripted, Becomes]] = {
    "truncated JSON": ((say("Hel"), cut()), INCOMPLETE),
    "truncated JSON of full length": (
        reply(200, body=b'{"choices":[{"message":{"content":"Hel', headers={"content-type": "application/json"}),
        INCOMPLETE,
    ),
    "200 with an error": (reply(200, json={"error": {"message": "Overloaded", "type": "server_error"}}), DOWN),
    "200 with a status in the error": (
        reply(200, json={"error": {"message": "Slow down", "code": 429}}),
        limited("5", 3),
    ),
}

ONLY_STREAMED: dict[str, tuple[Scripted, Becomes]] = {
    "error event first": (fail("Overloaded", error_type="server_error"), DOWN),
    "error event after nothing but a greeting": ((say(""), fail("Overloaded")), DOWN),
    "end after the head": ((head(), cut()), INCOMPLETE),
    "reset after the head": ((head(), reset()), INCOMPLETE),
    "end after nothing but a greeting": ((say(""), cut()), INCOMPLETE),
    "no event at all": (head(), INCOMPLETE),
    "an event that is not JSON": ((head(), chunk(b"data: {oops\n\n")), INCOMPLETE),
    "nothing but the last event": ((head(), done()), INCOMPLETE),
    "an answer in one piece": (reply(200, json={"choices": [{"message": {"content": "x"}}]}), INCOMPLETE),
}


def cases(*tables: dict[str, tuple[Scripted, Becomes]]) -> Any:
    return [pytest.param(*case, id=name) for table in tables for name, case in table.items()]


async def assert_became(gateway: Gateway, response: httpx2.Response, becomes: Becomes) -> None:
    """The whole table for one failure: what the caller hears, how often the provider was asked, what the books say."""
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["code"]) == (becomes.status, becomes.type, becomes.code)
    assert error["message"]
    assert error["param"] == becomes.param
    assert response.headers.get("retry-after") == becomes.retry_after
    assert response.headers["x-tollhouse-attempts"] == str(becomes.attempts)
    assert error["request_id"] == response.headers["x-request-id"]
    assert gateway.provider.asked == becomes.attempts
    row = await gateway.row(response)
    assert (row["status"], row["outcome"], row["error_code"]) == (becomes.status, becomes.code, becomes.code)
    assert row["attempts"] == becomes.attempts
    assert [hold["state"] for hold in await gateway.holds(row)] == [becomes.hold] * becomes.attempts
    assert [hold["skeleton"] for hold in await gateway.holds(row)] == [None] * becomes.attempts
    assert await gateway.settled(row) == []
    assert await gateway.in_flight() == 0


@pytest.mark.parametrize(("scripted", "becomes"), cases(BEFORE_THE_FIRST_TOKEN, ONLY_WHOLE))
async def test_a_whole_answers_failure(gateway: Gateway, scripted: Scripted, becomes: Becomes) -> None:
    gateway.provider.always(scripted)
    await assert_became(gateway, await gateway.chat(), becomes)


@pytest.mark.parametrize(("scripted", "becomes"), cases(BEFORE_THE_FIRST_TOKEN, ONLY_STREAMED))
async def test_a_streams_failure_before_its_first_token_is_a_status(
    gateway: Gateway, scripted: Scripted, becomes: Becomes
) -> None:
    gateway.provider.always(scripted)
    await assert_became(gateway, await gateway.chat(stream=True), becomes)


# --- a stream that has begun -----------------------------------------------------------------------------------------

TEXT_FRAME = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
AFTER_THE_FIRST_TOKEN: dict[str, tuple[Scripted, str, str]] = {
    "end": ((say("Hel"), cut()), "provider_incomplete", "unconfirmed"),
    "reset": ((say("Hel"), reset()), "provider_incomplete", "unconfirmed"),
    "proper end without the last event": ((say("Hel"), finish()), "provider_incomplete", "unconfirmed"),
    "end after the usage": ((say("Hel"), finish(), usage(19, 10), cut()), "provider_incomplete", "settled"),
    "end after an early count": ((say("Hel"), usage(19, 1), say("lo"), cut()), "provider_incomplete", "unconfirmed"),
    "error event": ((say("Hel"), fail("Overloaded")), "provider_unavailable", "unconfirmed"),
    "error event with the text": (
        (head(), chunk(TEXT_FRAME + b'data: {"error":{"message":"Overloaded"}}\n\n')),
        "provider_unavailable",
        "unconfirmed",
    ),
    "not JSON": ((say("Hel"), chunk(b"data: {oops\n\n")), "provider_incomplete", "unconfirmed"),
    "half an event": ((say("Hel"), chunk(b'data: {"choices":[{"ind'), cut()), "provider_incomplete", "unconfirmed"),
}


@pytest.mark.parametrize(
    ("scripted", "code", "hold"), [pytest.param(*case, id=name) for name, case in AFTER_THE_FIRST_TOKEN.items()]
)
async def test_a_stream_that_breaks_off_ends_with_an_error_event_and_is_never_tried_again(
    gateway: Gateway, scripted: Scripted, code: str, hold: str
) -> None:
    gateway.provider.always(scripted)
    response = await gateway.chat(stream=True)
    assert response.status_code == 200
    *said, last = [frame for frame in response.content.split(b"\n\n") if frame]
    assert b'"content":"Hel"' in b"".join(said)
    assert b"[DONE]" not in response.content
    error = msgspec.json.decode(last.removeprefix(b"data: "))["error"]
    assert (error["type"], error["code"]) == ("provider_error", code)
    assert gateway.provider.asked == 1
    row = await gateway.row(response)
    assert (row["status"], row["outcome"], row["attempts"]) == (200, code, 1)
    assert [one["state"] for one in await gateway.holds(row)] == [hold]
    assert await gateway.in_flight() == 0


async def test_text_and_usage_that_were_heard_are_charged_though_the_stream_broke_off(gateway: Gateway) -> None:
    gateway.provider.script(say("Hel"), finish(), usage(19, 10), cut())
    row = await gateway.row(await gateway.chat(stream=True))
    assert (row["input_tokens"], row["output_tokens"], row["cost_status"]) == (19, 10, "exact")
    assert await gateway.settled(row) == [19 * 2_500 + 10 * 10_000]


async def test_a_stream_is_complete_with_its_last_event_whatever_the_line_does_then(gateway: Gateway) -> None:
    gateway.provider.script(say("Hello"), finish(), usage(19, 10), done(), reset())
    response = await gateway.chat(stream=True)
    assert response.content.endswith(b"data: [DONE]\n\n")
    row = await gateway.row(response)
    assert (row["outcome"], row["cost_status"]) == ("succeeded", "exact")


# --- nobody there ----------------------------------------------------------------------------------------------------


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Where nobody listens: bound, so that nobody else can meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["refused", "nowhere", "untrusted"])
async def test_a_provider_that_cannot_be_reached_costs_nothing(
    open_gateway: Open, closed_port: int, name: str, stream: bool
) -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    async with WireProvider(tls=context) as untrusted:
        gateway = await open_gateway(
            extra=provider_table("refused", f"http://127.0.0.1:{closed_port}/v1")
            + provider_table("nowhere", "http://nowhere.invalid/v1")
            + provider_table("untrusted", untrusted.base_url)
        )
        response = await gateway.chat(model=f"{name}/m", stream=stream)
        assert untrusted.asked == 0
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["code"]) == (502, "provider_error", "provider_unavailable")
    row = await gateway.row(response)
    assert (row["outcome"], row["attempts"]) == ("provider_unavailable", 3)
    assert {hold["state"] for hold in await gateway.holds(row)} == {"voided"}
    assert len(gateway.pauses) == 2


TIMEOUTS = "[timeouts]\nfirst_byte_s = {first_byte}\nidle_s = {idle}\ntotal_s = {total}\n\n"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("scripted", "timeouts"),
    [
        pytest.param(stall(), {"first_byte": 0.1}, id="first byte"),
        pytest.param((head(), stall()), {"idle": 0.1}, id="idle after the head"),
        pytest.param((wait(0.05), stall()), {"total": 0.3}, id="total"),
    ],
)
async def test_a_provider_that_is_silent_for_too_long_is_not_asked_again(
    open_gateway: Open, scripted: Scripted, timeouts: dict[str, float], stream: bool
) -> None:
    gateway = await open_gateway(toml=TIMEOUTS.format(**{"first_byte": 60, "idle": 60, "total": 60} | timeouts))
    gateway.provider.always(scripted)
    response = await gateway.chat(stream=stream)
    await assert_became(gateway, response, Becomes(504, "provider_error", "provider_timeout", hold="unconfirmed"))
    await gateway.provider.until(lambda: gateway.provider.answering == 0)


@pytest.mark.parametrize(
    ("scripted", "timeouts"),
    [
        pytest.param((say("Hel"), stall()), {"idle": 0.1}, id="idle"),
        pytest.param([(say("Hel"), wait(0.05)) for _ in range(40)], {"total": 0.3}, id="total"),
    ],
)
async def test_a_stream_that_stops_or_lasts_for_too_long_ends_with_an_error_event(
    open_gateway: Open, scripted: Scripted, timeouts: dict[str, float]
) -> None:
    gateway = await open_gateway(toml=TIMEOUTS.format(**{"first_byte": 60, "idle": 60, "total": 60} | timeouts))
    gateway.provider.always(scripted)
    response = await gateway.chat(stream=True)
    last = response.content.strip().split(b"\n\n")[-1]
    assert msgspec.json.decode(last.removeprefix(b"data: "))["error"]["code"] == "provider_timeout"
    row = await gateway.row(response)
    assert (row["status"], row["outcome"]) == (200, "provider_timeout")
    assert [hold["state"] for hold in await gateway.holds(row)] == ["unconfirmed"]
    await gateway.provider.until(lambda: gateway.provider.answering == 0)


async def test_a_pause_that_would_outlast_the_deadline_is_not_begun(open_gateway: Open) -> None:
    gateway = await open_gateway(toml=TIMEOUTS.format(first_byte=3, idle=3, total=3))
    gateway.provider.always(status(429, "Slow down", retry_after=7))
    await assert_became(gateway, await gateway.chat(), limited("7"))


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_cannot_be_read_is_kept_as_it_began(gateway: Gateway, stream: bool) -> None:
    """F8"""
    page = f"<!DOCTYPE html><p>Sign in to use {ACME_KEY}".encode()
    gateway.provider.always(reply(200, body=page, headers={"content-type": "text/html"}))
    row = await gateway.row(await gateway.chat(stream=stream))
    assert "<p>Sign in to use" in row["error_message"]
    assert ACME_KEY not in row["error_message"] + row["attempt_log"]
    assert '"provider_status":200' in row["attempt_log"]


async def test_pauses_between_attempts_are_not_our_own_time(open_gateway: Open) -> None:
    gateway = await open_gateway()
    gateway.provider.script(status(503))
    gateway.provider.script(answer("Hello"))
    response = await gateway.chat()
    (pause_s,) = gateway.pauses
    row = await gateway.row(response)
    assert row["upstream_us"] >= pause_s * 1e6 > 0


# --- secrets ---------------------------------------------------------------------------------------------------------

TELLTALES: dict[str, Scripted] = {
    "refused": status(400, f"Bad request with {ACME_KEY}"),
    "rejected": status(401, f"Incorrect API key provided: {ACME_KEY}."),
    "rejected in pieces": status(401, f"Incorrect API key: {ACME_KEY[:20]}\n{ACME_KEY[20:]}"),
    "out of money": status(402, f"{ACME_KEY} has no money"),
    "down": status(500, f"panic: authorization: Bearer {ACME_KEY}"),
    "as code and type": status(400, "no", code=ACME_KEY, error_type=ACME_KEY),
    "web page": reply(502, body=f"<p>{ACME_KEY}</p>".encode()),
    "plain text": reply(400, body=f"key {ACME_KEY}".encode()),
    "error with 200": reply(200, json={"error": {"message": f"Refused {ACME_KEY}", "code": 400, "param": ACME_KEY}}),
}


@pytest.mark.parametrize("scripted", TELLTALES.values(), ids=TELLTALES.keys())
async def test_a_key_that_the_provider_repeats_goes_no_further(
    gateway: Gateway, scripted: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.provider.always(scripted)
    response = await gateway.chat()
    assert response.status_code >= 400
    await assert_hidden(gateway, response, capsys)


@pytest.mark.parametrize("said", [(), (say("Hel"),)], ids=["before the first token", "after it"])
async def test_a_key_in_an_error_event_goes_no_further(
    gateway: Gateway, said: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.provider.always(said, fail(f"Refused {ACME_KEY}", error_type="invalid_request_error", code="400"))
    await assert_hidden(gateway, await gateway.chat(stream=True), capsys)


async def assert_hidden(gateway: Gateway, response: httpx2.Response, capsys: pytest.CaptureFixture[str]) -> None:
    row = await gateway.row(response)
    printed = capsys.readouterr()
    for place in (response.text, str(response.headers), str(dict(row)), printed.out, printed.err):
        for start in range(len(ACME_KEY) - 12):
            assert ACME_KEY[start : start + 12] not in place


async def test_a_message_with_a_nul_does_not_cost_the_row(open_gateway: Open, postgres_url: str) -> None:
    """PostgreSQL takes no NUL in a text."""
    gateway = await open_gateway(database_url=postgres_url)
    gateway.provider.script(status(400, "bad \0 field", code="a"))
    row = await gateway.row(await gateway.chat())
    assert "bad" in row["error_message"]
    gateway.provider.script(say("x"), finish("st\0op"), usage(1, 1), done())
    assert (await gateway.row(await gateway.chat()))["outcome"] == "succeeded"


async def test_a_providers_own_words_are_no_labels_of_metrics(gateway: Gateway) -> None:
    """Labels with values that strangers make up fill the memory of everything that reads them."""
    gateway.provider.always(status(400, "no", code="word_of_their_own"))
    response = await gateway.chat()
    assert (await gateway.row(response))["outcome"] == "word_of_their_own"
    page = (await gateway.client.get("/metrics")).text
    assert "word_of_their_own" not in page
    assert 'tollhouse_upstream_attempts_total{outcome="refused"} 1.0' in page
    assert 'tollhouse_requests_total{outcome="refused",provider="acme",status="400"} 1.0' in page
