"""How scripts are written: one function for each step, named so that a script reads as a conversation.

```python
provider.script(expect(stream=True), say("Hel"), wait(0.2), say("lo"), finish(), usage(19, 10), done())
provider.script(say("Hel"), cut())
```

Words are said in the dialect of the path that was asked, streamed or whole as the client asked: one script serves both.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.testing.request import Expectation
from tollhouse.testing.steps import (
    Bill,
    CallTool,
    Chunk,
    Count,
    Cut,
    Done,
    Embed,
    Fail,
    Finish,
    Head,
    Judge,
    Raw,
    Refuse,
    Reply,
    Reset,
    Say,
    Stall,
    Status,
    Step,
    Think,
    Trickle,
    Wait,
)

Tokens: TypeAlias = tuple[int, int] | Usage
"""(input, output), or the parts in full."""

_FRAMING = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})


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
    parts = pieces if pieces is not None else words(text)
    counted = () if usage is None else (Count(usage_of(usage)),)
    return (*(Say(part) for part in parts), Finish(finish), *counted, Done())


def say(text: str, *, choice: int = 0, tokens: int = 1, logprobs: Any = None) -> Say:
    """Some words."""
    return Say(text, choice, tokens, logprobs)


def think(text: str, *, choice: int = 0, tokens: int = 1, signature: str | None = None) -> Think:
    """Some visible reasoning; `signature` proves all that was thought so far, as Anthropic does."""
    return Think(text, choice, tokens, signature)


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


def vectors(*numbers: Sequence[float]) -> Embed:
    """One vector for each text that was sent."""
    return Embed([list(each) for each in numbers])


def verdicts(*harmful: Sequence[str]) -> Judge:
    """For each text that was sent the categories in which it is harmful: `verdicts((), ("violence",))`."""
    return Judge([list(each) for each in harmful])


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
    """An error event in an answer that had begun well, and its end."""
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


def replay(case: Mapping[str, Any], *, usage: Tokens | None = None) -> tuple[Step, ...]:
    """A recorded response, as it came but for its framing; a stream is one chunk, which `cut` and `trickle` divide.

    Args:
        case: one recording: `response` with `status`, `headers`, `body_kind` and `body`.
        usage: what it is billed at; None: nothing, for bytes alone tell no count.

    Raises:
        ValueError: a recording without a body that can be said again.
    """
    response = case["response"]
    headers = {name: value for name, value in response["headers"].items() if name.lower() not in _FRAMING}
    body = _recorded_body(response["body_kind"], response.get("body"))
    billed = () if usage is None else (Bill(usage_of(usage)),)
    if case["stream"] and response["status"] < 400:
        return (*billed, Head(response["status"], headers), Chunk(body))
    return (*billed, Reply(response["status"], headers, body))


def _recorded_body(kind: str, body: Any) -> bytes:
    match kind:
        case "json":
            return msgspec.json.encode(body)
        case "sse" | "ndjson" | "text":
            return str(body).encode()
        case "eventstream-base64" | "base64":
            return base64.b64decode(body)
        case "empty":
            return b""
        case _:
            raise ValueError(f"a recording whose body is {kind!r} cannot be replayed")


def words(text: str) -> list[str]:
    """The text at its spaces, which stay with the word before them."""
    pieces = text.split(" ")
    return [piece for piece in (*(f"{piece} " for piece in pieces[:-1]), pieces[-1]) if piece]


def usage_of(tokens: Tokens) -> Usage:
    """The count, in full."""
    return tokens if isinstance(tokens, Usage) else Usage(input_tokens=tokens[0], output_tokens=tokens[1])
