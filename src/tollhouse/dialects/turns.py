"""Turns of the model: what it says in one go, before anybody answers.

Responses tell a turn item by item, in any order, and so it may be several messages. Chat completions and Gemini want
the answers of tools right behind the one message that calls them.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from tollhouse.dialects import chat


def joined(messages: Iterable[chat.Message]) -> tuple[chat.Message, ...]:
    """The messages; what the model says behind calls that nobody has answered is one with them."""
    turns: list[chat.Message] = []
    for message in messages:
        if message.role == "assistant" and turns and turns[-1].tool_calls:
            called = turns.pop()
            parts, calls = called.parts + message.parts, called.tool_calls + message.tool_calls
            message = replace(called, parts=parts, tool_calls=calls)
        turns.append(message)
    return tuple(turns)
