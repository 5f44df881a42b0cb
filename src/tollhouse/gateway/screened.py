"""An answer as guards let the client hear it: looked at, held back for a while, and with personal data put back.

An answer in one piece waits until it was looked at. A stream runs behind the provider by as many characters as a guard
may go by, so that what is blocked was never said in part; what went before it is not unsaid. A blocked answer ends as
the client's dialect ends one that a content filter stopped, with the provider's own count where it comes soon: it was
made, and is charged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import chain
from typing import Any, Final, TypeAlias

import msgspec
from msgspec.structs import replace

from tollhouse.dialects import sse
from tollhouse.dialects.chat import (
    Answer,
    Began,
    Choice,
    CitationSeen,
    Ended,
    Event,
    Finished,
    LogprobsDelta,
    Message,
    RefusalDelta,
    RefusalPart,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)
from tollhouse.gateway.call import heading
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.speech import Speech
from tollhouse.gateway.translated import Heading
from tollhouse.guard import words
from tollhouse.guard.placeholders import Placeholders, Restorer
from tollhouse.guard.windows import WIDEST_CHARS, Window, windows
from tollhouse.money.amounts import usd_text
from tollhouse.upstream.base import Taker

FILTERED: Final = "content_filter"

STOPPED: Final = "This answer was stopped by a guard of the operator's."
"""Told to people, as a refusal where the client's dialect knows one: most clients show no reason of an ending."""

STEP_CHARS: Final = 64
"""So many are looked at together: some words, which costs little more than one of them."""

Passes: TypeAlias = Callable[[Window], Awaitable[bool]]
"""Whether a piece of an answer may go on to the client. Raises Unavailable."""


class ScreenedWhole:
    """An answer in one piece."""

    def __init__(self, exchange: Exchange, speech: Speech, passes: Passes, placeholders: Placeholders | None) -> None:
        self._exchange = exchange
        self._speech = speech
        self._passes = passes
        self._placeholders = placeholders

    async def begin(self, piece: bytes) -> bytes:
        """The answer as the client may have it."""
        dialect = self._exchange.dialect
        answer: Answer = dialect.read_answer(piece)
        for window in chain.from_iterable(map(windows, words.answers_in(answer))):
            if not await self._passes(window):
                self._exchange.tally.finish_reason = FILTERED
                blocked: bytes = dialect.write_answer(_filtered(answer))
                return blocked
        restored = answer if self._placeholders is None else words.answered(answer, self._placeholders.restore)
        if restored == answer:
            return piece
        said: bytes = dialect.write_answer(restored)
        return said

    async def first(self) -> bytes:
        """What was said first is known when one begins to screen it."""
        return await self.next()

    async def next(self, outlet: Taker | None = None) -> bytes:
        """Nothing more."""
        return await self._speech.next()

    def close(self) -> None:
        """Stop listening."""
        self._speech.close()


class _Held(msgspec.Struct, frozen=True):
    """A frame that waits: as it came, what it says, and how many characters were said up to its end."""

    raw: bytes
    events: tuple[Event, ...]
    end: int


