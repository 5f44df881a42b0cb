"""What a rule answers: words, calls, values, errors, and lines that break off.

Each is made of the steps of a script (`tollhouse.testing.script`), and may be replaced by such steps themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from tollhouse.dialects.chat import ChatRequest, Tool
from tollhouse.testing import script
from tollhouse.testing.faking.asked import Asked, guess_tokens
from tollhouse.testing.faking.schemas import example
from tollhouse.testing.steps import Count, Cut, Done, Fail, Say, Stall, Status, Step, steps_of

Answering: TypeAlias = "str | Step | Sequence[Answering] | Callable[[Asked], Answering]"
"""Words, steps of a script, or a function of what was asked that gives one or the other."""


class _Unsaid(msgspec.Struct, frozen=True):
    """A value that was not given: None is one."""


UNSAID: Final = _Unsaid()


class Call(msgspec.Struct, frozen=True):
    """A call of a tool."""

    name: str
    arguments: Mapping[str, Any] | str


def call(name: str, /, **arguments: Any) -> Call:
    """The model calls this tool: `reply(calls=[call("weather", city="Rome")])`."""
    return Call(name, arguments)


def reply(
    text: str | Callable[[Asked], Answering] = "",
    *,
    usage: script.Tokens | None = None,
    json: Any = UNSAID,
    by_schema: bool = False,
    calls: Sequence[Call] = (),
    reasoning: str = "",
    refusal: str = "",
    finish: str | None = None,
    pieces: Sequence[str] | None = None,
    after_s: float = 0.0,
) -> Callable[[Asked], Answering]:
    """A whole, proper answer.

    Args:
        text: what the model says; or a function of what was asked that gives this or any other answer.
        usage: (input, output) tokens; unless told, one for every four characters.
        json: a value, said as it is wanted: as text, or as the arguments of the one tool that must be called.
        by_schema: the simplest value that follows the schema of the one or the other.
        calls: of tools; who was not offered them is told so.
        pieces: how a stream divides the text (default: at its spaces).
        finish: the reason in OpenAI's word; `stop`, or `tool_calls` after calls, unless told.
        after_s: seconds of silence before the first word.

    Raises:
        ValueError: two kinds of content at once, which would be said as one text.
    """
    if sum((bool(text), json is not UNSAID, by_schema)) > 1:
        raise ValueError("an answer is text, json or by_schema, not several of them")

    def make(asked: Asked) -> Answering:
        if callable(text):
            return text(asked)
        if missing := [one.name for one in calls if one.name not in asked.tools]:
            raise LookupError(f"the model would call {', '.join(missing)}, but was offered {list(asked.tools)}")
        said, called = text, list(calls)
        if json is not UNSAID or by_schema:
            tool = _forced(asked)
            value = example(_schema(asked, tool)) if by_schema else json
            if tool is None:
                said = msgspec.json.encode(value).decode()
            else:
                called.append(Call(tool.name, value))
        words: list[Any] = [script.wait(after_s)] if after_s else []
        words += [script.think(reasoning)] if reasoning else []
        words += [script.refuse(refusal)] if refusal else []
        words += [script.say(piece) for piece in pieces or script.words(said)]
        for slot, one in enumerate(called):
            # Unlike in every turn, so that an application can tell them apart.
            call_id = f"call_{asked.request.number}_{slot}"
            words.append(script.tool_call(one.name, one.arguments, slot=slot, call_id=call_id))
        made = "".join((said, reasoning, refusal, *(str(one.arguments) for one in called)))
        counted = usage or (asked.guessed_tokens, guess_tokens(made))
        reason = finish or ("tool_calls" if called else "stop")
        return (*words, script.finish(reason), Count(script.usage_of(counted)), script.done())

    return make


def error(
    status: int,
    message: str | None = None,
    *,
    retry_after: float | str | None = None,
    code: str | None = None,
    error_type: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Status:
    """An error instead of an answer, in the words of whom was asked; `retry_after` in seconds."""
    return script.status(status, message, retry_after=retry_after, code=code, error_type=error_type, headers=headers)


def drop_after(*, tokens: int, usage: script.Tokens | None = None) -> Callable[[Asked], Answering]:
    """The line ends after so many tokens, in the middle of the answer; before any byte of it when 0."""
    return lambda asked: (*_some(tokens), Cut(), *_rest(asked, usage, tokens))


def stall_after(*, tokens: int, usage: script.Tokens | None = None) -> Callable[[Asked], Answering]:
    """Silence after so many tokens, with the line open, until the client leaves or `release` is called."""
    return lambda asked: (*_some(tokens), Stall(), *_rest(asked, usage, tokens))


def fail_after(
    *, tokens: int, message: str = "The server had an error", usage: script.Tokens | None = None
) -> Callable[[Asked], Answering]:
    """An error event after so many tokens of a stream; who asked for no stream gets status 500."""

    def make(asked: Asked) -> Answering:
        if not asked.stream:
            return script.status(500, message)
        return (*_some(tokens), Fail(message), *_rest(asked, usage, tokens))

    return make


def steps_for(answering: Answering, asked: Asked) -> list[Step]:
    """The steps of one exchange. Raises TypeError for what is no answer, and whatever its functions raise."""
    if isinstance(answering, str):
        return steps_for(reply(answering), asked)
    if isinstance(answering, msgspec.Struct):
        return steps_of(answering, None)
    if callable(answering):
        return steps_for(answering(asked), asked)
    return [step for part in answering for step in steps_for(part, asked)]


def _some(tokens: int) -> list[Say]:
    return [Say(f"word{number} ") for number in range(1, tokens + 1)]


def _rest(asked: Asked, usage: script.Tokens | None, tokens: int) -> tuple[Step, ...]:
    """What is never heard, and yet tells what the provider would have counted."""
    return (Count(script.usage_of(usage or (asked.guessed_tokens, tokens))), Done())


def _forced(asked: Asked) -> Tool | None:
    """The tool that the model must call, which is how many frameworks ask for a value."""
    question = asked.question
    if not isinstance(question, ChatRequest) or asked.schema is not None:
        return None
    match question.tool_choice:
        case (_, name):
            return next((tool for tool in question.tools if tool.name == name), None)
        case "required" if len(question.tools) == 1:
            return question.tools[0]
    return None


def _schema(asked: Asked, tool: Tool | None) -> Any:
    if tool is not None:
        return {} if tool.parameters is None else msgspec.json.decode(tool.parameters)
    if asked.schema is None:
        raise LookupError("the answer is to follow a schema, but none was asked for")
    return asked.schema


__all__ = [
    "Answering",
    "Call",
    "call",
    "drop_after",
    "error",
    "fail_after",
    "reply",
    "stall_after",
    "steps_for",
]
