"""Objects of which some fields are modelled, and all others kept as they came.

Most objects hold nothing but what is modelled, and are decoded once, by a decoder that takes no other fields. Only one
that says more is decoded a second time, for its fields.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Raw

Fields: TypeAlias = dict[str, Raw]
"""The fields of an object, left undecoded, to be said again as they came."""

FIELDS: Final = msgspec.json.Decoder(Fields)
ANY: Final = msgspec.json.Decoder(Raw)

_NOTHING: Final = (b"null", b"[]", b"{}", b'""')

S = TypeVar("S", bound=msgspec.Struct)


class Modelled(Generic[S]):
    """Reads objects as a struct, or as one of several that their tag tells apart, and the rest."""

    def __init__(self, *shapes: type[S]) -> None:
        """Read objects of these shapes. None of the structs inside them is looked into for a rest of its own."""
        exact = [msgspec.defstruct(each.__name__, [], bases=(each,), forbid_unknown_fields=True) for each in shapes]
        self._exact: msgspec.json.Decoder[S] = msgspec.json.Decoder(_any_of(exact))
        self._tolerant: msgspec.json.Decoder[S] = msgspec.json.Decoder(_any_of(shapes))
        self._names = {each: _names(each) for each in shapes}

    def read(self, raw: Raw | bytes) -> tuple[S, Fields]:
        """The object, and its fields that are not modelled.

        Raises:
            msgspec.DecodeError: it is of none of these shapes.
        """
        try:
            return self._exact.decode(raw), {}
        except msgspec.ValidationError:
            wire = self._tolerant.decode(raw)
        names = self._names[type(wire)]
        return wire, {name: value for name, value in FIELDS.decode(raw).items() if name not in names}


def beyond(raw: Raw | bytes, names: Collection[str]) -> list[str]:
    """The fields of an object that say something, other than these; none when it is no object."""
    try:
        fields = FIELDS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return [name for name, value in fields.items() if name not in names and bytes(value) not in _NOTHING]


def _any_of(shapes: Any) -> Any:
    """The union of them. Any: a type that is made here has no name for a checker."""
    return reduce(or_, shapes)


def _names(shape: type[msgspec.Struct]) -> frozenset[str]:
    tag_field = shape.__struct_config__.tag_field
    return frozenset(shape.__struct_encode_fields__) | ({tag_field} if tag_field is not None else frozenset())
