"""A message as a stream, read: one reader per stream.

Anthropic, "Streaming messages" (read 2026-11-22). Usage is counted at the beginning and again at the end; only the last
count is passed on, because a stream that breaks off has made more than its beginning says. Pings and events of unknown
types say nothing. Blocks that are not modelled, such as those of Anthropic's own tools, are told whole when they end.
What words rest on comes before them, and is told behind them, when their block ends.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.dialects import chat, sse
from tollhouse.dialects.anthropic_messages.answer import read_reason
from tollhouse.dialects.anthropic_messages.citations import read_citation
from tollhouse.dialects.anthropic_messages.errors import read_failure, unreadable
from tollhouse.dialects.anthropic_messages.name import NAME
from tollhouse.dialects.anthropic_messages.usage import read_usage
from tollhouse.dialects.call_ids import Ids
from tollhouse.dialects.json_body import NULL
from tollhouse.dialects.modelled import ANY, FIELDS, Fields, beyond

_NO_EVENTS: Final[tuple[chat.Event, ...]] = ()
_ENDED: Final = (chat.Ended(),)
_MODELLED: Final = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
_EMPTY_INPUTS: Final = (b"{}", b"null")
_PLAIN: Final = re.compile(
    rb'\{"type":"content_block_delta","index":\d{1,9},"delta":\{"type":"text_delta","text":"([^"\\]+)"\} *\} *'
)


class _Message(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    usage: Raw = NULL


class _Typed(msgspec.Struct):
    type: str


class _Block(_Typed):
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = NULL


class _Delta(msgspec.Struct):
    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: Raw = NULL
    stop_reason: str | None = None
    stop_sequence: str | None = None


class _Event(msgspec.Struct):
    type: str
    index: int = 0
    delta: _Delta | None = None
    content_block: Raw = NULL
    message: _Message | None = None
    usage: Raw = NULL
    error: Raw = NULL


class _Other(NamedTuple):
    """A block that is not modelled, and what of its input has come."""

    kind: str
    fields: Fields
    input: list[str]


class _RawDelta(msgspec.Struct):
    delta: Raw = NULL


_EVENT = msgspec.json.Decoder(_Event)
_DELTA = msgspec.json.Decoder(_RawDelta)
_EVENT_FIELDS: Final = frozenset(_Event.__struct_fields__)
_DELTA_FIELDS: Final = frozenset(_Delta.__struct_fields__)
_TYPED = msgspec.json.Decoder(_Typed)
_BLOCK = msgspec.json.Decoder(_Block)


class Reader:
    """Makes events of frames.

    Attributes:
        unmodelled: the fields that have no event, of those that are told when all is said.
    """

    def __init__(self) -> None:
        self.unmodelled: dict[str, None] = {}
        self._counted = NULL
        self._ids = Ids("")
        self._slots: dict[int, int] = {}
        self._silent: set[int] = set()
        self._others: dict[int, _Other] = {}
        self._citations: list[chat.Citation] = []
        self._chars = 0
        self._block_begins = 0
        self._is_finished = False

    def read(self, frame: sse.Frame) -> tuple[chat.Event, ...]:
        """The events of one frame, in order; none for a comment.

        Raises:
            UpstreamIncomplete: the frame is not JSON of this dialect.
        """
        if not frame.data:
            return _NO_EVENTS
        try:
            if not frame.data.isascii():
                frame.data.decode()  # what is left undecoded is not looked at otherwise
            event = _EVENT.decode(frame.data)
            if event.type == "message_delta":
                told = [*beyond(frame.data, _EVENT_FIELDS), *beyond(_DELTA.decode(frame.data).delta, _DELTA_FIELDS)]
                self.unmodelled |= dict.fromkeys(told)
            return self._read(event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise unreadable() from None

    def overhear(self, chars: int) -> None:
        """So many characters of words were said that this reader was not shown. Places count all words."""
        self._chars += chars

    def _read(self, event: _Event) -> tuple[chat.Event, ...]:
        match event.type:
            case "content_block_delta" if event.delta is not None:
                return self._read_delta(event.index, event.delta)
            case "content_block_start":
                return self._start(event.index, event.content_block)
            case "content_block_stop":
                return self._stop(event.index)
            case "message_start" if event.message is not None:
                return self._begin(event.message)
            case "message_delta":
                return self._finish(event.delta or _Delta(), event.usage)
            case "message_stop":
                return _ENDED
            case "error":
                return (read_failure(event.error),)
            case _:
                return _NO_EVENTS

    def _begin(self, message: _Message) -> tuple[chat.Event, ...]:
        self._counted = Raw(bytes(message.usage))
        self._ids = Ids(message.id or "")
        return (chat.Began(id=message.id or "", model=message.model or "", created=0),)

    def _start(self, index: int, raw: Raw) -> tuple[chat.Event, ...]:
        kind = _TYPED.decode(raw).type
        if kind in _MODELLED:
            return self._read_start(index, _BLOCK.decode(raw))
        self._others[index] = _Other(kind, FIELDS.decode(raw), [])
        return _NO_EVENTS

    def _stop(self, index: int) -> tuple[chat.Event, ...]:
        if index in self._silent:
            return (chat.ToolCallDelta(index=0, slot=self._slots[index], arguments="{}"),)
        if self._citations:
            seen, self._citations = self._citations, []
            start, end = self._block_begins, self._chars
            place = {"start": start, "end": end} if start < end else {}
            return tuple([chat.CitationSeen(0, replace(citation, **place)) for citation in seen])
        other = self._others.pop(index, None)
        if other is None:
            return _NO_EVENTS
        told = {"input": ANY.decode("".join(other.input).encode())} if other.input else {}
        return (chat.PartSeen(0, chat.OtherPart(other.kind, Raw(msgspec.json.encode(other.fields | told)))),)

    def _read_start(self, index: int, block: _Block) -> tuple[chat.Event, ...]:
        """Mostly a block begins empty; a call is named, and a redacted piece of thinking comes whole.

        A call without arguments streams none, though unstreamed it has an empty object: that is told at its end.
        """
        self._block_begins = self._chars
        match block.type:
            case "text" if block.text:
                return self._hear(block.text)
            case "thinking" if block.thinking or block.signature:
                made_by = NAME if block.signature else None
                return (chat.ReasoningDelta(0, block.thinking or "", block.signature or None, None, made_by),)
            case "redacted_thinking":
                return (chat.ReasoningDelta(0, "", None, block.data or "", NAME),)
            case "tool_use":
                slot = self._slots[index] = len(self._slots)
                told = bytes(block.input)
                arguments = "" if told in _EMPTY_INPUTS else told.decode()
                if not arguments:
                    self._silent.add(index)
                name = self._ids.name(block.id)
                return (chat.ToolCallDelta(index=0, slot=slot, id=name, name=block.name, arguments=arguments),)
            case _:
                return _NO_EVENTS

    def _hear(self, text: str) -> tuple[chat.Event, ...]:
        self._chars += len(text)
        return (chat.TextDelta(0, text),)

    def _read_delta(self, index: int, delta: _Delta) -> tuple[chat.Event, ...]:
        match delta.type:
            case "text_delta" if delta.text:
                return self._hear(delta.text)
            case "thinking_delta" if delta.thinking:
                return (chat.ReasoningDelta(0, delta.thinking),)
            case "input_json_delta" if delta.partial_json and index in self._slots:
                self._silent.discard(index)
                return (chat.ToolCallDelta(index=0, slot=self._slots[index], arguments=delta.partial_json),)
            case "input_json_delta" if delta.partial_json and index in self._others:
                self._others[index].input.append(delta.partial_json)
                return _NO_EVENTS
            case "signature_delta" if delta.signature:
                return (chat.ReasoningDelta(0, "", delta.signature, None, NAME),)
            case "citations_delta":
                self._citations.append(read_citation(Raw(bytes(delta.citation))))
                return _NO_EVENTS
            case _:
                return _NO_EVENTS

    def _finish(self, delta: _Delta, counted: Raw) -> tuple[chat.Event, ...]:
        events: list[chat.Event] = []
        if delta.stop_reason and not self._is_finished:
            self._is_finished = True
            said = delta.stop_reason
            events.append(chat.Finished(0, read_reason(said), said, delta.stop_sequence))
        if (usage := read_usage(counted, self._counted)) is not None:
            events.append(chat.UsageSeen(usage))
        return tuple(events)


def is_usage_only(frame: sse.Frame, events: tuple[chat.Event, ...]) -> bool:
    """Never: usage comes with the stop reason, to everybody."""
    return False


def plain_text(data: bytes) -> tuple[int, int] | None:
    """Where a usual text delta has its text, by a look at its bytes; None for all that must be read.

    Inside a JSON string a quote is escaped, so nothing the model says can end the match early; a frame in other words
    is simply read.
    """
    match = _PLAIN.fullmatch(data)
    return None if match is None else match.span(1)
