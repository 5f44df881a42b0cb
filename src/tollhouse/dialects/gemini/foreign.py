"""A request that was read in another dialect, put so that this one can say it."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tollhouse.dialects import call_ids, carry, chat, turns

_SYSTEM: Final = ("system", "developer")

_SEEDS: Final = 2**31
"""Of as many a field of 32 bits takes, without the negative ones."""

_ID_CHARS: Final = 128


def adapted(request: chat.ChatRequest) -> chat.ChatRequest:
    """The same request without what only its own dialect knows, in the shapes of this one."""
    request = carry.bare(request)
    return replace(
        request,
        # An answer is told the name of its call, which must be one.
        messages=_answerable(call_ids.fitted(turns.joined(request.messages), _ID_CHARS)),
        # A choice among no tools is none.
        tool_choice=request.tool_choice if request.tools else None,
        # A seed means nothing but itself, so that another will do which is the same each time.
        seed=None if request.seed is None else request.seed % _SEEDS,
    )


def _answerable(messages: tuple[chat.Message, ...]) -> tuple[chat.Message, ...]:
    """Somebody must be answered: when only the system speaks, its last words are the user's."""
    if messages and all(message.role in _SYSTEM for message in messages):
        return (*messages[:-1], replace(messages[-1], role="user"))
    return messages
