"""Objects whose fields are left undecoded, to be said again as they came."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from msgspec import Raw

from tollhouse.dialects.json_body import is_null

Fields: TypeAlias = dict[str, Raw]

FIELDS: Final = msgspec.json.Decoder(Fields)
FIELDS_LIST: Final = msgspec.json.Decoder(list[Fields])


def says_more(raw: Raw, than: type[msgspec.Struct]) -> bool:
    """An object has fields that the struct does not model."""
    return not is_null(raw) and not FIELDS.decode(raw).keys() <= set(than.__struct_fields__)
