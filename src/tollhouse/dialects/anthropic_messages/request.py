"""A request for a message, in both directions.

Anthropic API reference, "Create a Message", version 2023-06-01 (read 2026-11-22). Canonical forms: null and defaults
are said by absence, and the older `output_format` is said as `output_config.format`.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse import errors
from tollhouse.dialects import chat, json_body
from tollhouse.dialects.anthropic_messages.foreign import adapted
from tollhouse.dialects.anthropic_messages.messages import Turn, read_system, read_turn, write_system, write_turns
from tollhouse.dialects.anthropic_messages.name import NAME
from tollhouse.dialects.anthropic_messages.thinking import Thinking, is_beyond, read_effort, write_thinking
from tollhouse.dialects.anthropic_messages.tools import ToolChoice, read_tool, write_choice, write_tool
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import FIELDS, Fields, Modelled

MAX_CAP: Final = 2**31 - 1
"""The largest cap on output that makes sense to write down, in tokens."""

DEFAULT_CAP: Final = 8_192
"""Written when nobody gave a cap, because the API demands one: every model on offer takes it. Thinking comes on top."""

Cap: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_CAP)] | None


class OutputFormat(msgspec.Struct):
    type: str
    schema: Raw = NULL


class OutputConfig(msgspec.Struct):
    effort: str | None = None
    format: OutputFormat | None = None


class Metadata(msgspec.Struct):
    user_id: str | None = None


class Settings(msgspec.Struct, kw_only=True):
    """Everything modelled but what is said and the tools, with the API's ranges. A cap of 0 only fills the cache."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    max_tokens: Cap = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=MAX_CAP)] | None = None
    stop_sequences: list[str] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None
    metadata: Metadata | None = None


class _Request(Settings, kw_only=True):
    messages: Annotated[list[Turn], Meta(min_length=1, max_length=100_000)]
    system: Raw = NULL
    tools: list[Raw] | None = None


_REQUEST = Modelled(_Request)
_METADATA = Modelled(Metadata)
_CONFIG = Modelled(OutputConfig)
_FORMAT = Modelled(OutputFormat)
_THINKING = Modelled(Thinking)
_CHOICE = Modelled(ToolChoice)


def read_request(body: bytes) -> chat.ChatRequest:
    """What a client asks.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    wire, extra = json_body.checked(_REQUEST.read, body)
    if not wire.model.isprintable():
        raise unprintable_model()
    messages = list(read_system(wire.system))
    for position, turn in enumerate(wire.messages):
        messages += read_turn(turn, position)
    config, choice = wire.output_config or OutputConfig(), wire.tool_choice
    return chat.ChatRequest(
        model=wire.model,
        messages=tuple(messages),
        tools=tuple([read_tool(raw, f"tools[{at}]") for at, raw in enumerate(wire.tools)]) if wire.tools else (),
        tool_choice=None if choice is None else choice.meaning,
        parallel_tool_calls=None if choice is None else choice.is_parallel,
        response_format=_read_format(config.format or wire.output_format),
        max_output_tokens=wire.max_tokens,
        temperature=wire.temperature,
        top_p=wire.top_p,
        top_k=wire.top_k,
        stop=tuple(wire.stop_sequences or ()),
        reasoning_effort=read_effort(config.effort),
        reasoning_budget_tokens=None if wire.thinking is None else wire.thinking.budget,
        user=None if wire.metadata is None else wire.metadata.user_id,
        stream=wire.stream is True,
        include_usage=wire.stream is True,
        dialect=NAME,
        extra=extra | _beyond(wire, body),
    )


def write_request(request: chat.ChatRequest) -> bytes:
    """The request as a body. A missing cap becomes `DEFAULT_CAP`; who knows the model's own limit gives that."""
    if request.dialect != NAME:
        request = adapted(request)
    first = list(takewhile(lambda message: message.role == "system", request.messages))
    wire: dict[str, Any] = {
        "model": request.model,
        "max_tokens": _cap(request),
        "system": write_system(first),
        "messages": write_turns(request.messages[len(first) :]),
        "tools": [write_tool(tool) for tool in request.tools] or None,
        "tool_choice": write_choice(request.tool_choice, request.parallel_tool_calls),
        "thinking": write_thinking(request.reasoning_budget_tokens),
        "output_config": _write_config(request),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "stop_sequences": request.stop or None,
        "metadata": None if request.user is None else {"user_id": request.user},
        "stream": request.stream or None,
    }
    return msgspec.json.encode({name: value for name, value in wire.items() if value is not None} | request.extra)


def unprintable_model() -> errors.InvalidRequest:
    """The model's name would not survive a header or a log line."""
    return errors.InvalidRequest("`model`: control characters are not allowed.", param="model")


def _cap(request: chat.ChatRequest) -> int:
    if request.max_output_tokens is not None:
        return request.max_output_tokens
    return DEFAULT_CAP + max(0, request.reasoning_budget_tokens or 0)


def _beyond(wire: _Request, body: bytes) -> Fields:
    """The modelled fields that say more than is modelled of them."""
    config, choice, thinking, form = wire.output_config, wire.tool_choice, wire.thinking, wire.output_format
    if not (config or choice or thinking or form or wire.metadata):
        return {}
    fields = FIELDS.decode(body)
    is_config_beyond = config is not None and _is_config_beyond(config, fields["output_config"])
    beyond = {
        "metadata": wire.metadata is not None and _says_more(fields["metadata"], _METADATA),
        "output_config": is_config_beyond,
        "thinking": thinking is not None and (thinking.budget is None or _says_more(fields["thinking"], _THINKING)),
        "tool_choice": choice is not None and (choice.meaning is None or _says_more(fields["tool_choice"], _CHOICE)),
        "output_format": form is not None and (is_config_beyond or _is_format_beyond(form, fields["output_format"])),
    }
    return {name: fields[name] for name, is_kept in beyond.items() if is_kept}


def _is_config_beyond(wire: OutputConfig, raw: Raw) -> bool:
    if is_beyond(wire.effort) or _says_more(raw, _CONFIG):
        return True
    return wire.format is not None and _is_format_beyond(wire.format, FIELDS.decode(raw)["format"])


def _is_format_beyond(wire: OutputFormat, raw: Raw) -> bool:
    return wire.type != "json_schema" or _says_more(raw, _FORMAT)


def _says_more(raw: Raw, than: Modelled[Any]) -> bool:
    return bool(than.read(raw)[1])


def _read_format(wire: OutputFormat | None) -> chat.ResponseFormat | None:
    """The form of the answer; a schema is always kept to."""
    if wire is None or wire.type != "json_schema":
        return None
    return chat.ResponseFormat(type="json_schema", schema=None if is_null(wire.schema) else wire.schema, strict=True)


def _write_config(request: chat.ChatRequest) -> dict[str, Any] | None:
    config: dict[str, Any] = {}
    if request.reasoning_effort is not None:
        config["effort"] = request.reasoning_effort
    form = request.response_format
    if form is not None and form.type == "json_schema":
        config["format"] = {"type": "json_schema", "schema": form.schema}
    return config or None
