"""Fields by the names that clients of Gemini and Responses have for them; Anthropic's have a page of their own."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from tollhouse.dialects import anthropic_messages, gemini, openai_chat, openai_responses
from tollhouse.dialects.carry import losses
from tollhouse.errors import InvalidRequest

HI = [{"role": "user", "parts": [{"text": "a"}]}]
TOOL = {"functionDeclarations": [{"name": "f", "behavior": "BLOCKING"}]}


def told(spoken: ModuleType, into: ModuleType, **fields: Any) -> tuple[str, ...]:
    """What of a request gets lost in another dialect; raises InvalidRequest."""
    request = spoken.read_request(json.dumps({"model": "m"} | fields).encode())
    return losses(request, into.CARRIES, spoken.HINTS, told_as=spoken.paths_of(request))


@pytest.mark.parametrize(
    ("fields", "into", "path"),
    [
        ({"generationConfig": {"topK": 3}}, openai_responses, "generationConfig.topK"),
        ({"generationConfig": {"seed": 3}}, anthropic_messages, "generationConfig.seed"),
        ({"generationConfig": {"frequencyPenalty": 1}}, anthropic_messages, "generationConfig.frequencyPenalty"),
        ({"contents": [{"role": "user", "parts": [{"videoMetadata": {}}]}]}, openai_chat, "contents[].parts[]"),
        ({"tools": [TOOL]}, openai_chat, "tools[].functionDeclarations[].behavior"),
    ],
)
def test_a_client_of_gemini_is_told_by_its_own_names(fields, into, path):
    assert path in named(gemini, into, {"contents": HI} | fields)


TOOLS = [{"type": "function", "name": "f"}, {"type": "function", "name": "g", "new": 1}]


@pytest.mark.parametrize(
    ("fields", "into", "path"),
    [
        ({"reasoning": {"effort": "low"}}, gemini, "reasoning.effort"),
        ({"include": ["message.output_text.logprobs"]}, anthropic_messages, "include"),
        ({"input": [{"type": "web_search_call", "id": "w"}]}, openai_chat, "input[].content[]"),
        ({"input": [{"role": "user", "content": "a", "new": 1}]}, openai_chat, "input[].new"),
        ({"user": "ada"}, gemini, "user"),
        ({"tools": [{"type": "namespace", "name": "n", "tools": TOOLS}]}, openai_chat, "tools[0].tools[1].new"),
    ],
)
def test_a_client_of_responses_is_told_by_its_own_names(fields, into, path):
    assert path in named(openai_responses, into, {"input": "a"} | fields)


def named(spoken: ModuleType, into: ModuleType, fields: dict[str, Any]) -> tuple[str, ...]:
    """The fields that are lost, or the one that is refused."""
    try:
        return told(spoken, into, **fields)
    except InvalidRequest as refused:
        return (str(refused.param),)
