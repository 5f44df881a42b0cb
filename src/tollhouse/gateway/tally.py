"""What the answer has told us so far: usage, ending, how much was said."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tollhouse.dialects.chat import (
    AudioDelta,
    Began,
    Ended,
    Event,
    Failed,
    Finished,
    OtherPart,
    PartSeen,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSeen,
)


class Tally:
    """Adds up one attempt's answer. An upper bound of the tokens made is its bytes: a token is at least one.

    Attributes:
        usage: the provider's own count so far; None when it gave none.
        output_bytes: size of what was said.
        is_meaningful: something was said that the caller must have heard: there is no second try.
        has_ended: the dialect's terminal event was seen.
        failed: the provider reported an error inside its answer.
        unsaid: what of a whole answer the client's dialect has no word for.
    """

    __slots__ = ("failed", "finish_reason", "has_ended", "is_meaningful", "model", "output_bytes", "unsaid", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.model: str | None = None
        self.finish_reason: str | None = None
        self.output_bytes = 0
        self.is_meaningful = False
        self.has_ended = False
        self.failed: Failed | None = None
        self.unsaid: tuple[str, ...] = ()

    @property
    def is_counted(self) -> bool:
        """The count is the provider's last: some count on the way too, and say nothing of what is still to come."""
        return self.usage is not None and (self.has_ended or self.finish_reason is not None)

    def hear(self, model: str, usage: Usage | None, finish_reason: str | None) -> None:
        """A whole answer, but for its size."""
        self.model = model
        self.usage = usage
        self.finish_reason = finish_reason
        self.is_meaningful = self.has_ended = True

    def add(self, events: Iterable[Event]) -> None:
        """Look at what was said."""
        for event in events:
            match event:
                case TextDelta() | ReasoningDelta() | RefusalDelta():
                    self.output_bytes += len(event.text.encode())
                    self.is_meaningful = True
                case ToolCallDelta():
                    self.output_bytes += len((event.name or "").encode()) + len(event.arguments.encode())
                    self.is_meaningful = True
                case AudioDelta():
                    self.output_bytes += len(event.data or "") + len((event.transcript or "").encode())
                    self.is_meaningful = True
                case PartSeen(_, part):
                    self.output_bytes += len(part.raw if isinstance(part, OtherPart) else msgspec.json.encode(part))
                    self.is_meaningful = True
                case Finished():
                    self.finish_reason = event.said
                    self.is_meaningful = True
                case UsageSeen():
                    self.usage = event.usage
                case Began():
                    self.model = event.model
                case Failed():
                    self.failed = event
                case Ended():
                    self.has_ended = True
