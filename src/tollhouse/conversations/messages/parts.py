"""What a message is made of, as it is kept and shown; and the same in the words all dialects share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat, json_body
from tollhouse.errors import Unprocessable

PARTS_MOST = 1_000

Detail: TypeAlias = Literal["low", "high", "auto", "original"]
_DETAILS = get_args(Detail)


class Part(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="type"):
    """One thing in a message."""


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What words rest on; `start` and `end` are characters of the answer's text, end exclusive."""

    url: str | None = None
    title: str | None = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None


class Text(Part, frozen=True, tag="text"):
    """Words."""

    text: str
    sources: tuple[Source, ...] = ()


class Image(Part, frozen=True, tag="image"):
    """A picture: an http(s) or `data:` URL."""

    url: Annotated[str, Meta(min_length=1)]
    detail: Detail | None = None


class Audio(Part, frozen=True, tag="audio"):
    """Sound: base64 `data` in `format` (wav, mp3 …); with a transcript when a model spoke it."""

    data: str
    format: str = "wav"
    id: str = ""
    transcript: str = ""


class File(Part, frozen=True, tag="file"):
    """A document: a provider's `file_id`, a `data:` URL with a `filename`, or the `url` where it is fetched."""

    file_id: str | None = None
    data: str | None = None
    filename: str | None = None
    url: str | None = None


class Refusal(Part, frozen=True, tag="refusal"):
    """The model's words when it declines."""

    text: str


class Reasoning(Part, frozen=True, tag="reasoning"):
    """The model's thinking, with what proves it to its provider (`chat.ReasoningPart`)."""

    text: str
    signature: str | None = None
    sealed: str | None = None
    made_by: str | None = None
    id: str | None = None


class ToolCall(Part, frozen=True, tag="tool_call"):
    """The model asks for a tool: `arguments` is JSON text as the model made it, valid or not."""

    id: str
    name: str
    arguments: str
    kind: str = "function"
    signature: str | None = None
    made_by: str | None = None
    namespace: str | None = None


class Other(Part, frozen=True, tag="other"):
    """What only the dialect that said it can say again."""

    kind: str
    raw: Raw


class ToolResult(Part, frozen=True, tag="tool_result"):
    """What a tool of this kind answered to the call of this id: words, or parts."""

    tool_call_id: Annotated[str, Meta(min_length=1)]
    content: str | Annotated[tuple[Text | Image | File | Other, ...], Meta(max_length=PARTS_MOST)]
    is_error: bool = False
    kind: str = "function"


class Removed(Part, frozen=True, tag="removed"):
    """Something was here and was taken away. It holds the place, so that what follows keeps its own."""


AnyPart: TypeAlias = Text | Image | Audio | File | Refusal | Reasoning | ToolCall | ToolResult | Other | Removed
Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]

Said: TypeAlias = Text | Image | Audio | File | ToolResult
"""What a caller may say."""

ALLOWED: dict[str, tuple[type, ...]] = {"user": (Text, Image, Audio, File), "tool": (ToolResult,)}


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message that a caller sends: words, or parts; `tool` for what tools answered."""

    content: str | Annotated[tuple[Said, ...], Meta(min_length=1, max_length=PARTS_MOST)]
    role: Literal["user", "tool"] = "user"


_STORED = msgspec.json.Decoder(tuple[AnyPart, ...])


def load(stored: str) -> tuple[AnyPart, ...]:
    """The parts of a message's row."""
    return _STORED.decode(stored)


def dump(parts: Sequence[AnyPart]) -> str:
    """Parts as a row keeps them."""
    return msgspec.json.encode(parts).decode()


def read_asked(said: Any) -> tuple[Role, tuple[AnyPart, ...]]:
    """A caller's message: text, `{content}`, or `{role, content}`.

    Raises:
        InvalidRequest, Unprocessable: malformed, empty, or a part that this role does not say.
    """
    if isinstance(said, str):
        said = {"content": said}
    try:
        asked = msgspec.convert(said, Asked)
    except msgspec.ValidationError as error:
        raise json_body.explain(error, inside="message") from None
    parts: tuple[AnyPart, ...] = (Text(asked.content),) if isinstance(asked.content, str) else asked.content
    for position, part in enumerate(parts):
        if not isinstance(part, ALLOWED[asked.role]):
            kind = type(part).__struct_config__.tag
            raise Unprocessable(
                f"A message of role {asked.role} has no part `{kind}`.", param=f"message.content[{position}]"
            )
        if isinstance(part, File) and not (part.file_id or part.data or part.url):
            where = f"message.content[{position}]"
            raise Unprocessable("A file needs its `data`, its `file_id` or its `url`.", param=where)
    if not any(not isinstance(part, Text) or part.text.strip() for part in parts):
        raise Unprocessable("The message is empty.", param="message")
    return asked.role, parts


