"""Schemas that an answer or a strict call must keep to, as far as the API takes them.

As Anthropic's own SDK for Python (2.12) puts them: every object must be closed, and a keyword that the API does not
know is refused ("For 'object' type, property 'minProperties' is not supported").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

_TAKEN: Final = frozenset(
    {
        "$defs",
        "additionalProperties",
        "allOf",
        "anyOf",
        "const",
        "default",
        "definitions",
        "description",
        "enum",
        "items",
        "pattern",
        "properties",
        "required",
        "title",
        "type",
    }
)
_NAMED: Final = frozenset({"$defs", "definitions", "properties"})
_LISTED: Final = frozenset({"allOf", "anyOf"})
_FORMATS: Final = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"}
)
_BINDS_NOTHING: Final = frozenset({"$comment", "$id", "$schema", "deprecated", "propertyOrdering"})
_WITH_REFERENCE: Final = frozenset({"$defs", "$ref", "definitions"})


def closed(schema: Raw) -> Raw:
    """The same schema with closed objects; a bound that the API has no word for stands in the description.

    An object of which no properties are told stays open, for the API to refuse: closed it would always be empty.
    """
    return Raw(msgspec.json.encode(_closed(msgspec.json.decode(schema))))


# Any: a JSON value of unknown shape, from whichever client; every use is behind an isinstance.
def _closed(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {name: _within(name, value) for name, value in schema.items() if name in _WITH_REFERENCE}
    said: dict[str, Any] = {}
    bounds: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "oneOf" and "anyOf" not in schema:
            said["anyOf"] = _within("anyOf", value)
        elif _is_taken(name, value):
            said[name] = _within(name, value)
        elif name not in _BINDS_NOTHING:
            bounds[name] = value
    if "properties" in said and said.get("additionalProperties", True) in (True, {}):
        said["additionalProperties"] = False
    if bounds:
        said["description"] = _described(schema.get("description"), bounds)
    return said


def _is_taken(name: str, value: Any) -> bool:
    if name == "format":
        return isinstance(value, str) and value in _FORMATS
    return name in _TAKEN or (name == "minItems" and value in (0, 1))


def _within(name: str, value: Any) -> Any:
    if name in _NAMED and isinstance(value, dict):
        return {each: _closed(schema) for each, schema in value.items()}
    if name in _LISTED and isinstance(value, list):
        return [_closed(schema) for schema in value]
    return _closed(value) if name == "items" else value


def _described(description: Any, bounds: Mapping[str, Any]) -> str:
    told = msgspec.json.encode(bounds).decode()
    return f"{description}\n\n{told}" if isinstance(description, str) and description else told
