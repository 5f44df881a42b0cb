"""A stream, read: one reader per stream.

Gemini API reference, "streamGenerateContent" (read 2026-11-22), with `alt=sse`. Each chunk is an answer of its own with
what has come since the last, its lines end in CRLF, and no last event ends it: some models give a finish reason in
every chunk (BerriAI/litellm #2195), so the answer is complete when the body ends after one. A call of a tool is never
in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, sse
from tollhouse.dialects.call_ids import Ids
from tollhouse.dialects.gemini import reasons
from tollhouse.dialects.gemini.answer import PromptFeedback, read_time
from tollhouse.dialects.gemini.carries import NAME
from tollhouse.dialects.gemini.citations import read_citations
from tollhouse.dialects.gemini.errors import read_failure, unreadable
from tollhouse.dialects.gemini.logprobs import read_logprobs
from tollhouse.dialects.gemini.media import read_blob
from tollhouse.dialects.gemini.parts import Call, as_arguments
from tollhouse.dialects.gemini.searches import count_searches
from tollhouse.dialects.gemini.usage import read_usage
from tollhouse.dialects.json_body import NULL
from tollhouse.dialects.modelled import FIELDS, beyond

_NO_EVENTS: tuple[chat.Event, ...] = ()
_EMPTY_BYTES = len(NULL)
"""A field that takes no more bytes than `null` says nothing."""


class _Blob(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    data: str = ""


class _Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: Call | None = None
    inline_data: _Blob | None = None
    file_data: Raw = NULL
    executable_code: Raw = NULL
    code_execution_result: Raw = NULL


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    index: int = 0
    content: _Content | None = None
    finish_reason: str | int | None = None
    grounding_metadata: Raw = NULL
    citation_metadata: Raw = NULL
    logprobs_result: Raw = NULL


class _Chunk(msgspec.Struct, rename="camel"):
    response_id: str | None = None
    model_version: str | None = None
    create_time: str | None = None
    candidates: list[_Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: Raw = NULL
    error: Raw = NULL


class _Candidates(msgspec.Struct):
    candidates: list[Raw] | None = None


_CHUNK = msgspec.json.Decoder(_Chunk)
_CANDIDATES = msgspec.json.Decoder(_Candidates)


class _Heard:
    """What was heard of one choice, for its end."""

    __slots__ = ("calls", "cited", "finish", "grounding", "ids", "reason", "words")

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.words: list[str] = []
        self.calls = 0
        self.finish = ""
        self.reason: chat.FinishReason | None = None
        self.grounding = NULL
        self.cited = NULL


_CHUNK_FIELDS = frozenset(_Chunk.__struct_encode_fields__)
_CANDIDATE_FIELDS = frozenset(_Candidate.__struct_encode_fields__)
_GROUNDING_FIELDS = frozenset({"groundingChunks", "groundingSupports"})


class Reader:
    """Makes events of frames.

    Attributes:
        unmodelled: the fields of the last frames that have no event, by the paths they have in a whole answer.
    """

    def __init__(self) -> None:
        self.unmodelled: dict[str, None] = {}
        self._id: str | None = None
        self._heard: dict[int, _Heard] = {}
        self._usage: chat.Usage | None = None
        self._is_grounded = False

    def read(self, frame: sse.Frame) -> tuple[chat.Event, ...]:
        """The events of one frame, in order; none for a comment.

        `Began` comes once; `CitationSeen`, `Finished` and `Ended` come with `sse.END`, if every choice has a finish
        reason by then. Fields that are not modelled are ignored.

        Raises:
            UpstreamIncomplete: the frame is not JSON of this dialect.
        """
        if not frame.data:
            return tuple(self._end()) if frame is sse.END else _NO_EVENTS
        try:
            if not frame.data.isascii():
                frame.data.decode()  # what is left undecoded is not looked at otherwise
            chunk = _CHUNK.decode(frame.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise unreadable() from None
        events: list[chat.Event] = []
        if self._id is None and (chunk.response_id or chunk.candidates or chunk.prompt_feedback):
            self._id = chunk.response_id or ""
            created = read_time(chunk.create_time) if chunk.create_time else 0
            events.append(chat.Began(id=self._id, model=chunk.model_version or "", created=created))
        if chunk.candidates:
            for candidate in chunk.candidates:
                self._read_candidate(candidate, events)
                if candidate.finish_reason:
                    self.unmodelled |= dict.fromkeys(_unmodelled(frame.data))
        if chunk.prompt_feedback is not None and (word := reasons.word(chunk.prompt_feedback.block_reason)):
            heard = self._choice(0)
            heard.finish, heard.reason = word, "content_filter"
        searches = count_searches([heard.grounding for heard in self._heard.values()]) if self._is_grounded else 0
        if len(chunk.usage_metadata) > _EMPTY_BYTES and (usage := read_usage(chunk.usage_metadata, searches)):
            self._usage = usage
            # What was read is told from the start. It is no bill yet: the stream may break off.
            if usage.output_tokens:
                events.append(chat.UsageSeen(usage))
        if len(chunk.error) > _EMPTY_BYTES:
            events.append(read_failure(chunk.error))
        return tuple(events)

    def _read_candidate(self, candidate: _Candidate, events: list[chat.Event]) -> None:
        index = candidate.index
        heard = self._choice(index)
        if candidate.content is not None and candidate.content.parts:
            for part in candidate.content.parts:
                self._read_part(index, heard, part, events)
        if candidate.finish_reason:
            heard.finish = reasons.word(candidate.finish_reason)
        if len(candidate.grounding_metadata) > _EMPTY_BYTES:
            heard.grounding = candidate.grounding_metadata
            self._is_grounded = True
        if len(candidate.citation_metadata) > _EMPTY_BYTES:
            heard.cited = candidate.citation_metadata
        if len(candidate.logprobs_result) > _EMPTY_BYTES and (tokens := read_logprobs(candidate.logprobs_result)):
            events.append(chat.LogprobsDelta(index, tokens))

    def _choice(self, index: int) -> _Heard:
        heard = self._heard.get(index)
        if heard is None:
            heard = self._heard[index] = _Heard(Ids(self._id or "", index))
        return heard

    def _read_part(self, index: int, heard: _Heard, part: _Part, events: list[chat.Event]) -> None:
        signature = part.thought_signature
        if part.function_call is not None:
            call = part.function_call
            events.append(
                chat.ToolCallDelta(
                    index=index,
                    slot=heard.calls,
                    id=heard.ids.name(call.id),
                    name=call.name,
                    arguments=as_arguments(call.args),
                    signature=signature,
                    made_by=None if signature is None else NAME,
                )
            )
            heard.calls += 1
            return
        if part.thought:
            if part.text or signature is not None:
                proof = None if signature is None else NAME
                events.append(chat.ReasoningDelta(index, part.text or "", signature, made_by=proof))
            return
        if part.text:
            heard.words.append(part.text)
            events.append(chat.TextDelta(index, part.text))
        elif part.inline_data is not None:
            events.append(_read_blob(index, part.inline_data))
        else:
            events += _read_others(index, part)
        if signature is not None:
            events.append(chat.ReasoningDelta(index, "", signature, made_by=NAME))

    def _end(self) -> list[chat.Event]:
        """The last events; none when a choice has no finish reason, for then the stream was cut."""
        if not self._heard or not all(heard.finish for heard in self._heard.values()):
            return []
        events: list[chat.Event] = []
        for index, heard in sorted(self._heard.items()):
            events += [
                chat.CitationSeen(index, citation)
                for citation in read_citations(heard.grounding, heard.cited, "".join(heard.words))
            ]
            reason = heard.reason or reasons.read_reason(heard.finish, has_calls=heard.calls > 0)
            events.append(chat.Finished(index, reason, heard.finish))
        if self._usage is not None:
            events.append(chat.UsageSeen(self._usage))
        events.append(chat.Ended())
        return events


def _unmodelled(data: bytes) -> Iterator[str]:
    yield from beyond(data, _CHUNK_FIELDS)
    for raw in _CANDIDATES.decode(data).candidates or ():
        yield from (f"choices[].{name}" for name in beyond(raw, _CANDIDATE_FIELDS))
        if beyond(FIELDS.decode(raw).get("groundingMetadata", NULL), _GROUNDING_FIELDS):
            yield "choices[].groundingMetadata"


def _read_blob(index: int, blob: _Blob) -> chat.Event:
    if blob.mime_type.startswith("audio/"):
        return chat.AudioDelta(index, data=blob.data)
    raw = Raw(msgspec.json.encode({"mimeType": blob.mime_type, "data": blob.data}))
    part = read_blob(raw, {}, "inlineData")
    if isinstance(part, chat.ImagePart | chat.FilePart):
        return chat.PartSeen(index, part)
    return chat.PartSeen(index, chat.OtherPart("inlineData", Raw(msgspec.json.encode({"inlineData": raw}))))


def _read_others(index: int, part: _Part) -> Iterator[chat.Event]:
    """What Google's own tools have done."""
    told = {
        "fileData": part.file_data,
        "executableCode": part.executable_code,
        "codeExecutionResult": part.code_execution_result,
    }
    for name, raw in told.items():
        if len(raw) > _EMPTY_BYTES:
            yield chat.PartSeen(index, chat.OtherPart(name, Raw(msgspec.json.encode({name: raw}))))


def is_usage_only(frame: sse.Frame, events: tuple[chat.Event, ...]) -> bool:
    """Nobody needs to ask for usage here, so no chunk is there for it alone."""
    return False


def plain_text(data: bytes) -> tuple[int, int] | None:
    """Every chunk counts anew, so each must be read."""
    return None
