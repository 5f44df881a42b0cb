"""Chat completion requests in OpenAI's dialect: at a glance, rewritten, read and written."""

from __future__ import annotations

import json
import string
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import chat, openai_chat
from tollhouse.dialects.glance import RequestGlance

HELLO = {"role": "user", "content": "Hello"}
READERS = pytest.mark.parametrize("read", [openai_chat.glance_request, openai_chat.read_request])


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "gpt-4.1", "messages": [HELLO]} | fields).encode()


def with_raw(name: str, value: str) -> bytes:
    return b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"%s":%s}' % (name.encode(), value.encode())


def refusal(read: Any, wire: bytes) -> errors.InvalidRequest:
    with pytest.raises(errors.InvalidRequest) as refused:
        read(wire)
    assert refused.value.status == 400
    return refused.value


# At a glance.


def test_a_glance_tells_what_the_gateway_needs():
    asked = body(
        stream=True,
        stream_options={"include_usage": True},
        max_completion_tokens=50,
        n=2,
        tools=[{"type": "function", "function": {"name": "f"}}, {"type": "web_search"}],
        service_tier="flex",
    )
    assert openai_chat.glance_request(asked) == RequestGlance(
        model="gpt-4.1",
        stream=True,
        include_usage=True,
        max_output_tokens=50,
        n=2,
        has_tools=True,
        tool_types=frozenset({"function", "web_search"}),
        message_count=1,
        service_tier="flex",
        media=False,
    )


@READERS
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", ["0", "-1", "1e18", "1000000000000000000", '"5"', "5.5", "5.0", "true", "[]", "{}"])
def test_a_cap_that_makes_no_sense_is_refused(read, name, value):
    error = refusal(read, with_raw(name, value))
    assert error.param == name
    assert name in error.message


@READERS
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "01", "1."])
def test_a_cap_that_is_no_json_number_is_refused(read, value):
    assert "JSON" in refusal(read, with_raw("max_tokens", value)).message


@READERS
@pytest.mark.parametrize(("value", "cap"), [("null", None), ("1", 1), ("2147483647", 2**31 - 1)])
def test_a_cap_may_be_null_or_positive(read, value, cap):
    assert read(with_raw("max_tokens", value)).max_output_tokens == cap
    assert read(body()).max_output_tokens is None


@READERS
def test_the_newer_field_for_the_cap_wins(read):
    assert read(body(max_tokens=5, max_completion_tokens=7)).max_output_tokens == 7
    assert read(body(max_tokens=5, max_completion_tokens=None)).max_output_tokens == 5


@READERS
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", '""'),
        ("model", "null"),
        ("model", '"' + "m" * 257 + '"'),
        ("model", r'"a\r\nX-Evil: 1"'),
        ("model", r'"a\u0000"'),
        ("messages", "[]"),
        ("messages", "{}"),
        ("messages", "null"),
        ("temperature", "2.1"),
        ("temperature", "-0.1"),
        ("temperature", '"hot"'),
        ("temperature", "1e400"),
        ("top_p", "1.1"),
        ("n", "0"),
        ("n", "129"),
        ("n", "1.5"),
        ("stream", '"yes"'),
        ("stream", "1"),
        ("stream_options", "true"),
        ("tools", "{}"),
        ("tool_choice", "5"),
        ("response_format", '"json"'),
        ("stop", "5"),
        ("seed", "1.5"),
        ("top_logprobs", "21"),
        ("user", "5"),
    ],
)
def test_a_field_of_the_wrong_type_or_range_is_named(read, name, value):
    assert refusal(read, with_raw(name, value)).param == name


