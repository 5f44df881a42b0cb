"""What words rest on.

Anthropic, "Citations" and "Web search tool" (read 2026-11-22). Places are told in the source, never in the answer, so a
citation has neither start nor end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat

_IN_DOCUMENTS: Final = frozenset({"char_location", "page_location", "content_block_location"})
_KINDS: Final = _IN_DOCUMENTS | {"web_search_result_location", "search_result_location"}


class _Citation(msgspec.Struct):
    type: str = ""
    url: str | None = None
    source: str | None = None
    title: str | None = None
    document_title: str | None = None
    cited_text: str | None = None


_CITATION = msgspec.json.Decoder(_Citation)


def read_citation(raw: Raw) -> chat.Citation:
    """One citation. Raises msgspec.DecodeError when it is none."""
    wire = _CITATION.decode(raw)
    return chat.Citation(
        url=wire.url or wire.source, title=wire.title or wire.document_title, quote=wire.cited_text, raw=raw
    )


def write_citation(citation: chat.Citation) -> Raw | dict[str, Any]:
    """The citation as it came, or put as what a search on the web found: the one kind that needs no document."""
    if citation.raw is not None and _is_ours(citation.raw):
        return citation.raw
    return {
        "type": "web_search_result_location",
        "url": citation.url or "",
        "title": citation.title,
        "encrypted_index": "",
        "cited_text": citation.quote or "",
    }


def write_citations(citations: Iterable[chat.Citation]) -> list[Raw | dict[str, Any]]:
    """All citations of one block."""
    return [write_citation(each) for each in citations]


def _is_ours(raw: Raw) -> bool:
    try:
        return _CITATION.decode(raw).type in _KINDS
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
