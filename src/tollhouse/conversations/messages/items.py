"""Messages as OpenAI's items, and back.

A message here is one row, with thinking, words and calls in order; OpenAI tells them apart as items. An item is named
after its message and its place in it: the first item of `msg_67aaf…` is `msg_67aaf…_0`, a call that follows is
`fc_67aaf…_1`. So every item has one name, and every name one item; what is removed leaves its place empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.conversations.messages.parts import (
    AnyPart,
    Audio,
    File,
    Image,
    Other,
    Reasoning,
    Refusal,
    Removed,
    Role,
    Text,
    ToolCall,
    ToolResult,
    citation_of,
    from_answer,
    from_result,
    source_of,
)
from tollhouse.dialects import chat
from tollhouse.dialects.openai_responses.content import without_nones, write_citation
from tollhouse.dialects.openai_responses.items import read_items, show_thinking, write_call, write_picture
from tollhouse.dialects.openai_responses.places import placed, texts_within
from tollhouse.dialects.openai_responses.seal import Proof
from tollhouse.errors import InvalidRequest, NotFound

Item: TypeAlias = dict[str, Any]

SEALED: Final = "reasoning.encrypted_content"
INCLUDABLE: Final = frozenset(
    {
        SEALED,
        "code_interpreter_call.outputs",
        "computer_call_output.output.image_url",
        "file_search_call.results",
        "message.input_image.image_url",
        "message.output_text.logprobs",
        "web_search_call.action.sources",
        "web_search_call.results",
    }
)
"""What may be asked for besides; all but the seals is shown whenever it is kept."""

SPOKEN = (Text, Refusal, Audio)
SEEN = (Image, File, Other)
"""What a model shows is an item of its own; what it is shown stands among the words."""

CUSTOM: Final = "custom"

_PREFIXES: Final = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "image_generation_call": "ig",
}
_NAME = re.compile(r"[a-z]{2,8}_([0-9a-z]{26})_([0-9]{1,4})")
_CUSTOM_OUTPUT = Raw(b'"custom_tool_call_output"')


class Said(msgspec.Struct, frozen=True):
    """What one row keeps of items that were sent."""

    role: Role
    parts: tuple[AnyPart, ...]


def read(raws: Sequence[Raw], inside: str) -> list[Said]:
    """The messages that items make; `inside` is the path of their list. Raises InvalidRequest, naming the item."""
    return [_said(placed(message)) for message in read_items(raws, inside)]


def items_of(
    message_id: str,
    role: Role,
    parts: Sequence[AnyPart],
    *,
    status: str = "completed",
    include: frozenset[str] = frozenset(),
) -> list[Item]:
    """The items of a message, in order and with their names; `status` is that of words and calls."""
    return [
        item | {"id": name_of(item["type"], message_id, place)}
        for place, group in enumerate(groups(role, _with_sources(parts)))
        if (item := _item(role, group, status, include)) is not None
    ]


def name_of(kind: str, message_id: str, place: int) -> str:
    """What the item at a place of a message is called."""
    return f"{_PREFIXES.get(kind, 'item')}_{message_id.partition('_')[2]}_{place}"


def place_of(item_id: str) -> tuple[str, int]:
    """The message that an item belongs to, and its place in it. Raises NotFound for what is no item's name."""
    named = _NAME.fullmatch(item_id)
    if named is None:
        raise no_item()
    return f"msg_{named[1]}", int(named[2])


def groups(role: Role, parts: Sequence[AnyPart]) -> Iterator[tuple[AnyPart, ...]]:
    """The parts of a message, those together that make one item."""
    together: list[AnyPart] = []
    for part in parts:
        if isinstance(part, SPOKEN) or (isinstance(part, SEEN) and role != "assistant"):
            together.append(part)
            continue
        if together:
            yield tuple(together)
            together = []
        yield (part,)
    if together:
        yield tuple(together)


