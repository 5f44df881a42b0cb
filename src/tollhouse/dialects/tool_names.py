"""Names of functions that every provider takes, and the way back to the client's.

OpenAI takes 64 letters, digits, `_` and `-`, and so does Gemini; Anthropic takes 128, of which Claude Code makes use
for the tools of MCP servers. A longer name is cut, and a digest keeps it apart from others that begin alike. Who has
no namespaces is told names that begin with them, as `mcp__files__read`; Codex calls by both apart, and by nothing else.

OpenAI API reference, "Create chat completion", `tools.function.name`; Gemini API reference, `FunctionDeclaration.name`;
anthropics/claude-code #16425, #96152; openai/codex #23186 (all read 2026-11-30).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from msgspec.structs import replace

from tollhouse.dialects import chat


class Called(NamedTuple):
    """What the client calls a function."""

    name: str
    namespace: str | None = None


Names: TypeAlias = Mapping[str, Called]
"""What the provider calls a function, and the client, where these are not the same."""

NO_NAMES: Final[Names] = {}

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]")
_DIGEST_CHARS: Final = 8
_BETWEEN: Final = "__"


def fitted(request: chat.ChatRequest, most: int) -> tuple[chat.ChatRequest, Names]:
    """The request in names of at most `most` characters and without namespaces, and the way back."""
    if _is_usual(request, most):
        return request, NO_NAMES
    called = dict.fromkeys(_called(request))
    unfit = [each for each in called if each.namespace is not None or not _is_fit(each.name, most)]
    told = _told(unfit, {each.name for each in called if each.namespace is None}, most)
    return (
        replace(
            request,
            messages=tuple([_message(message, told) for message in request.messages]),
            tools=tuple(_tools(request.tools, told)),
            tool_choice=_choice(request.tool_choice, request.tools, told),
        ),
        {name: each for each, name in told.items()},
    )


def restored(answer: chat.Answer, names: Names) -> chat.Answer:
    """The answer in the client's names."""
    choices = [replace(choice, message=_restored(choice.message, names)) for choice in answer.choices]
    return replace(answer, choices=tuple(choices))


def restored_event(event: chat.ToolCallDelta, names: Names) -> chat.ToolCallDelta:
    """The same of an event of a stream."""
    called = names.get(event.name or "")
    return event if called is None else replace(event, name=called.name, namespace=called.namespace)


def _is_usual(request: chat.ChatRequest, most: int) -> bool:
    """Nearly always: every name is taken as it is, and nobody looks at them one by one."""
    tools, choice = request.tools, request.tool_choice
    naming = [message for message in request.messages if message.tool_calls or message.role == "tool"]
    if not (tools or naming):
        return not isinstance(choice, tuple)
    calls = [call for message in naming for call in message.tool_calls]
    if any(tool.namespace for tool in tools) or any(call.namespace for call in calls):
        return False
    names = {
        *[tool.name for tool in tools],
        *[call.name for call in calls],
        *[message.name or "" for message in naming],
    }
    if isinstance(choice, tuple):
        names.add(choice[1])
    return all(_is_fit(name, most) for name in names)


def _is_fit(name: str, most: int) -> bool:
    return len(name) <= most and not _UNFIT.search(name)


def _called(request: chat.ChatRequest) -> Iterator[Called]:
    for tool in request.tools:
        yield _called_tool(tool)
    if isinstance(request.tool_choice, tuple):
        yield _called_choice(request.tool_choice[1], request.tools)
    for message in request.messages:
        for call in message.tool_calls:
            yield Called(call.name, call.namespace)
        if message.role == "tool" and message.name is not None:
            yield Called(message.name)


def _called_tool(tool: chat.Tool) -> Called:
    return Called(tool.name, None if tool.namespace is None else tool.namespace.name)


def _called_choice(name: str, tools: Iterable[chat.Tool]) -> Called:
    """A choice tells no namespace: it is the first tool of that name."""
    return next((_called_tool(tool) for tool in tools if tool.name == name), Called(name))


def _told(unfit: Iterable[Called], taken: set[str], most: int) -> dict[Called, str]:
    told: dict[Called, str] = {}
    for each in unfit:
        whole = each.name
        if each.namespace is not None:
            whole = f"{each.namespace.removesuffix(_BETWEEN)}{_BETWEEN}{each.name}"
        is_free = _is_fit(whole, most) and whole not in taken
        # What joins to the same name is kept apart by where it was joined.
        told[each] = name = whole if is_free else _brief(whole, most, apart="\0".join(filter(None, reversed(each))))
        taken.add(name)
    return told


def _tools(tools: Iterable[chat.Tool], told: Mapping[Called, str]) -> Iterator[chat.Tool]:
    """What a namespace is about is told with the first function of it."""
    before: chat.Namespace | None = None
    for tool in tools:
        name, description = told.get(_called_tool(tool), tool.name), tool.description
        if tool.namespace is not None and tool.namespace != before and tool.namespace.description:
            description = "\n\n".join(filter(None, (tool.namespace.description, description)))
        before = tool.namespace
        yield replace(tool, name=name, description=description, namespace=None)


def _choice(
    choice: str | tuple[str, str] | None, tools: Iterable[chat.Tool], told: Mapping[Called, str]
) -> str | tuple[str, str] | None:
    if not isinstance(choice, tuple):
        return choice
    return ("function", told.get(_called_choice(choice[1], tools), choice[1]))


def _message(message: chat.Message, told: Mapping[Called, str]) -> chat.Message:
    if message.tool_calls:
        calls = [
            replace(call, name=told.get(Called(call.name, call.namespace), call.name), namespace=None)
            for call in message.tool_calls
        ]
        return replace(message, tool_calls=tuple(calls))
    if message.role == "tool" and message.name is not None:
        return replace(message, name=told.get(Called(message.name), message.name))
    return message


def _restored(message: chat.Message, names: Names) -> chat.Message:
    calls = [
        call
        if (called := names.get(call.name)) is None
        else replace(call, name=called.name, namespace=called.namespace)
        for call in message.tool_calls
    ]
    return replace(message, tool_calls=tuple(calls))


def _brief(name: str, most: int, *, apart: str) -> str:
    """Always the same, so that a conversation's earlier calls are named as its tools are; `apart` makes the digest."""
    readable = _UNFIT.sub("_", name)[: most - _DIGEST_CHARS - 1]
    return f"{readable}_{sha256(apart.encode()).hexdigest()[:_DIGEST_CHARS]}"
