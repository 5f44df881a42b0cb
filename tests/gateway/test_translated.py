"""Clients of every dialect with a provider of every other: the answer, what is lost, what is refused, what fails."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from types import ModuleType

import pytest

from clients import BY_NAME, DIALECTS, Client, body_of, text_of
from gateways import Gateway, provider_table
from tollhouse.dialects import anthropic_messages, chat, gemini, openai_chat, openai_responses, sse
from tollhouse.testing import (
    WireProvider,
    answer,
    done,
    expect,
    fail,
    finish,
    reply,
    reset,
    say,
    status,
    tool_call,
    usage,
)

Open = Callable[..., Awaitable[Gateway]]

PATHS = {
    anthropic_messages: "/v1/messages",
    gemini: "/v1/models/acme-1:generateContent",
    openai_chat: "/v1/chat/completions",
    openai_responses: "/v1/responses",
}
OPENAI, ANTHROPIC, GOOGLE, RESPONSES = map(Client, (openai_chat, anthropic_messages, gemini, openai_responses))

each_upstream = pytest.mark.parametrize("upstream", [dialect.NAME for dialect in DIALECTS])
each_client = pytest.mark.parametrize(
    "client", [Client(dialect) for dialect in DIALECTS], ids=lambda it: it.dialect.NAME
)
either_way = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


# --- the answer ------------------------------------------------------------------------------------------------------


@each_upstream
async def test_every_client_is_answered_by_every_provider(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.always(answer("Hello to you", usage=(19, 10)))
    for client in map(Client, DIALECTS):
        for stream in (False, True):
            response = await client.ask(gateway, stream=stream)
            heard = client.hear(response)
            assert (text_of(heard), heard.choices[0].finish_reason) == ("Hello to you", "stop")
            assert heard.usage is not None
            assert (heard.usage.input_tokens, heard.usage.output_tokens) == (19, 10)
            assert response.headers["x-tollhouse-provider"] == "acme"
            path = gateway.provider.requests[-1].path.replace("streamGenerate", "generate").replace("gG", "g")
            assert path == PATHS[BY_NAME[upstream]]
            row = await gateway.row(response)
            assert (row["status"], row["input_tokens"], row["output_tokens"]) == (200, 19, 10)
            assert await gateway.settled(row) == [19 * 2_500 + 10 * 10_000]


@each_upstream
async def test_a_chat_that_asks_for_usage_is_told_the_cost_with_it(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.script(answer("Hello to you", usage=(19, 10)))
    response = await gateway.chat(stream=True, stream_options={"include_usage": True})
    assert response.content.count(b'"cost_usd":"0.0001475"') == 1


@each_upstream
async def test_every_client_is_told_of_a_tool_call(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    call = tool_call("get_weather", {"city": "Rome"}, call_id="call_7", pieces=3)
    gateway.provider.always([*call, finish("tool_calls"), usage(19, 10), done()])
    for client in map(Client, DIALECTS):
        for stream in (False, True):
            (choice,) = client.hear(await client.ask(gateway, stream=stream)).choices
            (told,) = choice.message.tool_calls
            assert (told.id, told.name, json.loads(told.arguments)) == ("call_7", "get_weather", {"city": "Rome"})
            assert choice.finish_reason == "tool_calls"


async def test_one_dialect_on_both_sides_passes_in_its_own_bytes(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="anthropic_messages")
    gateway.provider.always(answer())
    field = {"thinking": {"type": "enabled", "budget_tokens": 1024, "something_new": [1, 2]}}
    response = await ANTHROPIC.ask(gateway, headers={"anthropic-beta": "new-2027"}, max_tokens=2000, **field)
    assert response.status_code == 200
    assert "x-tollhouse-lossy" not in response.headers
    assert body_of(gateway)["thinking"] == field["thinking"]
    headers = gateway.provider.requests[-1].headers
    assert (headers["anthropic-beta"], headers["anthropic-version"]) == ("new-2027", "2023-06-01")


async def test_headers_of_the_clients_dialect_do_not_reach_a_provider_of_another(gateway: Gateway) -> None:
    gateway.provider.script(expect(headers={"anthropic-beta": None, "anthropic-version": None}), answer())
    assert (await ANTHROPIC.ask(gateway, headers={"anthropic-beta": "new-2027"})).status_code == 200


# --- what is lost, and what is refused -------------------------------------------------------------------------------


@either_way
async def test_what_gets_lost_is_named(gateway: Gateway, stream: bool) -> None:
    gateway.provider.script(answer())
    system = [{"type": "text", "text": "Be brief", "cache_control": {"type": "ephemeral"}}]
    response = await ANTHROPIC.ask(gateway, stream=stream, system=system, service_tier="auto")
    assert text_of(ANTHROPIC.hear(response)) == "Hello"
    assert response.headers["x-tollhouse-lossy"] == "service_tier, system[].cache_control"
    assert "cache_control" not in json.dumps(body_of(gateway))


async def test_what_cannot_be_left_out_is_refused_before_anything_is_held(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="anthropic_messages")
    response = await OPENAI.ask(gateway, n=2)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "n"
    assert not gateway.provider.requests
    row = await gateway.row(response)
    assert (row["outcome"], row["attempts"]) == ("invalid_request", 0)
    assert await gateway.holds(row) == []


async def test_who_cannot_be_told_is_passed_over(open_gateway: Open) -> None:
    async with WireProvider() as second:
        gateway = await open_gateway(
            dialect="anthropic_messages",
            extra=provider_table("second", second.base_url)
            + '[routes.smart]\ncandidates = ["acme/acme-1", "second/m"]\n',
        )
        second.script(expect(json={"n": 2}), answer())
        response = await OPENAI.ask(gateway, model="smart", n=2)
    assert response.status_code == 200
    assert response.headers["x-tollhouse-provider"] == "second"
    assert response.headers["x-tollhouse-attempts"] == "1"


# --- the cap and the hold --------------------------------------------------------------------------------------------


async def test_the_models_own_limit_is_the_cap_where_a_dialect_must_have_one(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="anthropic_messages")
    gateway.provider.script(expect(json={"max_tokens": 16384}), answer())
    assert (await OPENAI.ask(gateway)).status_code == 200


async def test_no_cap_is_written_where_none_is_needed(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="gemini")
    gateway.provider.script(answer())
    assert (await OPENAI.ask(gateway)).status_code == 200
    assert "generationConfig" not in body_of(gateway)


@pytest.mark.parametrize(
    ("upstream", "place"),
    [
        ("anthropic_messages", ("max_tokens",)),
        ("gemini", ("generationConfig", "maxOutputTokens")),
        ("openai_responses", ("max_output_tokens",)),
    ],
)
async def test_what_a_budget_allows_is_written_as_the_cap(
    open_gateway: Open, upstream: str, place: tuple[str, ...]
) -> None:
    gateway = await open_gateway(dialect=upstream)
    await gateway.budget("0.05")
    gateway.provider.script(answer())
    response = await OPENAI.ask(gateway)
    assert response.status_code == 200
    cap = body_of(gateway)
    for name in place:
        cap = cap[name]
    assert cap == int(response.headers["x-tollhouse-max-tokens"]) < 16384


async def test_a_hold_covers_what_the_provider_is_sent(open_gateway: Open) -> None:
    """Said in another dialect a request is longer than it came."""
    gateway = await open_gateway(dialect="openai_responses")
    await gateway.budget("1")
    gateway.provider.script(answer())
    messages = [{"role": role, "content": "a"} for _ in range(200) for role in ("user", "assistant")]
    response = await OPENAI.ask(gateway, messages=messages, max_tokens=1)
    assert response.status_code == 200
    sent, came = len(gateway.provider.requests[-1].body), len(response.request.content)
    assert sent > came
    (hold,) = await gateway.holds(await gateway.row(response))
    assert hold["usd"] >= sent * 2_500


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def pair(open_gateway: Open):
    """A route of a provider who speaks Anthropic's dialect and a second one who speaks OpenAI's."""
    async with WireProvider() as second:
        gateway = await open_gateway(
            dialect="anthropic_messages",
            extra=provider_table("second", second.base_url)
            + '[routes.smart]\ncandidates = ["acme/acme-1", "second/m"]\n',
        )
        yield gateway, second


@either_way
@each_client
async def test_a_provider_of_another_dialect_answers_for_one_that_fails(pair, client: Client, stream: bool) -> None:
    gateway, second = pair
    gateway.provider.script(status(529))
    second.script(answer("From the second"))
    response = await client.ask(gateway, model="smart", stream=stream)
    assert text_of(client.hear(response)) == "From the second"
    assert (response.headers["x-tollhouse-provider"], response.headers["x-tollhouse-attempts"]) == ("second", "2")


async def test_an_error_within_a_stream_that_has_not_begun_leads_elsewhere(pair) -> None:
    gateway, second = pair
    gateway.provider.script(fail("Overloaded", error_type="overloaded_error"))
    second.script(answer("From the second"))
    response = await OPENAI.ask(gateway, model="smart", stream=True)
    assert text_of(OPENAI.hear(response)) == "From the second"


@each_client
@pytest.mark.parametrize("upstream", [dialect.NAME for dialect in (anthropic_messages, openai_chat)])
@pytest.mark.parametrize("ending", [reset(), fail("It broke")], ids=["reset", "error event"])
async def test_a_stream_that_breaks_off_ends_with_the_clients_own_error(
    open_gateway: Open, client: Client, upstream: str, ending: object
) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.script([say("Hel"), say("lo"), ending])
    response = await client.ask(gateway, stream=True)
    assert client.failed(response).message
    said = [event.text for event in client.events(response.content) if isinstance(event, chat.TextDelta)]
    assert "".join(said).startswith("Hel")
    assert not any(isinstance(event, chat.Ended) for event in client.events(response.content))
    assert (await gateway.row(response))["outcome"].startswith("provider_")


@each_client
@pytest.mark.parametrize("upstream", [dialect.NAME for dialect in DIALECTS])
@pytest.mark.parametrize(("number", "expected"), [(400, 400), (401, 502), (404, 404), (429, 429), (500, 502)])
async def test_a_providers_error_is_the_clients_own(
    open_gateway: Open, client: Client, upstream: str, number: int, expected: int
) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.always(status(number, "Bad thing"))
    response = await client.ask(gateway)
    assert response.status_code == expected
    failed = client.failed(response)
    assert failed.message
    if number in (400, 404):
        assert failed.message == "Bad thing"


async def test_what_is_no_answer_leads_elsewhere(pair) -> None:
    gateway, second = pair
    gateway.provider.script(reply(200, body=b"<html>Welcome</html>", headers={"content-type": "text/html"}))
    second.script(answer("From the second"))
    assert text_of(OPENAI.hear(await OPENAI.ask(gateway, model="smart"))) == "From the second"


@pytest.mark.parametrize("module", [ANTHROPIC.dialect, GOOGLE.dialect, RESPONSES.dialect])
async def test_a_client_that_asks_nonsense_hears_so_in_its_own_words(gateway: Gateway, module: ModuleType) -> None:
    client = Client(module)
    path, _ = client.request("Hi", "acme/acme-1", stream=False)
    response = await gateway.client.post(path, headers=gateway.person.headers, content=b'{"model": "acme/acme-1", ')
    assert response.status_code == 400
    assert "JSON" in client.failed(response).message


# --- what an answer shows --------------------------------------------------------------------------------------------

SEARCHED = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "a"}}
PICTURED = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2},
}


async def test_what_a_provider_did_by_itself_is_named_as_lost_in_a_header_or_in_the_stream(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="anthropic_messages")
    message = {"id": "msg_1", "model": "m", "role": "assistant", "type": "message"}
    counted = {"input_tokens": 3, "output_tokens": 2}
    content = [SEARCHED, {"type": "text", "text": "Found"}]
    gateway.provider.script(reply(json=message | {"content": content, "stop_reason": "end_turn", "usage": counted}))
    whole = await OPENAI.ask(gateway)
    assert text_of(OPENAI.hear(whole)) == "Found"
    assert whole.headers["x-tollhouse-lossy"] == "answer.server_tool_use"
    events = [
        {"type": "message_start", "message": message | {"usage": counted}},
        *(
            event
            for index, block in enumerate(content)
            for event in (
                {"type": "content_block_start", "index": index, "content_block": block},
                {"type": "content_block_stop", "index": index},
            )
        ),
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": counted},
        {"type": "message_stop"},
    ]
    stream = b"".join(sse.frame(json.dumps(event).encode(), str(event["type"])) for event in events)
    gateway.provider.script(reply(body=stream, headers={"content-type": "text/event-stream"}))
    streamed = await OPENAI.ask(gateway, stream=True)
    assert text_of(OPENAI.hear(streamed)) == "Found"
    assert b": x-tollhouse-lossy: answer.server_tool_use\n\n" in streamed.content


@pytest.mark.parametrize("upstream", [dialect.NAME for dialect in DIALECTS])
async def test_how_much_to_say_is_said_in_both_of_openais_dialects_and_named_as_lost_in_others(
    open_gateway: Open, upstream: str
) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.always(answer())
    asked = ((OPENAI, {"verbosity": "low"}, "verbosity"), (RESPONSES, {"text": {"verbosity": "low"}}, "text.verbosity"))
    for client, fields, name in asked:
        response = await client.ask(gateway, **fields)
        is_said = upstream in (openai_chat.NAME, openai_responses.NAME)
        assert response.headers.get("x-tollhouse-lossy") == (None if is_said else name)
        body = body_of(gateway)
        assert (body.get("verbosity") or body.get("text", {}).get("verbosity")) == ("low" if is_said else None)


@pytest.mark.parametrize("upstream", [openai_chat.NAME, openai_responses.NAME])
async def test_a_long_name_of_the_end_user_is_said_as_its_digest(open_gateway: Open, upstream: str) -> None:
    gateway = await open_gateway(dialect=upstream)
    gateway.provider.always(answer())
    name = '{"device_id":"' + "0" * 64 + '","account_uuid":"","session_id":"' + "1" * 36 + '"}'
    said = []
    for user in (name, name, name + "2", "Ann"):
        response = await ANTHROPIC.ask(gateway, metadata={"user_id": user})
        assert response.status_code == 200
        assert response.headers.get("x-tollhouse-lossy") == (None if user == "Ann" else "metadata.user_id")
        said.append(body_of(gateway)["user"])
    assert said[0] == said[1] != said[2]
    assert (len(said[0]), said[3]) == (64, "Ann")


async def test_a_field_that_only_the_providers_dialect_has_is_named_as_lost(open_gateway: Open) -> None:
    gateway = await open_gateway(dialect="openai_chat")
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    said = {
        "id": "c1",
        "object": "chat.completion",
        "model": "m",
        "choices": [choice | {"native_finish_reason": "end_turn", "logprobs": None}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        "system_fingerprint": "fp_1",
        "x_groq": None,
    }
    gateway.provider.always(reply(json=said))
    response = await ANTHROPIC.ask(gateway)
    named = "answer.system_fingerprint, answer.choices[].native_finish_reason"
    assert response.headers["x-tollhouse-lossy"] == named
    assert "x-tollhouse-lossy" not in (await OPENAI.ask(gateway)).headers


async def test_a_field_of_a_streams_last_chunk_that_only_its_dialect_has_is_named_before_the_end(
    open_gateway: Open,
) -> None:
    gateway = await open_gateway(dialect="openai_chat")
    chunks = [
        {"id": "c1", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]},
        {"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "search_results": [{"url": "u"}]},
        {"id": "c1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
    ]
    body = b"".join([sse.frame(json.dumps(chunk).encode()) for chunk in chunks]) + b"data: [DONE]\n\n"
    gateway.provider.always(reply(body=body, headers={"content-type": "text/event-stream"}))
    response = await ANTHROPIC.ask(gateway, stream=True)
    assert text_of(ANTHROPIC.hear(response)) == "Hi"
    told, end = response.content.split(b": x-tollhouse-lossy: answer.search_results\n\n")
    assert b"message_stop" in end
    assert b"message_stop" not in told
    assert b"x-tollhouse-lossy" not in (await OPENAI.ask(gateway, stream=True)).content
    googles = await GOOGLE.ask(gateway, stream=True)
    assert text_of(GOOGLE.hear(googles)) == "Hi"
    lines = [line for line in googles.content.splitlines() if line]
    assert all(line.startswith(b"data: ") for line in lines), "a comment would be damaged JSON to Google's clients"
    assert json.loads(lines[-1].removeprefix(b"data: "))["x-tollhouse-lossy"] == "answer.search_results"


@either_way
@each_client
async def test_a_picture_is_shown_or_named_as_lost(open_gateway: Open, client: Client, stream: bool) -> None:
    gateway = await open_gateway(dialect="gemini")
    data = json.dumps(PICTURED).encode()
    if stream:
        gateway.provider.script(reply(body=b"data: %b\r\n\r\n" % data, headers={"content-type": "text/event-stream"}))
    else:
        gateway.provider.script(reply(body=data, headers={"content-type": "application/json"}))
    response = await client.ask(gateway, stream=stream)
    is_shown = b"AAAA" in response.content
    told = response.content if stream else response.headers.get("x-tollhouse-lossy", "").encode()
    assert is_shown == (client.dialect is not anthropic_messages)
    assert (b"answer.image" in told) == (not is_shown)
    assert client.hear(response).choices[0].finish_reason == "stop"


@either_way
@each_client
async def test_which_words_rest_on_a_source_is_told_or_named_as_lost(
    open_gateway: Open, client: Client, stream: bool
) -> None:
    gateway = await open_gateway(dialect="gemini")
    support = {"segment": {"startIndex": 3, "endIndex": 5}, "groundingChunkIndices": [0]}
    grounding = {"groundingChunks": [{"web": {"uri": "https://a"}}], "groundingSupports": [support]}
    candidate = {"content": {"parts": [{"text": "äb, cd."}]}, "finishReason": "STOP", "groundingMetadata": grounding}
    counted = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    data = json.dumps({"candidates": [candidate], "responseId": "r", "usageMetadata": counted}).encode()
    kind = "text/event-stream" if stream else "application/json"
    body = b"data: %b\r\n\r\n" % data if stream else data
    gateway.provider.script(reply(body=body, headers={"content-type": kind}))
    response = await client.ask(gateway, stream=stream)
    texts = [part for part in client.hear(response).choices[0].message.parts if isinstance(part, chat.TextPart)]
    places = {(each.url, each.start, each.end) for part in texts for each in part.citations}
    if stream and client.dialect is anthropic_messages:
        assert b": x-tollhouse-lossy: answer.citation.place\n" in response.content
        assert {url for url, _, _ in places} == {"https://a"}
    else:
        assert b"answer.citation" not in response.content
        assert "answer.citation" not in response.headers.get("x-tollhouse-lossy", "")
        assert places == {("https://a", 2, 4)}


@either_way
async def test_a_response_repeats_its_request_also_when_it_was_translated(open_gateway: Open, stream: bool) -> None:
    gateway = await open_gateway(dialect="openai_chat")
    gateway.provider.script(answer("Hello"))
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    asked = {"instructions": "Be brief", "temperature": 0.5, "tools": [tool], "reasoning": {"effort": "low"}}
    response = await RESPONSES.ask(gateway, stream=stream, **asked)
    assert response.status_code == 200
    told = response.json() if not stream else json.loads(sse.Reader().feed(response.content)[-1].data)["response"]
    assert (told["instructions"], told["temperature"], told["top_p"]) == ("Be brief", 0.5, 1.0)
    assert told["tools"] == [{"description": None, "strict": None} | tool]
    assert told["reasoning"] == {"effort": "low", "summary": None}
    assert (told["status"], told["output"][0]["content"][0]["text"]) == ("completed", "Hello")
