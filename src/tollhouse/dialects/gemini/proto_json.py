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
from tollhouse.dialects.json_body import NULL, is_null

Fields: TypeAlias = dict[str, Raw]
T = TypeVar("T", bound=msgspec.Struct)

_BODY = msgspec.json.Decoder(Raw)
_FIELDS = msgspec.json.Decoder(Fields)
_ITEMS = msgspec.json.Decoder(list[Raw])
_SNAKE = re.compile(r"_([a-z0-9])")
_NULL_BYTES = len(NULL)
_EMPTY = Raw(b"{}")


class Message(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """An object as the protocol defines it; `read_object` tells what else one has."""


def read_body(decoder: msgspec.json.Decoder[T], body: bytes) -> tuple[T, Fields]:
    """A whole body as `read_object` gives it, after its depth and encoding were checked. Raises InvalidRequest."""
    return read_object(decoder, json_body.decode(_BODY, body), "")


def read_object(decoder: msgspec.json.Decoder[T], raw: Raw, inside: str) -> tuple[T, Fields]:
    """An object as a `Message`, and what it says beyond that, by lowerCamelCase names; null is an empty one.

    Of a field that comes twice, by whichever names, the last counts.

    Raises:
        InvalidRequest: of another type; `param` is the path of the field, which `inside` begins.
    """
    if says_nothing(raw):
        raw = _EMPTY
    try:
        return decoder.decode(raw), {}
    except msgspec.DecodeError:
        # Most objects hold nothing else; what was wrong with this one is found out below.
        return _read_slowly(decoder, raw, inside)


def read_items(raw: Raw, inside: str) -> list[Raw]:
    """The elements of a list, the only one by itself, or none for null. Raises InvalidRequest."""
    if says_nothing(raw):
        return []
    if memoryview(raw)[0] == ord("{"):
        return [raw]
    try:
        return _ITEMS.decode(raw)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside) from None


def read_fields(raw: Raw | bytes) -> Fields:
    """The fields of a valid object, by their lowerCamelCase names."""
    return {camel(name): value for name, value in _FIELDS.decode(raw).items()}


def says_nothing(raw: Raw) -> bool:
    """Null, or absent where the default is `NULL`."""
    return raw is NULL or (len(raw) == _NULL_BYTES and is_null(raw))


def below(path: str, fields: Fields) -> Fields:
    """Fields by their whole path."""
    return {f"{path}.{name}": raw for name, raw in fields.items()} if fields else fields


def camel(name: str) -> str:
    """The name in lowerCamelCase."""
    return _SNAKE.sub(lambda match: match[1].upper(), name) if "_" in name else name


def _read_slowly(decoder: msgspec.json.Decoder[T], raw: Raw, inside: str) -> tuple[T, Fields]:
    known = decoder.type.__struct_encode_fields__
    try:
        fields = read_fields(raw)
        modelled = {name: value for name, value in fields.items() if name in known}
        wire = decoder.decode(msgspec.json.encode(modelled))
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside) from None
    extra = {name: value for name, value in fields.items() if name not in known and not says_nothing(value)}
    if odd := next((name for name in extra if not name.isidentifier()), None):
        raise errors.InvalidRequest(f"{odd[:64]!r} is not the name of a field.", param=inside or None)
    return wire, extra
