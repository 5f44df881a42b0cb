"""A Tollhouse that dies at each moment in turn: what was promised is kept, and a test that is not told so fails."""

from __future__ import annotations

from functools import partial

import pytest

from tollhouse.client import Generate
from tollhouse.testing.faking import AiFake, reply
from tollhouse.testing.whole import CrashPoints, Tollhouse, running

ASK = Generate("Hi", "openai/gpt-4o")


def ask(tollhouse: Tollhouse, key: str) -> str:
    return tollhouse.user.client.send(ASK, idempotency_key=key).text


def test_an_answer_is_given_once_whenever_the_gateway_dies(ai_fake: AiFake, crash_points: CrashPoints):
    ai_fake.chat().reply("An ORM.", usage=(30, 15)).always()
    moments = []
    for tollhouse in crash_points():
        before = len(ai_fake.askings)
        assert tollhouse.insist(partial(ask, tollhouse)) == "An ORM."
        tollhouse.disarm()
        moments.append(tollhouse.died)
        # Once more where it died with the answer in its hands.
        assert len(ai_fake.askings) - before in (1, 2)
        answered = [row for row in tollhouse.requests() if row.outcome == "succeeded" and row.cache != "replayed"]
        assert {row.cost_usd for row in answered} == {"0.000225"}
        assert len(answered) <= len(ai_fake.askings) - before
    assert moments[:3] == ["before commit 1", "after commit 1", "before commit 2"]
    assert moments[-1] is None


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_turn_is_written_once_whenever_the_gateway_dies(ai_fake: AiFake, crash_points: CrashPoints):
    ai_fake.chat().reply("An ORM.", usage=(30, 15)).always()
    lives = 0
    for tollhouse in crash_points():
        turn = tollhouse.turn("What is Eloquent?").assert_messages(["user", "assistant"])
        turn.run.assert_succeeded(cost="0.000225")
        assert len(turn.askings) <= 2
        lives += 1
    assert lives > 8


def test_who_is_not_armed_does_not_die(ai_fake: AiFake):
    with running(ai_fake) as tollhouse:
        ai_fake.chat().script(reply("An ORM."))
        assert tollhouse.user.client.send(ASK).text == "An ORM."
