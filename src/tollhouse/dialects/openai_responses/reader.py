"""A response as a stream, read: events of this dialect become ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from tollhouse.dialects import chat, sse
from tollhouse.dialects.call_ids import Ids
from tollhouse.dialects.json_body import NULL
from tollhouse.dialects.modelled import beyond
from tollhouse.dialects.openai_errors import unreadable
from tollhouse.dialects.openai_responses.answer import FIELDS_READ, Details, logprobs_of, read_reason, said
from tollhouse.dialects.openai_responses.content import read_citation
from tollhouse.dialects.openai_responses.errors import read_failure
from tollhouse.dialects.openai_responses.items import CALLS, PARAGRAPH, Thinking
from tollhouse.dialects.openai_responses.places import moved
from tollhouse.dialects.openai_responses.seal import Proof
from tollhouse.dialects.openai_responses.usage import read_usage

Events: TypeAlias = tuple[chat.Event, ...]

_NONE: Events = ()


class _Kind(msgspec.Struct):
    type: str = ""


class _Event(_Kind):
    """All events at once; an absent field is at its default."""

    delta: str = ""
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    item_id: str | None = None
    logprobs: list[Raw] | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | None = None
    input: str | None = None
    item: Raw = NULL
    annotation: Raw = NULL
    response: Raw = NULL


class _Response(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    created_at: float | None = None
    status: str | None = None
    incomplete_details: Details | None = None
    output: Raw = NULL
    usage: Raw = NULL
    service_tier: str | None = None
    error: Raw = NULL


class _Call(_Kind):
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    input: str | None = None
    namespace: str | None = None


_KIND = msgspec.json.Decoder(_Kind)
_EVENT = msgspec.json.Decoder(_Event)
_RESPONSE = msgspec.json.Decoder(_Response)
_CALL = msgspec.json.Decoder(_Call)
_THINKING = msgspec.json.Decoder(Thinking)


class Reader:
    """Makes events of frames.

    Attributes:
        unmodelled: the fields of the whole response that have no event.
    """

    def __init__(self) -> None:
        self.unmodelled: dict[str, None] = {}
        self._has_begun = False
        self._text_chars = 0
        self._part_starts: dict[tuple[int, int], int] = {}
        self._thoughts: dict[int, tuple[str, int]] = {}
        self._ids = Ids("")
        self._slots: dict[int, int] = {}
        self._argued: set[int] = set()
        self._proofs: dict[str, Proof] = {}

    def read(self, frame: sse.Frame) -> Events:
        """The events of one frame, in order; none for a comment, nor for what is not modelled.

        `Began` comes once; `Finished`, `UsageSeen` and `Ended` together, with the last event. What a vendor says only
        when it is done, without deltas, is said then.

        Raises:
            UpstreamIncomplete: the frame is not JSON of this dialect.
        """
        data = frame.data
        # OpenRouter ends its streams like chat completions; here the last event has been said before.
        if not data or data == b"[DONE]":
            return _NONE
        try:
            if not data.isascii():
                data.decode()  # what is left undecoded is not looked at otherwise
            event = _EVENT.decode(data)
            if event.type == "error":
                return (read_failure(Raw(data)),)
            handle = _HANDLERS.get(event.type)
            return _NONE if handle is None else handle(self, event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if _is_of_others(data):
                return _NONE
            raise unreadable() from None

    def _begin(self, event: _Event) -> Events:
        return self._began(_RESPONSE.decode(event.response))

    def _began(self, response: _Response) -> Events:
        if self._has_begun:
            return _NONE
        self._has_begun = True
        self._ids = Ids(response.id or "")
        created = int(response.created_at or 0)
        return (chat.Began(id=response.id or "", model=response.model or "", created=created),)

    def _hear_text(self, event: _Event) -> Events:
        text = event.delta
        self._part_starts.setdefault((event.output_index, event.content_index), self._text_chars)
        self._text_chars += len(text)
        events: Events = (chat.TextDelta(0, text),) if text else _NONE
        return (*events, chat.LogprobsDelta(0, logprobs_of(event.logprobs))) if event.logprobs else events

    def _finish_text(self, event: _Event) -> Events:
        if (event.output_index, event.content_index) in self._part_starts:
            return _NONE
        return self._hear_text(replace(event, delta=event.text or ""))

    def _hear_refusal(self, event: _Event) -> Events:
        self._part_starts.setdefault((event.output_index, event.content_index), self._text_chars)
        return (chat.RefusalDelta(0, event.delta),) if event.delta else _NONE

    def _finish_refusal(self, event: _Event) -> Events:
        if (event.output_index, event.content_index) in self._part_starts:
            return _NONE
        return self._hear_refusal(replace(event, delta=event.refusal or ""))

    def _hear_citation(self, event: _Event) -> Events:
        """Its span counts from the start of its part; ours from that of all words."""
        citation = read_citation(event.annotation)
        start = self._part_starts.get((event.output_index, event.content_index), 0)
        return (chat.CitationSeen(0, moved(citation, start)),)

    def _hear_summary(self, event: _Event) -> Events:
        return self._hear_thought(event, "summary", event.summary_index)

    def _hear_thinking(self, event: _Event) -> Events:
        return self._hear_thought(event, "content", event.content_index)

    def _hear_thought(self, event: _Event, kind: str, part: int) -> Events:
        """The summary of what was thought, or its raw words: whichever comes first, since they say the same."""
        known_kind, known_part = self._thoughts.get(event.output_index, (kind, -1))
        if known_kind != kind:
            return _NONE
        self._thoughts[event.output_index] = (kind, part)
        if known_part < 0:
            return (chat.ReasoningDelta(0, event.delta, id=event.item_id),)
        return (chat.ReasoningDelta(0, event.delta if part == known_part else PARAGRAPH + event.delta),)

    def _hear_arguments(self, event: _Event) -> Events:
        return self._argue(event.output_index, event.delta)

    def _hear_input(self, event: _Event) -> Events:
        return self._argue(event.output_index, event.delta, "custom")

    def _finish_arguments(self, event: _Event) -> Events:
        return self._argue_once(event.output_index, event.arguments)

    def _finish_input(self, event: _Event) -> Events:
        return self._argue_once(event.output_index, event.input, "custom")

    def _argue_once(self, place: int, arguments: str | None, kind: str = "function") -> Events:
        """All arguments at once, unless they have come piece by piece."""
        return _NONE if place in self._argued or not arguments else self._argue(place, arguments, kind)

    def _argue(self, place: int, arguments: str, kind: str = "function") -> Events:
        slot = self._slots.get(place)
        if slot is None:
            # Of a call that is no item of ours, or has not been opened; its item tells when it is done.
            return _NONE
        self._argued.add(place)
        return (chat.ToolCallDelta(index=0, slot=slot, arguments=arguments, type=kind),)

    def _open_item(self, event: _Event) -> Events:
        if _KIND.decode(event.item).type not in CALLS:
            return _NONE
        return self._open_call(event.output_index, _CALL.decode(event.item))

    def _open_call(self, place: int, call: _Call) -> Events:
        if place in self._slots:
            return _NONE
        slot = self._slots[place] = len(self._slots)
        proof = self._proofs.pop(call.call_id or "", Proof())
        return (
            chat.ToolCallDelta(
                index=0,
                slot=slot,
                id=self._ids.name(call.call_id),
                name=call.name,
                type=CALLS[call.type],
                signature=proof.signature,
                made_by=proof.made_by,
                namespace=call.namespace,
            ),
        )

    def _close_item(self, event: _Event) -> Events:
        place, kind = event.output_index, _KIND.decode(event.item).type
        if kind == "reasoning":
            return self._close_thinking(place, _THINKING.decode(event.item))
        if kind == "message":
            return _NONE
        if kind not in CALLS:
            return (chat.PartSeen(0, chat.OtherPart(kind, event.item)),)
        call = _CALL.decode(event.item)
        return self._open_call(place, call) + self._argue_once(place, call.arguments or call.input, CALLS[kind])

    def _close_thinking(self, place: int, item: Thinking) -> Events:
        text = "" if place in self._thoughts else item.text
        if not (text or item.encrypted_content):
            return _NONE
        proof = item.proof
        if proof.call_id is not None:
            self._proofs[proof.call_id] = proof
            return _NONE
        return (chat.ReasoningDelta(0, text, proof.signature, proof.sealed, proof.made_by, item.id),)

    def _end(self, event: _Event) -> Events:
        response = _RESPONSE.decode(event.response)
        self.unmodelled = dict.fromkeys(beyond(event.response, FIELDS_READ))
        ended = said(response.status or event.type.removeprefix("response."), response.incomplete_details)
        finished = chat.Finished(0, read_reason(ended, has_calls=bool(self._slots)), ended)
        return (*self._began(response), finished, *_usage(response), chat.Ended())

    def _fail(self, event: _Event) -> Events:
        response = _RESPONSE.decode(event.response)
        return (*self._began(response), *_usage(response), read_failure(response.error))


def is_usage_only(frame: sse.Frame, events: Events) -> bool:
    """Never: usage comes with the last event."""
    return False


def plain_text(data: bytes) -> tuple[int, int] | None:
    """None: a delta here is an event with a name, and must be read."""
    return None


def _usage(response: _Response) -> Events:
    usage = read_usage(response.usage, response.service_tier, response.output)
    return _NONE if usage is None else (chat.UsageSeen(usage),)


def _is_of_others(data: bytes) -> bool:
    """An event that is not modelled, whose fields happen to be named like ours."""
    try:
        kind = _KIND.decode(data).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return kind != "error" and kind not in _HANDLERS


_HANDLERS: dict[str, Callable[[Reader, _Event], Events]] = {
    "response.created": Reader._begin,
    "response.queued": Reader._begin,
    "response.in_progress": Reader._begin,
    "response.output_text.delta": Reader._hear_text,
    "response.output_text.done": Reader._finish_text,
    "response.output_text.annotation.added": Reader._hear_citation,
    "response.refusal.delta": Reader._hear_refusal,
    "response.refusal.done": Reader._finish_refusal,
    "response.reasoning_summary_text.delta": Reader._hear_summary,
    "response.reasoning_text.delta": Reader._hear_thinking,
    "response.function_call_arguments.delta": Reader._hear_arguments,
    "response.function_call_arguments.done": Reader._finish_arguments,
    "response.custom_tool_call_input.delta": Reader._hear_input,
    "response.custom_tool_call_input.done": Reader._finish_input,
    "response.output_item.added": Reader._open_item,
    "response.output_item.done": Reader._close_item,
    "response.completed": Reader._end,
    "response.incomplete": Reader._end,
    "response.failed": Reader._fail,
}
