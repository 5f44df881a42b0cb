"""Pictures and documents: where they come from.

Anthropic, "Vision" and "PDF support" (read 2026-11-22): sent along in base64, named by an address, kept by the provider
under an id, or, for documents, as plain text. What is sent along is a `data:` URL (RFC 2397) to us.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat

PLAIN_TEXT: Final = "text/plain"


class Source(msgspec.Struct):
    """Where a picture or a document comes from, as the wire has it."""

    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""


def read_image(source: Source, extra: dict[str, Raw]) -> chat.ImagePart | None:
    """The picture; None when there is no word for where it comes from."""
    match source.type:
        case "base64":
            return chat.ImagePart(f"data:{source.media_type};base64,{source.data}", None, extra)
        case "url":
            return chat.ImagePart(source.url, None, extra)
        case _:
            return None


def write_image(part: chat.ImagePart) -> dict[str, Any]:
    """The picture's source."""
    if not part.url.startswith("data:"):
        return {"type": "url", "url": part.url}
    return _write_data(part.url)


def read_document(source: Source, title: str | None, extra: dict[str, Raw]) -> chat.FilePart | None:
    """The document; None when there is no word for where it comes from."""
    match source.type:
        case "base64":
            return chat.FilePart(None, f"data:{source.media_type};base64,{source.data}", title, extra)
        case "text":
            encoded = base64.b64encode(source.data.encode()).decode()
            return chat.FilePart(None, f"data:{PLAIN_TEXT};base64,{encoded}", title, extra)
        case "url":
            return chat.FilePart(None, None, title, extra, source.url)
        case "file":
            return chat.FilePart(source.file_id, None, title, extra)
        case _:
            return None


def write_document(part: chat.FilePart) -> dict[str, Any]:
    """The document's source. Whatever is text is said as plain text, the only kind of text there is."""
    if part.file_id is not None:
        return {"type": "file", "file_id": part.file_id}
    if part.data is None:
        return {"type": "url", "url": part.url or ""}
    source = _write_data(part.data)
    if source["media_type"].startswith("text/") and (text := _text(source["data"])) is not None:
        return {"type": "text", "media_type": PLAIN_TEXT, "data": text}
    return source


def _write_data(url: str) -> dict[str, Any]:
    """What a `data:` URL holds, in base64. What is no such URL is taken for the base64 of a PDF."""
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:")):
        return {"type": "base64", "media_type": "application/pdf", "data": url}
    media_type, *options = head.removeprefix("data:").split(";")
    if "base64" not in options:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return {"type": "base64", "media_type": media_type or PLAIN_TEXT, "data": data}


def _text(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
