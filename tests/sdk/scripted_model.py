"""A small model without a mind: it answers what it is asked, by looking at the request and by nothing else.

It calls the tool it is told to call, with arguments from the question; fills the schema it is given; stops at a stop
sequence; and takes a conversation for granted only if every tool's answer follows its call, as vendors do. It reads
the vendors' own JSON, and nothing of the gateway's code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from tollhouse.testing import Request, done, finish, say, status, tool_call, usage
from tollhouse.testing.steps import Scripted

Json: TypeAlias = dict[str, Any]

INPUT_TOKENS, CACHED_TOKENS, CACHE_WRITE_TOKENS = 40, 16, 8
OUTPUT_TOKENS, REASONING_TOKENS = 12, 3
ENDING = (
    usage(
        INPUT_TOKENS,
        OUTPUT_TOKENS,
        input_cached_tokens=CACHED_TOKENS,
        input_cache_write_tokens=CACHE_WRITE_TOKENS,
        output_reasoning_tokens=REASONING_TOKENS,
    ),
    done(),
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What matters of a request.

    Attributes:
        question: the words of the last message of the user.
        result: what a tool said, if that came last.
        tools: their schemas by name.
        tool: the one that must be called; "" for any; None if none must.
        schema: of the answer, if it must have one.
        stop: what the answer may not contain.
        stray: the calls that tools answer without having been asked.
    """

    question: str
    result: str | None
    tools: dict[str, Json]
    tool: str | None
    schema: Json | None
    stop: list[str]
    stray: set[str]


def replies(request: Request) -> Scripted:
    """What the model says; for `WireProvider.always`."""
    read = asked_of_anthropic if request.path.endswith("/messages") else asked_of_openai
    asked = read(request.json)
    if asked.stray:
        return status(400, f"no tool was asked for these answers: {sorted(asked.stray)}")
    if (name := called(asked)) is not None:
        call = tool_call(name, filled(asked.tools[name], asked.question), pieces=3)
        chosen = [say("Let me see. ")] if asked.tool is None else []  # who must call a tool does so without a word
        return [*chosen, *call, finish("tool_calls"), *ENDING]
    text = spoken(asked)
    for stop in asked.stop:
        text = text.partition(stop)[0]
    return [*map(say, re.findall(r"\S+\s*", text)), finish(), *ENDING]


def called(asked: Asked) -> str | None:
    """The tool to call: the one that must be, or one that the question is about. Never two times in a row."""
    if not asked.tools or (asked.result is not None and asked.tool is None):
        return None
    if asked.tool:
        return asked.tool
    first, *_ = asked.tools
    named = (name for name in asked.tools if name in asked.question)
    about = (name for name in asked.tools if name.rpartition("_")[2] in asked.question)
    return next(named, next(about, first if asked.tool == "" else None))


def spoken(asked: Asked) -> str:
    """The words of an answer."""
    if asked.schema is not None:
        return json.dumps(filled(asked.schema, asked.question), ensure_ascii=False)
    if "as a JSON" in asked.question:
        return json.dumps(dict.fromkeys(re.findall(r"'(\w+)'", asked.question), "whatever you like"))
    if asked.result is not None:
        return f"The tool says: {asked.result}"
    return "Hello there, and how are you today?"


def filled(schema: Json, question: str) -> Json:
    """An object that the schema allows: with the question's numbers and quotations, in their order."""
    numbers = map(int, re.findall(r"-?\d+", question))
    quotations = iter(re.findall(r"'(.+?)'", question))
    return {name: value(part, numbers, quotations) for name, part in schema.get("properties", {}).items()}


def value(schema: Json, numbers: Iterator[int], quotations: Iterator[str]) -> Any:
    """A value of the schema's type, its first if it has several."""
    kind = next((part["type"] for part in schema.get("anyOf", [schema]) if "type" in part), "string")
    match kind:
        case "integer" | "number":
            return next(numbers, 7)
        case "string":
            return next(quotations, "whatever you like")
        case _:
            raise ValueError(f"the scripted model knows no {kind}")


# --- the dialects ----------------------------------------------------------------------------------------------------


def asked_of_openai(body: Json) -> Asked:
    """A request of Chat Completions."""
    messages, last = body["messages"], body["messages"][-1]
    asked_for = {call["id"] for message in messages for call in message.get("tool_calls") or []}
    answered = {message["tool_call_id"] for message in messages if message["role"] == "tool"}
    choice = body.get("tool_choice")
    form = body.get("response_format") or {}
    return Asked(
        question=words([message for message in messages if message["role"] == "user"][-1]["content"]),
        result=words(last["content"]) if last["role"] == "tool" else None,
        tools={tool["function"]["name"]: tool["function"].get("parameters", {}) for tool in body.get("tools") or []},
        tool=choice["function"]["name"] if isinstance(choice, dict) else {"required": ""}.get(choice or ""),
        schema=form.get("json_schema", {}).get("schema"),
        stop=body.get("stop") or [],
        stray=answered - asked_for,
    )


def asked_of_anthropic(body: Json) -> Asked:
    """A request of Messages."""
    blocks = [
        (message["role"], block)
        for message in body["messages"]
        for block in (
            message["content"]
            if isinstance(message["content"], list)
            else [{"type": "text", "text": message["content"]}]
        )
    ]
    said = [block["text"] for role, block in blocks if role == "user" and block["type"] == "text"]
    last = blocks[-1][1]
    choice = body.get("tool_choice") or {}
    form = (body.get("output_config") or {}).get("format")
    return Asked(
        question=said[-1],
        result=words(last.get("content") or "") if last["type"] == "tool_result" else None,
        tools={tool["name"]: tool["input_schema"] for tool in body.get("tools") or []},
        tool=choice.get("name", {"any": ""}.get(choice.get("type", ""))),
        schema=form["schema"] if form else None,
        stop=body.get("stop_sequences") or [],
        stray={block["tool_use_id"] for _, block in blocks if block["type"] == "tool_result"}
        - {block["id"] for _, block in blocks if block["type"] == "tool_use"},
    )


def words(content: str | list[Json]) -> str:
    """The text of a message's content."""
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content if part["type"] == "text")
