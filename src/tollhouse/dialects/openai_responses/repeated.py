"""What a response repeats of its request."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import FIELDS, Fields
from tollhouse.dialects.openai_responses.answer import UNSAID

_TOOLS = msgspec.json.Decoder(list[Fields])
_FUNCTION: Final = {"description": None, "parameters": None, "strict": None}


def repeat_request(body: bytes) -> dict[str, Any]:
    """The fields of a response that repeat a request which was read; their values are left as they came."""
    said = {name: raw for name, raw in FIELDS.decode(body).items() if not is_null(raw)}
    return {
        **{name: said.get(name, unsaid) for name, unsaid in UNSAID.items()},
        "instructions": said.get("instructions"),
        "metadata": said.get("metadata", {}),
        "reasoning": {"effort": None, "summary": None} | _fields(said.get("reasoning", NULL)),
        "text": {"format": {"type": "text"}} | _fields(said.get("text", NULL)),
        "tools": [_repeat_tool(tool) for tool in _TOOLS.decode(said["tools"])] if "tools" in said else [],
    }


def _fields(raw: Raw) -> Fields:
    return {} if is_null(raw) else FIELDS.decode(raw)


def _repeat_tool(tool: Fields) -> dict[str, Any]:
    is_function = bytes(tool.get("type", b"")) == b'"function"'
    return _FUNCTION | tool if is_function else dict(tool)
