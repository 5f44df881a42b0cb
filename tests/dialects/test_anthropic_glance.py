"""Requests in Anthropic's dialect: at a glance, and rewritten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dialects.refusals import refusal, with_raw
from tollhouse.dialects import anthropic_messages
from tollhouse.dialects.glance import RequestGlance

HELLO = {"role": "user", "content": "Hello"}
READERS = pytest.mark.parametrize("read", [anthropic_messages.glance_request, anthropic_messages.read_request])


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "claude-opus-5-5", "max_tokens": 64, "messages": [HELLO]} | fields).encode()


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
        searches=None,
    )


def test_servers_of_tools_are_tools_that_the_provider_runs():
    glance = anthropic_messages.glance_request(body(mcp_servers=[{"type": "url", "url": "https://example.com"}]))
    assert (glance.has_tools, glance.tool_types) == (True, frozenset({"mcp_servers"}))


def test_a_fast_answer_has_a_tier_of_its_own_because_it_has_a_price_of_its_own():
    assert anthropic_messages.glance_request(body(speed="fast", service_tier="auto")).service_tier == "fast"
    assert anthropic_messages.glance_request(body(speed="standard", service_tier="auto")).service_tier == "auto"


def test_where_it_is_computed_changes_the_price():
    assert anthropic_messages.glance_request(body(inference_geo="us")).price_percent == 110
    assert anthropic_messages.glance_request(body(inference_geo="global")).price_percent == 100


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
