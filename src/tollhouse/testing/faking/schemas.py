"""The simplest value that follows a JSON schema: for answers whose words do not matter, but whose form does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_TEXTS: Final = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "duration": "PT1M",
    "email": "ada@example.com",
    "time": "00:00:00Z",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_MOST_DEPTH: Final = 32


def example(schema: Any) -> Any:
    """The simplest value: all properties, lists as short as they may be, the first of what is to be chosen.

    Raises:
        ValueError: a pattern, a reference that leads nowhere or in a circle, or what is no schema: write the value.

    >>> example({"type": "object", "properties": {"title": {"type": "string"}, "stars": {"minimum": 1}}})
    {'title': 'title', 'stars': 1}
    """
    return _example(schema, schema, "text", 0)


def _example(schema: Any, root: Any, name: str, depth: int) -> Any:
    if schema is True:
        schema = {}
    if not isinstance(schema, Mapping):
        raise ValueError(f"{name}: no schema that a value can be made for: {schema!r}")  # noqa: TRY004 - of the caller
    if depth > _MOST_DEPTH:
        raise ValueError(f"{name}: the schema goes in a circle; write the value yourself: reply(json=…)")
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    if "$ref" in schema:
        return _example(_found(schema["$ref"], root), root, name, depth + 1)
    if "allOf" in schema:
        return _example(_merged(schema, root), root, name, depth + 1)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return _example(_simplest(schema[key]), root, name, depth + 1)
    match _type_of(schema):
        case "object":
            properties = schema.get("properties", {})
            return {key: _example(one, root, key, depth + 1) for key, one in properties.items()}
        case "array":
            least = schema.get("minItems", 0)
            first = schema.get("prefixItems", [])
            rest = [schema.get("items", True)] * max(0, least - len(first))
            return [_example(one, root, name, depth + 1) for one in (*first, *rest)]
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _text(schema, name)


def _type_of(schema: Mapping[str, Any]) -> str:
    told = schema.get("type")
    if isinstance(told, list):
        return next((one for one in told if one != "null"), "null")
    if told is not None:
        return str(told)
    for mark, kind in (("properties", "object"), ("items", "array"), ("prefixItems", "array")):
        if mark in schema:
            return kind
    return "number" if {"minimum", "maximum", "multipleOf"} & schema.keys() else "string"


def _number(schema: Mapping[str, Any]) -> Any:
    step = schema.get("multipleOf", 1)
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    value = least if least is not None else min(0, most) if most is not None else 0
    if value == schema.get("exclusiveMinimum") or value == schema.get("exclusiveMaximum"):
        value += step if least is not None else -step
    return -(-value // step) * step if "multipleOf" in schema else value


def _text(schema: Mapping[str, Any], name: str) -> str:
    if "pattern" in schema:
        raise ValueError(f"{name}: no text is made for a pattern; write the value yourself: reply(json=…)")
    text = _TEXTS.get(schema.get("format", ""), name)
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", len(text))]


def _simplest(choices: Any) -> Any:
    """The first that is more than nothing."""
    return next((one for one in choices if one != {"type": "null"}), choices[0])


def _merged(schema: Mapping[str, Any], root: Any) -> dict[str, Any]:
    whole = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        part = _found(part["$ref"], root) if "$ref" in part else part
        properties = {**whole.get("properties", {}), **part.get("properties", {})}
        whole = {**whole, **part, **({"properties": properties} if properties else {})}
    return whole


def _found(reference: str, root: Any) -> Any:
    found = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if not step:
            continue
        try:
            found = found[step.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise ValueError(f"the schema's reference {reference} leads nowhere") from None
    return found
