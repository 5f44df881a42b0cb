"""What a scripted provider can do: words it says, and what becomes of the line meanwhile.

Steps are values: they can be kept, compared, and sent to a provider in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.testing.request import Expectation, Request


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
    """Some visible reasoning; with a `signature`, Anthropic's proof of all that was thought so far."""

    text: str
    choice: int = 0
    tokens: int = 1
    signature: str | None = None


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


class Embed(_Step, frozen=True):
    """The vectors of the texts that were sent, in their order, instead of those that the provider has for them."""

    vectors: list[list[float]]


class Judge(_Step, frozen=True):
    """The verdicts on the texts that were sent, in their order: for each the categories in which it is harmful."""

    verdicts: list[list[str]]


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
    """An error event inside an answer that began with status 200; the answer ends with it."""

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


Word: TypeAlias = Say | Think | Refuse | CallTool | Embed | Judge | Finish | Count | Done | Fail

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
    | Embed
    | Judge
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


def steps_of(scripted: Scripted, request: Request | None) -> list[Step]:
    """The plain steps: sequences in order, functions called with the request.

    Raises:
        TypeError: something that is no step; or a function, while there is no request yet.
    """
    if isinstance(scripted, (Expectation, _Step)):
        return [scripted]
    if callable(scripted) and request is not None:
        return steps_of(scripted(request), request)
    if isinstance(scripted, Sequence) and not isinstance(scripted, (str, bytes)):
        return [step for part in scripted for step in steps_of(part, request)]
    raise TypeError(f"no step of a script: {scripted!r}")
