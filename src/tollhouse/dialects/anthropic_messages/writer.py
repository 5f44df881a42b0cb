"""A message as a stream, written: one writer per stream."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, sse
from tollhouse.dialects.anthropic_messages.answer import write_reason
from tollhouse.dialects.anthropic_messages.citations import write_citation
from tollhouse.dialects.anthropic_messages.errors import write_failure
from tollhouse.dialects.anthropic_messages.name import NAME
from tollhouse.dialects.anthropic_messages.usage import write_usage

_encode = msgspec.json.Encoder().encode

_EMPTY: Final[dict[str, dict[str, Any]]] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}
_FIELDS: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
    "citations_delta": "citation",
}
# As bytes, because most events of a stream are these: a third of the time that they take as objects.
_DELTA: Final = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":%%d,"delta":{"type":"%s","%s":'
_BEFORE_DELTA: Final = {kind: (_DELTA % (kind, field)).encode() for kind, field in _FIELDS.items()}
_AFTER_DELTA: Final = b"}}\n\n"
_THINKING: Final = frozenset({"thinking", "redacted_thinking"})
_CITED: Final = "cited"
_STOP: Final = sse.frame(b'{"type":"message_stop"}', "message_stop")


class Writer:
    """Says events as this dialect's stream: blocks one after another, each begun and ended.

    There is one choice; what others say is not said. The stop reason waits for the usage, which comes with it.
    """

    def __init__(self, id: str, model: str, created: int, include_usage: bool) -> None:  # noqa: A002
        """Name the answer. Neither instant nor wish for usage has a place here: usage is always told.

        Args:
            id: of the answer.
            model: that serves.
            created: seconds since the epoch.
            include_usage: the client asked for the usage chunk.
        """
        self._head = {"id": id, "type": "message", "role": "assistant", "model": model}
        self._has_begun = False
        self._blocks = 0
        self._open: str | None = None
        self._before_text = b""
        self._calls: dict[int, int] = {}
        self._has_refused = False
        self._finished: chat.Finished | None = None
        self._usage: chat.Usage | None = None

    def write(self, event: chat.Event) -> bytes:
        """The event's bytes; empty when this dialect says nothing, or says it later."""
        if type(event) is chat.TextDelta and event.index == 0 and self._open == "text" and event.text:
            # Most events are these, and need no looking for what they are.
            return self._before_text + _encode(event.text) + _AFTER_DELTA
        match event:
            case chat.TextDelta(0, text):
                return self._say("text", "text_delta", text) if text else b""
            case chat.RefusalDelta(0, text) if text:
                self._has_refused = True
                return self._say("text", "text_delta", text)
            case chat.ToolCallDelta(index=0):
                return self._write_call(event)
            case chat.ReasoningDelta(index=0):
                return self._write_thinking(event)
            case chat.CitationSeen(0, citation):
                return self._cite(citation)
            case chat.AudioDelta(index=0, transcript=text):
                return self._say("text", "text_delta", text) if text else b""
            case chat.PartSeen(0, chat.OtherPart(kind, raw)):
                return self._start(kind, raw) + self._close()
            case chat.Finished(0):
                self._finished = event
            case chat.UsageSeen(usage):
                self._usage = usage
            case chat.Began():
                return self._begin()
            case chat.Failed():
                return sse.frame(msgspec.json.encode(write_failure(event, event.status)), "error")
            case chat.Ended():
                return self._begin() + self._close() + self._finish() + _STOP
            case _:
                # Another choice, log probabilities, or what an answer cannot show here.
                pass
        return b""

    def _begin(self) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        rest: dict[str, Any] = {
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": write_usage(self._usage),
        }
        return _frame("message_start", message=self._head | rest)

    def _finish(self) -> bytes:
        finished = self._finished or chat.Finished(0, "other", "")
        delta = {
            "stop_reason": write_reason(
                finished.reason,
                finished.said,
                finished.stop_sequence,
                has_calls=bool(self._calls),
                has_refused=self._has_refused,
            ),
            "stop_sequence": finished.stop_sequence,
        }
        return _frame("message_delta", delta=delta, usage=write_usage(self._usage))

    def _say(self, block: str, delta: str, value: str | Raw | dict[str, Any]) -> bytes:
        """A delta of the open block, or of a new one when that is of another kind."""
        start = b"" if self._open == block else self._start(block, _EMPTY[block])
        return start + _delta(delta, self._blocks - 1, value)

    def _cite(self, citation: chat.Citation) -> bytes:
        """What the words of the open block rest on; those behind it do not, and are another block."""
        start = b"" if self._open in ("text", _CITED) else self._start("text", _EMPTY["text"])
        self._open = _CITED
        return start + _delta("citations_delta", self._blocks - 1, write_citation(citation))

    def _write_thinking(self, event: chat.ReasoningDelta) -> bytes:
        """A proof completes its block. One that another dialect made is not said, though it completes the block too."""
        is_ours = event.made_by == NAME
        said = self._say("thinking", "thinking_delta", event.text) if event.text else b""
        if is_ours and event.sealed is not None:
            said += self._start("redacted_thinking", {"type": "redacted_thinking", "data": event.sealed})
        elif is_ours and event.signature is not None:
            said += self._say("thinking", "signature_delta", event.signature)
        is_complete = event.sealed is not None or event.signature is not None
        return said + self._close() if is_complete and self._open in _THINKING else said

    def _write_call(self, event: chat.ToolCallDelta) -> bytes:
        said = b""
        if event.slot not in self._calls:
            block = {"type": "tool_use", "id": event.id or "", "name": event.name or "", "input": {}}
            said = self._start("tool_use", block)
            self._calls[event.slot] = self._blocks - 1
        if not event.arguments:
            return said
        return said + _delta("input_json_delta", self._calls[event.slot], event.arguments)

    def _start(self, kind: str, block: dict[str, Any] | Raw) -> bytes:
        before = self._begin() + self._close()
        self._open = kind
        self._blocks += 1
        self._before_text = _BEFORE_DELTA["text_delta"] % (self._blocks - 1)
        return before + _frame("content_block_start", index=self._blocks - 1, content_block=block)

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return _frame("content_block_stop", index=self._blocks - 1)


def _delta(kind: str, block: int, value: str | Raw | dict[str, Any]) -> bytes:
    """More of a block; the value on one line, as an event must have it."""
    said = msgspec.json.format(value, indent=-1) if isinstance(value, Raw) else _encode(value)
    return _BEFORE_DELTA[kind] % block + said + _AFTER_DELTA


def _frame(kind: str, **fields: dict[str, Any] | Raw | int) -> bytes:
    return sse.frame(msgspec.json.encode({"type": kind} | fields), kind)