class ScreenedStream:
    """An answer as server-sent events."""

    def __init__(
        self,
        exchange: Exchange,
        speech: Speech,
        passes: Passes,
        placeholders: Placeholders | None,
        hold_back_chars: int,
        *,
        is_dear: bool,
        hear_out_s: float,
    ) -> None:
        """Listen to a speech in the client's dialect.

        Args:
            placeholders: put personal data back in their place; None leaves every byte as it came.
            hold_back_chars: stay behind by so many characters.
            is_dear: look when as many have come anew, because somebody is asked; else more often.
            hear_out_s: how long the provider is heard on, for the count at its end, once it was stopped.
        """
        self._exchange = exchange
        self._speech = speech
        self._heading = _heading(exchange, placeholders)
        self._passes = passes
        self._hold_back_chars = hold_back_chars
        self._step_chars = hold_back_chars if is_dear else min(STEP_CHARS, hold_back_chars or 1)
        self._hear_out_s = hear_out_s
        self._frames = sse.Reader()
        self._events = exchange.dialect.Reader()
        self._restoring = None if placeholders is None else Restoring(placeholders)
        # Any: the writer of a dialect, which is a module. It is told all that is let out, to know how to end it.
        self._writer: Any = None
        self._waiting: deque[sse.Frame] = deque()
        self._held: deque[_Held] = deque()
        # Choices are told in turns, so that more than one cannot be looked at before the end.
        self._texts: dict[int, list[str]] = {}
        self._before = ""
        self._heard_chars = 0
        self._seen_chars = 0
        self._finished: set[int] = set()
        self._is_over = False

    async def begin(self, piece: bytes) -> bytes:
        """The first bytes that may be said."""
        self._waiting.extend(self._frames.feed(piece))
        return await self.next()

    async def first(self) -> bytes:
        """What was said first is known when one begins to screen it."""
        return await self.next()

    async def next(self, outlet: Taker | None = None) -> bytes:
        """More bytes; `b""` when the answer is complete.

        Frames are taken one by one: how the network cut the stream must make no difference to where it ends.
        """
        while not self._is_over:
            if self._waiting:
                said = await self._listen(self._waiting.popleft())
            elif piece := await self._speech.next():
                self._waiting.extend(self._frames.feed(piece))
                continue
            else:
                said = await self._end()
            if said:
                return said
        return b""

    def close(self) -> None:
        """Stop listening."""
        self._speech.close()

    async def _listen(self, frame: sse.Frame) -> bytes:
        """What may be let out, with what has just been said."""
        self._hold(frame)
        news_chars = self._heard_chars - self._seen_chars
        if len(self._texts) == 1 and news_chars >= self._hold_back_chars + self._step_chars:
            # What the last part of the window begins, the next window has whole.
            return await self._look(self._heard_chars - self._hold_back_chars, is_last=False)
        return self._released(self._seen_chars)

    async def _end(self) -> bytes:
        """The provider has ended; all that is left is looked at."""
        self._is_over = True
        self._hold(sse.END)
        if not self._texts:
            return self._released(self._heard_chars)
        return await self._look(self._heard_chars, is_last=True)

    async def _look(self, until: int, *, is_last: bool) -> bytes:
        """Let out what was said until there, when all that has been said so far may be."""
        for index, texts in self._texts.items():
            text = self._before + "".join(texts)
            if not await self._passes(Window(text, self._seen_chars - len(self._before), is_last)):
                return await self._stop()
            if not is_last:
                kept = self._heard_chars - until
                cut = len(text) - kept
                self._before, self._texts[index] = text[max(0, cut - WIDEST_CHARS) : cut], [text[cut:]]
        self._seen_chars = until
        return self._released(until)

    async def _stop(self) -> bytes:
        """End it as blocked. It is heard to its end, where it tells what it costs."""
        self._is_over = True
        try:
            async with asyncio.timeout(self._hear_out_s):
                while await self._speech.next():
                    pass
        except TimeoutError:
            # It has more to say than anybody will hear, and is charged by what was seen.
            self._speech.close()
        tally = self._exchange.tally
        tally.finish_reason = FILTERED
        ending: list[Event] = []
        if self._writer is None:
            ending += [event for held in self._held for event in held.events if type(event) is Began]
        for index in sorted(self._texts.keys() - self._finished):
            ending += [RefusalDelta(index, STOPPED), Finished(index, FILTERED, FILTERED)]
        if tally.usage is not None:
            ending.append(UsageSeen(tally.usage, self._cost()))
        return b"".join([self._write(event) for event in (*ending, Ended())])

    def _hold(self, frame: sse.Frame) -> None:
        """Keep a frame until all that it says was looked at."""
        events = self._events.read(frame)
        for event in events:
            if text := words.heard(event):
                self._texts.setdefault(getattr(event, "index", 0), []).append(text)
                self._heard_chars += len(text)
        if self._restoring is not None:
            events = self._restoring.restored(events)
        self._held.append(_Held(frame.raw, events, self._heard_chars))

    def _released(self, until: int) -> bytes:
        """Let out what was said until there; before anything was looked at, not even the beginning."""
        said: list[bytes] = []
        while self._held and self._held[0].end <= until and (until or self._is_over):
            held = self._held.popleft()
            self._finished.update([event.index for event in held.events if type(event) is Finished])
            written = [self._write(event) for event in held.events]
            said += (held.raw,) if self._restoring is None else written
        return b"".join(said)

    def _write(self, event: Event) -> bytes:
        if type(event) is UsageSeen and event.cost_usd is None:
            event = UsageSeen(event.usage, self._cost())
        if self._writer is None:
            self._writer = self._heading.writer(event if isinstance(event, Began) else None)
        said: bytes = self._writer.write(event)
        return said

    def _cost(self) -> str | None:
        if self._heading.cost is None:
            return None
        bill = self._exchange.bill
        # What is said again was never asked for, and has its bill already.
        return self._heading.cost() if bill is None else None if bill.cost is None else usd_text(bill.cost)