@READERS
@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"messages": ["Hi"]}, "messages[0]"),
        ({"messages": [HELLO, {"role": "robot", "content": "Hi"}]}, "messages[1].role"),
        ({"messages": [{"content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": None, "content": "Hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}, "messages[0].content[0].type"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {"name": ""}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"stop": ["a", 5]}, "stop[1]"),
    ],
)
def test_a_fault_inside_is_named_by_its_path(read, asked, param):
    error = refusal(read, body(**asked))
    assert error.param == param
    assert param in error.message


@READERS
def test_missing_fields_are_named(read):
    assert refusal(read, b'{"messages":[{"role":"user"}]}').param == "model"
    assert refusal(read, b'{"model":"m"}').param == "messages"


@READERS
@pytest.mark.parametrize("wire", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b'{"model":"\xff"}', b"<html>"])
def test_what_is_no_request_is_refused(read, wire):
    assert refusal(read, wire).param is None


@READERS
@pytest.mark.parametrize("text", [b"\xff\xfe", b"\xc3", rb"\ud800", rb"\udc00", rb"\ud83dx"])
def test_text_that_is_not_unicode_is_refused(read, text):
    refusal(read, b'{"model":"m","messages":[{"role":"user","content":"%s"}]}' % text)


@READERS
def test_too_many_messages_and_too_much_nesting_are_refused(read):
    assert refusal(read, body(messages=[HELLO] * 10_001)).param == "messages"
    assert read(body(messages=[HELLO] * 10_000)).model == "gpt-4.1"
    deep: Any = {}
    for _ in range(64):
        deep = {"properties": deep}
    assert "64" in refusal(read, body(metadata=deep)).message


@READERS
def test_of_a_repeated_key_the_last_counts(read):
    asked = read(b'{"model":"a","max_tokens":1,"messages":[{"role":"user"}],"max_tokens":9,"model":"b"}')
    assert (asked.model, asked.max_output_tokens) == ("b", 9)


@pytest.mark.parametrize(
    ("content", "media"),
    [
        ("[image_url]", False),
        (None, False),
        ([{"type": "text", "text": "image_url"}], False),
        ([{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}], True),
        ([{"type": "text", "text": "a"}, {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}], True),
        ([{"type": "something_new"}], True),
    ],
)
def test_media_are_what_is_not_words(content, media):
    assert openai_chat.glance_request(body(messages=[HELLO, {"role": "user", "content": content}])).media == media


def test_media_cannot_be_hidden_by_escapes():
    hidden = rb'{"model":"m","messages":[{"role":"user","content":[{"type":"\u0069mage_url","image_url":{"url":""}}]}]}'
    assert openai_chat.glance_request(hidden).media


# Rewritten.

WIRE = (
    b'{ "messages" : [{"role":"user","content":"\\u00e9 \xc3\xa9 1.0"}],\n "temperature":1.0, "model":"acme/m",'
    b' "big":123456789012345678901234567890, "model": "acme/m2"}'
)


def test_rewriting_keeps_the_bytes_of_every_other_value():
    rewritten = openai_chat.rewrite_request(WIRE, model="m2", include_usage=True, cap=9)
    assert rewritten == (
        b'{"messages":[{"role":"user","content":"\\u00e9 \xc3\xa9 1.0"}],"temperature":1.0,"model":"m2",'
        b'"big":123456789012345678901234567890,"stream_options":{"include_usage":true},"max_completion_tokens":9}'
    )


def test_of_a_field_that_comes_twice_the_provider_hears_the_one_that_was_held_for():
    asked = b'{"model":"m","max_tokens":100000,"messages":[{"role":"user","content":"Hi"}],"max_tokens":1}'
    assert openai_chat.glance_request(asked).max_output_tokens == 1
    heard = openai_chat.rewrite_request(asked, model="m", include_usage=False, cap=None)
    assert heard.count(b"max_tokens") == 1
    assert b'"max_tokens":1,' in heard


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"max_new": 9}),
        ({"max_tokens": None}, {"max_tokens": None, "max_new": 9}),
        ({"max_tokens": 5}, {"max_tokens": 9}),
        ({"max_completion_tokens": 5}, {"max_completion_tokens": 9}),
        # A provider may heed either one, so none may exceed the cap.
        ({"max_tokens": 500, "max_completion_tokens": 5}, {"max_tokens": 9, "max_completion_tokens": 9}),
    ],
)
def test_the_cap_goes_where_the_client_put_one(asked, expected):
    rewritten = openai_chat.rewrite_request(
        body(**asked), model="gpt-4.1", include_usage=False, cap=9, cap_field="max_new"
    )
    assert json.loads(rewritten) == json.loads(body()) | expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, {"include_usage": True}),
        ({}, {"include_usage": True}),
        ({"include_usage": False, "include_obfuscation": False}, {"include_usage": True, "include_obfuscation": False}),
    ],
)
def test_asking_for_usage_keeps_the_other_stream_options(options, expected):
    rewritten = openai_chat.rewrite_request(body(stream_options=options), model="m", include_usage=True, cap=None)
    assert json.loads(rewritten)["stream_options"] == expected


