"""What was looked up in the web for an answer: each query has a fee, and no count of tokens tells them.

Gemini API reference, "GroundingMetadata", and Google's page "Grounding with Google Search" (read 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Raw


class _Grounding(msgspec.Struct, rename="camel"):
    web_search_queries: list[str] | None = None


_GROUNDING = msgspec.json.Decoder(_Grounding | None)


def count_searches(groundings: Iterable[Raw]) -> int:
    """How many different queries the grounding of the choices tells; an empty one was not asked."""
    queries: set[str] = set()
    for raw in groundings:
        try:
            grounding = _GROUNDING.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if grounding is not None:
            queries.update(grounding.web_search_queries or ())
    return len(queries - {""})
