"""The parts of what one speaker says: words, thoughts, media, calls of tools and their answers.

Gemini API reference, "Part" (read 2026-11-22). Canonical forms: a signature of words stands behind them in a part of
its own, as streams have it, and the arguments of a call are compact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, json_body
from tollhouse.dialects.gemini import media
from tollhouse.dialects.gemini.carries import NAME
from tollhouse.dialects.gemini.proto_json import Fields, Message, read_fields, read_object, says_nothing
from tollhouse.dialects.json_body import NULL

UNCHECKED: Final = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""A signature for calls that another provider's model made: `skip_thought_signature_validator`, in base64.

Gemini 3 refuses the first call of a turn without one. Gemini API, "Thought signatures", FAQ (read 2026-11-22).
"""

NO_ARGUMENTS: Final = "{}"
INVALID_ARGUMENTS: Final = "invalid_json"
"""Arguments must be an object here: text that is none is said as the only field of one."""

MakeId: TypeAlias = Callable[[str | None, str], str]


class Part(Message):
    """A part as the wire has it."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: Raw = NULL
    function_response: Raw = NULL
    inline_data: Raw = NULL
    file_data: Raw = NULL


class Call(Message):
    """A call of a function; Google leaves empty arguments out."""

    name: str
    id: str | None = None
    args: dict[str, Raw] | None = None


_LEVELS_AROUND = 6
"""A request, its contents, one of them, its parts, one of them, a call: then come the arguments."""

_PART = msgspec.json.Decoder(Part)
_CALL = msgspec.json.Decoder(Call)
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_MARKS = frozenset({"thought", "thoughtSignature", "partMetadata", "mediaResolution", "videoMetadata"})
"""What a part says about its content."""


class Said(msgspec.Struct):
    """What the parts of one speaker say; `answers` are those of tools: undecoded, each with its path."""

    parts: list[chat.Part] = []
    calls: list[chat.ToolCall] = []
    answers: list[tuple[Raw, str]] = []


def read_parts(raws: Sequence[Raw], inside: str, make_id: MakeId, *, is_model: bool) -> Said:
    """What parts say.

    Args:
        inside: the path of the list.
        make_id: (the id told, if any; the function's name) -> the id of a call.
        is_model: the model speaks; only it calls tools, and only others answer for them.

    Raises:
        InvalidRequest: of the wrong type.
    """
    said = Said()
    for position, raw in enumerate(raws):
        path = f"{inside}[{position}]"
        wire, extra = read_object(_PART, raw, path)
        if is_model and not says_nothing(wire.function_call):
            said.calls.append(_read_call(wire, extra, f"{path}.functionCall", make_id))
        elif not is_model and not says_nothing(wire.function_response) and not extra:
            said.answers.append((wire.function_response, f"{path}.functionResponse"))
        else:
            said.parts += _read_part(wire, extra, raw, path)
    return said


def write_parts(parts: Sequence[chat.Part], *, is_own: bool) -> Iterator[dict[str, Any] | Raw]:
    """The parts as the wire has them; `is_own`: they were read in this dialect."""
    for part in parts:
        match part:
            case chat.TextPart(text, extra):
                yield {"text": text} | extra
            case chat.RefusalPart(text):
                yield {"text": text}
            case chat.ReasoningPart():
                yield from _write_thought(part, is_own=is_own)
            case chat.ImagePart() | chat.AudioPart() | chat.FilePart():
                yield media.write_media(part)
            case chat.SpokenPart():
                yield {"text": part.transcript}
            case chat.OtherPart():
                yield part.raw


def write_call(call: chat.ToolCall) -> dict[str, Any]:
    """The call as a part, with its signature when that is of this dialect."""
    wire: dict[str, Any] = {"functionCall": {"id": call.id, "name": call.name, "args": as_object(call.arguments)}}
    if call.signature is not None and call.made_by == NAME:
        wire["thoughtSignature"] = call.signature
    return wire | call.extra


def as_object(arguments: str) -> Raw | dict[str, str]:
    """Arguments as a JSON object, whatever they are; see `INVALID_ARGUMENTS`."""
    text = arguments.strip()
    if not text:
        return {}
    return Raw(text.encode()) if is_object(text) else {INVALID_ARGUMENTS: arguments}


def is_object(text: str) -> bool:
    """The text is a JSON object that others will read, and not too deep for them."""
    if not text.startswith("{"):
        return False
    try:
        _OBJECT.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return json_body.depth(text.encode()) <= json_body.MAX_DEPTH - _LEVELS_AROUND


def as_arguments(args: dict[str, Raw] | None) -> str:
    """Arguments as compact JSON text: the white space is Google's, not the model's."""
    return msgspec.json.format(msgspec.json.encode(args), indent=-1).decode() if args else NO_ARGUMENTS


def _read_call(wire: Part, extra: Fields, path: str, make_id: MakeId) -> chat.ToolCall:
    """A call; as a whole it is said again when it says more than is modelled."""
    call, unknown = read_object(_CALL, wire.function_call, path)
    if unknown:
        extra = extra | {"functionCall": wire.function_call}
    return chat.ToolCall(
        make_id(call.id, call.name),
        call.name,
        as_arguments(call.args),
        extra=extra,
        signature=wire.thought_signature,
        made_by=None if wire.thought_signature is None else NAME,
    )


def _read_part(wire: Part, extra: Fields, raw: Raw, path: str) -> Iterator[chat.Part]:
    """A part with a signature becomes two, unless it is a thought."""
    signature = wire.thought_signature
    if not (
        says_nothing(wire.inline_data)
        and says_nothing(wire.file_data)
        and says_nothing(wire.function_call)
        and says_nothing(wire.function_response)
    ):
        part = None if wire.thought or wire.text is not None else _read_media(wire, extra, path)
        if part is None:
            yield chat.OtherPart(_type_of(raw), raw)
            return
        yield part
    elif wire.text is None and (extra or signature is None):
        yield chat.OtherPart(_type_of(raw), raw)
        return
    elif wire.thought:
        yield chat.ReasoningPart(wire.text or "", signature, made_by=None if signature is None else NAME)
        return
    elif wire.text or extra or signature is None:
        yield chat.TextPart(wire.text or "", extra)
    if signature is not None:
        yield chat.ReasoningPart("", signature, made_by=NAME)


def _read_media(wire: Part, extra: Fields, path: str) -> chat.Part | None:
    if not says_nothing(wire.inline_data):
        return media.read_blob(wire.inline_data, extra, f"{path}.inlineData")
    if not says_nothing(wire.file_data):
        return media.read_file(wire.file_data, extra, f"{path}.fileData")
    return None


def _type_of(raw: Raw) -> str:
    fields = () if says_nothing(raw) else read_fields(raw)
    return next((name for name in fields if name not in _MARKS), "part")


def _write_thought(part: chat.ReasoningPart, *, is_own: bool) -> Iterator[dict[str, Any]]:
    """Thoughts of other models are left out: Google takes none but its own, by their signature."""
    if part.signature is not None and part.made_by == NAME:
        marks = {"thought": True} if part.text else {}
        yield {"text": part.text} | marks | {"thoughtSignature": part.signature}
    elif is_own:
        yield {"text": part.text, "thought": True}
