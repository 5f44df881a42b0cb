"""Requests in Anthropic's dialect: read and written."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import anthropic_messages, chat

NAME = anthropic_messages.NAME
HELLO = {"role": "user", "content": "Hello"}


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "claude-opus-5-5", "max_tokens": 64, "messages": [HELLO]} | fields).encode()


def refusal(wire: bytes) -> errors.InvalidRequest:
    with pytest.raises(errors.InvalidRequest) as refused:
        anthropic_messages.read_request(wire)
    assert refused.value.status == 400
    return refused.value


def picture(**source: str) -> dict[str, Any]:
    return {"type": "image", "source": source}


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
    error = refusal(body(messages=[HELLO, {"role": "user", "content": [text, block]}]))
    assert (error.param or "").startswith(".".join(filter(None, ["messages[1].content[1]", param])))


def test_a_function_must_have_a_name_and_other_tools_need_none():
    error = refusal(body(tools=[{"type": "mcp_toolset"}, {"input_schema": {}}]))
    assert error.param == "tools[1].name"


def test_a_message_takes_no_other_fields():
    error = refusal(body(messages=[HELLO | {"name": "Ada"}]))
    assert error.param == "messages[0].name"
    assert "name" in error.message


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
