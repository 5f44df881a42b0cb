"""Ids of calls: each call has one of its own, and each answer of a tool finds its call.

Not every vendor keeps to that. Google leaves ids out; Kimi's are `functions.read:0`, and begin anew with each answer
(Moonshot AI, "Use Kimi API to complete tool calls", read 2026-11-30); DeepSeek, GLM and MiMo were heard to give two
calls of one answer the same (HKUDS/nanobot #3943, can1357/oh-my-pi #2055). What comes twice in an answer is named apart
as that is read, streamed or whole by the same names; what comes again in a later one, before a provider is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import chain, count
from typing import Final

from msgspec.structs import replace

from tollhouse.dialects import chat

CHARS_MOST: Final = 40
"""Of an id that every provider takes: OpenAI, in chat completions (openclaw/openclaw #875)."""

UNUSUAL: Final = re.compile(r"[^A-Za-z0-9_-]")
"""What stands in no id that every provider takes."""

_DIGEST_CHARS: Final = 12


class Ids:
    """Those of one choice, as its calls come. Choices are alternatives: a conversation goes on from one."""

    def __init__(self, answer_id: str, choice: int = 0) -> None:
        self._prefix = f"call_{answer_id}_{choice}"
        self._taken: set[str] = set()

    def name(self, told: str | None) -> str:
        """The id of the next call: the one told, or one that is the same each time, and another in other answers."""
        return _take(told or _fit(f"{self._prefix}_{len(self._taken)}", CHARS_MOST, UNUSUAL), self._taken)


def named(calls: Sequence[chat.ToolCall], answer_id: str, choice: int = 0) -> tuple[chat.ToolCall, ...]:
    """The calls of one choice of a whole answer."""
    told = {call.id for call in calls}
    if len(told) == len(calls) and "" not in told:
        return tuple(calls)
    ids = Ids(answer_id, choice)
    return tuple([replace(call, id=ids.name(call.id)) for call in calls])


def fitted(
    messages: tuple[chat.Message, ...], most: int, unfit: re.Pattern[str] | None = None
) -> tuple[chat.Message, ...]:
    """The messages, each call by an id of its own that the provider takes, and each answer by that of its call.

    Args:
        most: of the characters of an id.
        unfit: finds a character that the provider does not take, when it does not take all.
    """
    called = [call.id for message in messages if message.tool_calls for call in message.tool_calls]
    told = {*called, *[message.tool_call_id for message in messages if message.tool_call_id is not None]}
    if not told:
        return messages
    fitting = _Fitting(lambda name: _fit(name, most, unfit))
    if len({*called}) == len(called) and all(name and fitting.fit(name) == name for name in told):
        return messages
    return tuple(fitting.messages(messages))


class _Fitting:
    def __init__(self, fit: Callable[[str], str]) -> None:
        self.fit = fit
        self._taken: set[str] = set()
        self._waiting: dict[str, list[str]] = {}

    def messages(self, messages: tuple[chat.Message, ...]) -> Iterator[chat.Message]:
        for message in messages:
            if message.tool_calls:
                # An earlier turn's calls of the same ids have been answered.
                self._waiting |= {call.id: [] for call in message.tool_calls}
                calls = [replace(call, id=self._name(call.id)) for call in message.tool_calls]
                yield replace(message, tool_calls=tuple(calls))
            elif message.tool_call_id is not None:
                yield replace(message, tool_call_id=self._answered(message.tool_call_id))
            else:
                yield message

    def _name(self, told: str) -> str:
        name = _take(told or "call", self._taken, self.fit)
        self._waiting[told].append(name)
        return name

    def _answered(self, told: str) -> str:
        """Calls of the same id are answered in their order; who is answered twice is the last of them."""
        names = self._waiting.get(told) or [self.fit(told or "call")]
        return names.pop(0) if len(names) > 1 else names[0]


def _take(name: str, taken: set[str], fit: Callable[[str], str] = str) -> str:
    """The name, or one made of it, that nobody has taken before."""
    names = chain((name,), (f"{name}_{number}" for number in count(2)))
    free = next(each for each in map(fit, names) if each not in taken)
    taken.add(free)
    return free


def _fit(name: str, most: int, unfit: re.Pattern[str] | None) -> str:
    """The name as it can be said, the same each time; what is cut off a long one, a digest stands for."""
    fit = name if unfit is None else unfit.sub(lambda found: f"_{ord(found[0]):x}", name)
    if len(fit) <= most:
        return fit
    return f"{fit[: most - _DIGEST_CHARS - 1]}_{sha256(name.encode()).hexdigest()[:_DIGEST_CHARS]}"
