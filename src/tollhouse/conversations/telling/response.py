"""What a run tells, as the stream of a response: the same events, with the same numbers, however often it is told.

Whoever comes later is told everything from the beginning, and hears what comes after the number that they had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tollhouse.conversations.messages.items import SEALED
from tollhouse.conversations.messages.parts import (
    AnyPart,
    Audio,
    File,
    Image,
    Other,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    citation_of,
    part_seen,
)
from tollhouse.conversations.messages.views import MessageView, RunView
from tollhouse.conversations.responses.views import (
    model_of,
    output_of,
    reason_of,
    repeated,
    response_id,
    usage_of,
)
from tollhouse.conversations.runs.recording import RunEvent
from tollhouse.conversations.turns.hearing import data_of, told
from tollhouse.dialects import chat, openai_responses

ENDS: Final = ("run.succeeded", "run.failed", "run.cancelled")


class Telling:
    """One follower's stream."""

    def __init__(self, run: RunView, how: Mapping[str, Any], include: frozenset[str]) -> None:
        """Be about to tell of a run that was asked for in this way; `include` is what to show besides."""
        self._how = how
        self._include = include
        self._attempt = 1
        self._is_void = True
        self._created = int(run.created_at.timestamp())
        self._writer = openai_responses.Writer(
            id=response_id(run.id),
            model=run.model,
            created=self._created,
            include_usage=True,
            repeated=repeated(run, how) | {"completed_at": None, "error": None},
            names_items=True,
            shows_seals=SEALED in include,
        )

    @property
    def number(self) -> int:
        """Of the next event."""
        return self._writer.sequence_number

    def begin(self) -> bytes:
        """The response is there, and nothing is said yet."""
        return self._writer.write(chat.Began(id="", model="", created=self._created))

    def tell(self, event: RunEvent) -> bytes:
        """The events that one event of the run is; empty when it is none."""
        data = event.data
        match event.name:
            case "run.reset":
                void, self._is_void = self._is_void, True
                return b"" if void else self._writer.start_over()
            case "message.completed":
                return self._complete(data) if self._is_void else b""
            case name if name in ENDS:
                return self._end(data)
            case name:
                said = told(name, data_of(data))
                if said is None:
                    return b""
                self._is_void = False
                return self._writer.write(said)

    def _complete(self, answer: MessageView) -> bytes:
        """The whole answer, of which nothing was told on its way."""
        return b"".join(map(self._writer.write, events_of(answer.content)))

    def _end(self, run: RunView) -> bytes:
        output = output_of(run.answer, self._include)
        self._writer.repeated = repeated(run, self._how) | {"model": model_of(run), "output": output}
        match run.status:
            case "succeeded":
                reason = reason_of(run.answer)
                said: list[chat.Event] = [chat.Finished(0, reason, reason)]
                if (usage := usage_of(run)) is not None:
                    said.append(chat.UsageSeen(usage))
                return b"".join(map(self._writer.write, [*said, chat.Ended()]))
            case "failed" if run.error is not None:
                error = run.error
                failed = chat.Failed(message=error.message, code=error.code, type=error.type, status=error.status)
                return self._writer.write(failed)
            case status:
                return self._writer.give_up(status)


def after(piece: bytes, number: int, last: int | None) -> bytes:
    """Of some events, of which the first has this number, those that come after the last one heard."""
    if last is None or number > last:
        return piece
    frames = piece.split(b"\n\n")
    return b"\n\n".join(frames[last + 1 - number :])


def last_of(piece: bytes) -> bytes:
    """The last of some events."""
    return piece[piece.rfind(b"\n\n", 0, -2) + 2 :] if piece.count(b"\n\n") > 1 else piece


def events_of(parts: tuple[AnyPart, ...]) -> Iterator[chat.Event]:
    """What is kept, as it would have been said."""
    for place, part in enumerate(parts):
        match part:
            case Text():
                yield chat.TextDelta(0, part.text)
                for source in part.sources:
                    yield chat.CitationSeen(0, citation_of(source))
            case Refusal():
                yield chat.RefusalDelta(0, part.text)
            case Audio(transcript=str(text)):
                yield chat.TextDelta(0, text)
            case Reasoning():
                # A name of its own keeps it apart from other thinking before it.
                yield chat.ReasoningDelta(0, part.text, part.signature, part.sealed, part.made_by, f"rs_{place}")
            case ToolCall():
                yield chat.ToolCallDelta(
                    index=0,
                    slot=place,
                    id=part.id,
                    name=part.name,
                    arguments=part.arguments,
                    type=part.kind,
                    namespace=part.namespace,
                )
            case Image() | File() | Other():
                yield part_seen(part)
            case _:
                pass
