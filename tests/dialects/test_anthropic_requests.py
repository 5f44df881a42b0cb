"""Requests in Anthropic's dialect: at a glance, rewritten, read and written."""

from __future__ import annotations

import base64
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
from tollhouse.dialects import anthropic_messages, chat
from tollhouse.dialects.glance import RequestGlance

NAME = anthropic_messages.NAME
HELLO = {"role": "user", "content": "Hello"}
READERS = pytest.mark.parametrize("read", [anthropic_messages.glance_request, anthropic_messages.read_request])


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "claude-opus-5-5", "max_tokens": 64, "messages": [HELLO]} | fields).encode()


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
        system="Be brief.",
        tools=[{"name": "f", "input_schema": {}}, {"type": "web_search_20250305", "name": "web_search"}],
        service_tier="standard_only",
    )
    assert anthropic_messages.glance_request(asked) == RequestGlance(
        model="claude-opus-5-5",
        stream=True,
        include_usage=True,
        max_output_tokens=64,
        n=1,
        has_tools=True,
        tool_types=frozenset({"function", "web_search_20250305"}),
        message_count=2,
        service_tier="standard_only",
        media=False,
    )


def test_servers_of_tools_are_tools_that_the_provider_runs():
    glance = anthropic_messages.glance_request(body(mcp_servers=[{"type": "url", "url": "https://example.com"}]))
    assert (glance.has_tools, glance.tool_types) == (True, frozenset({"mcp_servers"}))


def test_a_fast_answer_has_a_tier_of_its_own_because_it_has_a_price_of_its_own():
    assert anthropic_messages.glance_request(body(speed="fast", service_tier="auto")).service_tier == "fast"
    assert anthropic_messages.glance_request(body(speed="standard", service_tier="auto")).service_tier == "auto"


@READERS
@pytest.mark.parametrize("value", ["-1", "1e18", "1000000000000000000", '"5"', "5.5", "true", "[]", "{}"])
def test_a_cap_that_makes_no_sense_is_refused(read, value):
    error = refusal(read, with_raw("max_tokens", value))
    assert error.param == "max_tokens"
    assert "max_tokens" in error.message


@READERS
@pytest.mark.parametrize(("value", "cap"), [("null", None), ("0", 0), ("2147483647", 2**31 - 1)])
def test_a_cap_may_be_absent_and_may_be_zero_to_fill_the_cache(read, value, cap):
    assert read(with_raw("max_tokens", value)).max_output_tokens == cap


@READERS
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", '""'),
        ("model", "null"),
        ("model", '"' + "m" * 257 + '"'),
        ("model", r'"a\r\nX-Evil: 1"'),
        ("messages", "[]"),
        ("messages", "{}"),
        ("system", "5"),
        ("temperature", "1.1"),
        ("temperature", "-0.1"),
        ("top_p", "1.1"),
        ("top_k", "-1"),
        ("stream", '"yes"'),
        ("stop_sequences", '"END"'),
        ("tools", "{}"),
        ("tool_choice", '"auto"'),
        ("thinking", "true"),
        ("output_config", '"high"'),
        ("metadata", "5"),
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
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}, "messages[0].content[0].type"),
        ({"thinking": {"budget_tokens": 5}}, "thinking.type"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ({"tool_choice": {"type": ""}}, "tool_choice.type"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"stop_sequences": ["a", 5]}, "stop_sequences[1]"),
    ],
)
def test_a_fault_inside_is_named_by_its_path(read, asked, param):
    error = refusal(read, body(**asked))
    assert error.param == param
    assert param in error.message


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"type": "text"}, "text"),
        ({"type": "text", "text": 5}, "text"),
        ({"type": "image", "source": {"type": "base64", "data": 5}}, ""),
        ({"type": "image"}, "source"),
        ({"type": "thinking", "thinking": None}, "thinking"),
        ({"type": "redacted_thinking"}, "data"),
        ({"type": "tool_use", "id": "t", "input": {}}, "name"),
        ({"type": "tool_result", "content": "a"}, "tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}, "content[0].text"),
    ],
)
def test_a_malformed_block_is_named_by_its_path_when_it_is_read(block, param):
    text = {"type": "text", "text": "a"}
    error = refusal(anthropic_messages.read_request, body(messages=[HELLO, {"role": "user", "content": [text, block]}]))
    assert (error.param or "").startswith(".".join(filter(None, ["messages[1].content[1]", param])))