# Read and written.


def read_message(**fields: Any) -> chat.Message:
    (message,) = openai_chat.read_request(body(messages=[fields])).messages
    return message


def test_everything_modelled_is_read():
    request = openai_chat.read_request(
        body(
            tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}],
            tool_choice={"type": "function", "function": {"name": "f"}},
            response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {}, "strict": True}},
            stop="END",
            seed=-1,
            stream=True,
            stream_options={"include_usage": True, "include_obfuscation": False},
            prompt_cache_key="k",
        )
    )
    assert request.tools == (chat.Tool(name="f", parameters=Raw(b'{"type": "object"}'), strict=True),)
    assert request.tool_choice == ("function", "f")
    assert request.response_format == chat.ResponseFormat(type="json_schema", name="s", schema=Raw(b"{}"), strict=True)
    assert (request.stop, request.seed, request.stream, request.include_usage) == (("END",), -1, True, True)
    assert request.extra == {"prompt_cache_key": Raw(b'"k"'), "stream_options": Raw(b'{"include_obfuscation":false}')}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "text", "text": "a"}, chat.TextPart("a")),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
            chat.TextPart("a", {"cache_control": Raw(b'{"type": "ephemeral"}')}),
        ),
        ({"type": "image_url", "image_url": {"url": "u", "detail": "low"}}, chat.ImagePart("u", "low")),
        ({"type": "image_url", "image_url": "u"}, chat.ImagePart("u")),
        ({"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}, chat.AudioPart("AA==", "wav")),
        ({"type": "file", "file": {"file_id": "f"}}, chat.FilePart("f")),
        (
            {"type": "file", "file": {"file_data": "data:,", "filename": "a.pdf"}},
            chat.FilePart(None, "data:,", "a.pdf"),
        ),
        ({"type": "refusal", "refusal": "no"}, chat.RefusalPart("no")),
        ({"type": "video_url", "v": 1}, chat.OtherPart("video_url", Raw(b'{"type":"video_url","v":1}'))),
    ],
)
def test_each_kind_of_part_is_read(part, expected):
    assert read_message(role="user", content=[part]).parts == (expected,)


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"content": "a"}, (chat.TextPart("a"),)),
        ({"content": ""}, ()),
        ({"content": None}, ()),
        ({}, ()),
        ({"content": None, "refusal": "no"}, (chat.RefusalPart("no"),)),
        ({"content": "a", "reasoning_content": "hm"}, (chat.ReasoningPart("hm"), chat.TextPart("a"))),
        ({"content": "a", "reasoning": "hm"}, (chat.ReasoningPart("hm"), chat.TextPart("a"))),
        ({"audio": {"id": "audio_1"}}, (chat.SpokenPart(id="audio_1"),)),
    ],
)
def test_what_an_assistant_said_is_read(fields, parts):
    assert read_message(role="assistant", **fields).parts == parts


