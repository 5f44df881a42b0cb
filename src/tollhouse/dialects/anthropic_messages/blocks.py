"""Content blocks, which requests and answers are made of.

Anthropic API reference, "Messages" (read 2026-11-22). Blocks of types that are not modelled, and modelled ones that say
more than we have words for, are kept as they came. Empty text says nothing, and the API refuses it: it is not said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, assert_never, get_args

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, json_body
from tollhouse.dialects.anthropic_messages.citations import read_citation, write_citations
from tollhouse.dialects.anthropic_messages.media import Source, read_document, read_image, write_document, write_image
from tollhouse.dialects.anthropic_messages.name import NAME
from tollhouse.dialects.modelled import FIELDS, Fields, Modelled

Block: TypeAlias = chat.Part | chat.ToolCall | chat.Message
"""What a block means: a part, a call of a tool, or a tool's answer, which is a message to us."""

UNREADABLE_INPUT: Final = "invalid_json"
"""Arguments must be an object here. Text that is none is said as this one argument, so that nothing is lost."""

_NO_INPUT: Final = Raw(b"{}")


class _Typed(msgspec.Struct):
    type: str


class _Text(msgspec.Struct, tag="text"):
    text: str
    citations: list[Raw] | None = None


class _Thinking(msgspec.Struct, tag="thinking"):
    thinking: str
    signature: str | None = None


class _Redacted(msgspec.Struct, tag="redacted_thinking"):
    data: str


class _Image(msgspec.Struct, tag="image"):
    source: Raw


class _Document(msgspec.Struct, tag="document"):
    source: Raw
    title: str | None = None


class _ToolUse(msgspec.Struct, tag="tool_use"):
    id: str
    name: str
    input: Raw = _NO_INPUT


class _ToolResult(msgspec.Struct, tag="tool_result"):
    tool_use_id: str
    content: str | list[Raw] | None = None
    is_error: bool | None = None


class _UsualText(msgspec.Struct, tag="text", forbid_unknown_fields=True):
    text: str
    citations: None = None


class _UsualToolUse(msgspec.Struct, tag="tool_use", forbid_unknown_fields=True):
    id: str
    name: str
    input: Raw = _NO_INPUT


class _UsualToolResult(msgspec.Struct, tag="tool_result", forbid_unknown_fields=True):
    tool_use_id: str
    content: str | list[_UsualText] | None = None
    is_error: bool | None = None


class _UsualThinking(msgspec.Struct, tag="thinking", forbid_unknown_fields=True):
    thinking: str
    signature: str


_Wire: TypeAlias = _Text | _ToolUse | _ToolResult | _Thinking | _Redacted | _Image | _Document

_BLOCK: Final[Modelled[_Wire]] = Modelled(_Text, _ToolUse, _ToolResult, _Thinking, _Redacted, _Image, _Document)
_Usual: TypeAlias = _UsualText | _UsualToolUse | _UsualToolResult | _UsualThinking
"""Nearly every block: what says nothing more, and needs no second look."""

_USUAL: Final = msgspec.json.Decoder(str | list[_Usual])
_CONTENT: Final = msgspec.json.Decoder(str | list[Raw])
_KINDS: Final = frozenset(str(shape.__struct_config__.tag) for shape in get_args(_Wire))
_TYPE: Final = msgspec.json.Decoder(_Typed)
_SOURCE: Final = Modelled(Source)
_NO_PARTS: Final = (chat.ToolCall, chat.Message)
_LONE_TEXT: Final = frozenset({"type", "text"})
_NOTHING: Final = (chat.TextPart(""), chat.ReasoningPart(""))


def read_content(content: Raw, where: str, position: int = 0) -> list[Block]:
    """What the content of a message says, mostly in a single look.

    Args:
        where: its path in the request, with `{}` for the position.

    Raises:
        InvalidRequest: it is none, or a block is malformed; `param` is its path.
    """
    try:
        return _read_usual(_USUAL.decode(content))
    except msgspec.ValidationError:
        pass
    try:
        said = _CONTENT.decode(content)
    except msgspec.ValidationError as error:
        raise json_body.explain(error, inside=where.format(position)) from None
    return _read_closely(said, where.format(position))


