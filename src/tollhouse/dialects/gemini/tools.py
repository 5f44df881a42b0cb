"""The tools a model may use.

Gemini API reference, "Tool" and "FunctionDeclaration" (read 2026-11-22). Functions are said in one tool, and their
parameters as JSON Schema, which loses nothing; those in Google's own form are read as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat
from tollhouse.dialects.gemini.proto_json import Message, read_items, read_object, says_nothing
from tollhouse.dialects.gemini.schema import as_json_schema
from tollhouse.dialects.json_body import NULL


class _Tool(Message):
    function_declarations: Raw = NULL


class _Function(Message):
    name: Annotated[str, Meta(min_length=1)]
    description: str | None = None
    parameters: Raw = NULL
    parameters_json_schema: Raw = NULL


_TOOL = msgspec.json.Decoder(_Tool)
_FUNCTION = msgspec.json.Decoder(_Function)


def read_tools(raw: Raw) -> tuple[chat.Tool, ...]:
    """The functions, and then each tool that Google runs, by its name. Raises InvalidRequest."""
    functions: list[chat.Tool] = []
    others: list[chat.Tool] = []
    for position, each in enumerate(read_items(raw, "tools")):
        inside = f"tools[{position}]"
        wire, provided = read_object(_TOOL, each, inside)
        inside += ".functionDeclarations"
        for number, function in enumerate(read_items(wire.function_declarations, inside)):
            functions.append(_read_function(function, f"{inside}[{number}]"))
        for name, value in provided.items():
            others.append(chat.Tool(type=name, raw=Raw(msgspec.json.encode({name: value}))))
    return (*functions, *others)


def write_tools(tools: Sequence[chat.Tool]) -> list[Any]:
    """The tools as the wire has them."""
    functions = [_write_function(tool) for tool in tools if tool.raw is None]
    others = [tool.raw for tool in tools if tool.raw is not None]
    return [{"functionDeclarations": functions}, *others] if functions else others


def _read_function(raw: Raw, inside: str) -> chat.Tool:
    wire, extra = read_object(_FUNCTION, raw, inside)
    parameters = None if says_nothing(wire.parameters_json_schema) else wire.parameters_json_schema
    if parameters is None and not says_nothing(wire.parameters):
        parameters = as_json_schema(wire.parameters)
    return chat.Tool(
        name=wire.name,
        description=wire.description,
        parameters=parameters,
        extra=extra,
    )


def _write_function(tool: chat.Tool) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    if tool.parameters is not None:
        wire["parametersJsonSchema"] = tool.parameters
    return wire | tool.extra