def test_a_function_must_have_a_name_and_other_tools_need_none():
    error = refusal(anthropic_messages.read_request, body(tools=[{"type": "mcp_toolset"}, {"input_schema": {}}]))
    assert error.param == "tools[1].name"


def test_a_message_takes_no_other_fields():
    error = refusal(anthropic_messages.read_request, body(messages=[HELLO | {"name": "Ada"}]))
    assert error.param == "messages[0]"
    assert "name" in error.message


@READERS
@pytest.mark.parametrize("wire", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b'{"model":"\xff"}', b"<html>"])
def test_what_is_no_request_is_refused(read, wire):
    assert refusal(read, wire).param is None


@READERS
def test_missing_fields_are_named(read):
    assert refusal(read, b'{"messages":[{"role":"user","content":""}]}').param == "model"
    assert refusal(read, b'{"model":"m"}').param == "messages"


def picture(**source: str) -> dict[str, Any]:
    return {"type": "image", "source": source}


@pytest.mark.parametrize(
    ("content", "media"),
    [
        ("[image]", False),
        ([{"type": "text", "text": "image"}], False),
        ([picture(type="url", url="https://example.com/a.png")], True),
        ([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}}], True),
        ([{"type": "something_new"}], True),
        ([{"type": "tool_use", "id": "t", "name": "f", "input": {"type": "image"}}], False),
        ([{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "a"}]}], False),
        ([{"type": "tool_result", "tool_use_id": "t", "content": [picture(type="url", url="u")]}], True),
        ([{"type": "tool_result", "tool_use_id": "t"}], False),
    ],
)
def test_media_are_what_is_not_words_also_where_a_tool_shows_them(content, media):
    asked = body(messages=[HELLO, {"role": "user", "content": content}])
    assert anthropic_messages.glance_request(asked).media == media


def test_media_in_a_tools_answer_must_be_readable():
    asked = body(messages=[{"role": "user", "content": [{"type": "tool_result", "content": [5]}]}])
    assert refusal(anthropic_messages.glance_request, asked).param == "messages[0].content[0].content[0]"


# Rewritten.

WIRE = (
    b'{ "messages" : [{"role":"user","content":"\\u00e9 \xc3\xa9 1.0"}],\n "temperature":1.0, "model":"acme/m",'
    b' "big":123456789012345678901234567890, "max_tokens":100000, "model": "acme/m2", "max_tokens":1}'
)


def test_rewriting_keeps_the_bytes_of_every_other_value():
    assert anthropic_messages.glance_request(WIRE).max_output_tokens == 1
    assert anthropic_messages.rewrite_request(WIRE, model="m2", include_usage=True, cap=None) == (
        b'{"messages":[{"role":"user","content":"\\u00e9 \xc3\xa9 1.0"}],"temperature":1.0,"model":"m2",'
        b'"big":123456789012345678901234567890,"max_tokens":1}'
    )


@pytest.mark.parametrize(("asked", "cap", "sent"), [({}, 9, 9), ({}, None, 64), ({"max_tokens": None}, 9, 9)])
def test_the_cap_is_rewritten_when_there_is_one(asked, cap, sent):
    rewritten = anthropic_messages.rewrite_request(body(**asked), model="m", include_usage=False, cap=cap)
    assert json.loads(rewritten) == json.loads(body(model="m", max_tokens=sent))


def test_thinking_without_a_proof_does_not_reach_a_provider_who_would_refuse_it():
    def thought(signature: str | None) -> dict[str, Any]:
        return {"type": "thinking", "thinking": "hm", "signature": signature}

    text = {"type": "text", "text": '"signature":""'}
    only_thought = {"role": "assistant", "content": [thought("")]}
    mixed = {"role": "assistant", "content": [thought(None), thought("proof"), text]}
    asked = body(messages=[HELLO, only_thought, HELLO, mixed, HELLO])
    for wire in (asked, asked.replace(b": ", b":")):
        rewritten = anthropic_messages.rewrite_request(wire, model="m", include_usage=False, cap=None)
        kept = mixed | {"content": [thought("proof"), text]}
        assert json.loads(rewritten)["messages"] == [HELLO, HELLO, kept, HELLO]


# Read.


def read_content(content: Any, role: str = "user") -> tuple[chat.Message, ...]:
    return anthropic_messages.read_request(body(messages=[{"role": role, "content": content}])).messages