class Restoring:
    """Puts personal data back into events: each run of one kind is a text of its own."""

    def __init__(self, placeholders: Placeholders) -> None:
        self._placeholders = placeholders
        self._runs: dict[int, tuple[Event, Restorer]] = {}

    def restored(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """The events, with what is known of their texts so far."""
        told: list[Event] = []
        for event in events:
            index = getattr(event, "index", None)
            if index is None:
                told.append(event)
                continue
            run = self._runs.get(index)
            if run is not None and not _goes_on(run[0], event):
                told += self._rest(index)
                run = None
            if isinstance(event, TextDelta | RefusalDelta | ToolCallDelta):
                run = self._runs.setdefault(index, (event, Restorer(self._placeholders)))
                text = run[1].feed(_text(event))
                if not text and _text(event) and not isinstance(event, ToolCallDelta):
                    continue
                event = _with(event, text)
            elif isinstance(event, Finished) and event.stop_sequence:
                event = replace(event, stop_sequence=self._placeholders.restore(event.stop_sequence))
            told.append(event)
        return tuple(told)

    def _rest(self, index: int) -> list[Event]:
        """What is left of a run that has ended."""
        event, restorer = self._runs.pop(index)
        rest = restorer.rest()
        if not rest:
            return []
        if isinstance(event, ToolCallDelta):
            return [ToolCallDelta(index=index, slot=event.slot, type=event.type, arguments=rest)]
        return [_with(event, rest)]


def _heading(exchange: Exchange, placeholders: Placeholders | None) -> Heading:
    """How the client is answered. What an answer repeats of its request, it repeats as it was asked."""
    said = heading(exchange)
    if placeholders is None or said.repeated is None:
        return said
    asked = placeholders.restore(exchange.body.decode()).encode()
    return replace(said, repeated=exchange.dialect.repeat_request(asked))


def _goes_on(event: Event, later: Event) -> bool:
    """Whether the run of one event goes on in a later one. What is told about words is none of them."""
    if isinstance(later, LogprobsDelta | CitationSeen):
        return True
    if isinstance(event, ToolCallDelta) and isinstance(later, ToolCallDelta):
        return event.slot == later.slot
    return type(event) is type(later)


def _text(event: TextDelta | RefusalDelta | ToolCallDelta) -> str:
    return event.arguments if isinstance(event, ToolCallDelta) else event.text


def _with(event: Any, text: str) -> Any:
    return replace(event, arguments=text) if isinstance(event, ToolCallDelta) else replace(event, text=text)


def _filtered(answer: Answer) -> Answer:
    """The answer without a word of what it said."""
    stopped = Message(role="assistant", parts=(RefusalPart(STOPPED),))
    choices = [
        Choice(index=choice.index, message=stopped, finish_reason=FILTERED, said=FILTERED) for choice in answer.choices
    ]
    return replace(answer, choices=tuple(choices), extra={})
