"""What a gateway answers in a turn, as it is said: gathered into one message, and told on its way."""

from __future__ import annotations

from typing import Any, Protocol

from tollhouse.conversations.parts import AnyPart, from_answer
from tollhouse.dialects import chat, openai_chat, sse
from tollhouse.dialects.collect import Collector

STOPPED = "stopped"
"""The finish reason of an answer that was broken off."""


class Tell(Protocol):
    """Takes what is said on."""

    def __call__(self, name: str, data: Any) -> None: ...


class Heard:
    """One answer, in pieces of OpenAI's dialect: streamed, or whole."""

    def __init__(self, tell: Tell, *, is_streamed: bool) -> None:
        self._tell = tell
        self._is_streamed = is_streamed
        self._body: list[bytes] = []
        self._frames = sse.Reader()
        self._reader = openai_chat.Reader()
        self._collector = Collector()

    def add(self, piece: bytes) -> None:
        """Take the next piece. Raises UpstreamIncomplete when it tells of a failure."""
        if not self._is_streamed:
            self._body.append(piece)
            return
        for frame in self._frames.feed(piece):
            for event in self._reader.read(frame):
                self._collector.add(event)
                self._pass_on(event)

    def answer(self) -> tuple[tuple[AnyPart, ...], str]:
        """The whole answer as parts, and why it ended. Raises UpstreamIncomplete."""
        whole = self._collector.answer() if self._is_streamed else openai_chat.read_answer(b"".join(self._body))
        choice = whole.choices[0]
        return from_answer(choice.message), choice.finish_reason

    def so_far(self) -> tuple[AnyPart, ...]:
        """What was heard of an answer that nobody listens to any more. A call of a tool that is not whole is none."""
        self._collector.add(chat.Ended())
        choices = self._collector.answer().choices
        if not choices:
            return ()
        message = choices[0].message
        return from_answer(chat.Message(role=message.role, parts=message.parts))

    def _pass_on(self, event: chat.Event) -> None:
        match event:
            case chat.TextDelta() | chat.RefusalDelta() if event.index == 0:
                self._tell("message.delta", {"text": event.text})
            case chat.ReasoningDelta(index=0, text=str(text)) if text:
                self._tell("reasoning.delta", {"text": text})
            case chat.ToolCallDelta(index=0):
                said = {"slot": event.slot, "id": event.id, "name": event.name, "arguments": event.arguments}
                self._tell("tool_call.delta", {name: value for name, value in said.items() if value is not None})
            case _:
                pass
