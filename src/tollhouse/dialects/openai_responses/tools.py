"""The tools of a request, and the choice among them, in both directions."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import chat, json_body
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import Modelled
from tollhouse.dialects.openai_responses.content import telling, without_nones
from tollhouse.dialects.openai_responses.settings import ToolChoice


class _Tool(msgspec.Struct):
    type: str
    name: str = ""
    description: str | None = None
    parameters: Raw = NULL
    strict: bool | None = None


_TOOL = Modelled(_Tool)


def read_tool(position: int, raw: Raw) -> chat.Tool:
    """A tool; what is not a function is kept as it came. Raises InvalidRequest."""
    try:
        wire, extra = _TOOL.read(raw)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside=f"tools[{position}]") from None
    if wire.type != "function":
        return chat.Tool(type=wire.type, raw=raw)
    if not wire.name:
        raise errors.InvalidRequest(f"`tools[{position}].name` is missing.", param=f"tools[{position}].name")
    return chat.Tool(
        name=wire.name,
        description=wire.description,
        parameters=None if is_null(wire.parameters) else wire.parameters,
        strict=wire.strict,
        extra=telling(extra),
    )


def write_tool(tool: chat.Tool) -> Raw | dict[str, Any]:
    """The tool as an object."""
    if tool.raw is not None:
        return tool.raw
    function = without_nones(
        name=tool.name, description=tool.description, parameters=tool.parameters, strict=tool.strict
    )
    return {"type": tool.type} | function | tool.extra


def read_tool_choice(wire: str | ToolChoice | None) -> str | tuple[str, str] | None:
    """The choice; None when it is of a kind that is not modelled."""
    if isinstance(wire, ToolChoice):
        return ("function", wire.name) if wire.type == "function" and wire.name else None
    return wire


def write_tool_choice(choice: str | tuple[str, str] | None) -> str | dict[str, Any] | None:
    """The choice as a word or an object."""
    if isinstance(choice, tuple):
        return {"type": choice[0], "name": choice[1]}
    return choice