def test_everything_modelled_is_read():
    request = anthropic_messages.read_request(
        body(
            system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            tools=[{"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": True}],
            tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
            output_config={"effort": "high", "format": {"type": "json_schema", "schema": {}}},
            thinking={"type": "enabled", "budget_tokens": 2000},
            stop_sequences=["END"],
            temperature=0,
            top_p=0.5,
            top_k=7,
            metadata={"user_id": "u"},
            stream=True,
            service_tier="auto",
        )
    )
    assert request == chat.ChatRequest(
        model="claude-opus-5-5",
        messages=(
            chat.Message(
                role="system",
                parts=(chat.TextPart("Be brief.", {"cache_control": Raw(b'{"type": "ephemeral"}')}),),
            ),
            chat.Message(role="user", parts=(chat.TextPart("Hello"),)),
        ),
        tools=(chat.Tool(name="f", description="d", parameters=Raw(b'{"type": "object"}'), strict=True),),
        tool_choice=("function", "f"),
        parallel_tool_calls=False,
        response_format=chat.ResponseFormat(type="json_schema", schema=Raw(b"{}"), strict=True),
        max_output_tokens=64,
        temperature=0.0,
        top_p=0.5,
        top_k=7,
        stop=("END",),
        reasoning_effort="high",
        reasoning_budget_tokens=2000,
        user="u",
        stream=True,
        include_usage=True,
        dialect=NAME,
        extra={"service_tier": Raw(b'"auto"')},
    )


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "text", "text": "a"}, chat.TextPart("a")),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
            chat.TextPart("a", {"cache_control": Raw(b'{"type": "ephemeral"}')}),
        ),
        (picture(type="base64", media_type="image/png", data="AA=="), chat.ImagePart("data:image/png;base64,AA==")),
        (picture(type="url", url="https://example.com/a.png"), chat.ImagePart("https://example.com/a.png")),
        (
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            chat.ReasoningPart("hm", "s", None, NAME),
        ),
        ({"type": "thinking", "thinking": "hm", "signature": ""}, chat.ReasoningPart("hm")),
        ({"type": "redacted_thinking", "data": "x"}, chat.ReasoningPart("", None, "x", NAME)),
        (
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="}},
            chat.FilePart(None, "data:application/pdf;base64,AA=="),
        ),
        (
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "hé"},
                "title": "t.txt",
                "context": "c",
            },
            chat.FilePart(None, "data:text/plain;base64,aMOp", "t.txt", {"context": Raw(b'"c"')}),
        ),
        ({"type": "document", "source": {"type": "file", "file_id": "f"}}, chat.FilePart("f")),
        (
            {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
            chat.FilePart(url="https://example.com/a.pdf"),
        ),
    ],
)
def test_each_kind_of_block_is_read_and_said_again(block, part):
    (message,) = read_content([block], role="assistant")
    assert message.parts == (part,)
    if part != chat.ReasoningPart("hm"):
        wire = json.loads(anthropic_messages.write_request(_asking(message)))
        assert wire["messages"][0]["content"] in ([block], block.get("text"))


@pytest.mark.parametrize(
    "block",
    [
        picture(type="file", file_id="f"),
        picture(type="url", url="u", new="x"),
        {"type": "document", "source": {"type": "content", "content": "a"}},
        {"type": "search_result", "source": "s", "title": "t", "content": []},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "web_search_result"}]},
        {"type": "thinking", "thinking": "hm", "signature": "s", "new": 1},
        {"type": "redacted_thinking", "data": "x", "new": 1},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "tool_result", "tool_use_id": "u"}]},
        {"type": "compaction", "content": "summary"},
    ],
)
def test_a_block_that_says_more_than_we_have_words_for_is_kept_as_it_came(block):
    (message,) = read_content([block])
    assert message.parts == (chat.OtherPart(block["type"], Raw(json.dumps(block).encode())),)


def test_calls_are_read_with_their_arguments_as_they_came():
    (message,) = read_content(
        [
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": [1, 2.50]}, "caller": {"type": "direct"}},
            {"type": "text", "text": "there"},
            {"type": "tool_use", "id": "t2", "name": "g"},
        ],
        role="assistant",
    )
    assert message.parts == (chat.TextPart("there"),)
    assert message.tool_calls == (
        chat.ToolCall("t1", "f", '{"a": [1, 2.5]}', extra={"caller": Raw(b'{"type": "direct"}')}),
        chat.ToolCall("t2", "g", "{}"),
    )


