"""Calls of tools in a stream: which piece belongs to which call, and one call after another.

The dialect numbers its calls, and so may tell several at once. Other dialects cannot, and a call that is told to them
while an earlier one lacks its end would cut that one off: it waits.
"""

from __future__ import annotations

import msgspec

from tollhouse.dialects import chat
from tollhouse.dialects.call_ids import Ids
from tollhouse.dialects.modelled import FIELDS
from tollhouse.dialects.openai_chat.messages import ExtraContent


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _Custom(msgspec.Struct):
    name: str | None = None
    input: str | None = None


class CallPiece(msgspec.Struct):
    """A piece as the wire has it."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: _Function | None = None
    custom: _Custom | None = None
    extra_content: ExtraContent | None = None


class _Heard:
    """What was heard under one number: of the last of its calls, for some servers give every call the same."""

    __slots__ = ("arguments", "id", "name", "slot")

    def __init__(self, slot: int, id: str | None, name: str | None) -> None:  # noqa: A002
        self.slot = slot
        self.id = id
        self.name = name
        self.arguments: list[str] = []

    def is_followed_by(self, id: str | None, name: str | None, arguments: str) -> bool:  # noqa: A002
        """The piece begins another call: it tells another id, or names a function when this call has all it can have.

        Gemini gives every call the number 0, and others the same id too (skye-harris/hass_local_openai_llm #92).
        """
        if id and id != self.id:
            return bool(self.id or name)
        if not name:
            return False
        if name == self.name:
            return bool(arguments.strip()) and _is_object(self.arguments)
        return not any(self.arguments) or _is_object(self.arguments)


class Calls:
    """Those of one stream."""

    def __init__(self) -> None:
        self._ids: dict[int, Ids] = {}
        self._heard: dict[tuple[int, int | None], _Heard] = {}
        self._counts: dict[int, int] = {}
        self._told: dict[int, list[chat.ToolCallDelta]] = {}
        self._waiting: dict[int, dict[int, list[chat.ToolCallDelta]]] = {}

    def read(self, answer_id: str, index: int, wire: CallPiece) -> list[chat.ToolCallDelta]:
        """What can be told of choice `index` now: the piece and others that waited for it, or nothing yet."""
        piece = self._piece(answer_id, index, wire)
        told, waiting = self._told.get(index), self._waiting.get(index)
        if told is None or piece.slot == told[0].slot:
            self._told.setdefault(index, []).append(piece)
            return [piece, *self._followers(index)] if waiting else [piece]
        if piece.slot < told[0].slot:
            # It was whole, so that nothing more can be meant; unless it is a custom tool's.
            return [piece] if piece.arguments.strip() else []
        if waiting or not _is_whole(told):
            self._waiting.setdefault(index, {}).setdefault(piece.slot, []).append(piece)
            return []
        self._told[index] = [piece]
        return [piece]

    def rest(self, index: int) -> list[chat.ToolCallDelta]:
        """What still waits when a choice is finished."""
        return self._followers(index, is_over=True) if self._waiting.get(index) else []

    def all_rest(self) -> list[chat.ToolCallDelta]:
        """What still waits when the stream ends."""
        return [piece for index in self._waiting for piece in self.rest(index)]

    def _followers(self, index: int, *, is_over: bool = False) -> list[chat.ToolCallDelta]:
        """The calls whose turn has come."""
        waiting = self._waiting[index]
        said: list[chat.ToolCallDelta] = []
        while waiting and (is_over or _is_whole(self._told[index])):
            self._told[index] = waiting.pop(min(waiting))
            said += self._told[index]
        return said

    def _piece(self, answer_id: str, index: int, wire: CallPiece) -> chat.ToolCallDelta:
        """Id and name are passed on with the first piece only, though some servers repeat them."""
        function = wire.function or _Function()
        custom = wire.custom or _Custom()
        name, arguments = function.name or custom.name or None, function.arguments or custom.input or ""
        key = (index, wire.index)
        heard = self._heard.get(key)
        told_as = None
        if is_first := heard is None or heard.is_followed_by(wire.id, name, arguments):
            slot = self._counts.get(index, 0)
            self._counts[index] = slot + 1
            heard = self._heard[key] = _Heard(slot, wire.id, name)
            told_as = self._ids.setdefault(index, Ids(answer_id, index)).name(wire.id)
        heard.arguments.append(arguments)
        signature = wire.extra_content.signature if wire.extra_content is not None else None
        return chat.ToolCallDelta(
            index=index,
            slot=heard.slot,
            id=told_as,
            name=name if is_first else None,
            arguments=arguments,
            type=wire.type or ("function" if wire.custom is None else "custom"),
            signature=signature,
            made_by=None if signature is None else "gemini",
        )


def _is_whole(told: list[chat.ToolCallDelta]) -> bool:
    """The call has all its arguments, which are an object. What a custom tool takes has no end that could be seen."""
    if told[0].type == "custom":
        return True
    return _is_object([piece.arguments for piece in told])


def _is_object(pieces: list[str]) -> bool:
    try:
        FIELDS.decode("".join(pieces))
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
