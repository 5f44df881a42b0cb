"""Names of functions that every provider takes, and the way back to the client's.

OpenAI takes 64 letters, digits, `_` and `-`, and so does Gemini; Anthropic takes 128, of which Claude Code makes use
for the tools of MCP servers. A longer name is cut, and a digest keeps it apart from others that begin alike.

OpenAI API reference, "Create chat completion", `tools.function.name`; Gemini API reference, `FunctionDeclaration.name`;
anthropics/claude-code #16425, #96152 (all read 2026-11-30).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from tollhouse.dialects import chat

NO_NAMES: Final[Mapping[str, str]] = {}

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]")
_DIGEST_CHARS: Final = 8


def fitted(request: chat.ChatRequest, most: int) -> tuple[chat.ChatRequest, Mapping[str, str]]:
    """The request in names of at most `most` characters, and for each that was changed what the client calls it."""
    unfit = {name for name in _names(request) if len(name) > most or _UNFIT.search(name)}
    if not unfit:
        return request, NO_NAMES
    brief = {name: _brief(name, most) for name in unfit}
    choice = request.tool_choice
    return (
        replace(
            request,
            messages=tuple([_message(message, brief) for message in request.messages]),
            tools=tuple([replace(tool, name=brief.get(tool.name, tool.name)) for tool in request.tools]),
            tool_choice=("function", brief.get(choice[1], choice[1])) if isinstance(choice, tuple) else choice,
        ),
        {short: name for name, short in brief.items()},
    )


def restored(answer: chat.Answer, names: Mapping[str, str]) -> chat.Answer:
    """The answer in the client's names."""
    choices = [replace(choice, message=_message(choice.message, names)) for choice in answer.choices]
    return replace(answer, choices=tuple(choices))


def _names(request: chat.ChatRequest) -> Iterator[str]:
    for tool in request.tools:
        yield tool.name
    if isinstance(request.tool_choice, tuple):
        yield request.tool_choice[1]
    for message in request.messages:
        for call in message.tool_calls:
            yield call.name
        if message.role == "tool" and message.name is not None:
            yield message.name


def _message(message: chat.Message, names: Mapping[str, str]) -> chat.Message:
    if message.tool_calls:
        calls = [replace(call, name=names.get(call.name, call.name)) for call in message.tool_calls]
        return replace(message, tool_calls=tuple(calls))
    if message.role == "tool" and message.name is not None:
        return replace(message, name=names.get(message.name, message.name))
    return message


def _brief(name: str, most: int) -> str:
    """Always the same, so that a conversation's earlier calls are named as its tools are."""
    readable = _UNFIT.sub("_", name)[: most - _DIGEST_CHARS - 1]
    return f"{readable}_{sha256(name.encode()).hexdigest()[:_DIGEST_CHARS]}"
