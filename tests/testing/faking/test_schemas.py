"""The simplest value that follows a schema."""

from __future__ import annotations

from typing import Any

import pytest

from tollhouse.testing.faking.schemas import example

TREE = {"$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}}, "$ref": "#/$defs/node"}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (True, "text"),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 0),
        ({"type": "boolean"}, True),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "minimum": 5, "multipleOf": 4}, 8),
        ({"type": "string", "minLength": 6}, "textxx"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"enum": ["a", "b"]}, "a"),
        ({"const": 7}, 7),
        ({"type": "string", "default": "d"}, "d"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 0),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"prefixItems": [{"const": 1}, {"type": "boolean"}]}, [1, True]),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}, {"a": 1, "b": 2}),
        ({"$defs": {"x": {"const": 1}}, "properties": {"a": {"$ref": "#/$defs/x"}}}, {"a": 1}),
    ],
)
def test_a_value_follows_its_schema(schema: Any, value: Any):
    assert example(schema) == value


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"pattern": "^a"}, "no text is made for a pattern"),
        ({"$ref": "#/$defs/none"}, "leads nowhere"),
        (TREE, "goes in a circle"),
        (False, "no schema"),
    ],
)
def test_what_no_value_is_made_for_is_said(schema: Any, told: str):
    with pytest.raises(ValueError, match=told):
        example(schema)
