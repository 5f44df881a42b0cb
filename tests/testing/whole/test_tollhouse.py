"""A whole Tollhouse in somebody else's test: what it does is real, and each assertion can fail."""

from __future__ import annotations

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai import types

from tollhouse.client import CancelRun, Generate, OutOfBudget, SayLater, StartConversation, TooMany
from tollhouse.clock import Clock
from tollhouse.testing.faking import AiFake, drop_after, error, reply, stall_after
from tollhouse.testing.whole import Tollhouse, running

ASK = Generate("Hi", "openai/gpt-4o")


def test_every_sdk_reaches_the_fake_through_it(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().reply(lambda asked: asked.dialect).always()
    ai_fake.embed().deterministic(dims=8)
    words = [{"role": "user", "content": "Hi"}]
    with openai.OpenAI(base_url=tollhouse.base_url, api_key=tollhouse.token) as client:
        assert (
            client.chat.completions.create(model="gpt-4o", messages=words).choices[0].message.content == "openai_chat"
        )
        assert len(client.embeddings.create(model="text-embedding-3-small", input="Hi").data[0].embedding) == 8
        google = client.embeddings.create(model="google/gemini-embedding-001", input="Hi")
        assert len(google.data[0].embedding) == 8
    with anthropic.Anthropic(base_url=tollhouse.url, api_key=tollhouse.token) as client:
        message = client.messages.create(model="anthropic/claude-opus-5", max_tokens=9, messages=words)
        assert message.content[0].text == "anthropic_messages"
    client = genai.Client(api_key=tollhouse.token, http_options=types.HttpOptions(base_url=tollhouse.url))
    assert client.models.generate_content(model="gemini-2.5-flash", contents="Hi").text == "gemini"


def test_sdks_find_it_by_the_environment(ai_fake: AiFake, tollhouse: Tollhouse, monkeypatch: pytest.MonkeyPatch):
    ai_fake.chat().reply("found")
    for name, value in tollhouse.environ().items():
        monkeypatch.setenv(name, value)
    with openai.OpenAI() as client:
        words = [{"role": "user", "content": "Hi"}]
        assert client.chat.completions.create(model="gpt-4o", messages=words).choices[0].message.content == "found"


def test_what_was_spent_is_what_the_provider_bills(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().reply("An ORM.", usage=(30, 15)).always()
    tollhouse.user.client.send(ASK)
    tollhouse.add_user("bob").client.send(ASK)
    ai_fake.assert_billed(cost="0.00045", tokens=(60, 30))
    tollhouse.assert_spent("0.00045")
    tollhouse.assert_spent("0.000225", user=tollhouse.user)
    with pytest.raises(AssertionError, match=r"expected \$1 to be spent, but it is \$0.00045 in 2 requests"):
        tollhouse.assert_spent("1")


def test_a_budget_holds(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().reply("An ORM.").always()
    tollhouse.set_budget("0.000001")
    with pytest.raises(OutOfBudget):
        tollhouse.user.client.send(ASK)
    tollhouse.add_user("bob").client.send(ASK)
    ai_fake.assert_called(times=1)


def test_a_limit_is_reached_at_the_right_request_and_passes_with_time(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().reply("An ORM.").always()
    tollhouse.limit(requests_per_minute=3)
    for _ in range(3):
        tollhouse.user.client.send(ASK)
    with pytest.raises(TooMany):
        tollhouse.user.client.send(ASK)
    tollhouse.pass_time(minutes=1)
    tollhouse.user.client.send(ASK)
    ai_fake.assert_called(times=4)


def test_a_turn_survives_a_flaky_provider_without_waiting(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().script(error(429, retry_after=600), drop_after(tokens=5), reply("ok", usage=(30, 15)))
    began = tollhouse.clock.now()
    turn = tollhouse.turn("Hi").assert_messages(["user", "assistant"]).assert_provider_calls(3)
    turn.run.assert_succeeded(cost="0.000225")
    assert (tollhouse.clock.now() - began).total_seconds() >= 600
    with pytest.raises(AssertionError, match="expected 1 calls to providers, but there are 3:\nchat, model 'gpt-4o'"):
        turn.assert_provider_calls(1)
    with pytest.raises(AssertionError, match=r"expected messages of \['user'\]"):
        turn.assert_messages(["user"])


def test_what_an_application_asks_in_the_background_is_drained(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat(contains="Eloquent").reply("An ORM.", usage=(30, 15))
    ai_fake.chat(contains="trouble").error(400, "No")
    client = tollhouse.user.client
    place = client.send(StartConversation(model="openai/gpt-4o")).id
    client.send(SayLater(place, "What is Eloquent?"))
    run = tollhouse.drain_jobs().only()
    run.assert_succeeded(cost="0.000225", attempts=1)
    tollhouse.assert_messages(place, ["user", "assistant"])
    with pytest.raises(AssertionError, match=r"expected a run of \$1, but it was run_\w+, succeeded after 1 attempts"):
        run.assert_succeeded(cost="1")
    with pytest.raises(AssertionError, match="expected a run that succeeded after 2 attempts"):
        run.assert_succeeded(attempts=2)
    with pytest.raises(AssertionError, match="expected a run that failed"):
        run.assert_failed()
    with pytest.raises(AssertionError, match="expected a run that cancelled"):
        run.assert_cancelled()
    client.send(SayLater(place, "Some trouble"))
    failed = tollhouse.drain_jobs().only()
    assert failed.error is not None
    failed.assert_failed(code=failed.error["code"], attempts=1)
    with pytest.raises(AssertionError, match="expected a run that failed with other"):
        failed.assert_failed(code="other")
    with pytest.raises(AssertionError, match="expected one run, but there are 0"):
        tollhouse.drain_jobs().only()


def test_a_turn_goes_on_in_its_conversation(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().reply("Hello").always()
    first = tollhouse.turn("Hi")
    tollhouse.turn("And?", conversation=first.conversation).assert_messages(["user", "assistant"] * 2)
    ai_fake.assert_called(contains="And?").with_message("assistant", "Hello")


def test_what_is_sent_twice_is_done_once(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().reply("once").always()
    client = tollhouse.user.client
    heard = tollhouse.assert_done_once(lambda key: client.send(ASK, idempotency_key=key))
    assert heard.text == "once"
    place = client.send(StartConversation(model="openai/gpt-4o")).id
    tollhouse.assert_done_once(lambda key: client.send(SayLater(place, "Hi"), idempotency_key=key))
    with pytest.raises(AssertionError, match="but it was asked 2 times"):
        tollhouse.assert_done_once(lambda key: client.send(ASK))


def test_a_run_is_cancelled_in_the_middle_of_its_answer(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().script(stall_after(tokens=3))
    client = tollhouse.user.client
    place = client.send(StartConversation(model="openai/gpt-4o")).id
    run = client.send(SayLater(place, "Hi")).run
    ai_fake.wait_until(lambda: ai_fake.stalled == 1)
    client.send(CancelRun(run))
    tollhouse.drain_jobs().only().assert_cancelled()


def test_what_was_answered_before_is_not_asked_again(ai_fake: AiFake):
    with running(ai_fake, toml='[cache]\nmode = "exact"\n') as tollhouse:
        ai_fake.chat().reply("An ORM.")
        ask = Generate("Hi", "openai/gpt-4o", options={"temperature": 0})
        assert [tollhouse.user.client.send(ask).text for _ in range(2)] == ["An ORM."] * 2
        ai_fake.assert_called(times=1)
        assert [row.cache for row in tollhouse.requests()] == ["miss", "hit"]


def test_strangers_see_nothing(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().reply("Hello")
    turn = tollhouse.turn("Hi")
    for path in (
        f"/api/conversations/{turn.conversation}",
        f"/api/conversations/{turn.conversation}/messages",
        f"/v1/conversations/{turn.conversation}",
        f"/api/runs/{turn.run.id}",
    ):
        tollhouse.assert_strangers_see_nothing(path)
    with pytest.raises(AssertionError, match="stranger asked GET /api/me of tester and heard 200"):
        tollhouse.assert_strangers_see_nothing("/api/me")
    with pytest.raises(AssertionError, match="tester cannot read /api/runs/run_0: 404"):
        tollhouse.assert_strangers_see_nothing("/api/runs/run_0")


def test_the_books_are_verified_at_the_end(ai_fake: AiFake, tmp_path):
    ai_fake.chat().reply("Hi").always()

    def cook() -> None:
        with running(ai_fake, folder=tmp_path / "data") as tollhouse:
            tollhouse.set_budget("1")
            tollhouse.user.client.send(ASK)
            tollhouse.requests()
            spoil(tollhouse)

    with pytest.raises(AssertionError, match=r"the books are not right:\n  bucket .* posted is \$7"):
        cook()


def spoil(tollhouse: Tollhouse) -> None:
    """Put money into a balance that no entry tells of."""
    import sqlite3

    with sqlite3.connect(tollhouse._house.settings.data / "tollhouse.db") as database:
        database.execute("UPDATE bucket SET posted = 7000000000")


def test_the_environment_of_who_runs_the_tests_is_not_looked_at(ai_fake: AiFake, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/precious")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    ai_fake.chat().reply("Hi")
    with running(ai_fake, clock=Clock()) as tollhouse:
        assert tollhouse.user.client.send(ASK).text == "Hi"
        with pytest.raises(TypeError, match="goes by itself"):
            tollhouse.pass_time(seconds=1)


def test_settings_may_be_told(ai_fake: AiFake):
    with running(ai_fake, toml='[routes.smart]\ncandidates = ["openai/gpt-4o"]\n') as tollhouse:
        ai_fake.chat(model="gpt-4o").reply("Hi")
        assert tollhouse.user.client.send(Generate("Hi", "smart")).model == "openai/gpt-4o"


def test_a_house_that_cannot_be_opened_says_why(ai_fake: AiFake):
    def open_it() -> None:
        with running(ai_fake, toml='[routes.smart]\ncandidates = ["nobody/m"]\n'):
            pass

    with pytest.raises(Exception, match="there is no provider nobody"):
        open_it()


async def test_it_serves_tests_that_await(ai_fake: AiFake, tollhouse: Tollhouse):
    ai_fake.chat().reply("Hi")
    async with httpx2.AsyncClient(base_url=tollhouse.url, headers=tollhouse.user.headers) as client:
        asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
        assert (await client.post("/v1/chat/completions", json=asked)).status_code == 200
    tollhouse.assert_spent("0.0000125")
