"""One message in OpenAI's dialect, in a request or in an answer.

Canonical forms, where the dialect has several for one meaning: a lone text part is a string; the last refusal stands
beside the content; `reasoning`, and the parts in which Mistral thinks, are said as `reasoning_content`, in one piece,
and said once more with their proofs where they have some (`thinking`); null is said by absence, except that content is
null beside tool calls, a refusal or sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw
from msgspec.structs import replace

from tollhouse.dialects import chat
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import FIELDS, Fields
from tollhouse.dialects.openai_chat.citations import Annotation, read_citations, write_citations
from tollhouse.dialects.openai_chat.fields import FIELDS_LIST, says_more
from tollhouse.dialects.openai_chat.thinking import (
    Chunk,
    Detail,
    are_understood,
    is_provable,
    read_details,
    words_of,
    write_details,
)


class ImageUrl(msgspec.Struct):
    url: str
    detail: str | None = None


class Picture(msgspec.Struct):
    """One of `images`, where an answer shows what it has made."""

    image_url: ImageUrl


class InputAudio(msgspec.Struct):
    data: str
    format: str


class File(msgspec.Struct):
    file_id: str | None = None
    file_data: str | None = None
    filename: str | None = None


class Part(msgspec.Struct):
    type: str
    text: str | None = None
    thinking: list[Chunk] | str | None = None
    refusal: str | None = None
    image_url: ImageUrl | str | None = None
    input_audio: InputAudio | None = None
    file: File | None = None


class Function(msgspec.Struct):
    name: str = ""
    arguments: str | None = None


class Custom(msgspec.Struct):
    name: str = ""
    input: str | None = None


class Google(msgspec.Struct):
    thought_signature: str | None = None


class ExtraContent(msgspec.Struct):
    """Google's own field: "Thought signatures", section "OpenAI compatibility" (read 2026-11-22)."""

    google: Google | None = None

    @property
    def signature(self) -> str | None:
        return self.google.thought_signature if self.google is not None else None


class ToolCall(msgspec.Struct):
    id: str | None = None
    type: str | None = None
    function: Function | None = None
    custom: Custom | None = None
    extra_content: ExtraContent | None = None


class Audio(msgspec.Struct):
    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


class Message(msgspec.Struct, kw_only=True):
    """The message as the wire has it; `role` is absent in some answers."""

    role: chat.Role = "assistant"
    content: str | list[Part] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Detail] | None = None
    annotations: list[Annotation] | None = None
    audio: Audio | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    name: str | None = None


class AskedMessage(Message, kw_only=True):
    """A message of a request, which must tell its role."""

    role: chat.Role


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["text"]
    text: str