def test_tool_calls_are_read_with_what_is_not_modelled():
    message = read_message(
        role="assistant",
        tool_calls=[
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{not json"}, "index": 0},
            {"id": "2", "type": "custom", "custom": {"name": "g", "input": "free"}},
        ],
    )
    assert message.tool_calls == (
        chat.ToolCall("1", "f", "{not json", "function", {"index": Raw(b"0")}),
        chat.ToolCall("2", "g", "free", "custom"),
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}},
        {"tool_choice": {"type": "custom", "custom": {"name": "g"}}},
        {"response_format": {"type": "grammar", "grammar": "x"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}, "new": 1}}},
        {"tools": [{"type": "web_search", "filters": {}}]},
        {"tools": [{"type": "function", "function": {"name": "f", "new": 1}}]},
        {"tools": [{"type": "function", "function": {"name": "f"}, "cache_control": {}}]},
        {"messages": [HELLO | {"cache_control": {}}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u", "new": 1}}]}]},
        {"max_completion_tokens": 5, "max_tokens": 7},
        {"modalities": ["audio"], "audio": {"voice": "x"}, "logit_bias": {"5": -100}},
    ],
)
def test_what_is_not_modelled_is_said_again(fields):
    asked = body(**fields)
    assert json.loads(openai_chat.write_request(openai_chat.read_request(asked))) == json.loads(asked)


def test_the_cap_is_written_where_the_provider_wants_it():
    request = openai_chat.read_request(body(max_completion_tokens=5))
    assert json.loads(openai_chat.write_request(request, cap_field="max_tokens"))["max_tokens"] == 5


# Laws.

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = texts.filter(bool)
names = st.text(string.ascii_lowercase, min_size=1, max_size=8)
raws = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | texts, st.lists, max_leaves=4).map(
    lambda value: Raw(msgspec.json.encode(value))
)
extras = st.dictionaries(names.map("x_".__add__), raws, max_size=2)
call_proofs = st.just((None, None)) | texts.map(lambda signature: (signature, "gemini"))
calls = st.builds(
    lambda proof, *fields: chat.ToolCall(*fields, *proof),
    call_proofs,
    texts,
    texts,
    texts,
    st.sampled_from(["function", "custom"]),
    extras,
)
citations = st.builds(
    chat.Citation,
    url=st.none() | texts,
    title=st.none() | texts,
    quote=st.none() | texts,
    start=st.integers(0, 99),
    end=st.none() | st.integers(0, 99),
)
parts = st.one_of(
    st.builds(chat.TextPart, texts, extras),
    st.builds(chat.ImagePart, texts, st.none() | texts, extras),
    st.builds(chat.AudioPart, texts, texts, extras),
    st.builds(chat.FilePart, st.none() | texts, st.none() | texts, st.none() | texts, extras),
    st.builds(chat.RefusalPart, words),
    extras.map(lambda extra: chat.OtherPart("x_part", Raw(msgspec.json.encode({"type": "x_part"} | extra)))),
)
spoken = st.builds(chat.SpokenPart, id=words)
plain_thoughts = st.lists(st.builds(chat.ReasoningPart, words), max_size=1)
proofs = st.sampled_from(["anthropic_messages", "gemini"]).map(lambda maker: {"signature": "s", "made_by": maker}) | (
    st.sampled_from(["anthropic_messages", "openai_responses"]).map(lambda maker: {"sealed": "x", "made_by": maker})
)
proven = st.builds(
    lambda text, name, proof: chat.ReasoningPart(text, id=name, **proof), texts, st.none() | texts, proofs
)
thoughts = plain_thoughts | st.tuples(st.lists(proven, min_size=1, max_size=2), plain_thoughts).map(
    lambda lists: [*lists[0], *lists[1]]
)
cited = st.builds(
    lambda text, rests_on: chat.TextPart(text, citations=tuple(rests_on)), words, st.lists(citations, max_size=2)
)
all_parts = st.tuples(
    thoughts,
    st.lists(parts, max_size=3),
    st.lists(cited, max_size=1),
    st.lists(spoken, max_size=1),
).map(lambda lists: tuple(part for each in lists for part in each))
messages = st.builds(
    chat.Message,
    role=st.sampled_from(["system", "developer", "user", "assistant", "tool"]),
    parts=all_parts,
    tool_calls=st.lists(calls, max_size=2).map(tuple),
    tool_call_id=st.none() | texts,
    name=st.none() | texts,
    extra=extras,
)
schemas = extras.map(msgspec.json.encode).map(Raw)
tools = st.one_of(
    st.builds(
        chat.Tool,
        name=words,
        description=st.none() | texts,
        parameters=st.none() | schemas,
        strict=st.none() | st.booleans(),
        extra=extras,
    ),
    names.map(lambda name: chat.Tool(type=f"x_{name}", raw=Raw(msgspec.json.encode({"type": f"x_{name}"})))),
)
formats = st.sampled_from([chat.ResponseFormat(type="text"), chat.ResponseFormat(type="json_object")]) | st.builds(
    chat.ResponseFormat,
    type=st.just("json_schema"),
    name=st.none() | texts,
    description=st.none() | texts,
    schema=st.none() | schemas,
    strict=st.none() | st.booleans(),
)
optional_bools = st.none() | st.booleans()
requests = st.builds(
    chat.ChatRequest,
    model=names,
    messages=st.lists(messages, min_size=1, max_size=3).map(tuple),
    tools=st.lists(tools, max_size=2).map(tuple),
    tool_choice=st.none() | st.sampled_from(["auto", "none", "required"]) | names.map(lambda name: ("function", name)),
    parallel_tool_calls=optional_bools,
    response_format=st.none() | formats,
    max_output_tokens=st.none() | st.integers(1, 2**31 - 1),
    temperature=st.none() | st.floats(0, 2),
    top_p=st.none() | st.floats(0, 1),
    top_k=st.none() | st.integers(1, 100),
    presence_penalty=st.none() | st.floats(-2, 2),
    frequency_penalty=st.none() | st.floats(-2, 2),
    stop=st.lists(texts, max_size=2).map(tuple),
    n=st.integers(1, 128),
    seed=st.none() | st.integers(-(2**63), 2**63 - 1),
    logprobs=optional_bools,
    top_logprobs=st.none() | st.integers(0, 20),
    reasoning_effort=st.none() | texts,
    user=st.none() | texts,
    stream=st.booleans(),
    include_usage=st.booleans(),
    dialect=st.just(openai_chat.NAME),
    extra=extras,
)


