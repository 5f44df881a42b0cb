"""A small JSON value that satisfies a JSON Schema: what the demo's tools and JSON answers are made of."""

from __future__ import annotations

import operator
from typing import Any, Final, TypeVar

MAX_VALUES: Final = 1_000
"""A sample holds no more values than this: schemas come from callers, and may repeat themselves without end."""

_MAX_LENGTH: Final = 10_000
_MAX_ITEMS: Final = 100
_MAX_DEPTH: Final = 32
_MAX_NUMBER: Final = 10**15
_OPTIONAL_DEPTH: Final = 3
_BOUNDS: Final = {
    "minimum": operator.ge,
    "maximum": operator.le,
    "exclusiveMinimum": operator.gt,
    "exclusiveMaximum": operator.lt,
}
_FORMATS: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "PT1H",
    "email": "demo@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "12:00:00Z",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


_T = TypeVar("_T")


class SchemaError(ValueError):
    """No small value satisfies the schema, or none that the demo can find."""


def sample(schema: object) -> Any:
    """The same value each time for the same schema.

    Honoured: `$ref` within the document, `const`, `enum`, `anyOf`, `oneOf`, `allOf`, types and lists of types, items,
    properties (optional ones near the top only), and the bounds of lengths and numbers.

    Raises:
        SchemaError: no schema, contradicting itself, without a finite value, too large, or asking for a `pattern`.

    >>> sample({"properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 3}}})
    {'city': 'example', 'days': 3}
    """
    return _Sampler(schema).value(schema, 0)


class _Sampler:
    """Makes one sample; holds the document that references point into, and how much was made already."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._made = 0

    def value(self, schema: object, depth: int) -> Any:
        self._made += 1
        if self._made > MAX_VALUES or depth > _MAX_DEPTH:
            raise SchemaError("the schema has no small value")
        if schema is True:
            return None
        if not isinstance(schema, dict):
            raise SchemaError("a schema is an object")
        if "$ref" in schema:
            return self.value(self._referenced(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return _first(schema, "enum")
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self.value(_chosen(schema, choice, depth), depth + 1)
        if "allOf" in schema:
            return self.value(self._merged(schema), depth + 1)
        return self._typed(schema, depth)

    def _typed(self, schema: dict[str, Any], depth: int) -> Any:
        match _type(schema, depth):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return _string(schema)
            case "integer":
                return _number(schema, whole=True)
            case "number":
                return _number(schema, whole=False)
            case "boolean":
                return True
            case "null":
                return None
            case unknown:
                raise SchemaError(f"{unknown!r} is not a type of JSON Schema")

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties, required = _keyword(schema, "properties", dict), _keyword(schema, "required", list)
        if not all(isinstance(name, str) for name in required):
            raise SchemaError("required is a list of names")
        wanted = [name for name in properties if depth < _OPTIONAL_DEPTH or name in required]
        wanted += [name for name in required if name not in properties]
        return {name: self.value(properties.get(name, True), depth + 1) for name in wanted}

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        usual = 1 if depth < _OPTIONAL_DEPTH else 0
        count = max(_count(schema, "minItems", 0), min(usual, _count(schema, "maxItems", usual)))
        if count > _MAX_ITEMS:
            raise SchemaError(f"more than {_MAX_ITEMS} items are no sample")
        return [self.value(schema.get("items", True), depth + 1) for _ in range(count)]

    def _merged(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema with all of its `allOf` in one: properties and required are joined, the later word holds."""
        parts = _keyword(schema, "allOf", list)
        merged: dict[str, Any] = {}
        for part in (*parts, {key: value for key, value in schema.items() if key != "allOf"}):
            known = self._referenced(part["$ref"]) if isinstance(part, dict) and "$ref" in part else part
            if not isinstance(known, dict):
                raise SchemaError("a schema is an object")
            properties = _keyword(merged, "properties", dict) | _keyword(known, "properties", dict)
            required = _keyword(merged, "required", list) + _keyword(known, "required", list)
            merged |= known
            if properties:
                merged |= {"type": "object", "properties": properties, "required": required}
        return merged

    def _referenced(self, reference: object) -> object:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise SchemaError("a $ref points into its own document: #/$defs/…")
        found = self._root
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or name not in found:
                raise SchemaError(f"the $ref {reference[:80]!r} points to nothing")
            found = found[name]
        return found


def _chosen(schema: dict[str, Any], key: str, depth: int) -> object:
    """The first alternative; further down one that ends there, so that a list's `next` does not go on for ever."""
    options = _keyword(schema, key, list)
    ends = [option for option in options if isinstance(option, dict) and option.get("type") == "null"]
    return ends[0] if ends and depth >= _OPTIONAL_DEPTH else _first(schema, key)


def _type(schema: dict[str, Any], depth: int) -> object:
    told = schema.get("type")
    if isinstance(told, list):
        return "null" if "null" in told and depth >= _OPTIONAL_DEPTH else _first(schema, "type")
    if told is None:
        return "object" if "properties" in schema else "array" if "items" in schema else "string"
    return told


def _string(schema: dict[str, Any]) -> str:
    if "pattern" in schema:
        raise SchemaError("a pattern is beyond the demo")
    shortest, longest = _count(schema, "minLength", 0), _count(schema, "maxLength", _MAX_LENGTH)
    if shortest > min(longest, _MAX_LENGTH):
        raise SchemaError("no string is that long")
    text = _FORMATS.get(_keyword(schema, "format", str), "example")
    return text[:longest].ljust(shortest, "x")


def _number(schema: dict[str, Any], *, whole: bool) -> int | float:
    """The first number near 1, or near a bound, that keeps all bounds."""
    step = _bound(schema, "multipleOf")
    told = [bound for key in _BOUNDS if (bound := _bound(schema, key)) is not None]
    stride = step or 1
    near: list[int | float] = [(around // stride + k) * stride for around in (1, *told) for k in (0, 1, -1)]
    if step is None and not whole:
        near += [*told, sum(told) / max(len(told), 1)]
    for number in near:
        if _keeps_bounds(number, schema) and (not whole or number == int(number)):
            return int(number) if whole else number
    raise SchemaError("no number is within these bounds")


def _keeps_bounds(number: float, schema: dict[str, Any]) -> bool:
    return all(keeps(number, schema[key]) for key, keeps in _BOUNDS.items() if key in schema)


def _bound(schema: dict[str, Any], key: str) -> int | float | None:
    value = schema.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SchemaError(f"{key} is a number")
    if abs(value) >= _MAX_NUMBER:
        if key in _BOUNDS and (value < 0) == key.lower().endswith("minimum"):
            # Zod bounds whole numbers by those that JavaScript has, which keeps nobody from 1.
            return None
        raise SchemaError(f"{key} is a number below 10^15")
    if key == "multipleOf" and value <= 0:
        raise SchemaError("multipleOf is above 0")
    return value


def _count(schema: dict[str, Any], key: str, otherwise: int) -> int:
    value = schema.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SchemaError(f"{key} is a count")
    return value


def _first(schema: dict[str, Any], key: str) -> Any:
    options = _keyword(schema, key, list)
    if not options:
        raise SchemaError(f"{key} is empty")
    return options[0]


def _keyword(schema: dict[str, Any], key: str, shape: type[_T]) -> _T:
    """The keyword's value, or an empty one when the schema does not have it."""
    value = schema.get(key, shape())
    if not isinstance(value, shape):
        raise SchemaError(f"{key} has another type than JSON Schema gives it")
    return value