class _CalledFunction(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    arguments: str


class _Call(msgspec.Struct, tag="function", forbid_unknown_fields=True):
    id: str
    function: _CalledFunction


class Plain(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What nearly every message is: words and calls of functions, and whatever else says nothing."""

    role: chat.Role
    content: str | list[_Words] | None = None
    reasoning_content: str | None = None
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None
    name: str | None = None
    refusal: None = None
    annotations: Annotated[list[Raw], Meta(max_length=0)] | None = None


_PICTURES: Final = msgspec.json.Decoder(list[Picture])
_PLAIN: Final = msgspec.json.Decoder(Plain)
_MESSAGE: Final[msgspec.json.Decoder[Message]] = msgspec.json.Decoder(Message)
ASKED: Final[msgspec.json.Decoder[Message]] = msgspec.json.Decoder(AskedMessage)
_MESSAGE_FIELDS = frozenset(Message.__struct_fields__)


def read_message(raw: Raw, decoder: msgspec.json.Decoder[Message] = _MESSAGE) -> chat.Message:
    """The message, a plain one in a single look.

    Raises:
        msgspec.DecodeError: it is none, by this decoder.
    """
    try:
        return read_plain(_PLAIN.decode(raw))
    except msgspec.ValidationError:
        return _read_closely(decoder.decode(raw), FIELDS.decode(raw))


def read_plain(plain: Plain) -> chat.Message:
    """The message, of which nothing is left to be looked at."""
    said: list[chat.Part] = [chat.ReasoningPart(plain.reasoning_content)] if plain.reasoning_content else []
    if isinstance(plain.content, str):
        said += [chat.TextPart(plain.content)] if plain.content else []
    elif plain.content:
        said += [chat.TextPart(part.text) for part in plain.content]
    calls = [chat.ToolCall(call.id, call.function.name, call.function.arguments) for call in plain.tool_calls or ()]
    return chat.Message(
        role=plain.role, parts=tuple(said), tool_calls=tuple(calls), tool_call_id=plain.tool_call_id, name=plain.name
    )


def _read_closely(wire: Message, fields: Fields) -> chat.Message:
    """The message whose typed form is `wire` and whose fields, undecoded, are `fields`."""
    extra = {name: raw for name, raw in fields.items() if name not in _MESSAGE_FIELDS}
    parts: list[chat.Part] = _read_thinking(wire, fields, extra)
    if isinstance(wire.content, str):
        parts += [chat.TextPart(wire.content)] if wire.content else []
    elif wire.content:
        parts += map(_read_part, wire.content, FIELDS_LIST.decode(fields["content"]))
    if wire.annotations:
        read_citations(wire.annotations, fields, parts, extra)
    if wire.refusal:
        parts.append(chat.RefusalPart(wire.refusal))
    if wire.audio and wire.audio.id:
        parts.append(_read_audio(wire.audio))
    calls = map(_read_call, wire.tool_calls, FIELDS_LIST.decode(fields["tool_calls"])) if wire.tool_calls else ()
    return chat.Message(
        role=wire.role,
        parts=tuple(parts),
        tool_calls=tuple(calls),
        tool_call_id=wire.tool_call_id,
        name=wire.name,
        extra=extra,
    )


def write_message(message: chat.Message, *, is_answer: bool) -> dict[str, Any]:
    """The message as a JSON object. In requests sound is named by its id, in answers it is said."""
    wire = _write_words(message) or _write_all(message, is_answer=is_answer)
    if message.tool_calls:
        wire["tool_calls"] = [_write_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        wire["name"] = message.name
    return wire | message.extra if message.extra else wire


def _write_words(message: chat.Message) -> dict[str, Any] | None:
    """What is said, when that is one piece of text or nothing: of nearly every message in a conversation."""
    if not message.parts:
        return {"role": message.role, "content": None} if message.tool_calls else None
    part = message.parts[0]
    if len(message.parts) > 1 or type(part) is not chat.TextPart or part.extra or part.citations or not part.text:
        return None
    return {"role": message.role, "content": part.text}


def _write_all(message: chat.Message, *, is_answer: bool) -> dict[str, Any]:
    """What is said, whatever it is."""
    parts = list(message.parts)
    wire: dict[str, Any] = {"role": message.role, "content": None}
    thoughts = [part for part in parts if isinstance(part, chat.ReasoningPart)]
    spoken = [part for part in parts if isinstance(part, chat.SpokenPart)]
    shown = [part for part in parts if isinstance(part, chat.ImagePart)] if is_answer else []
    beside = (chat.ReasoningPart, chat.SpokenPart, *([chat.ImagePart, chat.FilePart] if is_answer else []))
    said = [part for part in parts if not isinstance(part, beside)]
    if said and isinstance(last := said[-1], chat.RefusalPart):
        wire["refusal"] = last.text
        said.pop()
    if said or not (message.tool_calls or spoken or shown or "refusal" in wire):
        wire["content"] = _write_content(said, is_answer=is_answer)
    if found := write_citations(said):
        wire["annotations"] = found
    if words := "".join([part.text for part in thoughts]):
        wire["reasoning_content"] = words
    if any(map(is_provable, thoughts)):
        wire["reasoning_details"] = write_details(thoughts)
    if shown:
        wire["images"] = [write_picture(part) for part in shown]
    if spoken:
        wire["audio"] = _write_audio(spoken[-1], is_answer=is_answer)
    return wire


def read_pictures(message: chat.Message) -> chat.Message:
    """The message of an answer with the pictures that it shows. Raises msgspec.DecodeError: they are something else."""
    images = message.extra.get("images", NULL)
    if is_null(images):
        return message
    parts = [chat.ImagePart(each.image_url.url, each.image_url.detail) for each in _PICTURES.decode(images)]
    extra = {name: raw for name, raw in message.extra.items() if name != "images"}
    return replace(message, parts=(*message.parts, *parts), extra=extra)


def write_picture(part: chat.ImagePart) -> dict[str, Any]:
    """A picture; in an answer they stand in `images`, which OpenRouter added to the dialect.

    OpenRouter, "Image generation" (read 2026-11-30).
    """
    return {"type": "image_url", "image_url": _without_nones(url=part.url, detail=part.detail)} | part.extra


def write_signature(signature: str) -> dict[str, Any]:
    """The proof of the thinking behind a tool call, in Google's field."""
    return {"google": {"thought_signature": signature}}


def _read_thinking(wire: Message, fields: Fields, extra: Fields) -> list[chat.Part]:
    """The thinking: details say it best, as long as all of them are understood."""
    details = wire.reasoning_details or []
    thought = wire.reasoning_content or wire.reasoning or ""
    if wire.reasoning_content and wire.reasoning and wire.reasoning != wire.reasoning_content:
        extra["reasoning"] = fields["reasoning"]
    if details and not are_understood(details, fields["reasoning_details"]):
        extra["reasoning_details"] = fields["reasoning_details"]
        details = []
    parts = read_details(details)
    words = "".join([part.text for part in parts])
    if thought and words != thought:
        if words:
            extra["reasoning_details"] = fields["reasoning_details"]
            return [chat.ReasoningPart(thought)]
        first = parts[0] if parts else chat.ReasoningPart("")
        parts[:1] = [replace(first, text=thought)]
    return list(parts)


def _read_part(wire: Part, fields: Fields) -> chat.Part:
    extra = {name: raw for name, raw in fields.items() if name not in ("type", wire.type)}
    match wire:
        case Part(type="text", text=str(text)):
            return chat.TextPart(text, extra)
        case Part(type="thinking", thinking=list(chunks)) if extra.keys() <= {"closed"}:
            return chat.ReasoningPart(words_of(chunks))
        case Part(type="refusal", refusal=str(text)) if not extra:
            return chat.RefusalPart(text)
        case Part(type="image_url", image_url=str(url)):
            return chat.ImagePart(url, None, extra)
        case Part(type="image_url", image_url=ImageUrl(url, detail)):
            return chat.ImagePart(url, detail, extra | _unmodelled(fields, "image_url", ImageUrl))
        case Part(type="input_audio", input_audio=InputAudio(data, form)):
            return chat.AudioPart(data, form, extra | _unmodelled(fields, "input_audio", InputAudio))
        case Part(type="file", file=File(file_id, data, filename)):
            return chat.FilePart(file_id, data, filename, extra | _unmodelled(fields, "file", File))
        case _:
            return chat.OtherPart(wire.type, Raw(msgspec.json.encode(fields)))


def _read_call(wire: ToolCall, fields: Fields) -> chat.ToolCall:
    kind = wire.type or "function"
    extra = {name: raw for name, raw in fields.items() if name not in ("id", "type", kind)}
    signature = wire.extra_content.signature if wire.extra_content is not None else None
    if signature is not None and not _says_more_than_signature(fields["extra_content"]):
        del extra["extra_content"]
    maker = "gemini" if signature is not None else None
    if kind == "custom":
        custom = wire.custom or Custom()
        extra |= _unmodelled(fields, "custom", Custom)
        return chat.ToolCall(wire.id or "", custom.name, custom.input or "", kind, extra, signature, maker)
    function = wire.function or Function()
    extra |= _unmodelled(fields, "function", Function)
    return chat.ToolCall(wire.id or "", function.name, function.arguments or "", kind, extra, signature, maker)


def _says_more_than_signature(extra_content: Raw) -> bool:
    return says_more(extra_content, ExtraContent) or says_more(FIELDS.decode(extra_content)["google"], Google)


def _unmodelled(fields: Fields, name: str, wire: type[msgspec.Struct]) -> Fields:
    """The whole of an inner object when it says more than is modelled; said again, it wins."""
    return {name: fields[name]} if name in fields and says_more(fields[name], wire) else {}


def _read_audio(wire: Audio) -> chat.SpokenPart:
    return chat.SpokenPart(
        id=wire.id or "", data=wire.data or "", transcript=wire.transcript or "", expires_at=wire.expires_at
    )


def _write_content(parts: Sequence[chat.Part], *, is_answer: bool) -> str | list[Any]:
    """A string when that says it all; an answer of words is never anything else."""
    words = [
        part.text for part in parts if isinstance(part, chat.TextPart) and (is_answer or part.text) and not part.extra
    ]
    if len(words) == len(parts) and (is_answer or len(parts) <= 1):
        return "".join(words)
    return [_write_part(part) for part in parts]


def _write_part(part: chat.Part) -> dict[str, Any] | Raw:
    match part:
        case chat.TextPart(text, extra):
            return {"type": "text", "text": text} | extra
        case chat.RefusalPart(text):
            return {"type": "refusal", "refusal": text}
        case chat.ImagePart():
            return write_picture(part)
        case chat.AudioPart(data, form, extra):
            return {"type": "input_audio", "input_audio": {"data": data, "format": form}} | extra
        case chat.FilePart(file_id, data, filename, extra):
            inner = _without_nones(file_id=file_id, file_data=data, filename=filename)
            return {"type": "file", "file": inner} | extra
        case chat.OtherPart():
            return part.raw
        case chat.ReasoningPart() | chat.SpokenPart():
            raise AssertionError("said beside the content")


def _write_call(call: chat.ToolCall) -> dict[str, Any]:
    inner = {"name": call.name, "input" if call.type == "custom" else "arguments": call.arguments}
    wire: dict[str, Any] = {"id": call.id, "type": call.type, call.type: inner}
    if call.signature is not None and call.made_by == "gemini":
        wire["extra_content"] = write_signature(call.signature)
    return wire | call.extra if call.extra else wire


def _write_audio(part: chat.SpokenPart, *, is_answer: bool) -> dict[str, Any]:
    if not is_answer:
        return {"id": part.id}
    return {"id": part.id, "data": part.data, "transcript": part.transcript, "expires_at": part.expires_at}


def _without_nones(**fields: str | int | None) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
