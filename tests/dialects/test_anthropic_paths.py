"""Fields by the names that a client of Anthropic's dialect has for them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tollhouse.dialects import anthropic_messages, openai_chat
from tollhouse.dialects.carry import losses
from tollhouse.errors import InvalidRequest

SYSTEM = [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}]
TEXT = {"type": "text", "text": "a"}
FOUND = {"type": "search_result", "source": "s", "title": "t", "content": []}
CALLS = [TEXT, *[{"type": "tool_use", "id": name, "name": "f", "input": {}} for name in "xy"]]
RESULTS = [{"type": "tool_result", "tool_use_id": name, "content": "1"} for name in "xy"]


def told(*turns: Any, **fields: Any) -> tuple[str, ...]:
    """What of turns by user and assistant gets lost over chat completions; raises InvalidRequest."""
    messages = [{"role": ("user", "assistant")[at % 2], "content": turn} for at, turn in enumerate(turns)]
    body = json.dumps({"model": "m", "max_tokens": 5, "messages": messages} | fields).encode()
    request = anthropic_messages.read_request(body)
    paths = anthropic_messages.paths_of(request)
    return losses(request, openai_chat.CARRIES, anthropic_messages.HINTS, told_as=paths)


@pytest.mark.parametrize("system", [None, "s", SYSTEM])
@pytest.mark.parametrize(
    ("turns", "path"),
    [
        ([[FOUND]], "messages[0].content[0]"),
        ([[TEXT, FOUND]], "messages[0].content[1]"),
        (["a", "b", [TEXT, FOUND]], "messages[2].content[1]"),
        # The answers of tools are messages to us, and blocks of one turn there.
        (["a", CALLS, [*RESULTS, TEXT, FOUND]], "messages[2].content[3]"),
        (["a", CALLS, [*RESULTS, TEXT], "b", [FOUND]], "messages[4].content[0]"),
        (["a", CALLS, [RESULTS[0], RESULTS[1] | {"content": [TEXT, FOUND]}]], "messages[2].content[1].content[1]"),
        (["a", CALLS, [RESULTS[0], RESULTS[1] | {"new": 1}]], "messages[2].content[1].new"),
        (["a", [*CALLS[:2], CALLS[2] | {"new": 1}], RESULTS], "messages[1].content[2].new"),
    ],
)
def test_a_refused_block_is_named_where_it_stands(system, turns, path):
    with pytest.raises(InvalidRequest, match=f"`{path}`".replace("[", r"\[")) as refused:
        told(*turns, system=system)
    assert refused.value.param == path


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"system": SYSTEM}, "system[].cache_control"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2_000}}, "thinking"),
        ({"metadata": {"user_id": "u" * 65}}, "metadata.user_id"),
        ({"tools": [{"name": "f", "defer_loading": True}]}, "tools[].defer_loading"),
        ({"service_tier": "auto"}, "service_tier"),
    ],
)
def test_a_field_that_is_lost_has_its_clients_name(fields, path):
    assert told("a", **fields) == (path,)


def test_a_tools_failure_and_a_last_message_of_the_model_are_named_by_their_turns():
    failed = [RESULTS[0] | {"is_error": True}, RESULTS[1]]
    assert told("a", CALLS, failed, "b", system="s") == ("messages[].content[].is_error", "messages[]")