def test_the_answers_of_tools_are_messages_of_their_own():
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "sunny", "cache_control": {}}
    failed = {
        "type": "tool_result",
        "tool_use_id": "t2",
        "content": [{"type": "text", "text": "no"}, picture(type="url", url="u")],
        "is_error": True,
    }
    before, after = {"type": "text", "text": "so"}, {"type": "text", "text": "And now?"}
    assert read_content([before, result, failed, after]) == (
        chat.Message(role="user", parts=(chat.TextPart("so"),)),
        chat.Message(
            role="tool", parts=(chat.TextPart("sunny"),), tool_call_id="t1", extra={"cache_control": Raw(b"{}")}
        ),
        chat.Message(role="tool", parts=(chat.TextPart("no"), chat.ImagePart("u")), tool_call_id="t2", is_error=True),
        chat.Message(role="user", parts=(chat.TextPart("And now?"),)),
    )


@pytest.mark.parametrize(("content", "parts"), [("", ()), ([], ()), ([{"type": "text", "text": ""}], ())])
def test_empty_text_says_nothing(content, parts):
    assert read_content(content) == (chat.Message(role="user", parts=parts),)


@pytest.mark.parametrize(
    ("thinking", "budget", "is_kept"),
    [
        ({"type": "enabled", "budget_tokens": 2000}, 2000, False),
        ({"type": "disabled"}, 0, False),
        ({"type": "adaptive"}, -1, False),
        ({"type": "adaptive", "display": "omitted"}, -1, True),
        ({"type": "between_tools"}, None, True),
    ],
)
def test_thinking_is_a_budget(thinking, budget, is_kept):
    request = anthropic_messages.read_request(body(thinking=thinking))
    assert request.reasoning_budget_tokens == budget
    assert ("thinking" in request.extra) == is_kept


@pytest.mark.parametrize(
    ("wire", "choice", "parallel"),
    [
        ({"type": "auto"}, "auto", None),
        ({"type": "any", "disable_parallel_tool_use": False}, "required", True),
        ({"type": "none"}, "none", None),
        ({"type": "tool", "name": "f", "disable_parallel_tool_use": True}, ("function", "f"), False),
    ],
)
def test_a_choice_among_tools_is_read_and_said_again(wire, choice, parallel):
    request = anthropic_messages.read_request(body(tool_choice=wire))
    assert (request.tool_choice, request.parallel_tool_calls) == (choice, parallel)
    assert json.loads(anthropic_messages.write_request(request))["tool_choice"] == wire


def test_the_older_field_for_a_schema_is_read_too():
    form = {"type": "json_schema", "schema": {"type": "object"}}
    request = anthropic_messages.read_request(body(output_format=form))
    assert request.response_format is not None
    assert request.response_format.schema == Raw(b'{"type": "object"}')
    assert json.loads(anthropic_messages.write_request(request))["output_config"] == {"format": form}


@pytest.mark.parametrize(
    "fields",
    [
        {"tool_choice": {"type": "something_new"}},
        {"tool_choice": {"type": "auto", "new": 1}},
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}]},
        {"tools": [{"name": "f", "input_schema": {}, "cache_control": {"type": "ephemeral"}}]},
        {"thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}},
        {"output_config": {"effort": "max"}},
        {"output_config": {"effort": "low", "task_budget": {"type": "tokens", "total": 9}}},
        {"output_config": {"effort": "max"}, "output_format": {"type": "json_schema", "schema": {}}},
        {"output_format": {"type": "grammar", "grammar": "x"}},
        {"metadata": {"user_id": "u", "new": 1}},
        {"context_management": {"edits": []}, "container": "c", "mcp_servers": [], "cache_control": None},
    ],
)
def test_what_is_not_modelled_is_said_again(fields):
    asked = body(**fields)
    assert json.loads(anthropic_messages.write_request(anthropic_messages.read_request(asked))) == json.loads(asked)


# Written.


def _asking(*messages: chat.Message, **fields: Any) -> chat.ChatRequest:
    return chat.ChatRequest(**{"model": "m", "max_output_tokens": 64, "messages": messages, "dialect": NAME} | fields)


