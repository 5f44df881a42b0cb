"""A conversation: what users, the model and tools have said.

Gemini API reference, "Content" and "FunctionResponse" (read 2026-11-22). Here tools answer within the user's turn;
there each answer is a message, and comes first. Canonical forms: neighbouring turns of the model are one; tools that
answer side by side share a turn; a tool's words are `{"output": …}`, or `{"error": …}` when it failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse import errors
from tollhouse.dialects import chat
from tollhouse.dialects.gemini import media
from tollhouse.dialects.gemini.carries import NAME
from tollhouse.dialects.gemini.parts import UNCHECKED, Said, is_object, read_parts, write_call, write_parts
from tollhouse.dialects.gemini.proto_json import Message, read_items, read_object, says_nothing
from tollhouse.dialects.json_body import NULL

Wire: TypeAlias = dict[str, Any]

_ROLES: dict[str, chat.Role] = {"": "user", "user": "user", "function": "user", "model": "assistant"}


class Content(Message):
    """What one speaker says."""

    role: str | None = None
    parts: Raw = NULL


class _Answer(Message):
    """A tool's answer."""

    name: str
    id: str | None = None
    response: Raw = NULL
    parts: Raw = NULL


class _AnswerPart(Message):
    inline_data: Raw = NULL
    file_data: Raw = NULL


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    output: str | None = None
    error: str | None = None


_CONTENT = msgspec.json.Decoder(Content)
_ANSWER = msgspec.json.Decoder(_Answer)
_ANSWER_PART = msgspec.json.Decoder(_AnswerPart)
_WORDS = msgspec.json.Decoder(_Words)


def read_system(raw: Raw) -> list[chat.Message]:
    """The system instruction as a message; none when there is none. Raises InvalidRequest."""
    content, extra = read_object(_CONTENT, raw, "systemInstruction")
    inside = "systemInstruction.parts"
    said = read_parts(read_items(content.parts, inside), inside, _Ids().call, is_model=False)
    if not said.parts:
        return []
    return [chat.Message(role="system", parts=tuple(said.parts), extra=extra)]


def read_messages(contents: Iterable[Raw]) -> list[chat.Message]:
    """The messages of a conversation. Raises InvalidRequest."""
    ids = _Ids()
    messages: list[chat.Message] = []
    for position, raw in enumerate(contents):
        inside = f"contents[{position}]"
        content, extra = read_object(_CONTENT, raw, inside)
        role = _role(content.role, inside)
        parts = read_items(content.parts, f"{inside}.parts")
        said = read_parts(parts, f"{inside}.parts", ids.call, is_model=role == "assistant")
        messages += [_read_answer(answer, path, ids) for answer, path in said.answers]
        if said.answers and not said.parts:
            continue
        message = _message(role, said, extra)
        if role == "assistant" and messages and messages[-1].role == "assistant":
            message = _joined(messages.pop(), message)
        messages.append(message)
    return messages


def write_system(messages: Sequence[chat.Message], *, is_own: bool) -> Wire | None:
    """The system instruction; those within the conversation come behind those before it."""
    told = [message for message in messages if message.role in ("system", "developer")]
    parts = [part for message in told for part in write_parts(message.parts, is_own=is_own)]
    return {"parts": parts} | told[0].extra if parts else None


def write_contents(messages: Sequence[chat.Message], *, is_own: bool) -> list[Wire]:
    """What is said, as turns; a message that says nothing is none."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    contents: list[Wire] = []
    answering: list[Wire] | None = None
    for message in messages:
        if message.role == "tool":
            if answering is None:
                answering = []
                contents.append({"role": "user", "parts": answering})
            answering.append(_write_answer(message, names))
            continue
        answering = None
        if message.role in ("system", "developer"):
            continue
        parts = [*write_parts(message.parts, is_own=is_own), *_write_calls(message.tool_calls, is_own=is_own)]
        if parts:
            contents.append({"role": "user" if message.role == "user" else "model", "parts": parts} | message.extra)
    return contents


class _Ids:
    """Names calls that have no id by their position, and finds the call that a nameless answer belongs to."""

    def __init__(self) -> None:
        self._count = 0
        self._unanswered: list[tuple[str, str]] = []

    def call(self, told: str | None, name: str) -> str:
        made = told or f"call_{self._count}"
        self._count += 1
        self._unanswered.append((made, name))
        return made

    def answer(self, told: str | None, name: str) -> str | None:
        """The id of the call: the first of that name that waits, when the answer names none."""
        matches = (each for each in self._unanswered if (each[0] == told if told else each[1] == name))
        if found := next(matches, None):
            self._unanswered.remove(found)
            return found[0]
        return told or None


def _role(said: str | None, inside: str) -> chat.Role:
    """Google takes capitals too, and examples leave the user's role out."""
    role = _ROLES.get((said or "").lower())
    if role is None:
        raise errors.InvalidRequest(f"`{inside}.role`: use user or model.", param=f"{inside}.role")
    return role


