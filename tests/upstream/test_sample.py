"""Samples satisfy their schemas: pydantic writes the schemas and judges the samples."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tollhouse.upstream.sample import MAX_VALUES, SchemaError, sample


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid")
    street: Annotated[str, Field(min_length=20, max_length=30)]
    zip_code: Annotated[int, Field(gt=9_999, lt=100_000)]


class Person(Address):
    name: Annotated[str, Field(max_length=3)]
    born: datetime
    id: UUID
    colour: Colour
    kind: Literal["person"]
    height: Annotated[float, Field(gt=0.1, lt=0.2)]
    score: Annotated[float, Field(ge=-3, le=-2)]
    homes: Annotated[list[Address], Field(min_length=2)]
    none_left: Annotated[list[int], Field(max_length=0)]
    either: int | str
    perhaps: float | None
    is_grown: bool


class Node(BaseModel):
    value: int
    next: Node | None = None
    children: list[Node] = []


@pytest.mark.parametrize(
    "shape",
    [
        Person,
        Node,
        list[Person],
        dict[str, int],
        Annotated[int, Field(multiple_of=7, gt=70)],
        Annotated[int, Field(multiple_of=7, le=-70)],
        Annotated[float, Field(multiple_of=0.5, gt=1)],
        Annotated[str, Field(min_length=2_000)],
        None,
        bool,
    ],
)
def test_a_sample_satisfies_its_schema(shape: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(shape)
    made = sample(adapter.json_schema())
    adapter.validate_python(made, strict=False)
    assert sample(adapter.json_schema()) == made


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "example"),
        (True, None),
        ({"const": 5}, 5),
        ({"type": ["integer", "null"]}, 1),
        ({"oneOf": [{"type": "boolean"}, {"type": "null"}]}, True),
        ({"allOf": [{"properties": {"a": {"type": "null"}}}], "properties": {"b": {"const": 1}}}, {"a": None, "b": 1}),
        (
            {
                "allOf": [{"$ref": "#/$defs/x~1y"}],
                "$defs": {"x/y": {"type": "object", "properties": {"a": {"const": 2}}, "required": ["a"]}},
            },
            {"a": 2},
        ),
        ({"type": "object", "required": ["unnamed"]}, {"unnamed": None}),
        ({"type": "string", "format": "date"}, "2026-01-31"),
        ({"type": "array"}, [None]),
    ],
)
def test_what_a_schema_says_in_other_words_is_understood(schema: object, value: object) -> None:
    assert sample(schema) == value


@pytest.mark.parametrize(
    "schema",
    [
        False,
        None,
        [],
        {"type": "what"},
        {"type": []},
        {"enum": []},
        {"anyOf": {}},
        {"allOf": {}},
        {"allOf": [1]},
        {"properties": []},
        {"required": "a", "type": "object"},
        {"$ref": "#/$defs/missing"},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#"},
        {"properties": {"self": {"$ref": "#"}}, "required": ["self"]},
        {"type": "string", "pattern": "^a+$"},
        {"type": "string", "minLength": 5, "maxLength": 4},
        {"type": "string", "minLength": 10**9},
        {"type": "string", "minLength": "5"},
        {"type": "array", "minItems": 10**9},
        {"type": "array", "minItems": -1},
        {"type": "integer", "minimum": 0.2, "maximum": 0.8},
        {"type": "number", "minimum": 2, "maximum": 1},
        {"type": "number", "minimum": "2"},
        {"type": "number", "multipleOf": 0},
        {"type": "number", "minimum": 10**400},
        {"type": "number", "maximum": -(10**15)},
        {"type": "number", "multipleOf": 10**15},
        {"type": "string", "format": []},
    ],
)
def test_a_schema_without_a_small_value_is_refused(schema: object) -> None:
    with pytest.raises(SchemaError):
        sample(schema)


def test_the_bounds_of_a_whole_number_in_javascript_bind_nobody() -> None:
    safe = 2**53 - 1
    assert sample({"type": "integer", "minimum": -safe, "maximum": safe}) == 1
    assert sample({"type": "integer", "exclusiveMinimum": 0, "maximum": safe}) == 1


def test_a_schema_that_repeats_itself_does_not_fill_the_memory() -> None:
    nested: dict[str, Any] = {"type": "integer"}
    for _ in range(3):
        nested = {"type": "array", "minItems": 100, "items": nested}
    with pytest.raises(SchemaError, match="no small value"):
        sample(nested)
    assert len(sample({"type": "array", "minItems": 100, "items": {"type": "null"}})) == 100 < MAX_VALUES


KEYWORDS = [
    *("$ref", "$defs", "allOf", "anyOf", "const", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "items"),
    *("maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum", "multipleOf", "oneOf", "pattern"),
    *("properties", "required", "type"),
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.sampled_from(["object", "number", "#", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYWORDS), anything, max_size=5))
def test_nonsense_is_refused_and_breaks_nothing(schema: dict[str, Any]) -> None:
    try:
        made = sample(schema)
    except SchemaError:
        return
    assert sample(schema) == made
