"""A stream, written: one writer per stream.

As `stream_reader` has it: chunks in CRLF, calls whole, and in the last chunk how it all ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat
from tollhouse.dialects.gemini import reasons
from tollhouse.dialects.gemini.answer import write_head
from tollhouse.dialects.gemini.carries import NAME
from tollhouse.dialects.gemini.citations import write_grounding
from tollhouse.dialects.gemini.errors import describe
from tollhouse.dialects.gemini.logprobs import write_logprobs
from tollhouse.dialects.gemini.media import write_media
from tollhouse.dialects.gemini.parts import write_call
from tollhouse.dialects.gemini.usage import write_usage

_encode = msgspec.json.Encoder().encode

_BEFORE_TEXT = b'data: {"candidates":[{"content":{"parts":[{"text":'
"""Most chunks are words and what surrounds them, which is the same each time."""

_LOST = "x-tollhouse-lossy"
_SPEECH = "audio/L16;codec=pcm;rate=24000"
"""The one form that Google's models speak in."""

_SILENCE = {"parts": [{"text": ""}], "role": "model"}
"""What a chunk says that has no words: clients look for a part in every one."""


class Writer:
    """Says events as this dialect's stream.

    A call is said when it is complete; finish reasons, citations and usage come with the last chunk.
    """

    def __init__(self, id: str, model: str, created: int, include_usage: bool) -> None:  # noqa: A002
        """Name the answer.

        Args:
            id: of the answer, in every chunk.
            model: that serves, in every chunk.
            created: seconds since the epoch; 0 when unknown.
            include_usage: no matter: here usage is always told.
        """
        self._head = write_head(id, model, created)
        self._usage: chat.Usage | None = None
        self._lost: dict[str, None] = {}
        self._saying: dict[int, _Saying] = {}

    def write(self, event: chat.Event) -> bytes:
        """The event's bytes; empty when this dialect says nothing, or says it later."""
        match event:
            case chat.TextDelta(index, text):
                saying = self._choice(index)
                saying.words.append(text)
                if saying.call is None:
                    return _BEFORE_TEXT + _encode(text) + saying.after_text
                return self._parts(index, *_complete_call(saying), {"text": text})
            case chat.RefusalDelta(index, text):
                return self._parts(index, *_complete_call(self._choice(index)), {"text": text})
            case chat.ReasoningDelta(index):
                return self._parts(index, *_complete_call(self._choice(index)), *_write_thought(event))
            case chat.AudioDelta(index):
                return self._parts(index, *_complete_call(self._choice(index)), *_write_audio(event))
            case chat.PartSeen(index, part):
                return self._parts(index, *_complete_call(self._choice(index)), _write_whole(part))
            case chat.ToolCallDelta():
                return self._parts(event.index, *_add_call(self._choice(event.index), event))
            case chat.CitationSeen(index, citation):
                self._choice(index).citations.append(citation)
            case chat.LogprobsDelta(index, raw):
                if result := write_logprobs(raw):
                    return self._chunk([{"content": _SILENCE, "index": index, "logprobsResult": result}])
            case chat.Finished(index):
                saying = self._choice(index)
                saying.finished = event
                return self._parts(index, *_complete_call(saying))
            case chat.UsageSeen(usage):
                self._usage = usage
            case chat.Failed():
                return _frame({"error": describe(event, event.status or 500)})
            case chat.Ended():
                return self._last()
            case chat.Began():
                pass
        return b""

    def lose(self, names: Iterable[str]) -> None:
        """There are no words for these: the last chunk names them.

        Not a comment, as in other dialects: Google's clients take that for damaged JSON (google-genai 2.34).
        """
        self._lost |= dict.fromkeys(names)

    def _choice(self, index: int) -> _Saying:
        saying = self._saying.get(index)
        if saying is None:
            after_text = self._parts(index, {"text": ""}).removeprefix(_BEFORE_TEXT + b'""')
            saying = self._saying[index] = _Saying(after_text)
        return saying

    def _parts(self, index: int, *parts: dict[str, Any] | Raw) -> bytes:
        if not parts:
            return b""
        return self._chunk([{"content": {"parts": parts, "role": "model"}, "index": index}])

    def _chunk(self, candidates: list[dict[str, Any]]) -> bytes:
        return _frame({"candidates": candidates} | self._head)

    def _last(self) -> bytes:
        """Calls that no finish reason has completed, and then how it all ended."""
        rest = b"".join([self._parts(index, *_complete_call(saying)) for index, saying in self._saying.items()])
        chunk: dict[str, Any] = {"candidates": [_write_end(*each) for each in sorted(self._saying.items(), key=_index)]}
        if self._usage is not None:
            chunk["usageMetadata"] = write_usage(self._usage)
        if self._lost:
            chunk[_LOST] = ", ".join(self._lost)
        return rest + _frame(chunk | self._head)


class _Saying:
    """What is not yet said of one choice; `after_text` is what stands behind its words in every chunk of them."""

    __slots__ = ("after_text", "arguments", "call", "citations", "finished", "words")

    def __init__(self, after_text: bytes) -> None:
        self.after_text = after_text
        self.words: list[str] = []
        self.call: chat.ToolCallDelta | None = None
        self.arguments: list[str] = []
        self.citations: list[chat.Citation] = []
        self.finished: chat.Finished | None = None


def _frame(chunk: dict[str, Any]) -> bytes:
    return b"data: " + _encode(chunk) + b"\r\n\r\n"


def _index(each: tuple[int, _Saying]) -> int:
    return each[0]


def _write_end(index: int, saying: _Saying) -> dict[str, Any]:
    finished = saying.finished or chat.Finished(index, "other", "")
    candidate: dict[str, Any] = {
        "content": _SILENCE,
        "finishReason": reasons.write_reason(finished.reason, finished.said),
        "index": index,
    }
    if saying.citations:
        candidate["groundingMetadata"] = write_grounding(saying.citations, "".join(saying.words))
    return candidate


def _add_call(saying: _Saying, delta: chat.ToolCallDelta) -> list[dict[str, Any]]:
    """Take a piece of a call; what is said is the call before it, if this is another."""
    said: list[dict[str, Any]] = []
    if saying.call is None or saying.call.slot != delta.slot:
        said = _complete_call(saying)
        saying.call = delta
    saying.arguments.append(delta.arguments)
    return said


def _complete_call(saying: _Saying) -> list[dict[str, Any]]:
    """The call that was waiting for its end, if any."""
    delta = saying.call
    if delta is None:
        return []
    arguments = "".join(saying.arguments)
    saying.call = None
    saying.arguments.clear()
    call = chat.ToolCall(delta.id or "", delta.name or "", arguments, signature=delta.signature, made_by=delta.made_by)
    return [write_call(call)]


def _write_whole(part: chat.ImagePart | chat.FilePart | chat.OtherPart) -> dict[str, Any] | Raw:
    return part.raw if isinstance(part, chat.OtherPart) else write_media(part)


def _write_thought(delta: chat.ReasoningDelta) -> list[dict[str, Any]]:
    """Other dialects' proofs are left out: nobody could check them here."""
    wire: dict[str, Any] = {"text": delta.text}
    is_proven = delta.signature is not None and delta.made_by == NAME
    if not delta.text and not is_proven:
        return []
    if delta.text:
        wire["thought"] = True
    return [wire | {"thoughtSignature": delta.signature} if is_proven else wire]


def _write_audio(delta: chat.AudioDelta) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [{"text": delta.transcript}] if delta.transcript else []
    return said + ([{"inlineData": {"mimeType": _SPEECH, "data": delta.data}}] if delta.data else [])
