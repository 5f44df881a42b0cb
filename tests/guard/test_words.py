"""What guards look at, and what they leave as it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tollhouse.dialects import anthropic_messages, chat, gemini, openai_chat, openai_embeddings, openai_responses
from tollhouse.guard import words
from tollhouse.guard.placeholders import Placeholders

S = "ada@example.com"
USER = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "function": {"name": "f", "arguments": '{"to": "\\u0061da@example.com"}'}, "id": "c"}

KEYED = {"type": "object", "properties": {S: {"type": "string"}}}
KEYED_CALL = TOOL | {"function": {"name": "f", "arguments": '{"ada@example.com": [1]}'}}


def shape(**schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": {}} | schema}


SAID: list[tuple[Any, dict[str, Any]]] = [
    (openai_chat, {"messages": [{"role": "system", "content": S}, USER]}),
    (openai_chat, {"messages": [{"role": "user", "content": [{"type": "text", "text": S}]}]}),
    (openai_chat, {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [TOOL]}]}),
    (openai_chat, {"messages": [USER, {"role": "tool", "tool_call_id": "c", "content": S}]}),
    (openai_chat, {"messages": [USER], "tools": [{"type": "function", "function": {"name": "f", "description": S}}]}),
    (openai_chat, {"messages": [USER], "prediction": {"type": "content", "content": [{"type": "text", "text": S}]}}),
    (openai_chat, {"messages": [USER], "metadata": {"of": S}}),
    (openai_chat, {"messages": [USER], "user": S}),
    (openai_chat, {"messages": [USER], "stop": ["x", S]}),
    (openai_chat, {"messages": [USER | {"name": S}]}),
    (openai_chat, {"messages": [USER], "vendor": {S: 1}}),
    (openai_chat, {"messages": [USER], "response_format": shape(description=S)}),
    (openai_chat, {"messages": [USER], "response_format": shape(schema={"properties": {S: {}}})}),
    (
        openai_chat,
        {"messages": [USER], "tools": [{"type": "function", "function": {"name": "f", "parameters": KEYED}}]},
    ),
    (openai_chat, {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [KEYED_CALL]}]}),
    (openai_chat, {"messages": [USER], "vendor": [{"deep": ["x", "\u0061da@example.com"]}]}),
    (openai_responses, {"input": S}),
    (openai_responses, {"input": "Hi", "instructions": S}),
    (openai_responses, {"input": [{"type": "function_call_output", "call_id": "c", "output": S}]}),
    (openai_responses, {"input": [{"type": "some_new_item", "words": S}, {"role": "user", "content": "Hi"}]}),
    (anthropic_messages, {"max_tokens": 9, "messages": [USER], "system": S}),
    (anthropic_messages, {"max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": S}]}]}),
    (
        anthropic_messages,
        {
            "max_tokens": 9,
            "messages": [
                USER,
                {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"to": S}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": S}]},
            ],
        },
    ),
    (gemini, {"contents": [{"role": "user", "parts": [{"text": S}]}]}),
    (gemini, {"contents": [{"parts": [{"text": "Hi"}]}], "systemInstruction": {"parts": [{"text": S}]}}),
    (gemini, {"contents": [{"parts": [{"functionResponse": {"name": "f", "response": {"to": S}}}]}]}),
]


@pytest.mark.parametrize(("dialect", "body"), SAID)
def test_every_word_of_a_request_is_looked_at_and_can_be_replaced(dialect: Any, body: dict[str, Any]):
    request = dialect.read_request(msgspec.json.encode({"model": "m"} | body))
    assert any(S in text for text in words.said_in(request))
    placeholders = Placeholders(words.said_in(request))
    changed = dialect.write_request(words.asked(request, placeholders.redact))
    assert b"[EMAIL_1]" in changed
    assert b"example.com" not in changed
    assert words.asked(request, str) == request


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [USER], "tools": [{"type": "function", "function": {"name": S}}]},
        {
            "messages": [
                USER,
                {"role": "assistant", "tool_calls": [TOOL | {"function": {"name": S, "arguments": "{}"}}]},
            ]
        },
        {"messages": [USER], "response_format": shape(name=S)},
    ],
)
def test_names_by_which_things_are_called_are_looked_at_and_stay_as_they_are(body: dict[str, Any]):
    request = openai_chat.read_request(msgspec.json.encode({"model": "m"} | body))
    assert S in words.said_in(request)
    assert words.asked(request, lambda text: text.replace(S, "x")) == request


def test_an_answers_calls_are_looked_at_with_the_names_in_their_arguments():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"ada@example.com": [1]}'}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {"choices": [{"index": 0, "message": said, "finish_reason": "tool_calls"}]}
    answer = openai_chat.read_answer(msgspec.json.encode({"id": "a", "model": "m", "created": 1} | body))
    (text,) = words.answers_in(answer)
    assert S in text


def test_texts_to_embed_are_words_and_their_numbers_are_none():
    request = openai_embeddings.read_request(b'{"model": "m", "input": ["a", "b"]}')
    assert words.said_in(request) == ("a", "b")
    said = openai_embeddings.read_request(b'{"model": "m", "input": "a", "user": "b", "vendor": {"of": ["c"]}}')
    assert words.said_in(said) == ("a", "b", "of", "c")
    numbers = openai_embeddings.read_request(b'{"model": "m", "input": [[1, 2], [3]]}')
    assert words.said_in(numbers) == ()


def test_thinking_that_is_signed_is_looked_at_and_stays_as_it_is():
    parts = (chat.ReasoningPart(S, signature="x", made_by="anthropic_messages"), chat.ReasoningPart(S))
    request = chat.ChatRequest(model="m", messages=(chat.Message(role="assistant", parts=parts),))
    assert words.said_in(request) == (S, S)
    changed = words.asked(request, lambda text: text.replace(S, "[EMAIL_1]"))
    assert isinstance(changed, chat.ChatRequest)
    assert changed.messages[0].parts == (parts[0], chat.ReasoningPart("[EMAIL_1]"))


def test_json_without_a_word_to_change_keeps_its_bytes():
    raw = msgspec.Raw(b'{ "a": 1.50, "b": ["x"] }')
    request = chat.ChatRequest(model="m", messages=(), extra={"vendor": raw})
    changed = words.asked(request, lambda text: text.replace(S, "y"))
    assert isinstance(changed, chat.ChatRequest)
    assert bytes(changed.extra["vendor"]) == bytes(raw)
