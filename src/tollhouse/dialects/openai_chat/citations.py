"""What the words of a message rest on: its annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.dialects import chat
from tollhouse.dialects.modelled import Fields
from tollhouse.dialects.openai_chat.fields import FIELDS_LIST, says_more


class UrlCitation(msgspec.Struct):
    url: str | None = None
    title: str | None = None
    content: str | None = None
    start_index: int | None = None
    end_index: int | None = None


class Annotation(msgspec.Struct):
    type: str = ""
    url_citation: UrlCitation | None = None


def read_citations(wire: list[Annotation], fields: Fields, parts: list[chat.Part], extra: Fields) -> None:
    """What the words rest on belongs to the last of them; annotations of other kinds are kept as they came."""
    annotations = FIELDS_LIST.decode(fields["annotations"])
    citations = [read_citation(each.url_citation) for each in wire if each.url_citation is not None]
    is_understood = len(citations) == len(wire) and not any(
        each.keys() != {"type", "url_citation"} or says_more(each["url_citation"], UrlCitation) for each in annotations
    )
    at = next((at for at in reversed(range(len(parts))) if isinstance(parts[at], chat.TextPart)), None)
    if at is None or not is_understood:
        extra["annotations"] = fields["annotations"]
        return
    parts[at] = replace(parts[at], citations=tuple(citations))


def write_citations(parts: Sequence[chat.Part]) -> list[dict[str, Any]]:
    """What the words rest on; a citation that does not say which words is about all of its part's."""
    annotations = []
    begins = 0
    for part in parts:
        if not isinstance(part, chat.TextPart):
            continue
        ends = begins + len(part.text)
        for each in part.citations:
            told = each if each.start is not None else replace(each, start=begins, end=ends)
            annotations.append(write_citation(told))
        begins = ends
    return annotations


def read_citation(wire: UrlCitation) -> chat.Citation:
    """What words rest on. `content`, the source's own words, is OpenRouter's."""
    return chat.Citation(
        url=wire.url or None,
        title=wire.title or None,
        quote=wire.content,
        start=wire.start_index,
        end=wire.end_index,
    )


def write_citation(citation: chat.Citation) -> dict[str, Any]:
    """What words rest on, as an annotation of the message, which must have an address and a title."""
    found = {
        "url": citation.url or "",
        "title": citation.title or "",
        "content": citation.quote,
        "start_index": citation.start,
        "end_index": citation.end,
    }
    return {"type": "url_citation", "url_citation": {name: value for name, value in found.items() if value is not None}}
