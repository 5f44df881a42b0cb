"""Objects whose fields are left undecoded: whether they say more than is modelled."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw

from tollhouse.dialects.json_body import is_null
from tollhouse.dialects.modelled import FIELDS, Fields

FIELDS_LIST: Final = msgspec.json.Decoder(list[Fields])


def says_more(raw: Raw, than: type[msgspec.Struct]) -> bool:
    """An object has fields that the struct does not model."""
    return not is_null(raw) and not FIELDS.decode(raw).keys() <= set(than.__struct_fields__)
