"""The client before a real gateway, and before answers that a script gives at the network's edge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import pytest

from gateways import Gateway
from tollhouse.client import (
    Accepted,
    AsyncClient,
    CancelRun,
    Client,
    ClientError,
    Embed,
    Event,
    Generate,
    GetRun,
    Invalid,
    NotFound,
    NotReached,
    OutOfBudget,
    Refused,
    Say,
    SayLater,
    StartConversation,
    TooMany,
    Turn,
    Unauthenticated,
    Unavailable,
    Unreadable,
)
from tollhouse.testing import answer

COMPLETION = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}], "model": "m"}


@pytest.fixture
async def tollhouse(gateway: Gateway):
    async with AsyncClient(gateway.url + "/v1", gateway.person.token) as client:
        yield client


async def test_generates_and_says_what_it_cost(tollhouse: AsyncClient):
    heard = await tollhouse.send(Generate("Say hello.", model="demo/echo", system="Be brief."))
    assert "Say hello." in heard.text
    assert (heard.model, heard.finish_reason, heard.cost_usd) == ("demo/echo", "stop", "0")
    assert heard.input_tokens > 0
    assert heard.request_id is not None
    assert heard.request_id.startswith("req_")


async def test_embeds_every_text_in_its_place(tollhouse: AsyncClient):
    one, other, again = (await tollhouse.send(Embed(["a cat", "a dog", "a cat"], model="demo/embed"))).vectors
    assert len(one) == 256
    assert one == again != other


async def test_the_blocking_client_asks_the_same(gateway: Gateway):
    def ask() -> tuple[str, int]:
        with Client(gateway.url, gateway.person.token) as client:
            said = client.send(Generate("Say hello.", model="demo/echo"))
            vectors = client.send(Embed(["one"], model="demo/embed", dimensions=8))
            return said.text, len(vectors.vectors[0])

    text, dimensions = await asyncio.to_thread(ask)
    assert "Say hello." in text
    assert dimensions == 8


async def test_what_is_sent_twice_under_one_key_is_asked_once(gateway: Gateway, tollhouse: AsyncClient):
    gateway.provider.script(answer("Hello.", usage=(9, 2)))
    call = Generate("Say hello.", model="acme/acme-1")
    first = await tollhouse.send(call, idempotency_key="k-1")
    assert (await tollhouse.send(call, idempotency_key="k-1")).text == first.text == "Hello."
    assert len(gateway.provider.requests) == 1


async def test_a_conversation_is_kept_and_gone_on_with(tollhouse: AsyncClient):
    conversation = await tollhouse.send(StartConversation(model="demo/echo", title="Cats"))
    turn = await tollhouse.send(Say(conversation.id, "Hello"))
    assert isinstance(turn, Turn)
    assert turn.status == "succeeded"
    assert "Hello" in turn.text
    run = await tollhouse.send(GetRun(turn.run))
    assert run.is_over
    assert (await tollhouse.send(CancelRun(turn.run))).status == "succeeded"


async def test_a_run_tells_its_events_to_the_end_and_from_any_place_on(tollhouse: AsyncClient):
    conversation = await tollhouse.send(StartConversation(model="demo/echo"))
    turn = await tollhouse.send(Say(conversation.id, "Hello"))
    events = [event async for event in tollhouse.follow(turn.run)]
    assert [event.name for event in events][-1] == "run.succeeded"
    assert [event async for event in tollhouse.follow(turn.run, after=events[1].id)] == events[2:]


async def test_what_is_asked_in_the_background_is_accepted(tollhouse: AsyncClient):
    conversation = await tollhouse.send(StartConversation(model="demo/echo"))
    accepted = await tollhouse.send(SayLater(conversation.id, "Hello", priority=9))
    assert isinstance(accepted, Accepted)
    assert accepted.status == "queued"
    assert (await tollhouse.send(CancelRun(accepted.run))).status == "cancelled"


@pytest.mark.parametrize(
    ("call", "kind", "code"),
    [
        (Generate("Hi", model="nowhere/none"), NotFound, "model_not_found"),
        (Generate("Hi", model="demo/echo", options={"temperature": "hot"}), Invalid, "invalid_request"),
        (GetRun("run_none"), NotFound, "not_found"),
        (StartConversation(title="x" * 10_000), Invalid, "invalid_fields"),
    ],
)
async def test_a_refusal_has_the_class_of_what_to_do(tollhouse: AsyncClient, call, kind: type[Refused], code: str):
    with pytest.raises(kind) as refused:
        await tollhouse.send(call)
    assert refused.value.code == code
    assert refused.value.request_id is not None


async def test_a_wrong_token_is_unauthenticated_and_not_repeated_in_the_message(gateway: Gateway):
    async with AsyncClient(gateway.url, "th_live_wrong") as client:
        with pytest.raises(Unauthenticated) as refused:
            await client.send(GetRun("run_1"))
    assert "th_live_wrong" not in str(refused.value)


class Script:
    """Answers one request after another, and remembers who asked and how long was waited."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self._answers = iter(answers)
        self.asked: list[httpx2.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        given = next(self._answers)
        if isinstance(given, Exception):
            raise given
        return given

    def client(self) -> Client:
        transport = httpx2.MockTransport(self)
        return Client("http://house", "t", transport=transport, sleep=self.pauses.append, chance=lambda: 0.0)

    def async_client(self) -> AsyncClient:
        async def wait(pause_s: float) -> None:
            self.pauses.append(pause_s)

        transport = httpx2.MockTransport(self)
        return AsyncClient("http://house", "t", transport=transport, sleep=wait, chance=lambda: 0.0)


def refusing(status: int, code: str = "busy", kind: str = "rate_limit_error", **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json={"error": {"message": "No.", "type": kind, "code": code}}, headers=named)


def said() -> httpx2.Response:
    return httpx2.Response(200, json=COMPLETION)


ASK = Generate("Hi", model="m")


def test_waits_as_long_as_it_is_told_and_asks_under_the_same_key():
    script = Script(refusing(429, retry_after="7"), said())
    assert script.client().send(ASK).text == "Hi"
    assert script.pauses == [7.0]
    first, second = (request.headers["idempotency-key"] for request in script.asked)
    assert first == second


async def test_the_awaiting_client_tries_again_likewise():
    script = Script(httpx2.ConnectError("no"), refusing(503, retry_after="2"), said())
    assert (await script.async_client().send(ASK)).text == "Hi"
    assert script.pauses == [0.25, 2.0]


def test_a_call_that_never_arrives_is_given_up_after_three_tries():
    script = Script(*(httpx2.ReadTimeout("no") for _ in range(3)))
    with pytest.raises(NotReached):
        script.client().send(ASK)
    assert script.pauses == [0.25, 0.5]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (refusing(429, "insufficient_quota", "insufficient_quota", x_should_retry="false"), OutOfBudget),
        (refusing(503, x_should_retry="false"), Unavailable),
        (refusing(400), Invalid),
        (refusing(429, retry_after="3600"), TooMany),
        (httpx2.Response(404, text="<html>"), Unreadable),
        (httpx2.Response(200, text="<html>"), Unreadable),
        (httpx2.Response(200, json={**COMPLETION, "choices": []}), Unreadable),
    ],
    ids=["budget", "told not to", "refused", "too long a wait", "a stranger's 404", "no JSON", "no choice"],
)
def test_what_another_try_does_not_help_is_asked_once(given: httpx2.Response, kind: type[ClientError]):
    script = Script(given)
    with pytest.raises(kind):
        script.client().send(ASK)
    assert len(script.asked) == 1


