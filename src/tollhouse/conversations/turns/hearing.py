"""What a gateway answers in a turn, as it is said: gathered into one message, and told on its way."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Protocol

import msgspec

from tollhouse.conversations.messages.parts import (
    AnyPart,
    File,
    Image,
    Other,
    ToolCall,
    from_answer,
    from_seen,
    part_seen,
    source_of,
)
from tollhouse.conversations.turns.gathering import Gathering
from tollhouse.dialects import chat, sse

_PART = msgspec.json.Decoder(Image | File | Other)
_DATA = msgspec.json.Decoder(dict[str, Any])

STOPPED = "stopped"
"""The finish reason of an answer that was broken off."""


class Tell(Protocol):
    """Takes what is said on."""

    def __call__(self, name: str, data: Any) -> None: ...


class Heard:
    """One answer, in pieces of the dialect that the gateway was asked in: streamed, or whole."""

    def __init__(self, tell: Tell, dialect: ModuleType, *, is_streamed: bool) -> None:
        self._tell = tell
        self._dialect = dialect
        self._is_streamed = is_streamed
        self._body: list[bytes] = []
        self._frames = sse.Reader()
        self._reader = dialect.Reader()
        self._gathering = Gathering()

    def add(self, piece: bytes) -> None:
        """Take the next piece. Raises UpstreamIncomplete when it tells of a failure."""
        if not self._is_streamed:
            self._body.append(piece)
            return
        for frame in self._frames.feed(piece):
            for event in self._reader.read(frame):
                self._gathering.add(event)
                told = telling(event)
                if told is not None:
                    self._tell(*told)

    def answer(self) -> tuple[tuple[AnyPart, ...], str]:
        """The whole answer as parts, and why it ended. Raises UpstreamIncomplete."""
        if self._is_streamed:
            return self._gathering.whole()
        answered: chat.Answer = self._dialect.read_answer(b"".join(self._body))
        choice = answered.choices[0]
        return from_answer(choice.message), choice.finish_reason

    def so_far(self) -> tuple[AnyPart, ...]:
        """What was heard of an answer that broke off. A call of a tool that is not whole is none."""
        return tuple([part for part in self._gathering.so_far() if not isinstance(part, ToolCall)])


def telling(event: chat.Event) -> tuple[str, dict[str, Any]] | None:
    """How a run tells of what a model says: the event's name and its data; None for what it does not tell."""
    match event:
        case chat.TextDelta(0, text) if text:
            return "message.delta", {"text": text}
        case chat.RefusalDelta(0, text) if text:
            return "message.delta", {"text": text, "refusal": True}
        case chat.PartSeen(index=0):
            return "message.part", {"part": msgspec.Raw(msgspec.json.encode(from_seen(event)))}
        case chat.CitationSeen(0, citation):
            return "message.source", msgspec.to_builtins(source_of(citation))
        case chat.ReasoningDelta(index=0):
            return "reasoning.delta", _said(event, "text", "id", "signature", "sealed", "made_by")
        case chat.ToolCallDelta(index=0):
            kind = {} if event.type == "function" else {"kind": event.type}
            return "tool_call.delta", _said(event, "slot", "id", "name", "arguments", "signature", "made_by") | kind
        case _:
            return None


def told(name: str, data: dict[str, Any]) -> chat.Event | None:
    """What a model said, of how a run has told it; None for what a run tells of itself."""
    match name:
        case "message.delta" if data.get("refusal"):
            return chat.RefusalDelta(0, data["text"])
        case "message.delta":
            return chat.TextDelta(0, data["text"])
        case "message.part":
            return part_seen(_PART.decode(msgspec.json.encode(data["part"])))
        case "message.source":
            return chat.CitationSeen(0, chat.Citation(**data))
        case "reasoning.delta":
            return chat.ReasoningDelta(0, **{"text": "", **data})
        case "tool_call.delta":
            rest = {name: value for name, value in data.items() if name != "kind"}
            return chat.ToolCallDelta(index=0, type=data.get("kind", "function"), **rest)
        case _:
            return None


def data_of(data: Any) -> Any:
    """What an event says, whether it was just told or is read from where it was written down."""
    return _DATA.decode(data) if isinstance(data, msgspec.Raw) else data


def _said(event: msgspec.Struct, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(event, name)) is not None}
