"""What vendors who speak another's dialect say otherwise in it: pure functions over a request's bytes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Raw

_FIELDS = msgspec.json.Decoder(dict[str, Raw])


def capped_by_max_tokens(body: bytes) -> bytes:
    """OpenAI's chat request with its cap under the old name, the only one that many vendors know.

    A vendor who ignores the new one would make, and bill, more than was asked and set aside for.
    """
    fields = _FIELDS.decode(body)
    return msgspec.json.encode(rename_cap(fields)) if "max_completion_tokens" in fields else body


def rename_cap(fields: Mapping[str, Raw]) -> dict[str, Raw]:
    """The fields with `max_completion_tokens` as `max_tokens`; of both, the newer one's value, which was looked at."""
    said = dict(fields)
    cap = said.pop("max_completion_tokens", None)
    if cap is not None and bytes(cap) != b"null":
        said["max_tokens"] = cap
    return said