def test_answers_of_tools_and_what_the_user_adds_are_one_turn():
    wire = json.loads(
        anthropic_messages.write_request(
            _asking(
                chat.Message(role="assistant", tool_calls=(chat.ToolCall("t1", "f", "{}"),)),
                chat.Message(role="tool", tool_call_id="t1", parts=(chat.TextPart("a"),)),
                chat.Message(role="tool", tool_call_id="t2", is_error=True),
                chat.Message(role="user", parts=(chat.TextPart("b"),)),
                chat.Message(role="user", parts=(chat.TextPart("c"),)),
            )
        )
    )
    assert wire["messages"] == [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "a"},
                {"type": "tool_result", "tool_use_id": "t2", "is_error": True},
                {"type": "text", "text": "b"},
            ],
        },
        {"role": "user", "content": "c"},
    ]


@pytest.mark.parametrize(
    ("arguments", "wire"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        (" ", {}),
        ("{not json", {"invalid_json": "{not json"}),
        ("[1]", {"invalid_json": "[1]"}),
        ("null", {"invalid_json": "null"}),
    ],
)
def test_arguments_that_are_no_object_are_said_as_one(arguments, wire):
    call = chat.ToolCall("t", "f", arguments)
    said = json.loads(anthropic_messages.write_request(_asking(chat.Message(role="assistant", tool_calls=(call,)))))
    assert said["messages"][0]["content"][0]["input"] == wire


@pytest.mark.parametrize(("budget", "cap"), [(None, 8_192), (0, 8_192), (-1, 8_192), (2_000, 10_192)])
def test_a_cap_is_supplied_when_nobody_gave_one_and_thinking_comes_on_top(budget, cap):
    hello = chat.Message(role="user", parts=(chat.TextPart("Hi"),))
    request = _asking(hello, max_output_tokens=None, reasoning_budget_tokens=budget)
    assert json.loads(anthropic_messages.write_request(request))["max_tokens"] == cap


def test_a_document_is_said_in_the_words_for_its_kind():
    def source(part: chat.FilePart) -> dict[str, Any]:
        wire = json.loads(anthropic_messages.write_request(_asking(chat.Message(role="user", parts=(part,)))))
        return wire["messages"][0]["content"][0]["source"]

    encoded = base64.b64encode(b"a,b").decode()
    assert source(chat.FilePart(None, f"data:text/csv;base64,{encoded}")) == {
        "type": "text",
        "media_type": "text/plain",
        "data": "a,b",
    }
    assert source(chat.FilePart(None, "data:text/plain,a%20b"))["data"] == "a b"
    assert source(chat.FilePart(None, "data:text/plain;base64,%%%"))["type"] == "base64"
    assert source(chat.FilePart(None, "AA==")) == {"type": "base64", "media_type": "application/pdf", "data": "AA=="}


# Laws.

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = texts.filter(bool)
names = st.text(string.ascii_lowercase, min_size=1, max_size=8)
raws = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | texts, st.lists, max_leaves=4).map(
    lambda value: Raw(msgspec.json.encode(value))
)
extras = st.dictionaries(names.map("x_".__add__), raws, max_size=2)
objects = extras.map(lambda extra: Raw(msgspec.json.encode(extra)))
encoded = st.binary(max_size=6).map(lambda data: base64.b64encode(data).decode())
citations = st.builds(
    lambda fields: chat.Citation(
        **{"url": None, "title": None, "quote": None} | fields, raw=Raw(msgspec.json.encode(_wire_citation(fields)))
    ),
    st.fixed_dictionaries({}, optional={"url": words, "title": words, "quote": texts}),
)


def _wire_citation(fields: dict[str, str]) -> dict[str, str]:
    said = {"url": "url", "title": "title", "quote": "cited_text"}
    return {"type": "web_search_result_location"} | {said[name]: value for name, value in fields.items()}


