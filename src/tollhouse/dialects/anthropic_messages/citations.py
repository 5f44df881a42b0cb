"""What words rest on.

Anthropic, "Citations" and "Web search tool" (read 2026-11-22). Places are told in the source, never in the answer: what
rests on something is a block of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

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


def placed(parts: Iterable[chat.Part]) -> Iterator[chat.Part]:
    """The parts of an answer; what the words of a block rest on, with their place among all words."""
    begins = 0
    for part in parts:
        if not isinstance(part, chat.TextPart):
            yield part
            continue
        ends = begins + len(part.text)
        if part.citations:
            part = replace(part, citations=tuple([replace(each, start=begins, end=ends) for each in part.citations]))
        yield part
        begins = ends


def cut(parts: Iterable[chat.Part]) -> Iterator[chat.Part]:
    """The parts of an answer, its words cut where those begin and end that rest on something.

    What has no place among them rests with the last words of its part.
    """
    parts = tuple(parts)
    texts = [part for part in parts if isinstance(part, chat.TextPart)]
    chars = sum([len(part.text) for part in texts])
    cited = [(*place, each) for part in texts for each in part.citations if (place := _place(each, chars))]
    begins = 0
    for part in parts:
        if not isinstance(part, chat.TextPart) or not (cited or part.citations):
            yield part
            continue
        ends = begins + len(part.text)
        places = {place for start, end, _ in cited for place in (start, end) if begins < place < ends}
        for start, end in pairwise([begins, *sorted(places), ends]):
            resting = [each for first, last, each in cited if first <= start < last]
            if end == ends:
                resting += [each for each in part.citations if _place(each, chars) is None]
            yield replace(part, text=part.text[start - begins : end - begins], citations=tuple(resting))
        begins = ends


def _place(citation: chat.Citation, chars: int) -> tuple[int, int] | None:
    """Where the words stand among so many that rest on this; None when they are none of them."""
    if citation.start is None or citation.end is None or not 0 <= citation.start < min(citation.end, chars):
        return None
    return citation.start, min(citation.end, chars)


def _is_ours(raw: Raw) -> bool:
    try:
        return _CITATION.decode(raw).type in _KINDS
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