def words_of(parts: Sequence[AnyPart]) -> str:
    """What can be read and searched, without the thinking."""
    said = []
    for part in parts:
        match part:
            case Text() | Refusal():
                said.append(part.text)
            case ToolResult():
                said.append(part.content if isinstance(part.content, str) else words_of(part.content))
            case Audio(transcript=str(transcript)) if transcript:
                said.append(transcript)
            case _:
                pass
    return "\n".join(said)


# --- in the words of all dialects ------------------------------------------------------------------------------------


def from_answer(answered: chat.Message) -> tuple[AnyPart, ...]:
    """A model's answer as parts."""
    calls = [
        ToolCall(call.id, call.name, call.arguments, call.type, call.signature, call.made_by, call.namespace)
        for call in answered.tool_calls
    ]
    return (*map(_kept, answered.parts), *calls)


def as_chat(role: Role, parts: Sequence[AnyPart]) -> Iterator[chat.Message]:
    """The message as dialects say it; each tool's answer is a message of its own.

    Thinking that nobody has to see again is left out, as vendors ask for ("Thinking Mode", DeepSeek API docs, read
    2026-11-22); what is signed or sealed goes back, because its provider may insist on it.
    """
    if role == "tool":
        for part in parts:
            if isinstance(part, ToolResult):
                content = (Text(part.content),) if isinstance(part.content, str) else part.content
                yield chat.Message(
                    role="tool",
                    parts=tuple(map(_said, content)),
                    tool_call_id=part.tool_call_id,
                    is_error=part.is_error,
                )
        return
    calls = [
        chat.ToolCall(
            part.id,
            part.name,
            part.arguments,
            part.kind,
            signature=part.signature,
            made_by=part.made_by,
            namespace=part.namespace,
        )
        for part in parts
        if isinstance(part, ToolCall)
    ]
    said = tuple([_said(part) for part in parts if _is_said(part)])
    if said or calls:
        yield chat.Message(role=role, parts=said, tool_calls=tuple(calls))


def _is_said(part: AnyPart) -> bool:
    if isinstance(part, Reasoning):
        return part.signature is not None or part.sealed is not None
    return not isinstance(part, ToolCall | ToolResult | Removed)


def from_result(result: chat.Message, kind: str = "function") -> ToolResult:
    """What a tool of this kind answered, as a part."""
    content: str | tuple[Any, ...] = tuple(map(_kept, result.parts))
    match content:
        case ():
            content = ""
        case (Text(text),):
            content = text
    return ToolResult(result.tool_call_id or "", content, result.is_error, kind)


def from_seen(seen: chat.PartSeen) -> AnyPart:
    """What came in one piece of a model's answer, as a part."""
    return _kept(seen.part)


def part_seen(part: Image | File | Other) -> chat.PartSeen:
    """The same, as dialects tell it in a stream."""
    return chat.PartSeen(0, _said(part))  # type: ignore[arg-type]  # what these three are said as


def _kept(part: chat.Part) -> AnyPart:
    match part:
        case chat.TextPart():
            return Text(part.text, tuple([source_of(citation) for citation in part.citations]))
        case chat.ImagePart():
            return Image(part.url, cast("Detail", part.detail) if part.detail in _DETAILS else None)
        case chat.AudioPart():
            return Audio(part.data, part.format)
        case chat.FilePart():
            return File(part.file_id, part.data, part.filename, part.url)
        case chat.RefusalPart():
            return Refusal(part.text)
        case chat.ReasoningPart():
            return Reasoning(part.text, part.signature, part.sealed, part.made_by, part.id)
        case chat.SpokenPart():
            return Audio(part.data, id=part.id, transcript=part.transcript)
        case chat.OtherPart():
            return Other(part.type, part.raw)


def _said(part: AnyPart) -> chat.Part:
    match part:
        case Text():
            return chat.TextPart(part.text)
        case Image():
            return chat.ImagePart(part.url, part.detail)
        case Audio():
            return chat.TextPart(part.transcript) if part.transcript else chat.AudioPart(part.data, part.format)
        case File():
            return chat.FilePart(part.file_id, part.data, part.filename, url=part.url)
        case Refusal():
            return chat.RefusalPart(part.text)
        case Reasoning():
            return chat.ReasoningPart(part.text, part.signature, part.sealed, part.made_by, part.id)
        case Other():
            return chat.OtherPart(part.kind, part.raw)
        case ToolCall() | ToolResult() | Removed():
            raise ValueError("tool calls, their results and what was removed are no parts of a dialect's message")


def source_of(citation: chat.Citation) -> Source:
    """What words rest on, as a dialect tells it."""
    return Source(url=citation.url, title=citation.title, quote=citation.quote, start=citation.start, end=citation.end)


def citation_of(source: Source) -> chat.Citation:
    """The same, for a dialect to tell."""
    return chat.Citation(url=source.url, title=source.title, quote=source.quote, start=source.start, end=source.end)
