"""Schemas of other dialects, as Anthropic's API takes them. Its own SDK makes schemas that it takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic import transform_schema
from msgspec import Raw

from tollhouse.dialects import anthropic_messages, carry, chat, gemini

TEXT = {"type": "string"}
CLOSED = {"additionalProperties": False}
USER = chat.Message(role="user", parts=(chat.TextPart("Hi"),))


def asking(**fields: Any) -> chat.ChatRequest:
    return chat.ChatRequest(model="claude-opus-5-5", messages=(USER,), dialect="openai_chat", **fields)


def said_of(schema: Any) -> Any:
    form = chat.ResponseFormat(type="json_schema", schema=Raw(json.dumps(schema).encode()))
    wire = json.loads(anthropic_messages.write_request(asking(response_format=form)))
    return wire["output_config"]["format"]["schema"]


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (thing(a=TEXT), thing(a=TEXT) | CLOSED),
        (thing(a=TEXT) | {"additionalProperties": True}, thing(a=TEXT) | CLOSED),
        (thing(a=TEXT) | CLOSED, thing(a=TEXT) | CLOSED),
        (thing(a=thing(b=TEXT)), thing(a=thing(b=TEXT) | CLOSED) | CLOSED),
        ({"type": "array", "items": thing()}, {"type": "array", "items": thing() | CLOSED}),
        ({"anyOf": [thing(), TEXT]}, {"anyOf": [thing() | CLOSED, TEXT]}),
        ({"oneOf": [thing(), TEXT]}, {"anyOf": [thing() | CLOSED, TEXT]}),
        ({"$defs": {"a": thing()}, "$ref": "#/$defs/a"}, {"$defs": {"a": thing() | CLOSED}, "$ref": "#/$defs/a"}),
        ({"$ref": "#/$defs/a", "description": "d"}, {"$ref": "#/$defs/a"}),
        (thing(a=TEXT) | {"propertyOrdering": ["a"], "$schema": "s"}, thing(a=TEXT) | CLOSED),
        (TEXT | {"format": "date"}, TEXT | {"format": "date"}),
        ({"type": ["string", "null"], "enum": ["a", None]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "array", "minItems": 1}, {"type": "array", "minItems": 1}),
        # Closed, these would be empty objects always; the API refuses them.
        ({"type": "object"}, {"type": "object"}),
        ({"type": "object", "additionalProperties": TEXT}, {"type": "object", "additionalProperties": TEXT}),
        (True, True),
    ],
)
def test_objects_are_closed_at_every_depth_and_all_else_stays(schema, said):
    assert said_of(schema) == said


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer", "minimum": 1}, {"type": "integer", "description": '{"minimum":1}'}),
        (TEXT | {"maxLength": 9, "description": "d"}, TEXT | {"description": 'd\n\n{"maxLength":9}'}),
        (TEXT | {"format": "enum"}, TEXT | {"description": '{"format":"enum"}'}),
        ({"type": "array", "minItems": 2}, {"type": "array", "description": '{"minItems":2}'}),
    ],
)
def test_a_bound_that_the_api_has_no_word_for_stands_in_the_description(schema, said):
    assert said_of(schema) == said


@pytest.mark.parametrize("strict", [True, False, None])
def test_only_a_strict_tool_must_have_such_parameters(strict):
    tool = chat.Tool(name="f", parameters=Raw(json.dumps(thing(a=TEXT)).encode()), strict=strict)
    (wire,) = json.loads(anthropic_messages.write_request(asking(tools=(tool,))))["tools"]
    assert wire["input_schema"] == thing(a=TEXT) | (CLOSED if strict else {})


def test_googles_schema_is_said_as_anthropics_own_sdk_says_it():
    properties = {
        "city": {"type": "STRING"},
        "people": {"type": "ARRAY", "items": {"type": "OBJECT", "properties": {}}},
    }
    config = {
        "responseMimeType": "application/json",
        "responseSchema": {"type": "OBJECT", "properties": properties, "propertyOrdering": ["city", "people"]},
    }
    asked = {"model": "claude-opus-5-5", "contents": [{"parts": [{"text": "Hi"}]}], "generationConfig": config}
    request = gemini.read_request(json.dumps(asked).encode())
    assert carry.losses(request, anthropic_messages.CARRIES, gemini.HINTS) == ()
    said = json.loads(anthropic_messages.write_request(request))["output_config"]["format"]["schema"]
    assert said == transform_schema(said)
