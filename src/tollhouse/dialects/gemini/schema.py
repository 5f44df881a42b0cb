"""A schema in Google's subset of OpenAPI 3.0, as JSON Schema.

Gemini API reference, "Schema" (read 2026-11-22): types in capitals, `nullable` beside them, and numbers of 64 bits as
strings. What JSON Schema does not know (`propertyOrdering`, `example`) stays: there it is only a note.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from tollhouse.dialects.gemini.proto_json import camel

_COUNTS: Final = frozenset(
    {"maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties"},
)
_RENAMED: Final = {"ref": "$ref", "defs": "$defs"}


def as_json_schema(openapi: Raw) -> Raw:
    """The same schema as JSON Schema; what is no schema stays as it is, for the provider to refuse."""
    return Raw(msgspec.json.encode(_schema(msgspec.json.decode(openapi))))


# Any: a JSON value of unknown shape, since schemas are the caller's; every use is behind an isinstance.
def _schema(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    said = {camel(name): each for name, each in value.items()}
    is_nullable = said.pop("nullable", None) is True
    schema = {_RENAMED.get(name, name): _keyword(name, each) for name, each in said.items()}
    if schema.get("type") == "type_unspecified":
        del schema["type"]
    return _or_null(schema) if is_nullable else schema


def _keyword(name: str, value: Any) -> Any:
    if name == "type" and isinstance(value, str):
        return value.lower()
    if name in _COUNTS and isinstance(value, str) and value.isdecimal():
        return int(value)
    if name in ("items", "additionalProperties"):
        return _schema(value)
    if name in ("anyOf", "prefixItems") and isinstance(value, list):
        return [_schema(each) for each in value]
    if name in ("properties", "defs") and isinstance(value, dict):
        return {each: _schema(inner) for each, inner in value.items()}
    return value


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    return schema
