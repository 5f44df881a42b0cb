"""What a field is called by who wrote the request, to tell him which of them is lost or refused.

The answers of tools, and what the user says behind them, are taken for one turn, as they are said here (`messages`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Final, NamedTuple

from tollhouse.dialects import chat

_SETTINGS: Final = {
    "max_output_tokens": "max_tokens",
    "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    "reasoning_budget_tokens": "thinking",
    "reasoning_effort": "output_config.effort",
    "response_format": "output_config.format",
    "stop": "stop_sequences",
    "user": "metadata.user_id",
}
_IN_MESSAGE: Final = re.compile(r"messages\[(\d+)\](?:\.(content|tool_calls)\[(\d+)\])?(.*)")


class _Place(NamedTuple):
    """Where a message stands: in which turn, and behind how many of its blocks."""

    turn: str
    blocks: int


def paths_of(request: chat.ChatRequest) -> Callable[[str], str]:
    """Says paths of a request that this dialect has read, as `carry` has them, in the words of its client."""
    return _Paths(request)


class _Paths:
    def __init__(self, request: chat.ChatRequest) -> None:
        self._messages = request.messages

    def __call__(self, path: str) -> str:
        found = _IN_MESSAGE.fullmatch(path)
        if found is None:
            return _SETTINGS.get(path, path.replace(".parameters", ".input_schema"))
        position, kind, number, rest = int(found[1]), found[2], int(found[3] or 0), found[4]
        message, (turn, blocks) = self._messages[position], self._places[position]
        if message.role == "tool":
            inner = f".content[{number}]" if kind else ""
            return f"{turn}.content[{blocks}]{inner}{rest}"
        if not kind:
            return turn + rest
        # Calls stand behind all else.
        number += blocks + (len(message.parts) if kind == "tool_calls" else 0)
        return f"{turn}[{number}]{rest}" if turn == "system" else f"{turn}.content[{number}]{rest}"

    @cached_property
    def _places(self) -> list[_Place]:
        places: list[_Place] = []
        turn, blocks, earlier = -1, 0, ""
        for position, message in enumerate(self._messages):
            if position == 0 and message.role == "system":
                places.append(_Place("system", 0))
                continue
            if not (earlier == "tool" and message.role in ("tool", "user")):
                turn, blocks = turn + 1, 0
            places.append(_Place(f"messages[{turn}]", blocks))
            blocks += 1 if message.role == "tool" else len(message.parts)
            earlier = message.role
        return places
