"""A Tollhouse of a test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tollhouse.client import AsyncClient, Client, Generate, GetRun, OutOfBudget, SayLater, StartConversation
from tollhouse.errors import ConfigurationError
from tollhouse.testing import ManualClock, WireProvider, answer, expect, say, usage
from tollhouse.testing.gateway import Gateway, gateway


@pytest.fixture
def provider() -> Iterator[WireProvider]:
    with WireProvider.in_thread() as it:
        yield it


@pytest.fixture
def tollhouse(tmp_path: Path, provider: WireProvider) -> Iterator[Gateway]:
    with gateway(tmp_path, provider) as it:
        yield it


@pytest.mark.parametrize(
    ("path", "body", "cost"),
    [
        ("/v1/chat/completions", {"model": "openai/gpt-4.1"}, "0.000118"),
        ("/v1/messages", {"model": "anthropic/claude-sonnet-4-5", "max_tokens": 20}, "0.000207"),
    ],
)
def test_the_large_providers_are_played_at_their_prices(
    tollhouse: Gateway, provider: WireProvider, path: str, body: dict[str, object], cost: str
):
    provider.script(expect(model=str(body["model"]).partition("/")[2]), answer("Hello", usage=(19, 10)))
    asked = body | {"messages": [{"role": "user", "content": "Hi"}]}
    heard = httpx2.post(f"{tollhouse.url}{path}", headers={"authorization": f"Bearer {tollhouse.token}"}, json=asked)
    assert heard.status_code == 200, heard.text
    (row,) = tollhouse.requests()
    assert (row.cost_usd, row.cost_status) == (cost, "exact")
    assert provider.requests[0].headers.get("authorization", "Bearer sk-test") == "Bearer sk-test"


def test_gemini_is_played_too(tollhouse: Gateway, provider: WireProvider):
    provider.script(answer("Hello", usage=(19, 10)))
    with Client(tollhouse.url, tollhouse.token) as client:
        assert client.send(Generate("Hi", "google/gemini-2.5-flash")).text == "Hello"
    assert tollhouse.requests()[0].provider == "google"


async def test_the_books_are_whole_as_soon_as_an_answer_is(tollhouse: Gateway, provider: WireProvider):
    provider.always(answer("Hello", usage=(19, 10)))
    tollhouse.set_budget("1")
    async with AsyncClient(tollhouse.url, tollhouse.token) as client:
        for number in range(1, 20):
            await client.send(Generate("Hi", "openai/gpt-4.1"))
            assert len(tollhouse.requests()) == number
            (budget,) = tollhouse.budgets()
            assert (budget.posted, budget.open) == (f"{0.000118 * number:.6f}".rstrip("0"), "0")


def test_each_has_a_log_and_budgets_of_their_own(tollhouse: Gateway, provider: WireProvider):
    provider.always(answer("Hello", usage=(19, 10)))
    poor = tollhouse.add_user("poor")
    tollhouse.set_budget("0.000001", user=poor)
    for user in (tollhouse.user, poor):
        with Client(tollhouse.url, user.token) as client:
            try:
                client.send(Generate("Hi", "openai/gpt-4.1"))
            except OutOfBudget:
                assert user is poor
    assert [row.status for row in tollhouse.requests(poor)] == [429]
    assert [row.status for row in tollhouse.requests(tollhouse.user)] == [200]


def test_runs_in_the_background_are_executed(tollhouse: Gateway, provider: WireProvider):
    provider.script(say("Later"), usage(1, 1), answer("", usage=None)[-2:])
    with Client(tollhouse.url, tollhouse.token) as client:
        begun = client.send(StartConversation(model="openai/gpt-4.1"))
        run = client.send(SayLater(begun.id, "Hi")).run
        assert client.send(GetRun(run, wait_s=10)).status == "succeeded"


def test_its_configuration_is_what_is_said_and_not_what_the_developer_has_set(
    tmp_path: Path, provider: WireProvider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TOLLHOUSE_CACHE__MODE", "nonsense")
    toml = (
        '[cache]\nmode = "exact"\n[providers.acme]\ndialect = "openai_chat"\nbase_url = "{provider}"\n'
        "allow_private_address = true\nfree = true\n[providers.acme.models.m]\ncontext_tokens = 1000\n"
    )
    provider.script(answer("Hello"))
    with gateway(tmp_path, provider, toml=toml) as tollhouse, Client(tollhouse.url, tollhouse.token) as client:
        for _ in range(2):
            assert client.send(Generate("Hi", "acme/m", options={"temperature": 0})).text == "Hello"
        assert [row.cache for row in tollhouse.requests()] == ["miss", "hit"]


def test_a_configuration_that_is_wrong_is_told_of_and_nothing_is_left_running(tmp_path: Path, provider: WireProvider):
    before = threading.active_count()
    wrong = '[guards.input]\nmode = "enforce"\ndeny_patterns = ["a+"]\n'
    with pytest.raises(ConfigurationError, match="deny_patterns"), gateway(tmp_path, provider, toml=wrong):
        pass
    assert threading.active_count() == before


def test_its_clock_can_be_turned(tmp_path: Path, provider: WireProvider):
    clock = ManualClock()
    with gateway(tmp_path, provider, clock=clock) as tollhouse:
        provider.always(answer("Hello", usage=(19, 10)))
        tollhouse.set_budget(1, unit="requests", window="day", mode="strict")
        with Client(tollhouse.url, tollhouse.token, attempts=1) as client:
            client.send(Generate("Hi", "openai/gpt-4.1"))
            with pytest.raises(OutOfBudget):
                client.send(Generate("Hi", "openai/gpt-4.1"))
            clock.advance(days=1)
            client.send(Generate("Hi", "openai/gpt-4.1"))
