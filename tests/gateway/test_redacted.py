"""Personal data, which providers are told as placeholders, and clients as it was."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateways import CHAT
from screens import HARMLESS, SAYING, STREAMS, ask, guards_of, stream
from tollhouse.dialects import openai_chat, sse
from tollhouse.testing import answer, done, finish, reply, tool_call, usage

REDACTED = '[guards.input]\nmode = "enforce"\npersonal_data = "redact"\n'
LETTER = "Ada <ada@example.com> pays with 4111 1111 1111 1111; her key is sk-proj-4f9a1c7e2b8d6035."


@pytest.mark.parametrize("path", SAYING)
async def test_a_provider_is_told_placeholders_and_the_client_its_own_words(open_gateway: Any, path: str):
    gateway = await open_gateway(extra=REDACTED)
    gateway.provider.script(answer("I write to [EMAIL_1] of [CARD_1]."))
    response = await ask(gateway, path, LETTER)
    assert response.status_code in (200, 201), response.text
    told = gateway.provider.requests[0].body
    assert b"Ada <[EMAIL_1]> pays with [CARD_1]; her key is [KEY_1]." in told
    assert b"ada@example.com" not in told
    assert "I write to ada@example.com of 4111 1111 1111 1111." in response.text
    row = await gateway.only_row()
    assert "example.com" not in row["guards"]
    (told,) = guards_of(row)
    assert (told["verdict"], told["acts"], sorted(told["reasons"])) == ("flag", True, ["card", "email", "key"])


@pytest.mark.parametrize("surface", STREAMS)
async def test_personal_data_is_put_back_wherever_a_stream_is_cut(open_gateway: Any, surface: str):
    gateway = await open_gateway(extra=REDACTED)
    gateway.provider.script(answer(pieces=["I write to [", "EMA", "IL_1", "]", " and [EMAIL_2] or [", "x]."]))
    text, endings, _ = await stream(gateway, surface, LETTER)
    assert text == "I write to ada@example.com and [EMAIL_2] or [x]."
    assert endings == ["stop"]


async def test_a_tool_is_called_with_the_clients_own_words(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED)
    script = (*tool_call("mail", {"to": "[EMAIL_1]"}, pieces=7), finish("tool_calls"), usage(3, 4), done())
    gateway.provider.always(script)
    tools = [{"type": "function", "function": {"name": "mail"}}]
    messages = [{"role": "user", "content": LETTER}]
    streamed = await gateway.chat(stream=True, tools=tools, messages=messages)
    reader = openai_chat.Reader()
    events = [event for frame in sse.Reader().feed(streamed.content) for event in reader.read(frame)]
    assert "".join(getattr(event, "arguments", "") for event in events).replace(" ", "") == '{"to":"ada@example.com"}'
    whole = await gateway.chat(tools=tools, messages=messages)
    call = whole.json()["choices"][0]["message"]["tool_calls"][0]
    assert msgspec.json.decode(call["function"]["arguments"]) == {"to": "ada@example.com"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", ["openai_chat", "openai_responses"])
async def test_what_a_response_repeats_of_its_request_is_as_it_was_asked(open_gateway: Any, dialect: str, stream: bool):
    gateway = await open_gateway(extra=REDACTED, dialect=dialect)
    gateway.provider.always(answer("Yes, [EMAIL_1]."))
    body = {"model": "acme/acme-1", "instructions": LETTER, "input": "Hi", "stream": stream}
    response = await gateway.client.post("/v1/responses", headers=gateway.person.headers, json=body)
    assert "ada@example.com" in response.text
    assert "[EMAIL_1]" not in response.text
    assert b"ada@" not in gateway.provider.requests[0].body


async def test_a_moderation_model_is_told_placeholders_too(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED + 'moderation_model = "acme/acme-1"\n')
    gateway.provider.script(HARMLESS)
    gateway.provider.script(answer())
    assert (await ask(gateway, CHAT, LETTER)).status_code == 200
    assert all(b"example.com" not in request.body for request in gateway.provider.requests)


async def test_an_embedding_is_made_of_placeholders(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED)
    gateway.provider.script(answer())
    response = await ask(gateway, "/v1/embeddings", LETTER)
    assert response.status_code == 200, response.text
    assert b"[EMAIL_1]" in gateway.provider.requests[0].body


async def test_who_embeds_for_others_is_not_told_of_by_their_address(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED)
    gateway.provider.script(answer())
    who = {"user": "ada@example.com", "vendor": {"ada@example.com": 1}, "dimensions": 4}
    response = await ask(gateway, "/v1/embeddings", "Hi", **who)
    assert response.status_code == 200, response.text
    told = gateway.provider.requests[0].json
    assert told == {
        "model": "acme-1",
        "input": ["Hi"],
        "user": "[EMAIL_1]",
        "vendor": {"[EMAIL_1]": 1},
        "dimensions": 4,
    }


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_tells_at_which_of_the_clients_own_words_it_stopped(open_gateway: Any, stream: bool):
    gateway = await open_gateway(extra=REDACTED, dialect="anthropic_messages")
    ending = b'"stop_reason": "stop_sequence", "stop_sequence": "[EMAIL_1]"'
    if stream:
        events = (
            b'event: message_start\ndata: {"type": "message_start", "message": {"id": "m", "type": "message", "role": '
            b'"assistant", "model": "acme-1", "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}}\n\n'
            b'event: message_delta\ndata: {"type": "message_delta", "delta": {' + ending + b'}, "usage": '
            b'{"output_tokens": 1}}\n\nevent: message_stop\ndata: {"type": "message_stop"}\n\n'
        )
        gateway.provider.script(reply(body=events, headers={"content-type": "text/event-stream"}))
    else:
        whole = (
            b'{"id": "m", "type": "message", "role": "assistant", "model": "acme-1", "content": [], '
            + ending
            + b', "usage": {"input_tokens": 1, "output_tokens": 1}}'
        )
        gateway.provider.script(reply(body=whole, headers={"content-type": "application/json"}))
    fields = {"stop_sequences": ["ada@example.com"], "stream": stream}
    response = await ask(gateway, "/v1/messages", "Hi", **fields)
    assert gateway.provider.requests[0].json["stop_sequences"] == ["[EMAIL_1]"]
    assert '"ada@example.com"' in response.text
    assert "[EMAIL_1]" not in response.text


async def test_a_request_with_personal_data_is_otherwise_the_same(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED)
    gateway.provider.always(answer())
    fields = {"temperature": 0.5, "seed": 3, "logit_bias": {"5": 1}, "vendor_field": {"a": [1]}, "max_tokens": 50}
    for words in ("Nothing.", LETTER):
        messages = [{"role": "user", "content": words, "name": "ada"}]
        assert (await gateway.chat(messages=messages, **fields)).status_code == 200
    plain, redacted = [msgspec.json.decode(request.body) for request in gateway.provider.requests]
    for body in (plain, redacted):
        body["messages"][0].pop("content")
    assert plain == redacted


async def test_words_in_another_place_than_the_dialect_says_them_are_not_left_there(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED, dialect="anthropic_messages")
    gateway.provider.always(answer())
    messages = [{"role": "system", "content": LETTER}, {"role": "user", "content": "Hi"}]
    body = {"model": "acme/acme-1", "max_tokens": 9, "system": "Be kind.", "messages": messages}
    response = await gateway.client.post("/v1/messages", headers=gateway.person.headers, json=body)
    assert response.status_code == 200, response.text
    assert b"example.com" not in gateway.provider.requests[0].body
    assert b"[EMAIL_1]" in gateway.provider.requests[0].body


@pytest.mark.parametrize("stream", [False, True])
async def test_gemini_is_told_placeholders_whichever_way_its_fields_are_spelled(open_gateway: Any, stream: bool):
    gateway = await open_gateway(extra=REDACTED, dialect="gemini")
    gateway.provider.always(answer("To [EMAIL_1]."))
    body = {
        "system_instruction": {"parts": [{"text": LETTER}]},
        "contents": [{"parts": [{"text": "Hi"}]}],
        "generation_config": {"max_output_tokens": 50},
    }
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    path = f"/v1beta/models/acme/acme-1:{method}"
    response = await gateway.client.post(path, headers=gateway.person.headers, json=body)
    assert response.status_code == 200, response.text
    assert "ada@example.com." in response.text
    assert b"ada@" not in gateway.provider.requests[0].body
    assert b"50" in gateway.provider.requests[0].body


async def test_an_answer_without_a_placeholder_passes_byte_for_byte(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED)
    choice = {"message": {"role": "assistant", "content": "Fine."}, "finish_reason": "stop", "vendor": 1.50}
    told = msgspec.json.format(msgspec.json.encode({"vendor": [1, "x"], "choices": [choice]}), indent=3)
    gateway.provider.script(reply(body=told, headers={"content-type": "application/json"}))
    assert (await ask(gateway, CHAT, LETTER)).content == told


async def test_personal_data_can_be_refused_instead(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED.replace("redact", "block"))
    response = await ask(gateway, CHAT, LETTER)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "content_filter")
    assert "email" in response.json()["error"]["message"]
    assert "example.com" not in response.text


async def test_personal_data_that_a_model_makes_up_can_be_blocked(open_gateway: Any):
    gateway = await open_gateway(extra='[guards.output]\nmode = "enforce"\npersonal_data = "block"\n')
    gateway.provider.script(answer("Call +44 20 7946 0958."))
    assert (await gateway.chat()).json()["choices"][0]["finish_reason"] == "content_filter"


async def test_a_provider_that_counts_is_told_placeholders_too(open_gateway: Any):
    gateway = await open_gateway(extra=REDACTED, dialect="anthropic_messages")
    gateway.provider.always(reply(json={"input_tokens": 9}))
    response = await ask(gateway, "/v1/messages/count_tokens", LETTER)
    assert response.json() == {"input_tokens": 9}
    assert b"[EMAIL_1]" in gateway.provider.requests[0].body
    assert b"example.com" not in gateway.provider.requests[0].body


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_given_again_has_the_words_of_who_asks_now(open_gateway: Any, stream: bool):
    gateway = await open_gateway(extra=REDACTED, toml='[cache]\nmode = "exact"\nscope = "workspace"\n')
    gateway.provider.script(answer("To [EMAIL_1]."))
    heard = []
    for name in ("ada", "bob", "eve"):
        fields: dict[str, Any] = {"stream": stream, "temperature": 0}
        if stream:
            fields["stream_options"] = {"include_usage": True}
        messages = [{"role": "user", "content": f"Write to {name}@example.com"}]
        response = await gateway.chat(messages=messages, **fields)
        heard.append((response.headers["x-tollhouse-cache"].partition(";")[0], f"{name}@example.com" in response.text))
        assert "[EMAIL_1]" not in response.text
    assert heard == [("miss", True), ("hit", True), ("hit", True)]


async def test_an_answer_that_is_given_again_is_screened_again(open_gateway: Any):
    guards = '[guards.output]\nmode = "enforce"\ndeny = ["project falcon"]\n'
    gateway = await open_gateway(extra=guards, toml='[cache]\nmode = "exact"\n')
    gateway.provider.script(answer("Project Falcon flies."))
    for streams in (False, True, False):
        options = {"stream_options": {"include_usage": True}} if streams else {}
        response = await gateway.chat(stream=streams, temperature=0, **options)
        assert response.status_code == 200
        assert b"content_filter" in response.content
        assert b"alcon" not in response.content
    row = await gateway.row(response)
    assert (row["cache"], row["finish_reason"], row["output_cost"]) == ("hit", "content_filter", 0)
