"""What words rest on: `groundingMetadata` and `citationMetadata`.

Gemini API reference, "GroundingMetadata" and "CitationMetadata" (read 2026-11-22). Places are counted in bytes of
UTF-8, over the whole text; other dialects count characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Raw

from tollhouse.dialects.chat import Citation
from tollhouse.dialects.json_body import is_null


class _Source(msgspec.Struct):
    """A page of the web, a place on a map, or a document of the caller's own."""

    uri: str | None = None
    title: str | None = None
    text: str | None = None


class _Chunk(msgspec.Struct, rename="camel"):
    web: _Source | None = None
    maps: _Source | None = None
    retrieved_context: _Source | None = None


class _Segment(msgspec.Struct, rename="camel"):
    part_index: int = 0
    start_index: int = 0
    end_index: int | None = None


class _Support(msgspec.Struct, rename="camel"):
    segment: _Segment | None = None
    grounding_chunk_indices: list[int] = []


class _Grounding(msgspec.Struct, rename="camel"):
    grounding_chunks: list[_Chunk] = []
    grounding_supports: list[_Support] = []


class _Cited(msgspec.Struct, rename="camel"):
    uri: str | None = None
    title: str | None = None
    start_index: int = 0
    end_index: int | None = None


class _Citations(msgspec.Struct, rename="camel"):
    """Google AI says `citationSources`, Vertex AI `citations`."""

    citation_sources: list[_Cited] = []
    citations: list[_Cited] = []


_GROUNDING = msgspec.json.Decoder(_Grounding)
_CITATIONS = msgspec.json.Decoder(_Citations)


def read_citations(grounding: Raw, cited: Raw, text: str) -> tuple[Citation, ...]:
    """What `text` rests on, each once; what cannot be read is none, since the answer stands without it."""
    places = _Places(text)
    return tuple(dict.fromkeys([*_read_grounding(grounding, places), *_read_cited(cited, places)]))


def write_grounding(citations: Sequence[Citation], text: str) -> dict[str, Any]:
    """The citations as grounding metadata; empty for none."""
    if not citations:
        return {}
    chunks: dict[tuple[str | None, ...], int] = {}
    for each in citations:
        chunks.setdefault(_source(each), len(chunks))
    placed = [each for each in citations if each.end is not None]
    supports = [
        {
            "segment": _write_segment(start, end, text),
            "groundingChunkIndices": [chunks[_source(each)] for each in group],
        }
        for (start, end), group in groupby(placed, key=lambda each: (each.start or 0, each.end or 0))
    ]
    wire: dict[str, Any] = {"groundingChunks": [_write_chunk(*source) for source in chunks]}
    return wire | ({"groundingSupports": supports} if supports else {})


class _Places:
    """Turns places in bytes into places in characters."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()

    def character(self, byte: int) -> int:
        if len(self._bytes) <= byte:
            return len(self._bytes.decode())
        return len(self._bytes[: max(0, byte)].decode(errors="ignore"))


def _read_grounding(raw: Raw, places: _Places) -> Iterator[Citation]:
    """First what is quoted at a place, then the sources that have none."""
    if is_null(raw):
        return
    try:
        grounding = _GROUNDING.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    sources = [_read_chunk(chunk) for chunk in grounding.grounding_chunks]
    placed: set[int] = set()
    for support in grounding.grounding_supports:
        segment = support.segment
        if segment is None or segment.end_index is None or segment.part_index:
            continue
        start, end = places.character(segment.start_index), places.character(segment.end_index)
        for index in support.grounding_chunk_indices:
            if 0 <= index < len(sources):
                placed.add(index)
                yield msgspec.structs.replace(sources[index], start=start, end=end)
    yield from (source for index, source in enumerate(sources) if index not in placed)


def _read_cited(raw: Raw, places: _Places) -> Iterator[Citation]:
    if is_null(raw):
        return
    try:
        cited = _CITATIONS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for each in cited.citation_sources or cited.citations:
        if each.uri is None and each.title is None:
            continue
        if each.end_index is None:
            yield Citation(url=each.uri, title=each.title)
        else:
            start, end = places.character(each.start_index), places.character(each.end_index)
            yield Citation(url=each.uri, title=each.title, start=start, end=end)


def _read_chunk(chunk: _Chunk) -> Citation:
    source = chunk.web or chunk.retrieved_context or chunk.maps or _Source()
    return Citation(url=source.uri, title=source.title, quote=source.text)


def _source(citation: Citation) -> tuple[str | None, str | None, str | None]:
    return citation.url, citation.title, citation.quote


def _write_chunk(url: str | None, title: str | None, quote: str | None) -> dict[str, Any]:
    told = {"uri": url, "title": title, "text": quote}
    kind = "web" if quote is None else "retrievedContext"
    return {kind: {name: value for name, value in told.items() if value is not None}}


def _write_segment(start: int, end: int, text: str) -> dict[str, Any]:
    start_bytes = len(text[:start].encode())
    segment = {"startIndex": start_bytes} if start_bytes else {}
    return segment | {"endIndex": len(text[:end].encode()), "text": text[start:end]}
