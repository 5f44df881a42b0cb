"""A chat is told in one line of text, at an address that nobody else hears of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from receivers import Receiver
from tollhouse.clock import Clock
from tollhouse.notify.chat import Chat
from tollhouse.notify.events import Alert, EventType, sentence_of
from tollhouse.notify.post import Undelivered
from tollhouse.settings.secret import SecretRef
from tollhouse.upstream.base import Upstream
from tollhouse.upstream.client import Client

BUDGET = {
    "budget": "bud_1",
    "owner": "usr_1",
    "owner_name": "Ada",
    "model": None,
    "unit": "usd",
    "window": "month",
    "period": "2026-11",
    "threshold": 0.8,
    "spent": "16.2",
    "limit": "20",
}


def alert(type_: EventType = "budget.threshold", **facts: Any) -> Alert:
    return Alert(id="evt_1", type=type_, facts=BUDGET | facts, raised_at=datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    it = Client()
    yield it
    await it.aclose()


def chat(client: Upstream, url: str, private: bool = True) -> Chat:
    return Chat(client, Clock(), lambda: url, ["127.0.0.1"] if private else [])


async def test_a_chat_is_told_one_line_of_plain_text(client: Client, receiver: Receiver) -> None:
    assert await chat(client, receiver.url).send(alert(), "chat") == 200
    text = "80% of a budget is used: $16.2 of $20 in 2026-11, by Ada (bud_1)."
    assert receiver.heard[0].json == {"text": text}


async def test_a_name_cannot_call_everybody_in_the_channel(client: Client, receiver: Receiver) -> None:
    await chat(client, receiver.url).send(alert(owner_name="<!channel> & co"), "chat")
    assert "&lt;!channel&gt; &amp; co" in receiver.heard[0].json["text"]


async def test_the_address_rules_hold_and_the_address_stays_secret(client: Client, receiver: Receiver) -> None:
    with pytest.raises(Undelivered) as refused:
        await chat(client, receiver.url, private=False).send(alert(), "chat")
    receiver.will(404)
    with pytest.raises(Undelivered) as failed:
        await chat(client, receiver.url).send(alert(), "chat")
    assert failed.value.status == 404
    assert "/hook" not in refused.value.message + failed.value.message


async def test_an_address_that_cannot_be_read_is_a_failed_attempt(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_CHAT", raising=False)
    missing = Chat(client, Clock(), SecretRef("env:NO_SUCH_CHAT").resolve, [])
    with pytest.raises(Undelivered, match="NO_SUCH_CHAT"):
        await missing.send(alert(), "chat")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            alert(unit="tokens", window="total", period="total", spent=1_500_000, limit=2_000_000, owner_name=None),
            "80% of a budget is used: 1,500,000 tokens of 2,000,000 tokens in total, by usr_1 (bud_1).",
        ),
        (
            alert(model="openai/gpt-4.1", unit="requests", window="day", period="2026-11-22", spent=8, limit=10),
            "80% of a budget is used: 8 requests of 10 requests in 2026-11-22 for openai/gpt-4.1, by Ada (bud_1).",
        ),
        (
            alert("credential.aging", credential="cred_1", user="usr_1", provider="openai", days=90),
            "A credential for openai is over 90 days old: cred_1 of usr_1. Make a new key there, and rotate it.",
        ),
        (
            alert("credential.failing", credential="cred_1", user="usr_1", provider="openai", error="provider_quota"),
            "openai refuses a credential: provider_quota (cred_1 of usr_1).",
        ),
        (alert("webhook.ping", webhook="wh_1"), "This is a test of wh_1."),
    ],
)
def test_each_event_has_its_sentence(told: Alert, sentence: str) -> None:
    assert sentence_of(told) == sentence
