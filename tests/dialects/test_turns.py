"""What the model says in one go is one message, for those who want the answers of tools right behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tollhouse.dialects import chat, gemini, openai_chat, openai_responses, turns

HELLO = {"role": "user", "content": "Hello"}
WORDS = {"role": "assistant", "content": "One moment."}
THOUGHT = {"type": "reasoning", "summary": [], "encrypted_content": "seal"}


def call(name: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": name, "name": "f", "arguments": "{}"}


def output(name: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": name, "output": "1"}


def asked(*items: dict[str, Any]) -> chat.ChatRequest:
    return openai_responses.read_request(json.dumps({"model": "m", "input": [HELLO, *items]}).encode())


@pytest.mark.parametrize(
    "turn",
    [
        [call("a"), WORDS, call("b")],
        [THOUGHT, call("a"), THOUGHT, call("b")],
        [call("a"), call("b"), WORDS],
        [call("a"), WORDS, WORDS, call("b")],
    ],
)
def test_a_turn_in_any_order_is_one_message_and_its_answers_follow(turn: list[dict[str, Any]]) -> None:
    request = asked(*turn, output("a"), output("b"))
    told = json.loads(openai_chat.write_request(request))["messages"]
    assert [message["role"] for message in told] == ["user", "assistant", "tool", "tool"]
    assert [each["id"] for each in told[1]["tool_calls"]] == ["a", "b"]
    contents = json.loads(gemini.write_request(request))["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert [part["functionCall"]["id"] for part in contents[1]["parts"] if "functionCall" in part] == ["a", "b"]


def test_what_is_said_behind_an_answer_or_without_calls_is_a_message_of_its_own() -> None:
    messages = asked(call("a"), output("a"), WORDS, THOUGHT, call("b"), output("b")).messages
    assert turns.joined(messages) == messages
