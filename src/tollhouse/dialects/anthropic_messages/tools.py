"""Tools, and the choice among them.

Anthropic, "Define tools" (read 2026-11-22). A tool without a type, or of type `custom`, is a function; all others are
Anthropic's own, and kept as they came. Whether tools may be called side by side is told with the choice.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat
from tollhouse.dialects.json_body import NULL, explain, is_null
from tollhouse.dialects.modelled import Modelled
from tollhouse.errors import InvalidRequest

FUNCTION_TYPES: Final = frozenset({None, "custom"})

_CHOICES: Final = {"auto": "auto", "none": "none", "any": "required"}
_WIRE_CHOICES: Final = {meant: said for said, meant in _CHOICES.items()}


class Tool(msgspec.Struct):
    """A tool as the wire has it."""

    name: Annotated[str, Meta(min_length=1)] | None = None
    type: str | None = None
    description: str | None = None
    input_schema: Raw = NULL
    strict: bool | None = None


class ToolChoice(msgspec.Struct):
    """The choice among tools as the wire has it."""

    type: Annotated[str, Meta(min_length=1)]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None

    @property
    def meaning(self) -> str | tuple[str, str] | None:
        """The choice in no dialect; None when we have no word for it."""
        if self.type == "tool" and self.name is not None:
            return ("function", self.name)
        return _CHOICES.get(self.type)

    @property
    def is_parallel(self) -> bool | None:
        """Whether tools may be called side by side; None when it is not told."""
        return None if self.disable_parallel_tool_use is None else not self.disable_parallel_tool_use


_TOOL = Modelled(Tool)


def read_tool(raw: Raw, where: str) -> chat.Tool:
    """The tool; `where` is its path in the request.

    Raises:
        InvalidRequest: it is malformed, or a function without a name.
    """
    try:
        wire, extra = _TOOL.read(raw)
    except msgspec.DecodeError as error:
        raise explain(error, inside=where) from None
    if wire.type not in FUNCTION_TYPES:
        return chat.Tool(type=wire.type or "", name=wire.name or "", raw=raw)
    if wire.name is None:
        raise InvalidRequest(f"`{where}.name` is missing.", param=f"{where}.name")
    return chat.Tool(
        name=wire.name,
        description=wire.description,
        parameters=None if is_null(wire.input_schema) else wire.input_schema,
        strict=wire.strict,
        extra=extra,
    )


def write_tool(tool: chat.Tool) -> Raw | dict[str, Any]:
    """The tool. One without parameters takes an empty object, because a schema must be told."""
    if tool.raw is not None:
        return tool.raw
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    wire["input_schema"] = {"type": "object", "properties": {}} if tool.parameters is None else tool.parameters
    if tool.strict is not None:
        wire["strict"] = tool.strict
    return wire | tool.extra


def write_choice(choice: str | tuple[str, str] | None, parallel: bool | None) -> dict[str, Any] | None:
    """The choice among tools; whether side by side can only be told with one, and `auto` is the default."""
    if choice is None and parallel is None:
        return None
    wire: dict[str, Any] = {"type": "tool", "name": choice[1]} if isinstance(choice, tuple) else {}
    if not isinstance(choice, tuple):
        wire = {"type": _WIRE_CHOICES.get(choice or "auto", "auto")}
    if parallel is not None and wire["type"] != "none":
        wire["disable_parallel_tool_use"] = not parallel
    return wire
