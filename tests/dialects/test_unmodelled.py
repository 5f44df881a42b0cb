"""Fields that only one dialect has, in the last frames of its streams: found, and named as in a whole answer."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from tollhouse.dialects import anthropic_messages, carry, gemini, openai_chat, openai_responses, sse

MORE = {"new": [1], "none": None, "empty": {}}
WHERE = "answer.choices[]"

OPENAI: list[dict[str, Any]] = [
    {"id": "1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "a"}}]},
    {"id": "1", "choices": [{"index": 0, "delta": MORE, "finish_reason": "stop"} | MORE], "obfuscation": "x"},
    {"id": "1", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}, "citations": ["u"]},
]
ANTHROPIC: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"id": "1", "model": "m", "usage": {}}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"} | MORE, "usage": {}, "context_management": {"a": 1}},
    {"type": "message_stop"},
]
GOOGLE: list[dict[str, Any]] = [
    {"candidates": [{"content": {"parts": [{"text": "a"}]}}], "unseen": 1},
    {
        "candidates": [
            {"finishReason": "STOP", "groundingMetadata": {"webSearchQueries": ["q"], "groundingChunks": []}} | MORE
        ],
        "modelStatus": {"a": 1},
    },
]
RESPONSES: list[dict[str, Any]] = [
    {"type": "response.completed", "response": {"status": "completed", "output": [], "store": True} | MORE}
]

CASES: list[tuple[ModuleType, list[dict[str, Any]], tuple[str, ...]]] = [
    (openai_chat, OPENAI, (f"{WHERE}.new", f"{WHERE}.message.new", "answer.citations")),
    (anthropic_messages, ANTHROPIC, ("answer.context_management", "answer.new")),
    (gemini, GOOGLE, ("answer.modelStatus", f"{WHERE}.new", f"{WHERE}.groundingMetadata")),
    (openai_responses, RESPONSES, ("answer.new",)),
]


@pytest.mark.parametrize(("dialect", "events", "names"), CASES, ids=lambda it: getattr(it, "NAME", ""))
def test_fields_of_the_last_frames_that_have_no_event_are_named(
    dialect: ModuleType, events: list[dict[str, Any]], names: tuple[str, ...]
) -> None:
    reader = dialect.Reader()
    for event in events:
        for frame in sse.Reader().feed(sse.frame(json.dumps(event).encode())):
            reader.read(frame)
    assert carry.unsaid_fields(reader.unmodelled, dialect.REPEATS) == names