def _message(role: chat.Role, said: Said, extra: dict[str, Raw]) -> chat.Message:
    return chat.Message(role=role, parts=tuple(said.parts), tool_calls=tuple(said.calls), extra=extra)


def _joined(first: chat.Message, second: chat.Message) -> chat.Message:
    return replace(
        first,
        parts=first.parts + second.parts,
        tool_calls=first.tool_calls + second.tool_calls,
        extra=first.extra | second.extra,
    )


def _read_answer(raw: Raw, inside: str, ids: _Ids) -> chat.Message:
    answer, extra = read_object(_ANSWER, raw, inside)
    words: list[chat.Part] = []
    is_error = False
    if not says_nothing(answer.response):
        text, is_error = _read_response(answer.response)
        words.append(chat.TextPart(text))
    shown = [
        _read_shown(part, f"{inside}.parts[{position}]")
        for position, part in enumerate(read_items(answer.parts, f"{inside}.parts"))
    ]
    return chat.Message(
        role="tool",
        parts=(*words, *shown),
        tool_call_id=ids.answer(answer.id, answer.name),
        is_error=is_error,
        name=answer.name,
        extra=extra,
    )


def _read_response(raw: Raw) -> tuple[str, bool]:
    """The words of a tool, and whether it failed; an object that is more than words is said as it came."""
    try:
        words = _WORDS.decode(raw)
    except msgspec.DecodeError:
        return bytes(raw).decode(), False
    if (words.output is None) == (words.error is None):
        return bytes(raw).decode(), False
    return words.output or words.error or "", words.error is not None


def _read_shown(raw: Raw, inside: str) -> chat.Part:
    wire, extra = read_object(_ANSWER_PART, raw, inside)
    part: chat.Part | None = None
    if not says_nothing(wire.inline_data):
        part = media.read_blob(wire.inline_data, extra, f"{inside}.inlineData")
    elif not says_nothing(wire.file_data):
        part = media.read_file(wire.file_data, extra, f"{inside}.fileData")
    return part or chat.OtherPart("functionResponse.parts", raw)


def _write_answer(message: chat.Message, names: dict[str, str]) -> Wire:
    """A tool's answer; it is called by the name of the call it answers, which other dialects leave out."""
    told = message.tool_call_id
    text = "\n".join([part.text for part in message.parts if isinstance(part, chat.TextPart | chat.RefusalPart)])
    shown = [part for part in message.parts if not isinstance(part, chat.TextPart | chat.RefusalPart)]
    wire: Wire = {
        "name": message.name or names.get(told or "") or told or "unknown",
        "response": _write_response(text, is_error=message.is_error),
    }
    if told is not None:
        wire["id"] = told
    if shown:
        wire["parts"] = list(write_parts(shown, is_own=False))
    return {"functionResponse": wire | message.extra}


def _write_response(text: str, *, is_error: bool) -> Wire | Raw:
    raw = Raw(text.encode())
    if not is_error and is_object(text) and _read_response(raw) == (text, False):
        return raw
    return {"error" if is_error else "output": text}


def _write_calls(calls: Sequence[chat.ToolCall], *, is_own: bool) -> list[Wire]:
    if not calls or is_own:
        return [write_call(call) for call in calls]
    first, *rest = calls
    if first.signature is None or first.made_by != NAME:
        first = replace(first, signature=UNCHECKED, made_by=NAME)
    return [write_call(call) for call in (first, *rest)]
