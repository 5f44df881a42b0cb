"""Pictures, sound and documents: sent along (`inlineData`) or by their address (`fileData`).

Gemini API reference, "Blob" and "FileData" (read 2026-11-22). Base64 comes in either alphabet.
"""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat
from tollhouse.dialects.gemini.proto_json import Fields, Message, read_object

_TYPES: Final = {
    "bmp": "image/bmp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "csv": "text/csv",
    "html": "text/html",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "xml": "text/xml",
}
"""Media types by the extensions that addresses commonly end in."""

_GOOGLES_OWN: Final = ("generativelanguage.googleapis.com", "youtube.com", "youtu.be")
"""What is at these addresses, only Google can fetch."""

_UNKNOWN: Final = "application/octet-stream"
_AUDIO_FORMATS: Final = {"mpeg": "mp3"}


class _Blob(Message):
    mime_type: str
    data: str
    display_name: str | None = None


class _File(Message):
    file_uri: str
    mime_type: str | None = None


_BLOB = msgspec.json.Decoder(_Blob)
_FILE = msgspec.json.Decoder(_File)


def read_blob(raw: Raw, extra: Fields, inside: str) -> chat.Part | None:
    """What is sent along; None when other dialects have no word for it, as for films. Raises InvalidRequest."""
    blob, unknown = read_object(_BLOB, raw, inside)
    if unknown:
        return None
    data = _standard(blob.data)
    kind, _, form = blob.mime_type.partition("/")
    if kind == "image":
        return chat.ImagePart(f"data:{blob.mime_type};base64,{data}", None, extra)
    if kind == "audio":
        return chat.AudioPart(data, _AUDIO_FORMATS.get(form, form), extra)
    if kind == "video":
        return None
    return chat.FilePart(None, f"data:{blob.mime_type};base64,{data}", blob.display_name, extra)


def read_file(raw: Raw, extra: Fields, inside: str) -> chat.Part | None:
    """What is to be fetched; None when only Google can, or others have no word for it. Raises InvalidRequest."""
    file, unknown = read_object(_FILE, raw, inside)
    if unknown or not _is_public(file.file_uri):
        return None
    guessed = _type_of(file.file_uri)
    if file.mime_type is not None and file.mime_type != guessed:
        extra = extra | {"mimeType": Raw(msgspec.json.encode(file.mime_type))}
    kind = (file.mime_type or guessed or "").partition("/")[0]
    if kind == "image":
        return chat.ImagePart(file.file_uri, None, extra)
    return None if kind in ("audio", "video") else chat.FilePart(url=file.file_uri, extra=extra)


def write_media(part: chat.ImagePart | chat.AudioPart | chat.FilePart) -> dict[str, Any]:
    """The part as a JSON object. A `data:` URL that is none is sent as bytes of unknown type, for Google to refuse."""
    extra = {name: raw for name, raw in part.extra.items() if name != "mimeType"}
    if isinstance(part, chat.AudioPart):
        return {"inlineData": {"mimeType": f"audio/{part.format}", "data": part.data}} | extra
    url = part.url if isinstance(part, chat.ImagePart) else part.data
    if url is not None and (isinstance(part, chat.FilePart) or url.startswith("data:")):
        return {"inlineData": _write_blob(url)} | extra
    address = (part.url if url is None else url) or ""
    kind = part.extra.get("mimeType") or _type_of(address)
    return {"fileData": ({"mimeType": kind} if kind else {}) | {"fileUri": address}} | extra


def _write_blob(url: str) -> dict[str, str]:
    head, _, data = url.partition(",")
    kind, *marks = head.removeprefix("data:").split(";")
    if not head.startswith("data:"):
        return {"mimeType": _UNKNOWN, "data": url}
    if "base64" not in marks:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return {"mimeType": kind or _UNKNOWN, "data": data}


def _standard(data: str) -> str:
    """Base64 in the alphabet with `+` and `/`, padded, as a `data:` URL has it."""
    if "-" in data or "_" in data:
        data = data.replace("-", "+").replace("_", "/")
    return data + "=" * (-len(data) % 4)


def _is_public(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and not any(
        host == own or host.endswith("." + own) for own in _GOOGLES_OWN
    )


def _type_of(address: str) -> str | None:
    return _TYPES.get(address.partition("?")[0].rpartition(".")[2].lower())
