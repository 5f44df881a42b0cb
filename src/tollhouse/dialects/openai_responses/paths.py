"""What a field is called by who wrote the request, to tell him which of them is lost or refused.

Which item it is in is not said: several of the model's are one message here, and the instructions may be the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from tollhouse.dialects import chat

_SETTINGS: Final = {
    "logprobs": "include",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}
_IN_MESSAGE: Final = re.compile(r"messages\[\d+\](?:(\.content\[\d+\])|\.tool_calls\[\d+\])?(.*)")


def paths_of(request: chat.ChatRequest) -> Callable[[str], str]:
    """Says paths of a request that this dialect has read, as `carry` has them, in the words of its client."""
    return _path


def _path(path: str) -> str:
    if found := _IN_MESSAGE.fullmatch(path):
        return "input[]" + (".content[]" if found[1] else "") + found[2]
    return _SETTINGS.get(path, path)
