"""What a scripted provider does, step by step: the words it says, and what becomes of the line meanwhile.

Words are said in the dialect of the path that was asked, streamed or whole as the client asked; so one script serves
both. Steps are values: they can be kept, compared, and sent to a provider in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.testing.request import Expectation, Request

Tokens: TypeAlias = tuple[int, int] | Usage


class _Step(msgspec.Struct, frozen=True, tag_field="step", tag=str.lower, omit_defaults=True):
    """The root of all steps; the class's name tells them apart in JSON."""


# --- words -----------------------------------------------------------------------------------------------------------


class Say(_Step, frozen=True):
    """Some words of the answer; `tokens` is what they are billed at when the answer does not get to its end."""

    text: str
    choice: int = 0
    tokens: int = 1
    logprobs: Any = None  # as the dialect has them


class Think(_Step, frozen=True):
    """Some visible reasoning."""

    text: str
    choice: int = 0
    tokens: int = 1


class Refuse(_Step, frozen=True):
    """Some words of a refusal by the model."""

    text: str
    choice: int = 0
    tokens: int = 1


class CallTool(_Step, frozen=True):
    """A piece of tool call number `slot`; `id` and `name` come with the first piece only."""

    slot: int
    arguments: str = ""
    id: str | None = None
    name: str | None = None
    choice: int = 0
    tokens: int = 1


class Finish(_Step, frozen=True):
    """The choice is complete; `reason` in the dialect's own word."""

    reason: str = "stop"
    choice: int = 0


class Count(_Step, frozen=True):
    """What the provider counts, and bills when the answer is complete."""

    usage: Usage


class Done(_Step, frozen=True):
    """The dialect's terminal event. A stream without it ends in silence, which is a fault."""


class Fail(_Step, frozen=True):
    """An error event inside an answer that began with status 200."""

    message: str
    type: str | None = None
    code: str | None = None


class Status(_Step, frozen=True):
    """An error instead of an answer, in the dialect's envelope; bills nothing."""

    status: int
    message: str | None = None
    type: str | None = None
    code: str | None = None
    headers: dict[str, str] = {}


Word: TypeAlias = Say | Think | Refuse | CallTool | Finish | Count | Done | Fail

# --- what becomes of the line ----------------------------------------------------------------------------------------


class Head(_Step, frozen=True):
    """Status and headers now, without waiting for the first word; the body is chunked."""

    status: int = 200
    headers: dict[str, str] = {}


class Chunk(_Step, frozen=True):
    """Bytes of the body as they are, in one HTTP chunk."""

    data: bytes


class Reply(_Step, frozen=True):
    """A whole response as it is, with its length."""

    status: int
    headers: dict[str, str]
    body: bytes


class Raw(_Step, frozen=True):
    """Exactly these bytes on the line: no head before them, no framing around them."""

    data: bytes


class Bill(_Step, frozen=True):
    """From here on the exchange is billed at this, whatever becomes of the line."""

    usage: Usage


class Wait(_Step, frozen=True):
    """Nothing for so long."""

    seconds: float


class Stall(_Step, frozen=True):
    """Nothing, with the line open, until `WireProvider.release` or the client leaves."""


class Trickle(_Step, frozen=True):
    """From here on, everything goes out in pieces of so many bytes, each by itself."""

    piece_bytes: int = 1
    gap_s: float = 0.0


class Cut(_Step, frozen=True):
    """The line ends (FIN): now, or after so many more bytes of body, wherever in a word or character that is."""

    after_bytes: int | None = None


class Reset(_Step, frozen=True):
    """The line breaks (RST)."""


Step: TypeAlias = (
    Expectation
    | Say
    | Think
    | Refuse
    | CallTool
    | Finish
    | Count
    | Done
    | Fail
    | Status
    | Head
    | Chunk
    | Reply
    | Raw
    | Bill
    | Wait
    | Stall
    | Trickle
    | Cut
    | Reset
)
Scripted: TypeAlias = "Step | Sequence[Scripted] | Callable[[Request], Scripted]"
"""A step, several, or a function that makes them from the request."""

# --- how scripts are written -----------------------------------------------------------------------------------------


def expect(
    *,
    method: str | None = None,
    path: str | None = None,
    model: str | None = None,
    json: Mapping[str, Any] | None = None,
    headers: Mapping[str, str | None] | None = None,
    stream: bool | None = None,
) -> Expectation:
    """The request must be like this; otherwise it is answered 400 and the provider's `verify` fails with both sides.

    Args:
        model: short for `json={"model": …}`.
        json: a part of the body.
        headers: a header that must be absent has the value None.
    """
    body = dict(json or {}) | ({} if model is None else {"model": model})
    return Expectation(method=method, path=path, json=body or None, headers=dict(headers or {}), stream=stream)


def answer(
    text: str = "Hello",
    *,
    usage: Tokens | None = (10, 5),
    finish: str = "stop",
    pieces: Sequence[str] | None = None,
) -> tuple[Step, ...]:
    """A whole, proper answer; `pieces` says how a stream divides the text (default: at its spaces).

    `usage` is (input, output) tokens; None: the provider does not count.
    """
    parts = pieces if pieces is not None else _words(text)
    counted = () if usage is None else (Count(_usage(usage)),)
    return (*(Say(part) for part in parts), Finish(finish), *counted, Done())


