"""What a provider of another dialect says, as it comes: checked, tallied, and said in the client's dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from tollhouse.dialects import carry, sse, tool_names
from tollhouse.dialects.chat import (
    Answer,
    Began,
    CitationSeen,
    Ended,
    Event,
    PartSeen,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageSeen,
)
from tollhouse.dialects.texts import Texts, Vectors
from tollhouse.errors import UpstreamIncomplete
from tollhouse.gateway.speech import Cost, Streamed, Whole
from tollhouse.gateway.tally import Tally
from tollhouse.gateway.translate import lossy
from tollhouse.upstream.base import Reply

_MAY_BE_UNSAID: Final = frozenset({CitationSeen, Ended, PartSeen})
"""What may tell more than the client's dialect has words for; with the end comes what the last frames told."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """How the client is answered.

    Attributes:
        dialect: what the client speaks.
        id, created: of the answer, where the provider gives none; `created` in seconds since the epoch.
        include_usage: the client asked to be told the usage.
        has_one_choice: the client asked for no other than choice 0.
        repeated: what an answer repeats of its request, in a dialect whose answers do.
        names: what the client calls the tools that were given other names.
        cost: told beside the usage, to a client who asked for that.
    """

    dialect: ModuleType
    id: str
    created: int
    include_usage: bool
    has_one_choice: bool
    repeated: Mapping[str, Any] | None
    names: tool_names.Names
    cost: Cost | None = None

    # Any: the writer of a dialect, which is a module.
    def writer(self, began: Began | None) -> Any:
        """Says events in the client's dialect; `began` is the first of them, when the provider has told it."""
        repeated = {} if self.repeated is None else {"repeated": self.repeated}
        return self.dialect.Writer(
            id=(began and began.id) or self.id,
            model=began.model if began is not None else "",
            created=(began and began.created) or self.created,
            include_usage=self.include_usage,
            **repeated,
        )


class TranslatedWhole(Whole):
    """An answer in one piece."""

    def __init__(
        self, reply: Reply, dialect: ModuleType, tally: Tally, secrets: tuple[str, ...], heading: Heading
    ) -> None:
        super().__init__(reply, dialect, tally, secrets)
        self._heading = heading

    def _look(self, body: bytes) -> bytes:
        """Read all of it. A second look, at a glance, is for what cannot be read and for what was not counted."""
        try:
            whole: Answer = self._dialect.read_answer(body)
        except UpstreamIncomplete:
            super()._look(body)
            raise
        heading, tally = self._heading, self._tally
        if whole.usage is None:
            super()._look(body)
        else:
            tally.output_bytes = len(body)
            tally.hear(whole.model, whole.usage, whole.choices[0].said)
        tally.unsaid = carry.unsaid_of(whole, heading.dialect.SHOWS, self._dialect.REPEATS)
        answer = carry.bare_answer(whole)
        if heading.names:
            answer = tool_names.restored(answer, heading.names)
        if heading.repeated is not None:
            answer = replace(answer, extra=dict(heading.repeated))
        answer = replace(answer, id=answer.id or heading.id, created=answer.created or heading.created)
        said: bytes = heading.dialect.write_answer(answer)
        return said


class TranslatedVectors(Whole):
    """Vectors, which always come in one piece."""

    def __init__(
        self,
        reply: Reply,
        dialect: ModuleType,
        tally: Tally,
        secrets: tuple[str, ...],
        spoken: ModuleType,
        asked: Texts,
        most_tokens: int,
    ) -> None:
        """Listen to a reply.

        Args:
            spoken: the client's dialect.
            most_tokens: were read at most; told to the client of a provider that does not count.
        """
        super().__init__(reply, dialect, tally, secrets)
        self._spoken = spoken
        self._asked = asked
        self._most_tokens = most_tokens

    def _look(self, body: bytes) -> bytes:
        super()._look(body)
        vectors: Vectors = self._dialect.read_answer(body)
        if vectors.usage is None:
            vectors = replace(vectors, usage=Usage(input_tokens=self._most_tokens, output_tokens=0))
        said: bytes = self._spoken.write_answer(vectors, self._asked)
        return said


class TranslatedStream(Streamed):
    """An answer as server-sent events."""

    def __init__(
        self,
        reply: Reply,
        dialect: ModuleType,
        tally: Tally,
        secrets: tuple[str, ...],
        heading: Heading,
        unsaid_end: bytes = b"",
    ) -> None:
        super().__init__(reply, dialect, tally, secrets, withholds_usage=False, unsaid_end=unsaid_end)
        self._heading = heading
        # A usual content delta does not tell of which choice it is, so there must be only one.
        self._takes_plain = heading.has_one_choice
        # A reader that counts words is told of those which it is spared.
        self._overhear: Callable[[int], None] | None = getattr(self._events, "overhear", None)
        # Any: the writer of a dialect, which is a module.
        self._writer: Any = None

    def _say_texts(self, raw: bytes, texts: list[bytes]) -> bytes:
        write = self._writer.write
        try:
            said = [text.decode() for text in texts]
            if self._overhear is not None:
                self._overhear(sum(map(len, said)))
            return b"".join([write(TextDelta(0, text)) for text in said])
        except UnicodeDecodeError:
            raise UpstreamIncomplete("The provider's words are not UTF-8.", may_have_billed=True) from None

    def _say(self, frame: sse.Frame, events: tuple[Event, ...]) -> bytes:
        return b"".join([self._say_event(event) for event in events])

    def _say_event(self, event: Event) -> bytes:
        if type(event) is UsageSeen and self._heading.cost is not None:
            event = UsageSeen(event.usage, self._heading.cost())
        if self._writer is None:
            self._writer = self._heading.writer(event if isinstance(event, Began) else None)
        if type(event) is ToolCallDelta and self._heading.names:
            event = tool_names.restored_event(event, self._heading.names)
        if type(event) in _MAY_BE_UNSAID and (unsaid := self._unsaid(event)):
            named = self._named(unsaid)
            return named + cast(bytes, self._writer.write(event))
        said: bytes = self._writer.write(event)
        return said

    def _named(self, unsaid: tuple[str, ...]) -> bytes:
        """A comment that tells what has no word, as the head of the answer has been sent; or nothing yet, where clients
        take no comments and the last chunk tells it."""
        if hasattr(self._writer, "lose"):
            self._writer.lose(unsaid)
            return b""
        return b": %b: %b\n\n" % lossy(unsaid)

    def _unsaid(self, event: Event) -> tuple[str, ...]:
        if type(event) is Ended:
            return carry.unsaid_fields(self._events.unmodelled, self._dialect.REPEATS)
        return carry.unsaid_in_stream(event, self._heading.dialect.SHOWS)