@given(requests, st.sampled_from(["max_tokens", "max_completion_tokens"]))
def test_what_is_written_is_read_again(request, cap_field):
    assert openai_chat.read_request(openai_chat.write_request(request, cap_field=cap_field)) == request


@given(requests)
def test_a_glance_and_a_reading_agree(request):
    glance = openai_chat.glance_request(openai_chat.write_request(request))
    assert (glance.model, glance.stream, glance.include_usage) == (request.model, request.stream, request.include_usage)
    assert (glance.n, glance.max_output_tokens) == (request.n, request.max_output_tokens)
    assert glance.tool_types == {tool.type for tool in request.tools}
    heard = (chat.TextPart, chat.RefusalPart, chat.ReasoningPart, chat.SpokenPart)
    assert glance.media == any(not isinstance(part, heard) for message in request.messages for part in message.parts)


FIELDS = st.sampled_from(
    ["model", "messages", "role", "content", "type", "text", "image_url", "url", "tools", "function", "name", "audio"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=12,
)


@READERS
@given(
    st.binary(max_size=100)
    | json_values.map(lambda value: json.dumps(value).encode())
    | json_values.map(lambda value: body(messages=[{"role": "user", "content": value}]))
    | st.dictionaries(FIELDS, json_values).map(lambda fields: body(messages=[{"role": "user"} | fields]))
    | json_values.map(lambda value: body(tools=value))
)
def test_any_body_is_read_or_refused(read, wire):
    with suppress(errors.InvalidRequest):
        read(wire)
