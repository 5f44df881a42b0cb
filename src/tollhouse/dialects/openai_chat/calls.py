"""Calls of tools in a stream: which piece belongs to which call, and one call after another.

The dialect numbers its calls, and so may tell several at once. Other dialects cannot, and a call that is told to them
while an earlier one lacks its end would cut that one off: it waits.
"""

from __future__ import annotations

import msgspec

from tollhouse.dialects import chat
from tollhouse.dialects.modelled import FIELDS
from tollhouse.dialects.openai_chat.answer import name_call
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


class Calls:
    """Those of one stream."""

    def __init__(self) -> None:
        self._ids: dict[tuple[int, int | None], str] = {}
        self._slots: dict[tuple[int, int | None], int] = {}
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
        """Id and name are passed on with the first piece only, though some servers repeat them.

        A new id opens a new slot even when the server gives it a number used before (Gemini gives every call 0).
        """
        key = (index, wire.index)
        is_first = key not in self._slots or (bool(wire.id) and wire.id != self._ids[key])
        if is_first:
            self._slots[key] = self._counts.get(index, 0)
            self._counts[index] = self._slots[key] + 1
            self._ids[key] = wire.id or ""
        function = wire.function or _Function()
        custom = wire.custom or _Custom()
        signature = wire.extra_content.signature if wire.extra_content is not None else None
        return chat.ToolCallDelta(
            index=index,
            slot=self._slots[key],
            id=(wire.id or name_call(answer_id, index, self._slots[key])) if is_first else None,
            name=(function.name or custom.name or None) if is_first else None,
            arguments=function.arguments or custom.input or "",
            type=wire.type or ("function" if wire.custom is None else "custom"),
            signature=signature,
            made_by=None if signature is None else "gemini",
        )


def _is_whole(told: list[chat.ToolCallDelta]) -> bool:
    """The call has all its arguments, which are an object. What a custom tool takes has no end that could be seen."""
    if told[0].type == "custom":
        return True
    try:
        FIELDS.decode("".join([piece.arguments for piece in told]))
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
