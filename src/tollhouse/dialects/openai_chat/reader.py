"""A chat completion as a stream, heard: one reader per stream."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, sse
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import FIELDS, beyond
from tollhouse.dialects.openai_chat.answer import read_reason
from tollhouse.dialects.openai_chat.calls import CallPiece, Calls
from tollhouse.dialects.openai_chat.citations import Annotation, read_citation
from tollhouse.dialects.openai_chat.messages import Picture
from tollhouse.dialects.openai_chat.thinking import Chunk, Detail, proven, words_of
from tollhouse.dialects.openai_chat.usage import read_usage
from tollhouse.dialects.openai_errors import read_failure, unreadable

_LAST = (chat.Finished, chat.UsageSeen)
_NO_EVENTS: tuple[chat.Event, ...] = ()
_ENDED = (chat.Ended(),)
_EMPTY_BYTES = len(NULL)
"""A field of an object that takes no more bytes than `null` says nothing."""

_CONTENT = b'"delta":{"content":"'
_SAYS_MORE = re.compile(rb'"error"|"(?:usage|logprobs)":\{')
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')


class _Audio(msgspec.Struct):
    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


class _Part(msgspec.Struct):
    """Mistral streams its thinking as parts."""

    text: str | None = None
    thinking: list[Chunk] | None = None


class _Delta(msgspec.Struct):
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Detail] | None = None
    annotations: list[Annotation] | None = None
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None
    audio: _Audio | None = None
    images: list[Picture] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None
    logprobs: Raw = NULL


class _Groq(msgspec.Struct):
    usage: Raw = NULL


class _Chunk(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    created: float | None = None
    choices: list[_Choice] | None = None
    usage: Raw = NULL
    service_tier: str | None = None
    error: Raw = NULL
    object: str | None = None
    x_groq: _Groq | None = None


class _Choices(msgspec.Struct):
    choices: list[Raw] | None = None


_CHUNK = msgspec.json.Decoder(_Chunk)
_CHOICES = msgspec.json.Decoder(_Choices)


_CHUNK_FIELDS = frozenset(_Chunk.__struct_fields__) | {"obfuscation", "p"}  # OpenAI's padding, and Mistral's
_CHOICE_FIELDS = frozenset(_Choice.__struct_fields__)
_DELTA_FIELDS = frozenset(_Delta.__struct_fields__) | {"role"}


class Reader:
    """Makes events of frames.

    Attributes:
        unmodelled: the fields of the last frames that have no event, by the paths they have in a whole answer.
    """

    def __init__(self) -> None:
        self.unmodelled: dict[str, None] = {}
        self._has_begun = False
        self._id = ""
        self._thinks_aloud: set[int] = set()
        self._finished: set[int] = set()
        self._calls = Calls()

    def read(self, frame: sse.Frame) -> tuple[chat.Event, ...]:
        """The events of one frame, in order; none for a comment.

        `Began` comes once, with the first frame that names the answer or a choice; `Finished` once per choice;
        `Ended` only for `[DONE]`. Fields that are not modelled are ignored.

        Raises:
            UpstreamIncomplete: the frame is not JSON of this dialect.
        """
        data = frame.data
        if not data:
            return _NO_EVENTS
        if data[:1] == b"[" and data.strip() == b"[DONE]":
            return (*self._calls.all_rest(), *_ENDED)
        try:
            chunk = _CHUNK.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise unreadable() from None
        events: list[chat.Event] = []
        if not self._has_begun and (chunk.id or chunk.choices):
            self._has_begun = True
            self._id = chunk.id or ""
            events.append(chat.Began(id=chunk.id or "", model=chunk.model or "", created=int(chunk.created or 0)))
        if chunk.choices:
            for choice in chunk.choices:
                self._read_choice(choice, events)
        usage = chunk.usage if chunk.x_groq is None or len(chunk.usage) > _EMPTY_BYTES else chunk.x_groq.usage
        if len(usage) > _EMPTY_BYTES and (counted := read_usage(usage, chunk.service_tier)):
            events.append(chat.UsageSeen(counted))
        if not chunk.choices or (chunk.choices[0].finish_reason and events and type(events[-1]) in _LAST):
            self.unmodelled |= dict.fromkeys(_unmodelled(data))
        if chunk.error is not NULL and not is_null(chunk.error):
            events.append(read_failure(chunk.error))
        elif chunk.object == "error":
            events.append(read_failure(Raw(data)))
        return tuple(events)

    def _read_choice(self, choice: _Choice, events: list[chat.Event]) -> None:
        index, delta = choice.index, choice.delta
        if delta is not None:
            if thought := delta.reasoning_content or delta.reasoning:
                events.append(chat.ReasoningDelta(index, thought))
                self._thinks_aloud.add(index)
            if delta.reasoning_details:
                events += self._read_details(index, delta.reasoning_details)
            if isinstance(delta.content, list):
                events += _read_parts(index, delta.content)
            elif delta.content:
                events.append(chat.TextDelta(index, delta.content))
            if delta.annotations:
                found = [each.url_citation for each in delta.annotations if each.url_citation is not None]
                events += [chat.CitationSeen(index, read_citation(each)) for each in found]
            if delta.refusal:
                events.append(chat.RefusalDelta(index, delta.refusal))
            if delta.tool_calls:
                events += [told for piece in delta.tool_calls for told in self._calls.read(self._id, index, piece)]
            if delta.images:
                events += [chat.PartSeen(index, chat.ImagePart(each.image_url.url)) for each in delta.images]
            if delta.audio is not None:
                events.append(_read_audio(index, delta.audio))
        if len(choice.logprobs) > _EMPTY_BYTES:
            events.append(chat.LogprobsDelta(index, _in_unicode(choice.logprobs)))
        if choice.finish_reason and index not in self._finished:
            self._finished.add(index)
            events += self._calls.rest(index)
            events.append(chat.Finished(index, read_reason(choice.finish_reason), choice.finish_reason))

    def _read_details(self, index: int, details: list[Detail]) -> list[chat.Event]:
        """Proofs; and words, unless this choice says its thinking in plain fields, which the details then repeat."""
        events: list[chat.Event] = []
        is_repeated = index in self._thinks_aloud
        for detail in details:
            words = "" if is_repeated else detail.words
            if detail.has_proof and detail.is_modelled:
                part = proven(words, detail)
                events.append(chat.ReasoningDelta(index, words, part.signature, part.sealed, part.made_by, part.id))
            elif words:
                events.append(chat.ReasoningDelta(index, words))
        return events


def is_usage_only(frame: sse.Frame, events: tuple[chat.Event, ...]) -> bool:
    """The frame is the chunk that `include_usage` asks for: usage and no choice. Who did not ask need not see it."""
    return len(events) == 1 and type(events[0]) is chat.UsageSeen and _NO_CHOICES.search(frame.data) is not None


def plain_text(data: bytes) -> tuple[int, int] | None:
    """Where a usual content delta has its text, by a look at its bytes; None for all that must be read.

    A quarter of the cost of reading it. Inside a JSON string a quote is escaped, so none of these marks can stand in
    what the model says; a frame in other words or with other spaces is simply read.
    """
    start = data.find(_CONTENT)
    if start < 0 or b'"finish_reason":null' not in data or _SAYS_MORE.search(data):
        return None
    start += len(_CONTENT)
    end = data.find(b'"', start)
    if end <= start or b"\\" in data[start:end] or data.find(b'"delta":', end) >= 0 or data[end + 1 : end + 2] != b"}":
        return None
    return start, end


def _unmodelled(data: bytes) -> Iterator[str]:
    yield from beyond(data, _CHUNK_FIELDS)
    for raw in _CHOICES.decode(data).choices or ():
        yield from (f"choices[].{name}" for name in beyond(raw, _CHOICE_FIELDS))
        for name in beyond(FIELDS.decode(raw).get("delta", NULL), _DELTA_FIELDS):
            yield f"choices[].message.{name}"


def _read_parts(index: int, parts: list[_Part]) -> list[chat.Event]:
    events: list[chat.Event] = []
    for part in parts:
        if part.thinking and (thought := words_of(part.thinking)):
            events.append(chat.ReasoningDelta(index, thought))
        elif part.text:
            events.append(chat.TextDelta(index, part.text))
    return events


def _read_audio(index: int, audio: _Audio) -> chat.AudioDelta:
    return chat.AudioDelta(index, audio.id or "", audio.data or "", audio.transcript or "", audio.expires_at)


def _in_unicode(raw: Raw) -> Raw:
    """What stays undecoded is looked at by nobody else. Raises UpstreamIncomplete."""
    try:
        bytes(raw).decode()
    except UnicodeDecodeError:
        raise unreadable() from None
    return raw
