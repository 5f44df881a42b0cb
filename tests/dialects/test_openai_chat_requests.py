"""Chat completion requests in OpenAI's dialect: at a glance, rewritten, read and written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from dialects.refusals import refusal, with_raw
from tollhouse import errors
from tollhouse.dialects import carry, chat, openai_chat
from tollhouse.dialects.glance import RequestGlance

HELLO = {"role": "user", "content": "Hello"}
READERS = pytest.mark.parametrize("read", [openai_chat.glance_request, openai_chat.read_request])


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "gpt-4.1", "messages": [HELLO]} | fields).encode()


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
def test_of_two_caps_the_larger_counts_for_a_provider_may_heed_either(read):
    assert read(body(max_tokens=5, max_completion_tokens=7)).max_output_tokens == 7
    assert read(body(max_tokens=7, max_completion_tokens=5)).max_output_tokens == 7
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
    ("word", "meaning"), [("auto", "auto"), ("none", "none"), ("required", "required"), ("any", "required")]
)
def test_words_for_a_choice_among_tools_are_read_mistrals_too(word, meaning):
    request = openai_chat.read_request(body(tool_choice=word))
    assert (request.tool_choice, request.extra) == (meaning, {})


def test_an_unknown_word_for_a_choice_among_tools_is_kept_and_no_other_dialect_is_told_of_it():
    request = openai_chat.read_request(body(tool_choice="validated"))
    assert (request.tool_choice, request.extra) == (None, {"tool_choice": Raw(b'"validated"')})
    with pytest.raises(errors.InvalidRequest, match="tool_choice"):
        carry.losses(request, openai_chat.CARRIES, openai_chat.HINTS)


def test_a_number_of_the_likeliest_tokens_means_something_beside_log_probabilities_only():
    assert openai_chat.read_request(body(logprobs=True, top_logprobs=5)).top_logprobs == 5
    alone = openai_chat.read_request(body(top_logprobs=5))
    assert alone.top_logprobs is None
    assert carry.losses(alone, openai_chat.CARRIES, openai_chat.HINTS) == ("top_logprobs",)


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
        ({"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, chat.ReasoningPart("hm")),
        (
            {"type": "thinking", "thinking": "hm"},
            chat.OtherPart("thinking", Raw(b'{"type":"thinking","thinking":"hm"}')),
        ),
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
        {"tool_choice": "validated"},
        {"top_logprobs": 5, "logprobs": False},
        {"response_format": {"type": "grammar", "grammar": "x"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}, "new": 1}}},
        {"tools": [{"type": "web_search", "filters": {}}]},
        {"tools": [{"type": "function", "function": {"name": "f", "new": 1}}]},
        {"tools": [{"type": "function", "function": {"name": "f"}, "cache_control": {}}]},
        {"messages": [HELLO | {"cache_control": {}}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u", "new": 1}}]}]},
        {"modalities": ["audio"], "audio": {"voice": "x"}, "logit_bias": {"5": -100}},
    ],
)
def test_what_is_not_modelled_is_said_again(fields):
    asked = body(**fields)
    assert json.loads(openai_chat.write_request(openai_chat.read_request(asked))) == json.loads(asked)


def test_the_cap_is_written_where_the_provider_wants_it():
    request = openai_chat.read_request(body(max_completion_tokens=5))
    assert json.loads(openai_chat.write_request(request, cap_field="max_tokens"))["max_tokens"] == 5
