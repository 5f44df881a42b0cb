"""Turns over HTTP: the question is kept once, the answer once, and a failure is seen and can be tried again."""

from __future__ import annotations

from talks import Talk
from tollhouse.testing import WireProvider, answer, expect


async def test_a_turn_answers_with_what_was_said_and_what_it_cost(ada: Talk, provider: WireProvider):
    provider.script(expect(model="acme-1", stream=False), answer("Hello", usage=(19, 10)))
    conversation = await ada.new(system="Be brief.")
    turn = await ada.say(conversation, "Hi")
    assert turn["status"] == "succeeded"
    assert turn["message"]["content"] == [{"type": "text", "text": "Hi"}]
    assert (turn["answer"]["role"], turn["answer"]["model"]) == ("assistant", "acme/acme-1")
    assert (turn["answer"]["content"], turn["answer"]["finish_reason"]) == ([{"type": "text", "text": "Hello"}], "stop")
    assert (
        turn["usage"].items() >= {"input_tokens": 19, "output_tokens": 10, "total_tokens": 29, "cached": False}.items()
    )
    assert turn["cost_usd"] == "0.0001475"
    row = await ada.call("GET", f"/api/me/requests/{turn['request']}")
    assert (row["outcome"], row["cost_usd"]) == ("succeeded", "0.0001475")
    asked = provider.requests[-1].json
    assert asked["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    run = await ada.call("GET", f"/api/runs/{turn['run']}")
    assert (run["status"], run["message"], run["answer"]) == ("succeeded", turn["message"]["id"], turn["answer"])
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]
