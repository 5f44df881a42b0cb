"""Turns over HTTP: the question is kept once, the answer once, and a failure is seen and can be tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2

from houses import make_person, opened, served
from talks import Talk
from tollhouse.testing import WireProvider, answer, cut, done, expect, say, stall, status, think, tool_call
from tollhouse.testing import finish as finish_with


async def test_a_turn_answers_with_what_was_said_and_what_it_cost(ada: Talk, provider: WireProvider):
    """C3, C6."""
    provider.script(expect(model="acme-1", stream=False), answer("Hello", usage=(19, 10)))
    conversation = await ada.new(system="Be brief.")
    turn = await ada.say(conversation, "Hi")
    assert turn["status"] == "succeeded"
    assert turn["message"]["content"] == [{"type": "text", "text": "Hi"}]
    assert (turn["answer"]["role"], turn["answer"]["model"]) == ("assistant", "acme/acme-1")
    assert (turn["answer"]["content"], turn["answer"]["finish_reason"]) == ([{"type": "text", "text": "Hello"}], "stop")
    counted = {"input_tokens": 19, "output_tokens": 10, "total_tokens": 29, "cached": False}
    assert turn["usage"].items() >= counted.items()
    assert turn["cost_usd"] == "0.0001475"
    assert (turn["message"]["tokens_estimated"], turn["answer"]["tokens_estimated"]) == (True, False)
    row = await ada.call("GET", f"/api/me/requests/{turn['request']}")
    assert (row["outcome"], row["cost_usd"]) == ("succeeded", "0.0001475")
    asked = provider.requests[-1].json
    assert asked["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    run = await ada.call("GET", f"/api/runs/{turn['run']}")
    assert (run["status"], run["message"], run["answer"]) == ("succeeded", turn["message"]["id"], turn["answer"])
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]


async def test_the_next_turn_is_told_the_ones_before(ada: Talk, provider: WireProvider):
    """C11: what was said stays in its order, by number and not by the clock."""
    provider.script(answer("one"))
    provider.script(answer("two"))
    conversation = await ada.new()
    await ada.say(conversation, "1")
    await ada.say(conversation, "2")
    told = [(it["role"], it["content"]) for it in provider.requests[-1].json["messages"]]
    assert told == [("user", "1"), ("assistant", "one"), ("user", "2")]


async def test_the_requests_of_a_conversation_are_found(ada: Talk, bob: Talk, provider: WireProvider):
    provider.always(answer("one"))
    conversation, other = await ada.new(), await ada.new()
    turns = [await ada.say(conversation, "1"), await ada.say(conversation, "2")]
    await ada.say(other, "3")
    asked = {"conversation": conversation.rpartition("/")[2]}
    found = await ada.call("GET", "/api/me/requests", params=asked)
    assert [row["id"] for row in found["data"]] == [turn["request"] for turn in reversed(turns)]
    assert (await ada.call("GET", "/api/me/reports/requests", params=asked))["totals"]["requests"] == 2
    assert (await bob.call("GET", "/api/me/requests", params=asked))["data"] == []


async def test_a_failed_turn_is_seen_and_can_be_tried_again_without_asking_twice(ada: Talk, provider: WireProvider):
    """C14, C15: one question however often it is tried; the failure is typed."""
    provider.script(status(401, "bad key"))
    conversation = await ada.new()
    failed = await ada.say(conversation, "Hi", 502)
    assert failed["code"] == "provider_auth_failed"
    run = await ada.call("GET", f"/api/runs/{failed['run']}")
    assert (run["status"], run["answer"], run["attempt"]) == ("failed", None, 1)
    assert (run["error"]["code"], run["error"]["status"], run["error"]["retryable"]) == (
        "provider_auth_failed",
        502,
        False,
    )
    assert (await ada.call("GET", f"{conversation}/poll"))["status"] == "error"
    provider.script(answer("Hello"))
    tried = await ada.call("POST", f"/api/runs/{failed['run']}/retry")
    assert (tried["status"], tried["attempt"], tried["error"]) == ("succeeded", 2, None)
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]
    assert (await ada.call("GET", f"{conversation}/poll"))["status"] == "completed"
    rows = (await ada.call("GET", "/api/me/requests", params={"run": failed["run"]}))["data"]
    assert [(row["run"], row["outcome"]) for row in rows] == [
        (failed["run"], "succeeded"),
        (failed["run"], "provider_auth_failed"),
    ]
    await ada.call("POST", f"/api/runs/{failed['run']}/retry", 409)


async def test_what_is_asked_twice_under_one_key_is_one_question(ada: Talk, provider: WireProvider):
    """C14: whether the first try succeeded or failed."""
    key = {"idempotency-key": "once"}
    provider.script(status(401, "bad key"))
    provider.script(answer("Hello"))
    conversation = await ada.new()
    await ada.say(conversation, "Hi", 502, headers=key)
    second = await ada.say(conversation, "Hi", headers=key)
    third = await ada.say(conversation, "Hi", headers=key)
    assert second == third
    streamed = await ada.events(conversation, "Hi", headers=key)
    assert streamed[-1].data["id"] == second["run"]
    await ada.say(conversation, "Something else", 422, headers=key)
    refused = await ada.events(conversation, "Something else", headers=key, expected=422)
    assert refused == []
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]
    assert provider.asked == 2


async def test_a_key_is_not_taken_for_another_model_or_other_settings(ada: Talk, provider: WireProvider):
    """Neither after a failure, nor for a stream."""
    provider.script(status(400, "no such parameter"))
    provider.script(answer("Hello"))
    conversation = await ada.new(settings={"temperature": 0})
    sent = {"settings": {"top_p": 0.5}, "headers": {"idempotency-key": "once"}}
    await ada.say(conversation, "Hi", 400, **sent)
    for other in ({"model": "demo/echo"}, {"settings": {"top_p": 0.6}}, {"settings": {"seed": 7}}):
        refused = await ada.say(conversation, "Hi", 422, **{**sent, **other})
        assert refused["code"] == "idempotency_key_reused"
        await ada.events(conversation, "Hi", expected=422, **{**sent, **other})
    await ada.call("PATCH", conversation, json={"settings": {"temperature": 1}, "model": "demo/echo"})
    turn = await ada.say(conversation, "Hi", **sent)
    assert turn["answer"]["model"] == "acme/acme-1"
    assert provider.requests[-1].json.items() >= {"temperature": 0, "top_p": 0.5}.items()


async def test_what_is_asked_twice_under_one_key_is_told_twice_in_the_same_events(ada: Talk, provider: WireProvider):
    provider.script(say("Hel"), say("lo"), finish_with("stop"), done())
    conversation = await ada.new()
    key = {"idempotency-key": "once"}
    told = await ada.events(conversation, "Hi", headers=key)
    assert [event.data["text"] for event in told if event.name == "message.delta"] == ["Hel", "lo"]
    assert await ada.events(conversation, "Hi", headers=key) == told
    assert provider.asked == 1


async def test_a_turn_is_told_as_events(ada: Talk, provider: WireProvider):
    provider.script(expect(stream=True), answer("Hello", usage=(19, 10)))
    conversation = await ada.new()
    events = await ada.events(conversation, "Hi")
    names = [event.name for event in events]
    assert (names[0], names[-2:]) == ("run.started", ["message.completed", "run.succeeded"])
    assert "".join(event.data["text"] for event in events if event.name == "message.delta") == "Hello"
    assert [event.id for event in events] == [f"1.{number}" for number in range(1, len(events) + 1)]
    assert events[-2].data["content"] == [{"type": "text", "text": "Hello"}]
    assert events[-1].data["cost_usd"] == "0.0001475"


async def test_a_failure_is_the_last_event(ada: Talk, provider: WireProvider):
    provider.script(say("Hel"), cut())
    conversation = await ada.new()
    events = await ada.events(conversation, "Hi")
    assert (events[-1].name, events[-1].data["error"]["code"]) == ("run.failed", "provider_incomplete")
    assert events[-1].data["error"]["retryable"]


async def test_what_was_said_before_a_failure_is_kept_and_marked(ada: Talk, provider: WireProvider):
    """Another attempt replaces it. What the provider bills is unknown, so the run tells of no cost."""
    provider.script(say("Hel"), cut())
    provider.script(answer("Hello"))
    conversation = await ada.new()
    *_, completed, failed = await ada.events(conversation, "Hi")
    assert (completed.name, failed.name) == ("message.completed", "run.failed")
    run = await ada.call("GET", f"/api/runs/{failed.data['id']}")
    assert (run["answer"], run["answer"]["finish_reason"]) == (completed.data, "stopped")
    assert (run["usage"], run["cost_usd"]) == (None, None)
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hel")]
    tried = await ada.call("POST", f"/api/runs/{run['id']}/retry")
    assert (tried["answer"]["id"], tried["answer"]["finish_reason"]) == (run["answer"]["id"], "stop")
    assert tried["answer"]["created_at"] > run["answer"]["created_at"]
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]


async def test_stopping_keeps_and_bills_what_was_said(ada: Talk, provider: WireProvider):
    provider.script(say("Hel"), stall())
    conversation = await ada.new()
    said = asyncio.Event()
    listening = asyncio.create_task(ada.events(conversation, "Hi", on_delta=said.set))
    await said.wait()
    (run,) = (await ada.call("GET", "/api/runs", params={"status": "running"}))["data"]
    assert (await ada.call("GET", f"{conversation}/poll"))["status"] == "processing"
    stopped = await ada.call("POST", f"/api/runs/{run['id']}/cancel")
    assert (stopped["status"], stopped["answer"]["finish_reason"]) == ("cancelled", "stopped")
    assert stopped["usage"]["output_tokens"] > 0
    assert (await listening)[-1].name == "run.cancelled"
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hel")]
    assert (await ada.call("POST", f"/api/runs/{run['id']}/cancel"))["status"] == "cancelled"
    provider.script(answer("Hello"))
    tried = await ada.call("POST", f"/api/runs/{run['id']}/retry")
    assert tried["answer"]["id"] == stopped["answer"]["id"]
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hello")]


async def test_a_stream_whose_client_leaves_is_stopped(ada: Talk, provider: WireProvider):
    provider.script(say("Hel"), stall())
    conversation = await ada.new()
    said = asyncio.Event()
    listening = asyncio.create_task(ada.events(conversation, "Hi", on_delta=said.set))
    await said.wait()
    (run,) = (await ada.call("GET", "/api/runs"))["data"]
    listening.cancel()
    ended = await ada.call("GET", f"/api/runs/{run['id']}", params={"wait": 20})
    assert ended["status"] == "cancelled"
    assert await ada.texts(conversation) == [("user", "Hi"), ("assistant", "Hel")]


async def test_two_turns_at_once_do_not_overwrite_each_other(ada: Talk, provider: WireProvider):
    """C1: both are seen while they work, both are answered, and the branch has all four messages, in order."""
    provider.script(say("one"), stall())
    provider.script(answer("two"))
    conversation = await ada.new()
    said = asyncio.Event()
    first = asyncio.create_task(ada.events(conversation, "1", on_delta=said.set))
    await said.wait()
    await ada.say(conversation, "2")
    polled = await ada.call("GET", f"{conversation}/poll")
    assert (polled["status"], [run["status"] for run in polled["runs"]]) == ("processing", ["running"])
    await ada.call("POST", f"/api/runs/{polled['runs'][0]['id']}/cancel")
    await first
    in_order = [("user", "1"), ("assistant", "one"), ("user", "2"), ("assistant", "two")]
    assert await ada.texts(conversation) == in_order
    listed = (await ada.call("GET", f"{conversation}/messages"))["data"]
    assert await ada.texts(conversation, after=listed[1]["id"]) == in_order[2:]
    assert await ada.texts(conversation, before=listed[2]["id"], order="desc") == in_order[:2:-1]
    assert await ada.texts(conversation, before=listed[3]["id"], limit=1) == in_order[2:3]
    assert await ada.texts(conversation, before=listed[0]["id"], order="desc", limit=2) == in_order[2:0:-1]
    provider.script(answer("three"))
    await ada.say(conversation, "3")
    told = [(it["role"], it["content"]) for it in provider.requests[-1].json["messages"]]
    assert told == [*in_order, ("user", "3")]
    exported = await ada.call("GET", f"{conversation}/export")
    taken = await ada.call("POST", "/api/conversations/import", 201, json=exported)
    assert await ada.texts(f"/api/conversations/{taken['id']}", limit=4) == in_order


async def test_poll_tells_only_what_is_new(ada: Talk, provider: WireProvider):
    """C9."""
    provider.script(answer("one"))
    provider.script(answer("two"))
    conversation = await ada.new()
    assert (await ada.call("GET", f"{conversation}/poll")) == {
        "status": "active",
        "runs": [],
        "messages": [],
        "cursor": None,
    }
    first = await ada.say(conversation, "1")
    second = await ada.say(conversation, "2")
    polled = await ada.call("GET", f"{conversation}/poll", params={"after": first["answer"]["id"]})
    assert [it["id"] for it in polled["messages"]] == [second["message"]["id"], second["answer"]["id"]]
    again = await ada.call("GET", f"{conversation}/poll", params={"after": polled["cursor"]})
    assert (again["messages"], again["cursor"]) == ([], polled["cursor"])


async def test_a_tools_call_and_its_result_are_told_together(ada: Talk, provider: WireProvider):
    """C2."""
    provider.script(tool_call("weather", {"city": "Graz"}), finish_with("tool_calls"))
    provider.script(answer("Sunny."))
    function = {"name": "weather", "parameters": {"type": "object"}}
    conversation = await ada.new(settings={"tools": [{"type": "function", "function": function}]})
    turn = await ada.say(conversation, "Weather in Graz?")
    (call,) = turn["answer"]["content"]
    assert (call["type"], call["name"], turn["answer"]["finish_reason"]) == ("tool_call", "weather", "tool_calls")
    result = {"type": "tool_result", "tool_call_id": call["id"], "content": "sun"}
    await ada.say(conversation, {"role": "tool", "content": [result]})
    told = provider.requests[-1].json
    assert [it["role"] for it in told["messages"]] == ["user", "assistant", "tool"]
    assert told["messages"][1]["tool_calls"][0]["id"] == told["messages"][2]["tool_call_id"] == call["id"]
    assert told["tools"][0]["function"] == function


async def test_settings_are_the_conversations_and_for_one_turn_others(ada: Talk, provider: WireProvider):
    """C13: nought is a value."""
    provider.script(answer("one"))
    provider.script(answer("two"))
    conversation = await ada.new(settings={"temperature": 0, "max_tokens": 50})
    await ada.say(conversation, "1")
    await ada.say(conversation, "2", settings={"temperature": 1})
    asked = [(it.json["temperature"], it.json["max_tokens"]) for it in provider.requests]
    assert asked == [(0, 50), (1, 50)]


async def test_a_question_that_cannot_fit_is_refused_with_the_numbers_and_not_kept(ada: Talk, provider: WireProvider):
    """C5, C12: neither cut nor silently dropped."""
    conversation = await ada.new()
    refused = await ada.say(conversation, "word " * 200_000, 413)
    assert refused["code"] == "context_length_exceeded"
    assert refused["needed_tokens"] > refused["available_tokens"] > 0
    assert refused["context_tokens"] == 128_000
    assert await ada.texts(conversation) == []
    assert provider.asked == 0


async def test_two_thousand_characters_are_no_limit(ada: Talk, provider: WireProvider):
    """C5."""
    provider.script(answer("Long."))
    await ada.say(await ada.new(), "ü" * 2_001)


async def test_what_is_wrong_is_said_before_anything_is_written(ada: Talk, provider: WireProvider):
    conversation = await ada.new()
    for body, expected, pointer in [
        ({"message": "  "}, 422, "/message"),
        ({"message": {"content": []}}, 400, "/message/content"),
        ({"message": {"role": "assistant", "content": "I am you"}}, 400, "/message/role"),
        ({"message": {"content": [{"type": "tool_result", "tool_call_id": "a", "content": ""}]}}, 422, None),
        ({"message": {"content": [{"type": "video"}]}}, 400, None),
        ({"message": {"content": [{"type": "file"}]}}, 422, "/message/content/0"),
        ({"message": {"content": [{"type": "file", "path": "/etc/passwd"}]}}, 400, None),
        ({"message": "Hi", "model": "acme/none"}, 404, "/model"),
        ({"message": "Hi", "settings": {"temperature": 9}}, 400, "/settings/temperature"),
        ({"message": "Hi", "settings": {"stream": True}}, 400, "/settings/stream"),
        ({"message": "Hi", "delay": 5}, 400, "/delay"),
        ({"message": "Hi", "deadline": 5}, 400, "/deadline"),
        ({"message": "Hi", "priority": 10}, 422, "/priority"),
        ({"message": "Hi", "parent": "msg_nobody"}, 404, None),
    ]:
        refused = await ada.call("POST", f"{conversation}/messages", expected, json=body)
        if pointer is not None:
            assert refused["errors"][0]["pointer"] == pointer
    modelless = await ada.call("POST", "/api/conversations", 201, json={})
    await ada.say(f"/api/conversations/{modelless['id']}", "Hi", 422)
    assert await ada.texts(conversation) == []
    assert provider.asked == 0


async def test_a_history_that_outgrows_the_model_is_told_in_whole_turns(ada: Talk, provider: WireProvider):
    """C10, C11."""
    conversation = await ada.new(system="Be brief.")
    for number in range(4):
        provider.script(answer("ok", usage=(50_000, 10)))
        await ada.say(conversation, f"question {number} " + "word " * 40_000)
    told = provider.requests[-1].json["messages"]
    assert [it["role"] for it in told] == ["system", "user", "user", "assistant", "user"]
    assert "question 0" in told[1]["content"]
    assert told[-1]["content"].startswith("question 3")
    assert len(await ada.texts(conversation)) == 8


async def test_pictures_and_files_reach_the_model_and_thinking_does_not_come_back(ada: Talk, provider: WireProvider):
    """C2."""
    provider.script(think("Hm."), say("A cat."), finish_with("stop"))
    provider.script(answer("Yes."))
    picture = {"type": "image", "url": "data:image/png;base64,AAAA"}
    document = {"type": "file", "data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}
    conversation = await ada.new()
    turn = await ada.say(conversation, {"content": [{"type": "text", "text": "What is it?"}, picture, document]})
    assert [part["type"] for part in turn["message"]["content"]] == ["text", "image", "file"]
    assert [part["type"] for part in turn["answer"]["content"]] == ["reasoning", "text"]
    await ada.say(conversation, "Sure?")
    question, answered, _ = provider.requests[-1].json["messages"]
    assert [part["type"] for part in question["content"]] == ["text", "image_url", "file"]
    assert answered == {"role": "assistant", "content": "A cat."}


async def test_an_operator_may_keep_the_originals_limit(tmp_path: Path):
    """C5: measured in characters, and told."""
    async with (
        opened(tmp_path / "data", toml="[conversations]\nmax_message_chars = 2000\n") as house,
        served(house) as url,
        httpx2.AsyncClient(base_url=url, timeout=30) as http,
    ):
        ada = Talk(http, await make_person(house))
        conversation = await ada.new(model="demo/echo")
        refused = await ada.say(conversation, "ü" * 2_001, 422)
        assert (refused["characters"], refused["max_characters"]) == (2_001, 2_000)
        await ada.say(conversation, "ü" * 2_000)