def test_what_is_still_being_answered_under_the_key_is_asked_for_again():
    script = Script(refusing(409, "idempotency_key_in_use"), said())
    assert script.client().send(ASK).text == "Hi"


def test_vectors_are_not_kept_unless_that_is_said():
    vectors = httpx2.Response(200, json={"data": [{"index": 0, "embedding": [0.5]}]})
    script = Script(vectors, vectors)
    call = Embed(["a"], model="m")
    script.client().send(call, tag="posts.vec")
    script.client().send(call, idempotency_key="k")
    assert [request.headers.get("idempotency-key") for request in script.asked] == [None, "k"]
    assert [request.headers.get("x-tollhouse-tag") for request in script.asked] == ["posts.vec", None]


def test_who_is_told_to_tries_again():
    script = Script(refusing(400, x_should_retry="true"), said())
    assert script.client().send(ASK).text == "Hi"


def test_vectors_that_do_not_fit_the_texts_are_no_answer():
    body = {"data": [{"index": 1, "embedding": [0.5]}]}
    with pytest.raises(Unreadable):
        Script(httpx2.Response(200, json=body)).client().send(Embed(["a"], model="m"))


def telling(*lines: str, then: Exception | None = None) -> httpx2.Response:
    def chunks() -> Iterator[bytes]:
        yield from (line.encode() + b"\n" for line in lines)
        if then is not None:
            raise then

    return httpx2.Response(200, content=chunks())


STARTED = ("id: 1.1", "event: run.started", "data: {}", "")
SUCCEEDED = ("id: 1.2", "event: run.succeeded", 'data: {"id": "run_1"}', "")


def test_a_run_whose_events_are_cut_is_followed_from_where_it_was():
    script = Script(telling(*STARTED, then=httpx2.ReadError("cut")), telling(": ping", "", *SUCCEEDED))
    events = list(script.client().follow("run_1"))
    assert events == [
        Event(id="1.1", name="run.started", data={}),
        Event(id="1.2", name="run.succeeded", data={"id": "run_1"}),
    ]
    assert script.asked[1].headers["last-event-id"] == "1.1"


def test_a_run_that_tells_nothing_any_more_is_given_up():
    with pytest.raises(NotReached):
        list(Script(*(telling() for _ in range(3))).client().follow("run_1"))


def test_a_run_that_is_not_there_is_not_followed():
    script = Script(refusing(404, "not_found"))
    with pytest.raises(NotFound):
        list(script.client().follow("run_1"))


def test_an_address_without_a_scheme_is_refused_with_what_it_should_be():
    with pytest.raises(ValueError, match="http://"):
        Client("localhost:8787", "t")
