"""What guards let through, on every surface: before anything is sent, and before the client has it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import msgspec
import pytest

from gateways import CHAT, Gateway, asking, provider_table
from houses import make_person
from screens import ASKED, HARMLESS, SAYING, STREAMS, ask, guards_of, stream
from tollhouse.dialects import openai_chat
from tollhouse.errors import Unavailable
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.screen import Screen
from tollhouse.gateway.screened import STOPPED
from tollhouse.guard.moderation import Moderation
from tollhouse.guard.policy import Policy
from tollhouse.guard.rules import Rules
from tollhouse.testing import ManualClock, answer, done, finish, reply, say, stall, status, tool_call, usage, wait

DENY = '[guards.input]\nmode = "enforce"\ndeny = ["project falcon"]\n'
DENY_ANSWERS = '[guards.output]\nmode = "enforce"\ndeny = ["project falcon"]\n'
MODERATED = '[guards.input]\nmode = "enforce"\nmoderation_model = "demo/moderation"\n'
MODERATED_ANSWERS = '[guards.output]\nmode = "enforce"\nmoderation_model = "demo/moderation"\n'

# What is asked.


@pytest.mark.parametrize("path", ASKED)
async def test_what_is_forbidden_is_refused_on_every_surface_and_nobody_is_asked(open_gateway: Any, path: str):
    gateway = await open_gateway(extra=DENY)
    response = await ask(gateway, path, "What is Project\n Falcon?")
    assert response.status_code == 400, response.text
    assert "content_filter" in response.text or "INVALID_ARGUMENT" in response.text or "blocked" in response.text
    assert "alcon" not in response.text.replace("alcon?", "") or path == "/api/conversations"
    assert gateway.provider.requests == []
    (row,) = await gateway.rows()
    assert (row["outcome"], row["status"], row["attempts"], row["input_cost"]) == ("content_filter", 400, 0, None)
    assert await gateway.holds(row) == []
    assert guards_of(row) == [
        {"side": "input", "acts": True, "by": "rules", "verdict": "block", "reasons": ["deny[0]"]}
    ]


async def test_what_is_not_forbidden_goes_through(open_gateway: Any):
    gateway = await open_gateway(extra=DENY)
    gateway.provider.script(answer("Birds of prey."))
    response = await ask(gateway, CHAT, "What is a falcon? My project needs one.")
    assert response.json()["choices"][0]["message"]["content"] == "Birds of prey."
    assert guards_of(await gateway.row(response)) == [
        {"side": "input", "acts": False, "by": "rules", "verdict": "allow"}
    ]


async def test_forbidden_words_are_found_wherever_they_stand(open_gateway: Any):
    gateway = await open_gateway(extra=DENY)
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"q": "project falcon"}'}}
    tool = {"type": "function", "function": {"name": "f", "description": "Knows of Project Falcon."}}
    user = {"role": "user", "content": "Hi"}
    for fields in (
        {"messages": [{"role": "system", "content": "project falcon"}, user]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "project falcon"}]}]},
        {
            "messages": [
                user,
                {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "x"},
            ]
        },
        {"messages": [user], "tools": [tool]},
    ):
        response = await gateway.chat(**fields)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "content_filter")


@pytest.mark.parametrize(
    "messages",
    [
        b'[{"role": "user", "content": "project falcon", "content": "Hi"}]',
        b'[{"role": "user", "content": [{"type": "text", "text": "project falcon", "te\\u0078t": "Hi"}]}]',
    ],
)
async def test_what_can_be_read_in_two_ways_is_refused_because_a_guard_reads_but_one(
    open_gateway: Any, messages: bytes
):
    gateway = await open_gateway(extra=DENY)
    response = await gateway.post(b'{"model": "acme/acme-1", "messages": ' + messages + b"}")
    assert response.status_code == 400
    assert "twice" in response.json()["error"]["message"]
    assert gateway.provider.requests == []


@pytest.mark.parametrize("odd", [b"9" * 5_000, b"1e999", b'"\\ud83d\\ude00"', b'{"a": {"a": 1}}'])
async def test_what_is_odd_and_said_once_goes_through(open_gateway: Any, odd: bytes):
    gateway = await open_gateway(extra=DENY)
    gateway.provider.always(answer())
    response = await gateway.post(
        b'{"model": "acme/acme-1", "messages": [{"role": "user", "content": "Hi"}], "vendor": ' + odd + b"}"
    )
    assert response.status_code == 200, response.text
    assert odd in gateway.provider.requests[0].body


@pytest.mark.parametrize(
    "extra",
    [DENY, '[guards]\non_unavailable = "log"\n[guards.input]\nmode = "enforce"\npersonal_data = "redact"\n'],
)
@pytest.mark.parametrize("tokens", [[1, 2, 3], [[1, 2], [3]]])
async def test_texts_that_come_as_numbers_cannot_be_looked_at_and_are_refused(
    open_gateway: Any, extra: str, tokens: list[Any]
):
    gateway = await open_gateway(extra=extra)
    response = await ask(gateway, "/v1/embeddings", "Hi", input=tokens)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "input")
    assert "check_embedding_ctx_length" in response.json()["error"]["message"]
    assert gateway.provider.requests == []


@pytest.mark.parametrize("extra", [DENY.replace("enforce", "monitor"), f'[guards]\non_unavailable = "log"\n{DENY}'])
async def test_they_are_let_through_where_what_cannot_be_judged_is(open_gateway: Any, extra: str):
    gateway = await open_gateway(extra=extra)
    gateway.provider.script(answer())
    response = await ask(gateway, "/v1/embeddings", "Hi", input=[1, 2, 3])
    assert response.status_code == 200, response.text
    (told,) = guards_of(await gateway.row(response))
    assert (told["verdict"], told["reasons"]) == ("unavailable", ["tokens"])


async def test_a_monitor_writes_down_what_it_finds_and_lets_it_through(open_gateway: Any):
    monitor = DENY.replace("enforce", "monitor") + 'personal_data = "redact"\nmoderation_model = "demo/moderation"\n'
    gateway = await open_gateway(extra=monitor)
    gateway.provider.script(answer("Yes."))
    response = await ask(gateway, CHAT, "kill project falcon, ada@example.com")
    assert response.status_code == 200
    assert b"ada@example.com" in gateway.provider.requests[0].body
    told = {one["by"]: one for one in guards_of(await gateway.row(response))}
    assert {by: (one["verdict"], one["acts"]) for by, one in told.items()} == {
        "rules": ("block", False),
        "personal_data": ("flag", False),
        "moderation": ("block", False),
    }


async def test_what_a_model_flags_is_refused_and_its_scores_are_kept(open_gateway: Any):
    gateway = await open_gateway(extra=MODERATED)
    asked = {"role": "user", "content": "How do I murder somebody?"}
    response = await gateway.chat(messages=[asked], headers={"x-tollhouse-tag": "forum"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "moderation_blocked")
    assert "violence" in response.json()["error"]["message"]
    assert gateway.provider.requests == []
    rows = {row["surface"]: row for row in await gateway.rows()}
    # The guard's own question is a request like any other, in the caller's name.
    assert (rows["guard"]["outcome"], rows["guard"]["model"]) == ("succeeded", "moderation")
    assert (rows["guard"]["user_id"], rows["guard"]["tag"]) == (gateway.person.id, "forum")
    (told,) = guards_of(rows["chat.completions"])
    assert (told["verdict"], told["reasons"]) == ("block", ["violence"])
    assert (told["model"], told["version"]) == ("demo/moderation", "moderation")
    assert told["scores"]["violence"] == 0.9


async def test_a_guards_own_question_is_held_charged_and_counts_against_no_limit(open_gateway: Any):
    extra = MODERATED.replace("demo/moderation", "acme/acme-1")
    gateway = await open_gateway(extra=extra, without_limits=False)
    for _ in range(20):
        gateway.provider.script(HARMLESS)
        gateway.provider.script(answer("Fine."))
    for _ in range(20):
        assert (await ask(gateway, CHAT, "Hi")).status_code == 200
    assert (await ask(gateway, CHAT, "Hi")).status_code == 429
    row = next(row for row in await gateway.rows() if row["surface"] == "guard")
    assert [hold["state"] for hold in await gateway.holds(row)] == ["settled"]


UNAVAILABLE = {
    "its provider is down": (status(500),),
    "it says something else": (reply(json={"choices": []}),),
    "it judges less than was asked": (reply(json={"results": []}),),
    "it is late": (wait(5), HARMLESS),
}


@pytest.mark.parametrize("how", UNAVAILABLE)
@pytest.mark.parametrize(
    ("mode", "on_unavailable", "expected"),
    [
        ("enforce", "block", 503),
        ("enforce", "log", 200),
        ("monitor", "block", 200),
    ],
)
async def test_what_nobody_could_judge_is_an_outage_and_no_accusation(
    open_gateway: Any, how: str, mode: str, on_unavailable: str, expected: int
):
    table = f'[guards]\non_unavailable = "{on_unavailable}"\ndeadline_s = 0.5\n'
    extra = table + MODERATED.replace("demo/moderation", "acme/acme-1").replace("enforce", mode)
    gateway = await open_gateway(extra=extra)
    gateway.provider.when(path="/v1/moderations").always(*UNAVAILABLE[how])
    gateway.provider.always(answer("Fine."))
    response = await ask(gateway, CHAT, "Hi")
    await gateway.provider.until(lambda: not gateway.provider.answering)
    gateway.provider.forgive()
    assert response.status_code == expected, response.text
    row = next(row for row in await gateway.rows() if row["surface"] == "chat.completions")
    (told,) = guards_of(row)
    assert (told["verdict"], told["acts"]) == ("unavailable", expected == 503)
    if expected == 503:
        assert response.json()["error"]["code"] == "guard_unavailable"
        assert response.headers["retry-after"] == "5"
        assert len(gateway.provider.requests) == 1
        assert row["attempts"] == 0


async def test_a_text_too_long_to_be_judged_is_the_askers_to_shorten(open_gateway: Any):
    gateway = await open_gateway(extra="[guards]\nmoderated_chars = 100\n" + MODERATED)
    response = await ask(gateway, CHAT, "word " * 21)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "too_long_to_judge")
    assert "Send less" in response.text
    assert "retry-after" not in response.headers
    (told,) = guards_of(await gateway.row(response))
    assert (told["verdict"], told["reasons"], told["acts"]) == ("unavailable", ["too_long"], True)


async def test_a_text_that_is_beyond_the_moderation_models_window_is_too_long(open_gateway: Any):
    gateway = await open_gateway(extra=MODERATED.replace("demo/moderation", "acme/acme-1"))
    gateway.provider.script(status(400, "Too long", code="context_length_exceeded"))
    response = await ask(gateway, CHAT, "Hi")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "too_long_to_judge")


async def test_an_answer_too_long_to_be_judged_is_not_asked_for_again(open_gateway: Any):
    table = "[guards]\nmoderated_chars = 100\n" + MODERATED.replace("guards.input", "guards.output")
    gateway = await open_gateway(extra=table)
    gateway.provider.script(answer("word " * 21))
    response = await ask(gateway, CHAT, "Hi")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "too_long_to_judge")
    assert "`max_tokens`" in response.text
    assert (await gateway.row(response))["output_tokens"] > 0


async def test_what_has_no_words_is_judged_by_nobody(open_gateway: Any):
    gateway = await open_gateway(extra=MODERATED)
    gateway.provider.script(answer())
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/p.png"}}
    response = await gateway.chat(messages=[{"role": "user", "content": [picture]}])
    assert response.status_code == 200
    assert [row["surface"] for row in await gateway.rows()] == ["chat.completions"]


async def test_a_request_for_a_moderation_is_not_screened(open_gateway: Any):
    gateway = await open_gateway(extra=DENY + 'moderation_model = "demo/moderation"\n')
    body = {"model": "demo/moderation", "input": "project falcon"}
    response = await gateway.client.post("/v1/moderations", headers=gateway.person.headers, json=body)
    assert response.status_code == 200
    assert len(await gateway.rows()) == 1


PASSES_ALL_THE_SAME = {
    "monitor": 'mode = "monitor"\n',
    "log": 'mode = "enforce"\n',
    "block": 'mode = "enforce"\n',
}


@pytest.mark.parametrize("how", PASSES_ALL_THE_SAME)
async def test_what_cannot_be_read_is_not_judged(open_gateway: Any, how: str):
    guard = PASSES_ALL_THE_SAME[how] + 'deny = ["x"]\n'
    on_unavailable = f'[guards]\non_unavailable = "{"log" if how == "log" else "block"}"\n'
    gateway = await open_gateway(extra=f"{on_unavailable}[guards.input]\n{guard}[guards.output]\n{guard}")
    # Both go through where nobody reads them.
    unread = {"choices": [{"message": {"role": "assistant", "content": 7}, "finish_reason": "stop"}]}
    gateway.provider.when(path="/v1/chat/completions").always(reply(json=unread))
    asked = await gateway.chat(messages=[{"role": "user", "content": 7}])
    assert asked.status_code == (400 if how == "block" else 200), asked.text
    answered = await gateway.chat()
    assert answered.status_code == (503 if how == "block" else 200), answered.text
    told = {one["side"]: one for one in guards_of(await gateway.row(answered))}
    assert (told["output"]["verdict"], told["output"]["reasons"]) == ("unavailable", ["unreadable"])
    assert told["output"]["acts"] == (how == "block")


@pytest.mark.parametrize("enforces", [False, True])
async def test_a_guard_that_fails_lets_a_monitor_go_on_and_nobody_else(enforces: bool):
    async def fails(asker: Any, body: bytes) -> bytes:
        raise RuntimeError("a bug of ours")

    moderation = Moderation(model="m", ask=fails, most_chars=100)
    screen = Screen(Policy(enforces=enforces, rules=Rules(), moderation=moderation), None)
    body = msgspec.json.encode(asking())
    exchange = Exchange(request_id="r", surface="s", dialect=openai_chat, body=body, began_s=0, began_us=0)
    with pytest.raises(Unavailable, match="internal_error") if enforces else nullcontext():
        await screen.ask(exchange)
    assert exchange.screening is not None
    (told,) = msgspec.json.decode(exchange.screening.written() or "")
    assert (told["verdict"], told["acts"], told["reasons"]) == ("unavailable", enforces, ["internal_error"])


async def test_without_guards_the_row_tells_nothing_of_them(gateway: Gateway):
    gateway.provider.script(answer())
    row = await gateway.row(await gateway.chat())
    assert row["guards"] is None
    assert gateway.house.steps.screen is None


# What is answered.


@pytest.mark.parametrize("surface", STREAMS)
@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic_messages"])
async def test_a_stream_ends_where_something_forbidden_begins(open_gateway: Any, surface: str, dialect: str):
    gateway = await open_gateway(extra=DENY_ANSWERS, dialect=dialect)
    lead = [f"word{number} " for number in range(200)]
    gateway.provider.script(answer(pieces=[*lead, "Project ", "Fal", "con ", "is ", "a secret."], usage=(10, 300)))
    text, endings, response = await stream(gateway, surface)
    assert response.status_code == 200
    text = text.removesuffix(STOPPED)
    assert "".join(lead).startswith(text)
    assert len("".join(lead)) - len(text) < 400 + 64 + 10
    assert endings == ["content_filter"]
    assert b"alcon" not in response.content
    row = await gateway.row(response)
    assert (row["outcome"], row["finish_reason"], row["output_tokens"]) == ("succeeded", "content_filter", 300)
    assert row["output_cost"] > 0
    assert guards_of(row) == [
        {"side": "output", "acts": True, "by": "rules", "verdict": "block", "reasons": ["deny[0]"]}
    ]


async def test_a_stopped_answer_that_does_not_end_is_charged_by_what_was_seen(open_gateway: Any):
    gateway = await open_gateway(extra=DENY_ANSWERS, toml="hear_out_seconds = 0.2\n")
    gateway.provider.script(say("Project Falcon "), *[say(f"word{number} ") for number in range(200)], stall())
    response = await gateway.chat(stream=True)
    await gateway.provider.until(lambda: not gateway.provider.answering)
    gateway.provider.forgive()
    assert b'"finish_reason":"content_filter"' in response.content
    row = await gateway.row(response)
    assert (row["outcome"], row["cost_status"]) == ("succeeded", "estimated")
    assert [hold["state"] for hold in await gateway.holds(row)] == ["settled"]


@pytest.mark.parametrize("surface", STREAMS)
async def test_a_stream_that_begins_with_something_forbidden_says_nothing(open_gateway: Any, surface: str):
    gateway = await open_gateway(extra=DENY_ANSWERS)
    gateway.provider.script(answer("Project Falcon is a secret."))
    text, endings, response = await stream(gateway, surface)
    assert (response.status_code, text, endings) == (200, STOPPED, ["content_filter"])


@pytest.mark.parametrize("path", SAYING)
async def test_a_whole_answer_with_something_forbidden_is_given_without_its_words(open_gateway: Any, path: str):
    gateway = await open_gateway(extra=DENY_ANSWERS)
    gateway.provider.script(answer("Project Falcon is a secret.", usage=(10, 7)))
    response = await ask(gateway, path, "Hi")
    assert response.status_code in (200, 201), response.text
    assert "alcon" not in response.text
    assert any(word in response.text for word in ("content_filter", "refusal", "SAFETY"))
    assert STOPPED in response.text or path == "/api/chat"
    row = await gateway.only_row()
    assert (row["outcome"], row["finish_reason"], row["output_tokens"]) == ("succeeded", "content_filter", 7)


async def test_an_allowed_stream_reaches_the_client_byte_for_byte(open_gateway: Any):
    gateway = await open_gateway(extra=DENY_ANSWERS)
    sent = b"".join(
        b'data: {"id":"x", "choices":[{"index":0,"delta":{"content":"word%d "}}], "vendor":%d}\n\n' % (number, number)
        for number in range(300)
    )
    end = b'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    gateway.provider.script(reply(body=sent + end, headers={"content-type": "text/event-stream"}))
    assert (await gateway.chat(stream=True)).content == sent + end


async def test_a_tools_arguments_are_looked_at_too(open_gateway: Any):
    gateway = await open_gateway(extra=DENY_ANSWERS)
    gateway.provider.script(
        (*tool_call("search", {"q": "project falcon"}, pieces=5), finish("tool_calls"), usage(3, 4), done())
    )
    response = await gateway.chat(stream=True, tools=[{"type": "function", "function": {"name": "search"}}])
    assert b"search" not in response.content
    assert b"content_filter" in response.content


async def test_several_choices_are_each_looked_at_to_their_end(open_gateway: Any):
    gateway = await open_gateway(extra=DENY_ANSWERS)
    gateway.provider.script(
        (say("Project ", choice=0), say("All ", choice=1), say("falcon", choice=0), say("well", choice=1),
         finish(choice=0), finish(choice=1), usage(3, 4), done())
    )  # fmt: skip
    response = await gateway.chat(stream=True, n=2)
    assert b"well" not in response.content
    assert response.content.count(b'"finish_reason":"content_filter"') == 2


async def test_a_moderated_stream_is_judged_as_it_comes(open_gateway: Any):
    gateway = await open_gateway(extra=MODERATED_ANSWERS)
    lead = [f"word{number} " for number in range(300)]
    gateway.provider.script(answer(pieces=[*lead, "and then I kill you."]))
    text, endings, _ = await stream(gateway, CHAT)
    assert endings == ["content_filter"]
    assert 0 < len(text.removesuffix(STOPPED)) <= len("".join(lead))
    assert "kill" not in text
    rows = await gateway.rows()
    assert len([row for row in rows if row["surface"] == "guard"]) > 2


async def test_a_stream_that_can_no_longer_be_judged_breaks_off(open_gateway: Any):
    gateway = await open_gateway(
        extra="[guards]\ndeadline_s = 0.3\n" + MODERATED_ANSWERS.replace("demo/moderation", "acme/acme-1")
    )
    gateway.provider.script(answer(pieces=[f"word{number} " for number in range(300)]))
    gateway.provider.script(HARMLESS)
    gateway.provider.script(wait(3), HARMLESS)
    response = await gateway.chat(stream=True)
    await gateway.provider.until(lambda: not gateway.provider.answering)
    gateway.provider.forgive()
    assert response.status_code == 200
    assert b"guard_unavailable" in response.content
    assert b"[DONE]" not in response.content


async def test_an_answer_that_cannot_be_judged_is_an_outage(open_gateway: Any):
    gateway = await open_gateway(extra=MODERATED_ANSWERS.replace("demo/moderation", "acme/acme-1"))
    for streams in (True, False):
        gateway.provider.script(answer(usage=(10, 7)))
        gateway.provider.script(status(400))
        response = await gateway.chat(stream=streams)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "guard_unavailable")
        row = await gateway.row(response)
        # It was made, and is charged.
        assert (row["outcome"], row["output_tokens"] is not None) == ("guard_unavailable", True)


async def test_images_and_loaded_links_lead_nowhere_else(open_gateway: Any):
    extra = '[guards.output]\nmode = "enforce"\nforeign_links = true\nlink_hosts = ["example.com"]\n'
    gateway = await open_gateway(extra=extra)
    ends = {
        "![](https://evil.test/p.png)": "content_filter",
        "![x](https://img.example.com/p.png)": "stop",
        "See https://evil.test/page": "stop",
        "See https://evil.test/?d=QWxsIG15IHNlY3JldHMgYXJlIGhlcmU": "content_filter",
        "See https://example.com.evil.test/?d=QWxsIG15IHNlY3JldHMgYXJlIGhlcmU": "content_filter",
        '<img src="https://evil.test/p">': "content_filter",
    }
    for told, end in ends.items():
        gateway.provider.script(answer(told))
        response = await gateway.chat()
        assert response.json()["choices"][0]["finish_reason"] == end, told


# What operators see.


async def test_verdicts_are_counted_without_a_word_of_what_was_said(open_gateway: Any):
    gateway = await open_gateway(extra=DENY)
    await ask(gateway, CHAT, "project falcon")
    page = gateway.house.metrics.render().decode()
    line = 'tollhouse_guard_verdicts_total{acts="yes",guard="rules",side="input",verdict="block"} 1.0'
    assert line in page
    assert "falcon" not in page


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_nobody_could_judge_is_not_paid_for_again_and_again(open_gateway: Any, stream: bool):
    clock = ManualClock()
    extra = MODERATED_ANSWERS.replace("demo/moderation", "judge/m") + provider_table("judge", "{base_url}")
    gateway = await open_gateway(extra=extra, clock=clock)
    others = await make_person(gateway.house, "grace")
    judge = gateway.provider.when(path="/v1/moderations")
    judge.always(status(500))
    gateway.provider.always(answer("Fine."))

    def paid() -> int:
        return sum(request.path == CHAT for request in gateway.provider.requests)

    for count in (1, 1, 1):
        response = await gateway.chat(stream=stream)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "guard_unavailable")
        assert 0 < int(response.headers["retry-after"]) <= 5
        assert paid() == count, "the second and the third cost nothing"
    (_, _, last) = [row for row in await gateway.rows() if row["surface"] == "chat.completions"]
    assert (last["attempts"], last["input_cost"]) == (0, None)
    # Somebody else's key for the judge may be another one.
    assert (await gateway.chat(stream=stream, headers=others.headers)).status_code == 503
    assert paid() == 2
    clock.advance(seconds=6)
    for _ in range(2):
        assert (await gateway.chat(stream=stream)).status_code == 503
    assert paid() == 3, "one has looked whether it is back"
    clock.advance(seconds=6)
    judge.always(HARMLESS)
    for _ in range(2):
        assert (await gateway.chat(stream=stream)).status_code == 200
