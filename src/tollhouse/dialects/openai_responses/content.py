"""What stands within a message: its parts, and what they rest on.

Canonical forms, where the dialect has several for one meaning: words are `output_text` when the model said them, else
`input_text`; null, and lists that are empty, are said by absence, except for `annotations`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat
from tollhouse.dialects.json_body import is_null
from tollhouse.dialects.modelled import FIELDS, Fields

WORDS = frozenset({"input_text", "output_text", "text"})

_EMPTY = (b"null", b"[]")
_Nothing: TypeAlias = Annotated[list[Raw], Meta(max_length=0)]


class _Part(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    detail: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    file_data: str | None = None
    filename: str | None = None
    annotations: list[Raw] | None = None


class _Annotation(msgspec.Struct):
    type: str
    url: str | None = None
    title: str | None = None
    filename: str | None = None
    start_index: int | None = None
    end_index: int | None = None


class Words(msgspec.Struct, forbid_unknown_fields=True):
    """The usual part: words that rest on nothing."""

    type: Literal["input_text", "output_text"]
    text: str
    annotations: _Nothing | None = None
    logprobs: _Nothing | None = None


_WORDS = msgspec.json.Decoder(Words)
_PART = msgspec.json.Decoder(_Part)
_ANNOTATION = msgspec.json.Decoder(_Annotation)
_URL_CITATION = frozenset({"type", "url", "title", "start_index", "end_index"})


def read_parts(content: str | Sequence[Raw]) -> tuple[chat.Part, ...]:
    """The parts of a message or of a tool's output. Raises msgspec.DecodeError."""
    if isinstance(content, str):
        return (chat.TextPart(content),) if content else ()
    return tuple([_read_part(raw) for raw in content])


def write_content(parts: Sequence[chat.Part], role: chat.Role, *, as_list: bool = False) -> str | list[Any]:
    """The parts as `content` or `output`; a lone text is a string, unless a list is asked for."""
    match parts:
        case [] if not as_list:
            return ""
        case [chat.TextPart(text, extra, citations)] if text and not (extra or citations or as_list):
            return text
        case _:
            return [wire for part in parts if (wire := _write_part(part, role)) is not None]


def write_text(text: str, citations: Sequence[chat.Citation], extra: Fields) -> dict[str, Any]:
    """Words that the model said."""
    annotations = [wire for citation in citations if (wire := write_citation(citation)) is not None]
    return {"type": "output_text", "text": text, "annotations": annotations} | extra


def read_citation(raw: Raw) -> chat.Citation:
    """An annotation; what is not an address keeps its words. An empty span tells nothing."""
    try:
        wire = _ANNOTATION.decode(raw)
    except msgspec.DecodeError:
        return chat.Citation(raw=raw)
    start, end = (None, None) if wire.start_index == wire.end_index else (wire.start_index, wire.end_index)
    is_modelled = wire.type == "url_citation" and FIELDS.decode(raw).keys() == _URL_CITATION
    return chat.Citation(
        url=wire.url,
        title=wire.title or wire.filename or None,
        start=start,
        end=end,
        raw=None if is_modelled else raw,
    )


def write_citation(citation: chat.Citation) -> Raw | dict[str, Any] | None:
    """The annotation; None for what has no address, which this dialect can only say in its own words."""
    if citation.raw is not None:
        return citation.raw
    if citation.url is None:
        return None
    return {
        "type": "url_citation",
        "url": citation.url,
        "title": citation.title or "",
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
    }


def telling(fields: Fields) -> Fields:
    """Of some fields those that say something."""
    return {name: raw for name, raw in fields.items() if not is_null(raw)} if fields else fields


def without_nones(**fields: object) -> dict[str, Any]:
    """Absence instead of null."""
    return {name: value for name, value in fields.items() if value is not None}


def _read_part(raw: Raw) -> chat.Part:
    try:
        return chat.TextPart(_WORDS.decode(raw).text)
    except msgspec.ValidationError:
        wire, fields = _PART.decode(raw), FIELDS.decode(raw)
    match wire:
        case _Part(type=kind, text=str(text)) if kind in WORDS:
            citations = tuple(map(read_citation, wire.annotations or ()))
            return chat.TextPart(text, _beyond(fields, "text", "annotations"), citations)
        case _Part(type="refusal", refusal=str(text)) if not _beyond(fields, "refusal"):
            return chat.RefusalPart(text)
        case _Part(type="input_image", image_url=str(url)):
            return chat.ImagePart(url, wire.detail, _beyond(fields, "image_url", "detail"))
        case _Part(type="input_file"):
            extra = _beyond(fields, "file_id", "file_data", "filename", "file_url")
            return chat.FilePart(wire.file_id, wire.file_data, wire.filename, extra, wire.file_url)
        case _:
            return chat.OtherPart(wire.type, raw)


def _beyond(fields: Fields, *modelled: str) -> Fields:
    return {
        name: raw
        for name, raw in fields.items()
        if name != "type" and name not in modelled and bytes(raw) not in _EMPTY
    }


def _write_part(part: chat.Part, role: chat.Role) -> dict[str, Any] | Raw | None:
    match part:
        case chat.TextPart(text, extra, citations) if role == "assistant":
            return write_text(text, citations, extra)
        case chat.TextPart(text, extra):
            return {"type": "input_text", "text": text} | extra
        case chat.RefusalPart(text):
            return {"type": "refusal", "refusal": text}
        case chat.ImagePart(url, detail, extra):
            return without_nones(type="input_image", image_url=url, detail=detail) | extra
        case chat.FilePart(file_id, data, filename, extra, url):
            inner = without_nones(file_id=file_id, file_data=data, filename=filename, file_url=url)
            return {"type": "input_file"} | inner | extra
        case chat.OtherPart():
            return part.raw
        case chat.AudioPart() | chat.SpokenPart() | chat.ReasoningPart():
            # There is no word for sound; thinking is an item of its own.
            return None
