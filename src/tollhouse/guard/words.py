"""Every word of a request or an answer, to be read or to be replaced. Pure.

What is looked at is what can be replaced, because both are done here. Pictures, sound and files are not words. What
must be said again to the letter is looked at and stays as it is: thinking that its provider has signed, and the names
by which tools and schemas are called.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.dialects.chat import (
    Answer,
    AudioDelta,
    Event,
    FilePart,
    Message,
    OtherPart,
    Part,
    ReasoningDelta,
    ReasoningPart,
    RefusalDelta,
    RefusalPart,
    ResponseFormat,
    SpokenPart,
    TextDelta,
    TextPart,
    Tool,
    ToolCall,
    ToolCallDelta,
)
from tollhouse.dialects.texts import Asked, Texts

Change: TypeAlias = Callable[[str], str]


def asked(request: Asked, change: Change) -> Asked:
    """The request, with each of its words changed. Numbers in a model's own vocabulary are no words."""
    if isinstance(request, Texts):
        texts = [change(text) if isinstance(text, str) else text for text in request.texts]
        user, extra = _if_said(request.user, change), _extra(request.extra, change)
        return replace(request, texts=tuple(texts), user=user, extra=extra)
    shape = request.response_format
    return replace(
        request,
        messages=tuple([_message(message, change) for message in request.messages]),
        tools=tuple([_tool(tool, change) for tool in request.tools]),
        response_format=None if shape is None else _shape(shape, change),
        stop=tuple([change(text) for text in request.stop]),
        # Many who ask for others name them by their address.
        user=_if_said(request.user, change),
        extra=_extra(request.extra, change),
    )


def answered(answer: Answer, change: Change) -> Answer:
    """The answer, with each of its words changed, and what it repeats of its request."""
    choices = [
        replace(
            choice,
            message=_message(choice.message, change),
            stop_sequence=_if_said(choice.stop_sequence, change),
        )
        for choice in answer.choices
    ]
    return replace(answer, choices=tuple(choices), extra=_extra(answer.extra, change))


def said_in(request: Asked) -> tuple[str, ...]:
    """The words of a request."""
    return _read(partial(asked, request))


def answers_in(answer: Answer) -> tuple[str, ...]:
    """The words of each choice, together."""
    each = [replace(answer, choices=(choice,)) for choice in answer.choices]
    return tuple(["\n".join(_read(partial(answered, one))) for one in each])


def heard(event: Event) -> str:
    """The words of an event. Calls of tools have a line of their own."""
    match event:
        case TextDelta() | ReasoningDelta() | RefusalDelta():
            return event.text
        case ToolCallDelta(name=name):
            return f"\n{name} {event.arguments}" if name else event.arguments
        case AudioDelta():
            return event.transcript
        case _:
            return ""


def _read(through: Callable[[Change], object]) -> tuple[str, ...]:
    words: list[str] = []

    def look(text: str) -> str:
        words.append(text)
        return text

    through(look)
    return tuple([text for text in words if text])


def _message(message: Message, change: Change) -> Message:
    return replace(
        message,
        parts=tuple([_part(part, change) for part in message.parts]),
        tool_calls=tuple([_call(call, change) for call in message.tool_calls]),
        # That of a tool is one that it is called by.
        name=message.name if message.role == "tool" else _if_said(message.name, change),
        extra=_extra(message.extra, change),
    )


def _call(call: ToolCall, change: Change) -> ToolCall:
    change(call.name)
    return replace(call, arguments=_in_json(call.arguments, change), extra=_extra(call.extra, change))


def _tool(tool: Tool, change: Change) -> Tool:
    change(tool.name)
    return replace(
        tool,
        description=_if_said(tool.description, change),
        parameters=None if tool.parameters is None else _raw(tool.parameters, change),
        raw=None if tool.raw is None else _raw(tool.raw, change),
        extra=_extra(tool.extra, change),
    )


def _shape(shape: ResponseFormat, change: Change) -> ResponseFormat:
    _if_said(shape.name, change)
    return replace(
        shape,
        description=_if_said(shape.description, change),
        schema=None if shape.schema is None else _raw(shape.schema, change),
    )


def _part(part: Part, change: Change) -> Part:
    match part:
        case TextPart():
            return replace(part, text=change(part.text), extra=_extra(part.extra, change))
        case RefusalPart():
            return RefusalPart(change(part.text))
        case ReasoningPart():
            changed = change(part.text)
            return part if part.signature or part.sealed else replace(part, text=changed)
        case SpokenPart():
            change(part.transcript)
            return part
        case FilePart() if part.filename:
            return replace(part, filename=change(part.filename))
        case OtherPart():
            return OtherPart(part.type, _raw(part.raw, change))
        case _:
            return part


def _extra(extra: dict[str, Raw], change: Change) -> dict[str, Raw]:
    return {name: _raw(raw, change) for name, raw in extra.items()}


def _raw(raw: Raw, change: Change) -> Raw:
    said = bytes(raw).decode()
    changed = _in_json(said, change)
    return raw if changed == said else Raw(changed.encode())


def _in_json(said: str, change: Change) -> str:
    """JSON with its texts changed, however they are spelled; what is unchanged, or no JSON, is left as it came."""
    try:
        value = msgspec.json.decode(said)
    except (msgspec.DecodeError, RecursionError):
        return change(said)
    changed = _within(value, change)
    return said if changed == value else msgspec.json.encode(changed).decode()


# Any: whatever JSON holds.
def _within(value: Any, change: Change) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_within(one, change) for one in value]
    if isinstance(value, dict):
        return {change(name): _within(one, change) for name, one in value.items()}
    return value


def _if_said(text: str | None, change: Change) -> str | None:
    return None if text is None else change(text)