def without(role: Role, parts: Sequence[AnyPart], place: int) -> tuple[AnyPart, ...]:
    """The parts without the item at a place. Raises NotFound when there is none."""
    kept = [*groups(role, parts)]
    if place >= len(kept) or kept[place] == (Removed(),):
        raise no_item()
    kept[place] = (Removed(),)
    return tuple([part for group in kept for part in group])


def checked_include(said: Sequence[str]) -> frozenset[str]:
    """What is to be shown besides. Raises InvalidRequest for what nobody knows."""
    if unknown := sorted(set(said) - INCLUDABLE):
        known = ", ".join(sorted(INCLUDABLE))
        raise InvalidRequest(f"`include` knows no {unknown[0][:64]!r}. It knows: {known}.", param="include")
    return frozenset(said)


def no_item() -> NotFound:
    """There is no item of that name, or none of the caller's."""
    return NotFound("There is no such item in this conversation.")


def _with_sources(parts: Sequence[AnyPart]) -> list[AnyPart]:
    """The parts; each text has the sources whose place is in it, counted from its start."""
    texts = [
        chat.TextPart(each.text, {}, tuple(map(citation_of, each.sources))) for each in parts if isinstance(each, Text)
    ]
    sources = iter([tuple(map(source_of, text.citations)) for text in texts_within(texts)])
    return [replace(part, sources=next(sources)) if isinstance(part, Text) else part for part in parts]


def _said(message: chat.Message) -> Said:
    if message.role == "tool":
        kind = CUSTOM if message.extra.get("type") == _CUSTOM_OUTPUT else "function"
        return Said("tool", (from_result(message, kind),))
    # An item without a word is an item: it keeps its place.
    return Said(message.role, from_answer(message) or (Text(""),))


def _item(role: Role, group: tuple[AnyPart, ...], status: str, include: frozenset[str]) -> Item | None:
    """What parts that belong together are as an item; None for what was removed."""
    match group[0]:
        case Removed():
            return None
        case Reasoning(text=text, signature=signature, sealed=sealed, made_by=made_by):
            return show_thinking(text, Proof(made_by, signature, sealed) if SEALED in include else Proof(), None)
        case ToolCall() as call:
            said = chat.ToolCall(call.id, call.name, call.arguments, call.kind, namespace=call.namespace)
            return write_call(said) | {"status": status}
        case ToolResult() as result:
            return _output(result)
        case Image(url=url) if role == "assistant":
            return write_picture(url, "")
        case Other(raw=raw) if role == "assistant":
            return msgspec.json.decode(raw, type=dict[str, Any])
        case _:
            content = [_content(part, role) for part in group]
            return {"type": "message", "status": status, "role": role, "content": content}


def _output(result: ToolResult) -> Item:
    kind = "custom_tool_call_output" if result.kind == CUSTOM else "function_call_output"
    content = result.content
    said = content if isinstance(content, str) else [_content(part, "tool") for part in content]
    return {"type": kind, "call_id": result.tool_call_id, "output": said, "status": "completed"}


def _content(part: AnyPart, role: Role) -> Item:
    """A part of a message's `content`, or of a tool's `output`."""
    match part:
        case Text(text=text, sources=sources) if role == "assistant":
            annotations = [wire for source in sources if (wire := write_citation(citation_of(source))) is not None]
            return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}
        case Text(text=text):
            return {"type": "input_text", "text": text}
        case Refusal(text=text):
            return {"type": "refusal", "refusal": text}
        case Image(url=url, detail=detail):
            return {"type": "input_image", "image_url": url, "detail": detail or "auto"}
        case File():
            named = {"file_id": part.file_id, "file_data": part.data, "filename": part.filename, "file_url": part.url}
            return {"type": "input_file"} | without_nones(**named)
        case Audio(transcript=str(text)) if role == "assistant":
            return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        case Audio(data=data, format=form):
            return {"type": "input_audio", "input_audio": {"data": data, "format": form}}
        case Other(raw=raw):
            return msgspec.json.decode(raw, type=dict[str, Any])
        case Reasoning() | ToolCall() | ToolResult() | Removed():
            raise ValueError("what is an item of its own is no content of another")
