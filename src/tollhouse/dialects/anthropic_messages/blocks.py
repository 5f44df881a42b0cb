"""Content blocks, which requests and answers are made of.

Anthropic API reference, "Messages" (read 2026-11-22). Blocks of types that are not modelled, and modelled ones that say
more than we have words for, are kept as they came. Empty text says nothing, and the API refuses it: it is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, json_body
from tollhouse.dialects.anthropic_messages.citations import read_citation, write_citations
from tollhouse.dialects.anthropic_messages.media import Source, read_document, read_image, write_document, write_image
from tollhouse.dialects.anthropic_messages.name import NAME

Fields: TypeAlias = dict[str, Raw]
Content: TypeAlias = str | list[Raw] | None
Block: TypeAlias = chat.Part | chat.ToolCall | chat.Message
"""What a block means: a part, a call of a tool, or a tool's answer, which is a message to us."""

UNREADABLE_INPUT: Final = "invalid_json"
"""Arguments must be an object here. Text that is none is said as this one argument, so that nothing is lost."""

_NO_INPUT: Final = Raw(b"{}")

FIELDS: Final = msgspec.json.Decoder(Fields)


class _Typed(msgspec.Struct):
    type: str


class _Text(msgspec.Struct):
    text: str
    citations: list[Raw] | None = None


class _Thinking(msgspec.Struct):
    thinking: str
    signature: str | None = None


class _Redacted(msgspec.Struct):
    data: str


class _Image(msgspec.Struct):
    source: Raw


class _Document(msgspec.Struct):
    source: Raw
    title: str | None = None


class _ToolUse(msgspec.Struct):
    id: str
    name: str
    input: Raw = _NO_INPUT


class _ToolResult(msgspec.Struct):
    tool_use_id: str
    content: str | list[Raw] | None = None
    is_error: bool | None = None


_TYPE = msgspec.json.Decoder(_Typed)
_TEXT = msgspec.json.Decoder(_Text)
_THINKING = msgspec.json.Decoder(_Thinking)
_REDACTED = msgspec.json.Decoder(_Redacted)
_IMAGE = msgspec.json.Decoder(_Image)
_DOCUMENT = msgspec.json.Decoder(_Document)
_SOURCE = msgspec.json.Decoder(Source)
_TOOL_USE = msgspec.json.Decoder(_ToolUse)
_TOOL_RESULT = msgspec.json.Decoder(_ToolResult)
_SOURCE_FIELDS = frozenset(Source.__struct_fields__)
_NOTHING = (chat.TextPart(""), chat.ReasoningPart(""))


def read_content(content: Content, where: str) -> list[Block]:
    """What the content of a message says; `where` is its path in the request.

    Raises:
        InvalidRequest: a block is malformed; `param` is its path.
    """
    if isinstance(content, str):
        return [chat.TextPart(content)] if content else []
    blocks: list[Block] = []
    for number, raw in enumerate(content or ()):
        at = f"{where}[{number}]"
        try:
            block = read_block(raw, at)
        except msgspec.DecodeError as error:
            raise json_body.explain(error, inside=at) from None
        if block not in _NOTHING:
            blocks.append(block)
    return blocks


def read_block(raw: Raw, where: str) -> Block:
    """What one block means.

    Raises:
        msgspec.DecodeError: it is malformed.
        InvalidRequest: a block inside it is.
    """
    kind = _TYPE.decode(raw).type
    read = _READERS.get(kind)
    block = None if read is None else read(raw, where)
    return chat.OtherPart(kind, raw) if block is None else block


def write_content(parts: Iterable[chat.Part], calls: Iterable[chat.ToolCall] = ()) -> list[Any]:
    """The blocks that say this; calls stand last."""
    return [block for part in parts if (block := write_part(part)) is not None] + [write_call(call) for call in calls]


def write_part(part: chat.Part) -> dict[str, Any] | Raw | None:
    """The block that says this; None when there is nothing to say, or no word for it."""
    match part:
        case chat.TextPart(text, extra, citations):
            if not text and not extra:
                return None
            cited = {"citations": write_citations(citations)} if citations else {}
            return {"type": "text", "text": text} | cited | extra
        case chat.ReasoningPart():
            return write_thinking(part)
        case chat.ImagePart(extra=extra):
            return {"type": "image", "source": write_image(part)} | extra
        case chat.FilePart(filename=title, extra=extra):
            titled = {} if title is None else {"title": title}
            return {"type": "document", "source": write_document(part)} | titled | extra
        case chat.OtherPart():
            return part.raw
        case chat.RefusalPart(text):
            return {"type": "text", "text": text} if text else None
        case chat.SpokenPart(transcript=text):
            return {"type": "text", "text": text} if text else None
        case chat.AudioPart():
            return None


