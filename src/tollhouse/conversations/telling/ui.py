"""What a run tells, as the stream that the AI SDK's `useChat` reads: its UI message stream, version 1.

AI SDK, "Stream protocols" and the schema of its chunks (read 2026-11-30). One run is one message with one step; another
attempt takes back what the step had said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from tollhouse.conversations.messages.views import RunView
from tollhouse.conversations.runs.recording import RunEvent
from tollhouse.conversations.telling.response import ENDS, events_of
from tollhouse.conversations.turns.concluding import answer_name
from tollhouse.conversations.turns.hearing import data_of, told
from tollhouse.dialects import chat, sse

FINISHED: Final = {"stop": "stop", "length": "length", "content_filter": "content-filter", "tool_calls": "tool-calls"}
DONE: Final = sse.frame(b"[DONE]")


class UiTelling:
    """One follower's stream."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._has_begun = False
        self._is_void = True
        self._parts = 0
        self._open: _Open | None = None

    def tell(self, event: RunEvent) -> bytes:
        """The chunks that one event of the run is; empty when it is none."""
        return b"".join([sse.frame(msgspec.json.encode(chunk)) for chunk in self._chunks(event)]) + self._end(event)

    def _chunks(self, event: RunEvent) -> Iterator[dict[str, Any]]:
        if not self._has_begun:
            self._has_begun = True
            yield {
                "type": "start",
                "messageId": answer_name(self._run_id),
                "messageMetadata": {"run": self._run_id},
            }
            yield {"type": "start-step"}
        match event.name:
            case "run.reset":
                self._open = None
                if not self._is_void:
                    yield {"type": "reset-step"}
                self._is_void = True
            case "message.completed" if self._is_void:
                for said in events_of(event.data.content):
                    yield from self._say(said)
            case name if name in ENDS:
                yield from self._close()
                yield from _last(event.data)
            case name:
                said_now = told(name, data_of(event.data))
                if said_now is not None:
                    yield from self._say(said_now)

    def _say(self, event: chat.Event) -> Iterator[dict[str, Any]]:
        self._is_void = False
        match event:
            case chat.TextDelta(_, text) | chat.RefusalDelta(_, text):
                yield from self._part("text")
                yield {"type": "text-delta", "id": self._name, "delta": text}
            case chat.ReasoningDelta(_, text):
                yield from self._part("reasoning")
                if text:
                    yield {"type": "reasoning-delta", "id": self._name, "delta": text}
            case chat.ToolCallDelta():
                yield from self._call(event)
            case chat.PartSeen(_, chat.ImagePart(url)) if url.startswith("data:"):
                yield from self._close()
                yield {"type": "file", "url": url, "mediaType": url.removeprefix("data:").partition(";")[0]}
            case chat.CitationSeen(_, citation) if citation.url is not None:
                self._parts += 1
                source = {"sourceId": str(self._parts), "url": citation.url}
                yield {"type": "source-url", **source, **({"title": citation.title} if citation.title else {})}

    def _part(self, kind: str) -> Iterator[dict[str, Any]]:
        if self._open is None or self._open.kind != kind:
            yield from self._close()
            self._parts += 1
            self._open = _Open(kind)
            yield {"type": f"{kind}-start", "id": self._name}

    def _call(self, event: chat.ToolCallDelta) -> Iterator[dict[str, Any]]:
        if self._open is None or self._open.slot != event.slot:
            yield from self._close()
            self._open = _Open("tool-input", event.slot, event.id or "", event.name or "")
            yield {"type": "tool-input-start", "toolCallId": self._open.call, "toolName": self._open.tool}
        if event.arguments:
            self._open.arguments.append(event.arguments)
            yield {"type": "tool-input-delta", "toolCallId": self._open.call, "inputTextDelta": event.arguments}

    def _close(self) -> Iterator[dict[str, Any]]:
        part, self._open = self._open, None
        if part is None:
            return
        if part.slot is None:
            yield {"type": f"{part.kind}-end", "id": self._name}
            return
        said = "".join(part.arguments)
        named = {"toolCallId": part.call, "toolName": part.tool}
        try:
            yield {"type": "tool-input-available", **named, "input": msgspec.json.decode(said or "{}")}
        except msgspec.DecodeError:
            error = "The model's arguments are not JSON."
            yield {"type": "tool-input-error", **named, "input": said, "errorText": error}

    def _end(self, event: RunEvent) -> bytes:
        return DONE if event.name in ENDS else b""

    @property
    def _name(self) -> str:
        return str(self._parts)


class _Open:
    """A part that grows; of calls, which."""

    def __init__(self, kind: str, slot: int | None = None, call: str = "", tool: str = "") -> None:
        self.kind = kind
        self.slot = slot
        self.call = call
        self.tool = tool
        self.arguments: list[str] = []


def _last(run: RunView) -> Iterator[dict[str, Any]]:
    """How the run ended."""
    if run.status == "failed":
        yield {"type": "error", "errorText": "The run failed." if run.error is None else run.error.message}
        return
    if run.status == "cancelled":
        yield {"type": "abort", "reason": "cancelled"}
        return
    reason = "other" if run.answer is None else FINISHED.get(run.answer.finish_reason or "", "other")
    yield {"type": "finish-step"}
    yield {"type": "finish", "finishReason": reason}
