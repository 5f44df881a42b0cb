"""What a field is called by who wrote the request, to tell him which of them is lost or refused.

Which item it is in is not said: several of the model's are one message here, and the instructions may be the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Final

from tollhouse.dialects import chat

_SETTINGS: Final = {
    "logprobs": "include",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}
_IN_MESSAGE: Final = re.compile(r"messages\[\d+\](?:(\.content\[\d+\])|\.tool_calls\[\d+\])?(.*)")


_IN_TOOL: Final = re.compile(r"tools\[(\d+)\](.*)")


def paths_of(request: chat.ChatRequest) -> Callable[[str], str]:
    """Says paths of a request that this dialect has read, as `carry` has them, in the words of its client."""
    return partial(_path, request.tools)


def _path(tools: Sequence[chat.Tool], path: str) -> str:
    if found := _IN_MESSAGE.fullmatch(path):
        return "input[]" + (".content[]" if found[1] else "") + found[2]
    if found := _IN_TOOL.fullmatch(path):
        return _places(tools)[int(found[1])] + found[2]
    return _SETTINGS.get(path, path)


def _places(tools: Sequence[chat.Tool]) -> list[str]:
    """Where each tool stands: those of a namespace within it."""
    places: list[str] = []
    position = 0
    for namespace, members in groupby(tools, attrgetter("namespace")):
        for number, _ in enumerate(members):
            places.append(f"tools[{position}]" + ("" if namespace is None else f".tools[{number}]"))
            position += namespace is None
        position += namespace is not None
    return places