text_parts = st.builds(chat.TextPart, words, extras, st.lists(citations, max_size=1).map(tuple))
media_parts = st.one_of(
    st.builds(
        chat.ImagePart,
        names.map("https://example.com/".__add__) | encoded.map("data:image/png;base64,".__add__),
        st.none(),
        extras,
    ),
    st.builds(chat.FilePart, names, st.none(), st.none() | texts, extras),
    st.builds(chat.FilePart, st.none(), encoded.map("data:application/pdf;base64,".__add__), st.none() | texts, extras),
    st.builds(chat.FilePart, st.none(), st.none(), st.none() | texts, extras, names),
    extras.map(lambda extra: chat.OtherPart("x_block", Raw(msgspec.json.encode({"type": "x_block"} | extra)))),
)
proven_parts = st.builds(chat.ReasoningPart, texts, words, st.none(), st.just(NAME)) | st.builds(
    chat.ReasoningPart, st.just(""), st.none(), texts, st.just(NAME)
)
parts = text_parts | media_parts
calls = st.builds(
    chat.ToolCall, texts, texts, objects.map(lambda raw: bytes(raw).decode()), st.just("function"), extras
)
systems = st.builds(chat.Message, role=st.just("system"), parts=st.lists(text_parts, min_size=1, max_size=2).map(tuple))
users = st.builds(chat.Message, role=st.just("user"), parts=st.lists(parts, min_size=1, max_size=3).map(tuple))
results = st.builds(
    chat.Message,
    role=st.just("tool"),
    parts=st.lists(parts, max_size=2).map(tuple),
    tool_call_id=texts,
    is_error=st.booleans(),
    extra=extras,
)
assistants = st.builds(
    chat.Message,
    role=st.just("assistant"),
    parts=st.lists(parts | proven_parts, min_size=1, max_size=3).map(tuple),
    tool_calls=st.lists(calls, max_size=2).map(tuple),
)
conversations = st.tuples(
    st.lists(systems, max_size=1),
    st.just([chat.Message(role="user", parts=(chat.TextPart("Hi"),))]),
    st.lists(users | results | assistants | systems, max_size=4),
).map(lambda lists: tuple(message for each in lists for message in each))
tools = st.builds(
    chat.Tool,
    name=words,
    description=st.none() | texts,
    parameters=objects,
    strict=st.none() | st.booleans(),
    extra=extras,
) | names.map(
    lambda name: chat.Tool(
        type=f"x_{name}", name=name, raw=Raw(msgspec.json.encode({"type": f"x_{name}", "name": name}))
    )
)
choices = st.tuples(
    st.sampled_from(["auto", "required"]) | texts.map(lambda name: ("function", name)), st.none() | st.booleans()
) | st.sampled_from([(None, None), ("none", None)])
requests = st.builds(
    lambda choice, stream, **fields: chat.ChatRequest(
        **fields, tool_choice=choice[0], parallel_tool_calls=choice[1], stream=stream, include_usage=stream
    ),
    choice=choices,
    stream=st.booleans(),
    model=names,
    messages=conversations,
    tools=st.lists(tools, max_size=2).map(tuple),
    response_format=st.none()
    | st.builds(chat.ResponseFormat, type=st.just("json_schema"), schema=objects, strict=st.just(True)),
    max_output_tokens=st.integers(0, 2**31 - 1),
    temperature=st.none() | st.floats(0, 1),
    top_p=st.none() | st.floats(0, 1),
    top_k=st.none() | st.integers(0, 100),
    stop=st.lists(texts, max_size=2).map(tuple),
    reasoning_effort=st.none() | st.sampled_from(["low", "medium", "high", "xhigh"]),
    reasoning_budget_tokens=st.none() | st.integers(-1, 100_000),
    user=st.none() | texts,
    dialect=st.just(NAME),
    extra=extras,
)


@given(requests)
def test_a_written_request_is_read_as_the_same(request):
    wire = anthropic_messages.write_request(request)
    assert anthropic_messages.read_request(wire) == request
    glance = anthropic_messages.glance_request(wire)
    assert (glance.model, glance.max_output_tokens) == (request.model, request.max_output_tokens)


# Whatever comes.

FIELDS = st.sampled_from(
    [
        "type",
        "text",
        "source",
        "content",
        "tool_use_id",
        "id",
        "name",
        "input",
        "citations",
        "signature",
        "data",
        "role",
    ]
)
KINDS = st.sampled_from(["text", "image", "document", "thinking", "tool_use", "tool_result", "url", "base64", "x"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | KINDS | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=15,
)
blocks = st.dictionaries(FIELDS, json_values, max_size=4).flatmap(
    lambda block: KINDS.map(lambda kind: {"type": kind} | block)
)
bodies = (
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.lists(blocks, max_size=3).map(lambda content: body(messages=[{"role": "user", "content": content}]))
    | st.dictionaries(
        st.sampled_from(["system", "tools", "tool_choice", "thinking", "output_config", "metadata"]), json_values
    ).map(lambda fields: body(**fields))
)


@given(bodies)
def test_any_bytes_are_a_request_or_refused(wire):
    with suppress(errors.InvalidRequest):
        request = anthropic_messages.read_request(wire)
        anthropic_messages.write_request(request)
        anthropic_messages.rewrite_request(wire, model="m", include_usage=False, cap=5)
    with suppress(errors.InvalidRequest):
        anthropic_messages.glance_request(wire)
