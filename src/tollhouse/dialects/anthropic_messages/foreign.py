"""A request that was read in another dialect, put so that this one can say it."""

from __future__ import annotations

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.dialects import call_ids, carry, chat
from tollhouse.dialects.anthropic_messages.schema import closed
from tollhouse.dialects.anthropic_messages.thinking import is_taken, suited
from tollhouse.dialects.modelled import FIELDS
from tollhouse.errors import InvalidRequest

_MAX_TEMPERATURE = 1
_ID_CHARS = 128
"""Of a call, at most, as far as anybody has tried (experientiallabs/experiential #801)."""
_SYSTEM = ("system", "developer")


def adapted(request: chat.ChatRequest) -> chat.ChatRequest:
    """The same request without what only its own dialect knows, in the shapes of this one."""
    request = carry.bare(request)
    if request.temperature is not None:
        request = replace(request, temperature=min(request.temperature, _MAX_TEMPERATURE))
    effort, budget = suited(
        request.model, request.reasoning_effort, request.reasoning_budget_tokens, request.max_output_tokens
    )
    if budget is not None and not is_taken(budget, request):
        budget = None
    return replace(
        request,
        messages=_messages(request.messages),
        tools=tuple(map(_tool, request.tools)),
        # Without tools the API takes no choice among them, and side by side is what it does of itself.
        tool_choice=request.tool_choice if request.tools else None,
        parallel_tool_calls=False if request.tools and request.parallel_tool_calls is False else None,
        response_format=_format(request.response_format),
        reasoning_effort=effort,
        reasoning_budget_tokens=budget,
    )


def _messages(messages: tuple[chat.Message, ...]) -> tuple[chat.Message, ...]:
    """Whatever the system says stands first; nobody can be shown what earlier words rested on.

    Somebody must be answered: when only the system speaks, its last words are the user's.
    """
    system = [replace(message, role="system") for message in messages if message.role in _SYSTEM]
    said = [_uncited(message) for message in messages if message.role not in _SYSTEM]
    if system and not said:
        said = [replace(system.pop(), role="user")]
    return (*system, *call_ids.fitted(tuple(said), _ID_CHARS, call_ids.UNUSUAL))


def _uncited(message: chat.Message) -> chat.Message:
    return message if carry.is_plain(message) else replace(message, parts=tuple(map(_part, message.parts)))


def _part(part: chat.Part) -> chat.Part:
    return chat.TextPart(part.text) if isinstance(part, chat.TextPart) and part.citations else part


def _tool(tool: chat.Tool) -> chat.Tool:
    """Parameters must be called an object here. Raises InvalidRequest when they are none."""
    if tool.parameters is None:
        return tool
    try:
        fields = FIELDS.decode(tool.parameters)
    except msgspec.DecodeError:
        raise InvalidRequest(f"The parameters of the tool {tool.name!r} are no object.", param="tools") from None
    parameters = tool.parameters if "type" in fields else Raw(msgspec.json.encode({"type": "object", **fields}))
    return replace(tool, parameters=closed(parameters) if tool.strict else parameters)


def _format(form: chat.ResponseFormat | None) -> chat.ResponseFormat | None:
    return form if form is None or form.schema is None else replace(form, schema=closed(form.schema))
