"""Ids of calls that the API takes: of letters, digits, `_` and `-`, and none twice in a request.

Others make theirs otherwise: Kimi's are `functions.read:0`, and begin anew with each answer (Moonshot AI, "Use Kimi API
to complete tool calls", read 2026-11-30), and some vendors' are `call_0` each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tollhouse.dialects import chat

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]")


def fitted(messages: tuple[chat.Message, ...]) -> Iterator[chat.Message]:
    """The messages, each call by an id that the API takes, and each answer by that of its call."""
    taken: set[str] = set()
    waiting: dict[str, list[str]] = {}
    for message in messages:
        if message.tool_calls:
            calls = [replace(call, id=name) for call, name in _named(message.tool_calls, taken, waiting)]
            yield message if list(message.tool_calls) == calls else replace(message, tool_calls=tuple(calls))
        elif message.tool_call_id is not None:
            names = waiting.get(message.tool_call_id) or [_fit(message.tool_call_id)]
            # Calls of the same id are answered in their order; who is answered twice is the last of them.
            name = names.pop(0) if len(names) > 1 else names[0]
            yield message if name == message.tool_call_id else replace(message, tool_call_id=name)
        else:
            yield message


def _named(
    calls: tuple[chat.ToolCall, ...], taken: set[str], waiting: dict[str, list[str]]
) -> Iterator[tuple[chat.ToolCall, str]]:
    """Each call, and the name that it has from here on: an earlier turn's of the same id has been answered."""
    for told in {call.id for call in calls}:
        waiting[told] = []
    for call in calls:
        fit = name = _fit(call.id)
        number = 1
        while name in taken:
            number += 1
            name = f"{fit}_{number}"
        taken.add(name)
        waiting[call.id].append(name)
        yield call, name


def _fit(told: str) -> str:
    return _UNFIT.sub(lambda unfit: f"_{ord(unfit[0]):x}", told) or "call"
