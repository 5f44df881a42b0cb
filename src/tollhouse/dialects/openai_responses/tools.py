"""The tools of a request, and the choice among them, in both directions.

A namespace holds functions (OpenAI, "Function calling", Defining namespaces, read 2026-11-30); Codex says so all that
MCP servers offer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse import errors
from tollhouse.dialects import chat, json_body
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import Fields, Modelled
from tollhouse.dialects.openai_responses.content import telling, without_nones
from tollhouse.dialects.openai_responses.settings import ToolChoice


class _Tool(msgspec.Struct):
    type: str
    name: str = ""
    description: str | None = None
    parameters: Raw = NULL
    strict: bool | None = None


_TOOL = Modelled(_Tool)
_RAWS = msgspec.json.Decoder(list[Raw])
_NAMESPACE: Final = "namespace"


def read_tools(raws: Sequence[Raw]) -> tuple[chat.Tool, ...]:
    """The tools, those of a namespace one by one; what is not a function is kept as it came. Raises InvalidRequest."""
    tools: list[chat.Tool] = []
    for position, raw in enumerate(raws):
        tools += _read_tool(raw, f"tools[{position}]")
    return tuple(tools)


def write_tools(tools: Sequence[chat.Tool]) -> list[Raw | dict[str, Any]]:
    """The tools as objects; neighbours of one namespace stand in it together."""
    wire: list[Raw | dict[str, Any]] = []
    for namespace, members in groupby(tools, attrgetter("namespace")):
        functions = list(map(_write_tool, members))
        if namespace is None:
            wire += functions
        else:
            head = without_nones(name=namespace.name, description=namespace.description)
            wire.append({"type": _NAMESPACE} | head | {"tools": functions})
    return wire


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


def _read_tool(raw: Raw, inside: str) -> Sequence[chat.Tool]:
    try:
        wire, extra = _TOOL.read(raw)
        if wire.type == _NAMESPACE:
            return _read_namespace(wire, extra, inside) or [chat.Tool(type=wire.type, raw=raw)]
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside=inside) from None
    if wire.type != "function":
        return [chat.Tool(type=wire.type, raw=raw)]
    if not wire.name:
        raise errors.InvalidRequest(f"`{inside}.name` is missing.", param=f"{inside}.name")
    return [
        chat.Tool(
            name=wire.name,
            description=wire.description,
            parameters=None if is_null(wire.parameters) else wire.parameters,
            strict=wire.strict,
            extra=telling(extra),
        )
    ]


def _read_namespace(wire: _Tool, extra: Fields, inside: str) -> list[chat.Tool]:
    """The functions of a namespace; none of one that must be said again as it came, since more is told of it."""
    says_more = extra.keys() != {"tools"} or wire.strict is not None or not is_null(wire.parameters)
    if says_more or not wire.name:
        return []
    space = chat.Namespace(wire.name, wire.description)
    raws = _RAWS.decode(extra["tools"])
    members = [tool for number, raw in enumerate(raws) for tool in _read_tool(raw, f"{inside}.tools[{number}]")]
    if any(tool.raw is not None or tool.namespace is not None for tool in members):
        return []
    return [replace(tool, namespace=space) for tool in members]


def _write_tool(tool: chat.Tool) -> Raw | dict[str, Any]:
    if tool.raw is not None:
        return tool.raw
    function = without_nones(
        name=tool.name, description=tool.description, parameters=tool.parameters, strict=tool.strict
    )
    return {"type": tool.type} | function | tool.extra