def write_thinking(part: chat.ReasoningPart) -> dict[str, Any] | None:
    """Thinking with the proof that a provider of this dialect made; a foreign one is not said."""
    is_ours = part.made_by == NAME
    if is_ours and part.sealed is not None:
        return {"type": "redacted_thinking", "data": part.sealed}
    signature = part.signature if is_ours and part.signature is not None else ""
    if not part.text and not signature:
        return None
    return {"type": "thinking", "thinking": part.text, "signature": signature}


def write_call(call: chat.ToolCall) -> dict[str, Any]:
    """The call of a tool."""
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": write_input(call.arguments)} | call.extra


def write_input(arguments: str) -> Raw | dict[str, str]:
    """Arguments as the object they must be here."""
    text = arguments.encode()
    if not text.strip():
        return {}
    try:
        FIELDS.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {UNREADABLE_INPUT: arguments}
    return Raw(text)


def write_result(message: chat.Message) -> dict[str, Any]:
    """A tool's answer."""
    wire: dict[str, Any] = {"type": "tool_result", "tool_use_id": message.tool_call_id or ""}
    if content := write_content(message.parts):
        wire["content"] = lone_text(content)
    if message.is_error:
        wire["is_error"] = True
    return wire | message.extra


def lone_text(content: list[Any]) -> str | list[Any]:
    """A text that stands alone, as a string."""
    match content:
        case [{"type": "text", "text": str(text), **rest}] if not rest:
            return text
        case _:
            return content


def extra_of(raw: Raw, modelled: type[msgspec.Struct]) -> Fields:
    """The fields of an object that are not modelled; its `type` always is."""
    fields = FIELDS.decode(raw)
    fields.pop("type", None)
    for name in modelled.__struct_fields__:
        fields.pop(name, None)
    return fields


def _read_text(raw: Raw, where: str) -> Block:
    wire = _TEXT.decode(raw)
    return chat.TextPart(wire.text, extra_of(raw, _Text), tuple(map(read_citation, wire.citations or ())))


def _read_thinking(raw: Raw, where: str) -> Block | None:
    wire = _THINKING.decode(raw)
    if extra_of(raw, _Thinking):
        return None
    if not wire.signature:
        return chat.ReasoningPart(wire.thinking)
    return chat.ReasoningPart(wire.thinking, wire.signature, None, NAME)


def _read_redacted(raw: Raw, where: str) -> Block | None:
    wire = _REDACTED.decode(raw)
    return None if extra_of(raw, _Redacted) else chat.ReasoningPart("", None, wire.data, NAME)


def _read_image(raw: Raw, where: str) -> Block | None:
    source = _read_source(_IMAGE.decode(raw).source)
    return None if source is None else read_image(source, extra_of(raw, _Image))


def _read_document(raw: Raw, where: str) -> Block | None:
    wire = _DOCUMENT.decode(raw)
    source = _read_source(wire.source)
    return None if source is None else read_document(source, wire.title, extra_of(raw, _Document))


def _read_source(raw: Raw) -> Source | None:
    if not FIELDS.decode(raw).keys() <= _SOURCE_FIELDS:
        return None
    return _SOURCE.decode(raw)


def _read_call(raw: Raw, where: str) -> Block:
    wire = _TOOL_USE.decode(raw)
    return chat.ToolCall(wire.id, wire.name, bytes(wire.input).decode(), extra=extra_of(raw, _ToolUse))


def _read_result(raw: Raw, where: str) -> Block | None:
    wire = _TOOL_RESULT.decode(raw)
    blocks = read_content(wire.content, f"{where}.content")
    parts = [block for block in blocks if not isinstance(block, chat.ToolCall | chat.Message)]
    if len(parts) != len(blocks):
        return None
    return chat.Message(
        role="tool",
        parts=tuple(parts),
        tool_call_id=wire.tool_use_id,
        is_error=wire.is_error is True,
        extra=extra_of(raw, _ToolResult),
    )


_READERS: Final[Mapping[str, Callable[[Raw, str], Block | None]]] = {
    "text": _read_text,
    "thinking": _read_thinking,
    "redacted_thinking": _read_redacted,
    "image": _read_image,
    "document": _read_document,
    "tool_use": _read_call,
    "tool_result": _read_result,
}
