"""A request, in both directions.

Gemini API reference, "generateContent" (read 2026-11-22). Model and stream are said in the address, not here: who reads
finds them in the body as `model` and `stream`, where the surface has put them, and who writes leaves them out.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from tollhouse import errors
from tollhouse.dialects import chat
from tollhouse.dialects.gemini.carries import NAME
from tollhouse.dialects.gemini.foreign import adapted
from tollhouse.dialects.gemini.messages import read_messages, read_system, write_contents, write_system
from tollhouse.dialects.gemini.proto_json import Fields, Message, read_body, read_items
from tollhouse.dialects.gemini.settings import (
    read_config,
    read_effort,
    read_tool_config,
    write_config,
    write_tool_config,
)
from tollhouse.dialects.gemini.tools import read_tools, write_tools
from tollhouse.dialects.json_body import NULL

MAX_CONTENTS = 10_000


class Request(Message, kw_only=True):
    """A request as the wire has it, and what the surface put into it."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    stream: bool | None = None
    contents: Raw
    system_instruction: Raw = NULL
    tools: Raw = NULL
    tool_config: Raw = NULL
    generation_config: Raw = NULL


_REQUEST = msgspec.json.Decoder(Request)


def read_request(body: bytes) -> chat.ChatRequest:
    """What a client asks. A stream always tells its usage.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    wire, extra = read_body(_REQUEST, body)
    check_model(wire.model)
    config, thinking, form, of_config = read_config(wire.generation_config)
    tool_choice, of_tools = read_tool_config(wire.tool_config)
    return chat.ChatRequest(
        model=wire.model,
        messages=(*read_system(wire.system_instruction), *read_messages(read_contents(wire.contents))),
        tools=read_tools(wire.tools),
        tool_choice=tool_choice,
        response_format=form,
        max_output_tokens=config.max_output_tokens,
        temperature=config.temperature,
        top_p=config.top_p,
        top_k=config.top_k,
        presence_penalty=config.presence_penalty,
        frequency_penalty=config.frequency_penalty,
        stop=tuple(config.stop_sequences or ()),
        n=config.candidate_count or 1,
        seed=config.seed,
        logprobs=config.response_logprobs,
        top_logprobs=config.logprobs if config.response_logprobs else None,
        reasoning_effort=read_effort(thinking.thinking_level),
        reasoning_budget_tokens=thinking.thinking_budget,
        stream=wire.stream is True,
        include_usage=wire.stream is True,
        dialect=NAME,
        extra=extra | of_config | of_tools,
    )


def write_request(request: chat.ChatRequest) -> bytes:
    """The request as a body."""
    is_own = request.dialect == NAME
    if not is_own:
        request = adapted(request)
    wire: dict[str, Any] = {
        "contents": write_contents(request.messages, is_own=is_own),
        "systemInstruction": write_system(request.messages, is_own=is_own),
        "tools": write_tools(request.tools) or None,
        "toolConfig": write_tool_config(request.tool_choice) or None,
        "generationConfig": write_config(request) or None,
    }
    wire = {name: value for name, value in wire.items() if value is not None}
    _say_again(wire, request.extra)
    return msgspec.json.encode(wire)


def read_contents(raw: Raw) -> list[Raw]:
    """The turns of a conversation, at least one. Raises InvalidRequest."""
    contents = read_items(raw, "contents")
    check_count(len(contents))
    return contents


def check_count(turns: int) -> None:
    """Raises InvalidRequest for a conversation without a turn, or with too many."""
    if not 0 < turns <= MAX_CONTENTS:
        raise errors.InvalidRequest(f"`contents`: give 1 to {MAX_CONTENTS} of them.", param="contents")


def check_model(model: str) -> None:
    """Raises InvalidRequest for a name that would not survive a header or a log line."""
    if not model.isprintable():
        raise errors.InvalidRequest("`model`: control characters are not allowed.", param="model")


def _say_again(wire: dict[str, Any], extra: Fields) -> None:
    """Put each unmodelled field where its path leads."""
    for path, raw in extra.items():
        *outer, name = path.split(".")
        place = wire
        for step in outer:
            place = place.setdefault(step, {})
        place[name] = raw
