"""JSON as protocol buffers have it: what Google's servers take beyond what their pages show.

Protocol Buffers, "ProtoJSON Format" (read 2026-11-22): a field is named in lowerCamelCase or as its definition has it
(`maxOutputTokens`, `max_output_tokens`), null says nothing, and names that are not defined are refused. Where a list is
wanted, Google also takes its only element by itself.
"""

from __future__ import annotations

import re
from typing import TypeAlias, TypeVar

import msgspec
from msgspec import Raw

from tollhouse import errors
from tollhouse.dialects import json_body
from tollhouse.dialects.json_body import is_null

Fields: TypeAlias = dict[str, Raw]
T = TypeVar("T", bound=msgspec.Struct)

_FIELDS = msgspec.json.Decoder(Fields)
_ITEMS = msgspec.json.Decoder(list[Raw])
_SNAKE = re.compile(r"_([a-z0-9])")


def read_body(decoder: msgspec.json.Decoder[T], body: bytes) -> tuple[T, Fields]:
    """A whole body as `read_object` gives it, after its depth and encoding were checked. Raises InvalidRequest."""
    fields = json_body.decode(_FIELDS, body)
    return _typed(decoder, body, fields, "")


def read_object(decoder: msgspec.json.Decoder[T], raw: Raw, inside: str) -> tuple[T, Fields]:
    """An object as its type, and its fields as they came, by their lowerCamelCase names; absent for null.

    Raises:
        InvalidRequest: of another type; `param` is the path of the field, which `inside` begins.
    """
    if is_null(raw):
        return decoder.decode(b"{}"), {}
    try:
        fields = _FIELDS.decode(raw)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside) from None
    return _typed(decoder, raw, fields, inside)


def read_items(raw: Raw, inside: str) -> list[Raw]:
    """The elements of a list, the only one by itself, or none for null. Raises InvalidRequest."""
    if is_null(raw):
        return []
    if memoryview(raw)[0] == ord("{"):
        return [raw]
    try:
        return _ITEMS.decode(raw)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside) from None


def unmodelled(fields: Fields, wire: type[msgspec.Struct], path: str = "") -> Fields:
    """What an object says beyond its type: each field by its name, or by its whole path."""
    known = wire.__struct_encode_fields__
    return {path + name: raw for name, raw in fields.items() if name not in known and not is_null(raw)}


def camel(name: str) -> str:
    """The name in lowerCamelCase."""
    return _SNAKE.sub(lambda match: match[1].upper(), name)


def _typed(decoder: msgspec.json.Decoder[T], raw: bytes | Raw, fields: Fields, inside: str) -> tuple[T, Fields]:
    """Of a field that comes twice, by whichever names, the last counts."""
    if odd := next((name for name in fields if not name.isidentifier()), None):
        raise errors.InvalidRequest(f"{odd[:64]!r} is not the name of a field.", param=inside or None)
    if any("_" in name for name in fields):
        fields = {camel(name): value for name, value in fields.items()}
        raw = msgspec.json.encode(fields)
    try:
        return decoder.decode(raw), fields
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside) from None
