"""A chat completion as a stream, said: one writer per stream."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, sse
from tollhouse.dialects.openai_chat.answer import write_reason
from tollhouse.dialects.openai_chat.citations import write_citation
from tollhouse.dialects.openai_chat.messages import write_picture, write_signature
from tollhouse.dialects.openai_chat.thinking import is_provable, write_details
from tollhouse.dialects.openai_chat.usage import write_tier, write_usage
from tollhouse.dialects.openai_errors import error_object

_encode = msgspec.json.Encoder().encode

_AFTER_TEXT = b'},"finish_reason":null}]}\n\n'


class Writer:
    """Says events as this dialect's stream."""

    def __init__(self, id: str, model: str, created: int, include_usage: bool) -> None:  # noqa: A002
        """Name the answer.

        Args:
            id: of the answer, in every chunk.
            model: that serves, in every chunk.
            created: seconds since the epoch.
            include_usage: the client asked for the usage chunk.
        """
        self._head = {"id": id, "object": "chat.completion.chunk", "created": created, "model": model}
        self._include_usage = include_usage
        self._usage: chat.Usage | None = None
        self._cost_usd: str | None = None
        self._begun: set[int] = set()
        self._before_text: dict[int, bytes] = {}
        self._thoughts: dict[int, list[str]] = {}
        self._proof_counts: dict[int, int] = {}

    def write(self, event: chat.Event) -> bytes:
        """The event's bytes; empty when this dialect says nothing, or says it later."""
        match event:
            case chat.TextDelta(index, text):
                return self._say_text(index, text)
            case chat.ReasoningDelta():
                return self._think(event)
            case chat.RefusalDelta(index, text):
                return self._delta(index, refusal=text)
            case chat.AudioDelta():
                return self._delta(event.index, audio=_write_audio(event))
            case chat.PartSeen(index, chat.ImagePart() as picture):
                return self._delta(index, images=[write_picture(picture)])
            case chat.CitationSeen(index, citation):
                return self._delta(index, annotations=[write_citation(citation)])
            case chat.ToolCallDelta():
                return self._delta(event.index, tool_calls=[_write_call(event)])
            case chat.LogprobsDelta(index, raw):
                return self._choice(index, {}, logprobs=raw)
            case chat.Finished(index, reason, said):
                return self._choice(index, {}, finish_reason=write_reason(reason, said))
            case chat.UsageSeen(usage, cost_usd):
                self._usage, self._cost_usd = usage, cost_usd
                return b""
            case chat.Failed():
                return sse.frame(msgspec.json.encode({"error": error_object(event)}))
            case chat.Ended():
                return self._usage_chunk() + b"data: [DONE]\n\n"
            case chat.Began() | chat.PartSeen():
                return b""

    def _say_text(self, index: int, text: str) -> bytes:
        """What surrounds the words is the same each time, and written once: a fifth of the time."""
        before = self._before_text.get(index)
        if before is not None:
            return before + _encode(text) + _AFTER_TEXT
        head = _encode(self._head)[:-1]
        self._before_text[index] = b'data: %b,"choices":[{"index":%d,"delta":{"content":' % (head, index)
        return self._delta(index, content=text)

    def _think(self, event: chat.ReasoningDelta) -> bytes:
        """Words as they come; with a proof once more all the words that it proves, for whoever sends them back."""
        thoughts = self._thoughts.setdefault(event.index, [])
        thoughts.append(event.text)
        delta: dict[str, Any] = {"reasoning_content": event.text} if event.text else {}
        if is_provable(event):
            part = chat.ReasoningPart("".join(thoughts), event.signature, event.sealed, event.made_by, event.id)
            number = self._proof_counts.get(event.index, 0)
            delta["reasoning_details"] = write_details([part], number)
            self._proof_counts[event.index] = number + 1
            thoughts.clear()
        return self._choice(event.index, delta) if delta else b""

    def _delta(self, index: int, **delta: Any) -> bytes:
        return self._choice(index, delta)

    def _choice(self, index: int, delta: dict[str, Any], finish_reason: str | None = None, **more: Raw) -> bytes:
        if index not in self._begun:
            self._begun.add(index)
            delta = {"role": "assistant"} | delta
        choice = {"index": index, "delta": delta, "finish_reason": finish_reason} | more
        return sse.frame(msgspec.json.encode(self._head | {"choices": [choice]}))

    def _usage_chunk(self) -> bytes:
        if not self._include_usage or self._usage is None:
            return b""
        chunk = self._head | {"choices": [], "usage": write_usage(self._usage, self._cost_usd)}
        chunk |= write_tier(self._usage)
        return sse.frame(msgspec.json.encode(chunk))


def _write_audio(event: chat.AudioDelta) -> dict[str, Any]:
    fields = {"id": event.id, "data": event.data, "transcript": event.transcript, "expires_at": event.expires_at}
    return {name: value for name, value in fields.items() if value}


def _write_call(event: chat.ToolCallDelta) -> dict[str, Any]:
    is_custom = event.type == "custom"
    inner: dict[str, Any] = {"input" if is_custom else "arguments": event.arguments}
    if event.name is not None:
        inner = {"name": event.name} | inner
    call: dict[str, Any] = {"index": event.slot, "custom" if is_custom else "function": inner}
    if event.id is not None:
        call |= {"id": event.id, "type": event.type}
    if event.signature is not None and event.made_by == "gemini":
        call["extra_content"] = write_signature(event.signature)
    return call