def _read_usual(content: str | list[_Usual] | list[_UsualText] | None) -> list[Block]:
    """Kinds are told apart one by one: to match them takes longer than all the rest."""
    if isinstance(content, str):
        return [chat.TextPart(content)] if content else []
    blocks: list[Block] = []
    for wire in content or ():
        if isinstance(wire, _UsualText):
            if wire.text:
                blocks.append(chat.TextPart(wire.text))
        elif isinstance(wire, _UsualToolUse):
            blocks.append(chat.ToolCall(wire.id, wire.name, str(wire.input, "utf-8")))
        elif isinstance(wire, _UsualToolResult):
            blocks.append(_result(wire, parts_of(_read_usual(wire.content)), {}))
        elif wire.thinking or wire.signature:
            blocks.append(_thought(wire.thinking, wire.signature))
    return blocks


def _read_closely(content: str | list[Raw] | None, where: str) -> list[Block]:
    if isinstance(content, str):
        return [chat.TextPart(content)] if content else []
    blocks = [read_block(raw, f"{where}[{number}]") for number, raw in enumerate(content or ())]
    return [block for block in blocks if block not in _NOTHING]


def read_block(raw: Raw, where: str) -> Block:
    """What one block means. Raises InvalidRequest when it, or a block inside it, is malformed."""
    try:
        kind = _TYPE.decode(raw).type
        block = _meaning(*_BLOCK.read(raw), where) if kind in _KINDS else None
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside=where) from None
    return chat.OtherPart(kind, raw) if block is None else block


def parts_of(blocks: Iterable[Block]) -> list[chat.Part]:
    """Of some blocks those that are parts of a message."""
    return [block for block in blocks if not isinstance(block, _NO_PARTS)]


def write_content(parts: Iterable[chat.Part], calls: Iterable[chat.ToolCall] = ()) -> list[Any]:
    """The blocks that say this; calls stand last."""
    return [block for part in parts if (block := write_part(part)) is not None] + [write_call(call) for call in calls]


def write_part(part: chat.Part) -> dict[str, Any] | Raw | None:
    """The block that says this; None when there is nothing to say, or no word for it."""
    if type(part) is chat.TextPart and part.text and not (part.extra or part.citations):
        return {"type": "text", "text": part.text}
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
    if len(content) == 1 and isinstance(block := content[0], dict) and block.keys() == _LONE_TEXT:
        text: str = block["text"]
        return text
    return content


def _meaning(wire: _Wire, extra: Fields, where: str) -> Block | None:
    """What a block of a known type means; None when it says more than there are words for."""
    match wire:
        case _Text(text, citations):
            return chat.TextPart(text, extra, tuple(map(read_citation, citations)) if citations else ())
        case _ToolUse(call_id, name, arguments):
            return chat.ToolCall(call_id, name, bytes(arguments).decode(), extra=extra)
        case _ToolResult():
            return _read_result(wire, extra, where)
        case _Thinking() | _Redacted() if extra:
            return None
        case _Thinking(thought, signature):
            return _thought(thought, signature)
        case _Redacted(data):
            return chat.ReasoningPart("", None, data, NAME)
        case _Image(raw):
            source = _read_source(raw)
            return None if source is None else read_image(source, extra)
        case _Document(raw, title):
            source = _read_source(raw)
            return None if source is None else read_document(source, title, extra)
        case _:
            assert_never(wire)


def _read_source(raw: Raw) -> Source | None:
    wire, extra = _SOURCE.read(raw)
    return None if extra else wire


def _read_result(wire: _ToolResult, extra: Fields, where: str) -> chat.Message | None:
    blocks = _read_closely(wire.content, f"{where}.content")
    parts = parts_of(blocks)
    return _result(wire, parts, extra) if len(parts) == len(blocks) else None


def _result(wire: _ToolResult | _UsualToolResult, parts: list[chat.Part], extra: Fields) -> chat.Message:
    return chat.Message(
        role="tool",
        parts=tuple(parts),
        tool_call_id=wire.tool_use_id,
        is_error=wire.is_error is True,
        extra=extra,
    )


def _thought(words: str, signature: str | None) -> chat.ReasoningPart:
    return chat.ReasoningPart(words, signature, None, NAME) if signature else chat.ReasoningPart(words)
