"""Requests of other dialects, said in Anthropic's."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import anthropic_messages, carry, chat

HELLO = chat.Message(role="user", parts=(chat.TextPart("Hi"),))


def written(*messages: chat.Message, **fields: Any) -> dict[str, Any]:
    request = chat.ChatRequest(
        **{"model": "claude-opus-5-5", "messages": messages or (HELLO,), "dialect": "openai_chat"} | fields
    )
    return json.loads(anthropic_messages.write_request(request))


def message(role: chat.Role, *parts: chat.Part, **fields: Any) -> chat.Message:
    return chat.Message(role=role, parts=parts, **fields)


def test_only_what_is_asked_for_is_said():
    assert written() == {
        "model": "claude-opus-5-5",
        "max_tokens": 8_192,
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_whatever_the_system_says_stands_first():
    wire = written(
        message("system", chat.TextPart("a")),
        HELLO,
        message("developer", chat.TextPart("b")),
        message("assistant", chat.TextPart("c")),
    )
    assert wire["system"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert [turn["role"] for turn in wire["messages"]] == ["user", "assistant"]


def test_a_lone_system_message_is_a_string():
    assert written(message("developer", chat.TextPart("a")), HELLO)["system"] == "a"


def test_thinking_is_said_only_with_the_proof_of_a_provider_of_this_dialect():
    wire = written(
        HELLO,
        message(
            "assistant",
            chat.ReasoningPart("unproven"),
            chat.ReasoningPart("foreign", "s", None, "gemini"),
            chat.ReasoningPart("", None, "x", "openai_responses"),
            chat.ReasoningPart("ours", "s", None, "anthropic_messages"),
            chat.TextPart("a"),
        ),
        HELLO,
    )
    assert wire["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "ours", "signature": "s"},
        {"type": "text", "text": "a"},
    ]


def test_a_turn_that_says_nothing_is_left_out():
    wire = written(HELLO, message("assistant", chat.ReasoningPart("hm")), message("user", chat.TextPart("")), HELLO)
    assert wire["messages"] == [{"role": "user", "content": "Hi"}] * 2


def test_what_only_another_dialect_knows_is_not_said():
    cited = chat.TextPart("a", {"x": Raw(b"1")}, (chat.Citation(url="u", raw=Raw(b"{}")),))
    wire = written(
        message("user", cited, chat.OtherPart("video", Raw(b'{"type":"video"}')), extra={"x": Raw(b"1")}),
        message("assistant", chat.TextPart("b"), name="Ada"),
        message("user", chat.RefusalPart("no"), chat.ImagePart("https://example.com/a.png", "low")),
        tools=(chat.Tool(type="web_search", raw=Raw(b"{}")),),
        extra={"logit_bias": Raw(b"{}")},
        user="u",
    )
    assert wire == {
        "model": "claude-opus-5-5",
        "max_tokens": 8_192,
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "no"},
                    {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
                ],
            },
        ],
        "metadata": {"user_id": "u"},
    }


@pytest.mark.parametrize(
    ("parameters", "schema"),
    [
        (None, {"type": "object", "properties": {}}),
        (b"{}", {"type": "object"}),
        (b'{"properties":{}}', {"type": "object", "properties": {}}),
        (b'{"type":"object"}', {"type": "object"}),
    ],
)
def test_parameters_are_called_an_object(parameters, schema):
    tool = chat.Tool(name="f", parameters=None if parameters is None else Raw(parameters))
    assert written(tools=(tool,))["tools"] == [{"name": "f", "input_schema": schema}]


@pytest.mark.parametrize(
    ("choice", "parallel", "wire"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        ("none", False, {"type": "none"}),
        (("function", "f"), None, {"type": "tool", "name": "f"}),
    ],
)
def test_side_by_side_is_told_with_the_choice(choice, parallel, wire):
    asked = {"tool_choice": choice, "parallel_tool_calls": parallel}
    assert written(tools=(chat.Tool(name="f"),), **asked).get("tool_choice") == wire
    assert "tool_choice" not in written(**asked)


@pytest.mark.parametrize(
    ("model", "asked", "wire"),
    [
        # From Claude 4.6 on a model is told how hard to think, and decides how much.
        ("claude-opus-5-5", {"reasoning_effort": "xhigh"}, {"thinking": "adaptive", "effort": "xhigh"}),
        ("claude-opus-4-6", {"reasoning_effort": "minimal"}, {"thinking": "adaptive", "effort": "low"}),
        ("claude-sonnet-4-6", {"reasoning_effort": "none"}, {"thinking": "disabled"}),
        ("claude-opus-4-8", {"reasoning_effort": "unheard of"}, {"thinking": "adaptive"}),
        ("claude-haiku-5-5", {"reasoning_budget_tokens": 8_192}, {"thinking": "adaptive", "effort": "medium"}),
        ("claude-haiku-5-5", {"reasoning_budget_tokens": -1}, {"thinking": "adaptive"}),
        ("claude-haiku-5-5", {"reasoning_budget_tokens": 0}, {"thinking": "disabled"}),
        # Earlier ones are given a budget.
        ("claude-haiku-4-5-20251001", {"reasoning_effort": "medium"}, {"thinking": 8_192, "cap": 16_384}),
        ("claude-sonnet-4-20250514", {"reasoning_effort": "none"}, {"thinking": "disabled"}),
        ("claude-3-7-sonnet@20250219", {"reasoning_budget_tokens": 5}, {"thinking": 1_024, "cap": 9_216}),
        ("claude-opus-4-1", {"reasoning_budget_tokens": -1}, {"thinking": 8_192, "cap": 16_384}),
        (
            "claude-sonnet-4-5",
            {"reasoning_effort": "high", "max_output_tokens": 4_000},
            {"thinking": 3_999, "cap": 4_000},
        ),
        ("claude-sonnet-4-5", {"reasoning_effort": "high", "max_output_tokens": 1_024}, {"cap": 1_024}),
    ],
)
def test_thinking_is_asked_for_as_the_model_takes_it(model, asked, wire):
    said = written(model=model, **asked)
    thinking = said.get("thinking", {})
    assert {
        "thinking": thinking.get("budget_tokens", thinking.get("type")),
        "effort": said.get("output_config", {}).get("effort"),
        "cap": said["max_tokens"],
    } == {"thinking": None, "effort": None, "cap": 8_192} | wire


@pytest.mark.parametrize(
    ("asked", "may_think"),
    [
        ({"tool_choice": "required"}, False),
        ({"tool_choice": ("function", "f")}, False),
        ({"tool_choice": "required", "tools": ()}, True),
        ({"tool_choice": "auto", "temperature": 1, "top_p": 0.95}, True),
        ({"tool_choice": "none"}, True),
        ({"temperature": 0.2}, False),
        ({"top_k": 5}, False),
        ({"top_p": 0.9}, False),
    ],
)
def test_nothing_is_thought_before_a_forced_call_or_with_other_sampling(asked, may_think):
    asked = {"tools": (chat.Tool(name="f"),), "reasoning_effort": "high"} | asked
    earlier, later = written(model="claude-sonnet-4-5", **asked), written(**asked)
    assert ("thinking" in earlier, "thinking" in later) == (may_think, may_think)
    assert later["output_config"] == {"effort": "high"}
    assert written(**asked | {"reasoning_effort": "none"})["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize(("asked", "said"), [(1.7, 1), (1, 1), (0.2, 0.2), (0, 0)])
def test_no_temperature_is_higher_than_the_api_takes(asked, said):
    assert written(temperature=asked)["temperature"] == said


def test_the_highest_temperature_does_not_keep_a_model_from_thinking():
    assert "thinking" in written(temperature=2, reasoning_effort="high")


CALLED = chat.ToolCall("c1", "f", "{}")
PROVEN = chat.ReasoningPart("hm", "s", None, "anthropic_messages")
RESULT = message("tool", chat.TextPart("1"), tool_call_id="c1")


@pytest.mark.parametrize(
    ("behind", "earlier", "later"),
    [
        ((message("assistant", chat.TextPart("a")), HELLO), True, True),
        ((message("assistant", PROVEN, tool_calls=(CALLED,)), RESULT), True, True),
        # Only models that are given a budget must have begun the turn with thinking.
        ((message("assistant", tool_calls=(CALLED,)), RESULT), False, True),
        ((message("assistant", chat.ReasoningPart("hm"), tool_calls=(CALLED,)), RESULT), False, True),
        ((message("assistant", chat.TextPart("{")),), False, False),
    ],
)
def test_a_turn_under_way_goes_on_as_it_was_begun(behind, earlier, later):
    asked = {"tools": (chat.Tool(name="f"),), "reasoning_effort": "high"}
    models = ("claude-sonnet-4-5", "claude-opus-5-5")
    said = [written(HELLO, *behind, model=model, **asked) for model in models]
    assert ["thinking" in each for each in said] == [earlier, later]


def test_what_can_be_said_and_what_not_is_named_in_words_that_all_dialects_share():
    assert anthropic_messages.CARRIES.keys() <= carry.FEATURES.keys()
    assert {"audio", "spoken", "n", "logprobs", "other_tools", "file_id", "blank_stop"} == (
        carry.FEATURES.keys() - anthropic_messages.CARRIES.keys()
    )


def read(**fields: Any) -> chat.ChatRequest:
    asked = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]} | fields
    return anthropic_messages.read_request(json.dumps(asked).encode())


def test_hints_are_lost_with_notice():
    request = read(
        system=[{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}],
        thinking={"type": "adaptive", "display": "summarized"},
        service_tier="auto",
    )
    everything = dict.fromkeys(carry.FEATURES, "lossless")
    assert carry.losses(request, everything, anthropic_messages.HINTS) == (
        "service_tier",
        "thinking",
        "messages[].content[].cache_control",
    )


def test_what_claude_code_sends_can_be_asked_of_others_but_for_hints():
    ephemeral = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    request = read(
        max_tokens=32_000,
        system=[
            {"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude."},
            {"type": "text", "text": "You are an interactive agent.", **ephemeral},
        ],
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<system-reminder>today</system-reminder>"},
                    {"type": "text", "text": "What does main.py do?", **ephemeral},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "", "signature": "EuYB"},
                    {"type": "text", "text": "Let me look."},
                    {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"file_path": "/main.py"}},
                    {"type": "tool_use", "id": "toolu_2", "name": "Bash", "input": {"command": "ls"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "print()"},
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_2",
                        "content": "exit 1",
                        "is_error": True,
                        **ephemeral,
                    },
                ],
            },
        ],
        tools=[
            {"name": name, "description": "d", "input_schema": {"type": "object"}, "eager_input_streaming": True}
            for name in ("Read", "Bash", "Edit", "Task")
        ],
        thinking={"type": "adaptive", "display": "omitted"},
        output_config={"effort": "max"},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        metadata={"user_id": '{"device_id":"d","session_id":"s"}'},
        stream=True,
    )
    everything = dict.fromkeys(carry.FEATURES, "lossless")
    lost = carry.losses(request, everything, anthropic_messages.HINTS)
    assert {param.rpartition(".")[2] for param in lost} == {
        "cache_control",
        "context_management",
        "eager_input_streaming",
        "output_config",
        "thinking",
    }
    assert [message.role for message in request.messages] == ["system", "user", "assistant", "tool", "tool"]
    assert (request.reasoning_effort, request.reasoning_budget_tokens) == ("xhigh", -1)
    assert request.user == '{"device_id":"d","session_id":"s"}'
    again = anthropic_messages.read_request(anthropic_messages.write_request(request))
    assert again == request


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"inference_geo": "us"}, "inference_geo"),
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"messages": [{"role": "user", "content": [{"type": "search_result"}]}]}, "messages[0].content[0]"),
    ],
)
def test_what_matters_is_refused_by_its_name(fields, param):
    everything = dict.fromkeys(carry.FEATURES, "lossless")
    with pytest.raises(errors.InvalidRequest) as refused:
        carry.losses(read(**fields), everything, anthropic_messages.HINTS)
    assert refused.value.param == param


texts = st.text(max_size=5)
parts = st.one_of(
    st.builds(chat.TextPart, texts),
    st.builds(chat.RefusalPart, texts),
    st.builds(chat.ReasoningPart, texts, st.none() | texts, st.none() | texts, st.none() | texts),
    st.builds(chat.ImagePart, texts),
    st.builds(chat.FilePart, st.none(), st.none() | texts, st.none() | texts),
    st.builds(chat.AudioPart, texts, texts),
    st.builds(chat.SpokenPart, transcript=texts),
)
messages = st.builds(
    chat.Message,
    role=st.sampled_from(["system", "developer", "user", "assistant", "tool"]),
    parts=st.lists(parts, max_size=2).map(tuple),
    tool_calls=st.lists(st.builds(chat.ToolCall, texts, texts, texts), max_size=1).map(tuple),
)


@given(st.lists(messages, max_size=4), st.none() | texts, st.none() | st.integers(), st.sampled_from(["m", "claude-3"]))
def test_whatever_was_asked_is_said_somehow(said, effort, budget, model):
    wire = written(HELLO, *said, model=model, reasoning_effort=effort, reasoning_budget_tokens=budget)
    assert wire["messages"][0]["role"] == "user"
    assert all(turn["content"] for turn in wire["messages"])
    assert wire["max_tokens"] > (wire.get("thinking") or {}).get("budget_tokens", 0)


@pytest.mark.parametrize("parameters", [b"true", b"[]", b'"{}"', b"7"])
def test_parameters_that_are_no_object_are_refused(parameters: bytes):
    with pytest.raises(errors.InvalidRequest, match="The parameters of the tool 'look' are no object") as refused:
        written(tools=(chat.Tool(name="look", parameters=Raw(parameters)),))
    assert refused.value.param == "tools"


# Ids of calls.


def asked_again(*ids: str) -> list[chat.Message]:
    """One turn: calls by these ids, and answers by them in the same order, each with its place."""
    calls = tuple(chat.ToolCall(name, "f", f"[{at}]") for at, name in enumerate(ids))
    answers = [message("tool", chat.TextPart(f"of {at}"), tool_call_id=name) for at, name in enumerate(ids)]
    return [HELLO, message("assistant", tool_calls=calls), *answers]


def paired(wire: dict[str, Any]) -> list[tuple[str, str]]:
    """Each call's id and what it is answered, in the order of the answers."""
    blocks = [block for turn in wire["messages"] if isinstance(turn["content"], list) for block in turn["content"]]
    called = [block["id"] for block in blocks if block["type"] == "tool_use"]
    answered = [(block["tool_use_id"], block["content"]) for block in blocks if block["type"] == "tool_result"]
    assert sorted(called) == sorted(name for name, _ in answered)
    return answered


def test_calls_are_named_as_the_api_takes_it_and_their_answers_with_them():
    assert paired(written(*asked_again("functions.read:0", "call_1", ""))) == [
        ("functions_2eread_3a0", "of 0"),
        ("call_1", "of 1"),
        ("call", "of 2"),
    ]


def test_an_id_that_comes_again_in_a_later_turn_is_another():
    assert paired(written(*asked_again("call_0"), *asked_again("call_0", "call_0_2"))) == [
        ("call_0", "of 0"),
        ("call_0_2", "of 0"),
        ("call_0_2_2", "of 1"),
    ]


def test_calls_of_the_same_id_are_answered_in_their_order():
    assert paired(written(*asked_again("call_0", "call_0"))) == [("call_0", "of 0"), ("call_0_2", "of 1")]


@given(st.lists(st.lists(st.text("a_.:-é", max_size=3), min_size=1, max_size=3), max_size=4))
def test_whatever_calls_are_named_each_is_answered_once_and_by_a_name_of_its_own(turns: list[list[str]]):
    wire = written(HELLO, *[each for ids in turns for each in asked_again(*ids)])
    names = [name for name, _ in paired(wire)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[A-Za-z0-9_-]+", name) for name in names)