def say(text: str, *, choice: int = 0, tokens: int = 1, logprobs: Any = None) -> Say:
    """Some words."""
    return Say(text, choice, tokens, logprobs)


def think(text: str, *, choice: int = 0, tokens: int = 1) -> Think:
    """Some visible reasoning."""
    return Think(text, choice, tokens)


def refuse(text: str, *, choice: int = 0, tokens: int = 1) -> Refuse:
    """Some words of a refusal."""
    return Refuse(text, choice, tokens)


def tool_call(
    name: str, arguments: Any, *, slot: int = 0, call_id: str | None = None, choice: int = 0, pieces: int = 1
) -> tuple[CallTool, ...]:
    """A whole tool call, its arguments streamed in so many pieces.

    Calls that are said in parallel, with their pieces mixed, are written with `CallTool` itself.

    Args:
        arguments: a JSON value, or the text itself when it is to be exact (or broken).
        slot: 0 for the first call of an answer, 1 for the next.
        call_id: default `call_<slot>`.
    """
    text = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
    size = max(1, -(-len(text) // pieces))
    deltas = [CallTool(slot, text[at : at + size], choice=choice) for at in range(0, len(text), size)]
    return (CallTool(slot, id=call_id or f"call_{slot}", name=name, choice=choice, tokens=0), *deltas)


def finish(reason: str = "stop", *, choice: int = 0) -> Finish:
    """The choice is complete."""
    return Finish(reason, choice)


def usage(
    input_tokens: int,
    output_tokens: int,
    *,
    input_cached_tokens: int = 0,
    input_cache_write_tokens: int = 0,
    output_reasoning_tokens: int = 0,
) -> Count:
    """What the provider counts; the parts are contained in their totals."""
    return Count(
        Usage(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            input_cached_tokens=input_cached_tokens,
            input_cache_write_tokens=input_cache_write_tokens,
            output_reasoning_tokens=output_reasoning_tokens,
        )
    )


def done() -> Done:
    """The terminal event."""
    return Done()


def fail(message: str = "The server had an error", *, error_type: str | None = None, code: str | None = None) -> Fail:
    """An error event in an answer that had begun well."""
    return Fail(message, error_type, code)


def status(
    number: int,
    message: str | None = None,
    *,
    error_type: str | None = None,
    code: str | None = None,
    retry_after: float | str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Status:
    """An error instead of an answer; `retry_after` in seconds, or as a header's text (a date, or rubbish)."""
    more = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Status(number, message, error_type, code, dict(headers or {}) | more)


def head(number: int = 200, headers: Mapping[str, str] | None = None) -> Head:
    """Status and headers at once, before any word."""
    return Head(number, dict(headers or {}))


def chunk(data: bytes) -> Chunk:
    """Bytes of the body, framed but otherwise as they are."""
    return Chunk(data)


def reply(
    number: int = 200, *, json: Any = None, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """A whole response in no dialect, from a JSON value or from bytes."""
    content = {} if body is not None else {"content-type": "application/json"}
    data = msgspec.json.encode(json) if body is None else body
    return Reply(number, content | dict(headers or {}), data)


def raw(data: bytes) -> Raw:
    """Exactly these bytes on the line."""
    return Raw(data)


def bill(input_tokens: int, output_tokens: int) -> Bill:
    """Bill this from here on, even if the client never hears a word: `script(bill(19, 10), reset())`."""
    return Bill(Usage(input_tokens=input_tokens, output_tokens=output_tokens))


def wait(seconds: float) -> Wait:
    """Nothing for so long."""
    return Wait(seconds)


def stall() -> Stall:
    """Silence on an open line, until released."""
    return Stall()


def trickle(*, piece_bytes: int = 1, gap_s: float = 0.0) -> Trickle:
    """From here on byte by byte, or by so many."""
    return Trickle(piece_bytes, gap_s)


def cut(*, after_bytes: int | None = None) -> Cut:
    """End the line now, or after so many more bytes of body. A whole answer that is cut now has half its body sent."""
    return Cut(after_bytes)


def reset() -> Reset:
    """Break the line."""
    return Reset()


def steps_of(scripted: Scripted, request: Request) -> list[Step]:
    """The plain steps: sequences in order, functions called with the request.

    Raises:
        TypeError: something that is no step.
    """
    if isinstance(scripted, (Expectation, _Step)):
        return [scripted]
    if callable(scripted):
        return steps_of(scripted(request), request)
    if isinstance(scripted, Sequence) and not isinstance(scripted, (str, bytes)):
        return [step for part in scripted for step in steps_of(part, request)]
    raise TypeError(f"no step of a script: {scripted!r}")


def _words(text: str) -> list[str]:
    """The text at its spaces, which stay with the word before them."""
    pieces = text.split(" ")
    return [piece for piece in (*(f"{piece} " for piece in pieces[:-1]), pieces[-1]) if piece]


def _usage(tokens: Tokens) -> Usage:
    return tokens if isinstance(tokens, Usage) else Usage(input_tokens=tokens[0], output_tokens=tokens[1])
