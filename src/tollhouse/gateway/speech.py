"""What a provider says, as it comes: checked, tallied, and passed on in its own bytes.

One class for an answer in one piece and one for a stream, alike to whoever listens: `first` waits until something
meaningful was said, so that a failure before it can still be tried elsewhere; `next` gives the rest, `b""` at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import Protocol, TypeAlias

from tollhouse.dialects import http_errors, sse
from tollhouse.dialects.chat import Event, Failed
from tollhouse.errors import UpstreamError, UpstreamIncomplete
from tollhouse.gateway.tally import Tally
from tollhouse.redaction import redact
from tollhouse.upstream.base import Reply, Taker

# An int is looked for in a third of the time of a byte string.
_LF, _CR, _QUOTE, _BACKSLASH = b'\n\r"\\'
_DATA = b"data: "


Cost: TypeAlias = Callable[[], str | None]
"""What the answer came to so far, in dollars; None when that is unknown."""


class Speech(Protocol):
    """An answer that is being heard."""

    async def first(self) -> bytes:
        """The first bytes for the caller. Raises UpstreamError while another try is still possible."""
        ...

    async def next(self, outlet: Taker | None = None) -> bytes:
        """More bytes; `b""` when the answer is complete. Raises UpstreamError when it broke off.

        Args:
            outlet: takes bytes for the caller on the spot, when it can; what it took is not returned.
        """
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class Whole:
    """An answer in one piece."""

    def __init__(self, reply: Reply, dialect: ModuleType, tally: Tally, secrets: tuple[str, ...] = ()) -> None:
        self._reply = reply
        self._dialect = dialect
        self._tally = tally
        self._secrets = secrets

    async def first(self) -> bytes:
        body = await self._reply.read()
        try:
            return self._look(body)
        except UpstreamIncomplete as error:
            raise as_it_came(error, self._reply, body, self._secrets) from None

    async def next(self, outlet: Taker | None = None) -> bytes:
        return b""

    def close(self) -> None:
        self._reply.close()

    def _look(self, body: bytes) -> bytes:
        """What the client hears of the answer. Raises UpstreamError when it is a failure, or none."""
        glance = self._dialect.glance_answer(body)
        if glance.failed is not None:
            raise said_error(glance.failed, self._secrets, may_have_billed=False)
        self._tally.output_bytes = glance.output_bytes
        self._tally.hear(glance.model, glance.usage, glance.finish_reasons[0] if glance.finish_reasons else None)
        return body


class Streamed:
    """An answer as server-sent events. Only whole events are passed on, so an error event can follow at any moment."""

    def __init__(
        self,
        reply: Reply,
        dialect: ModuleType,
        tally: Tally,
        secrets: tuple[str, ...] = (),
        *,
        withholds_usage: bool,
        cost: Cost | None = None,
        unsaid_end: bytes = b"",
    ) -> None:
        """Listen to a reply.

        Args:
            secrets: what the provider may not repeat in an error.
            withholds_usage: the usage chunk was our own wish, so the client does not see it.
            cost: told beside the usage, to a client who asked for that.
            unsaid_end: the last event, when the provider may leave it out (`Provider.unsaid_end`).
        """
        self._reply = reply
        self._dialect = dialect
        self._tally = tally
        self._secrets = secrets
        self._withholds_usage = withholds_usage
        self._cost = cost
        self._unsaid_end = unsaid_end
        self._frames = sse.Reader()
        self._events = dialect.Reader()
        self._likeness = Likeness()
        self._takes_plain = True
        self._said = b""
        self._heard_bytes = 0
        self._failure: Exception | None = None

    async def first(self) -> bytes:
        said = b""
        tally = self._tally
        while not (tally.has_ended or (said and tally.is_meaningful)):
            said += await self._hear()
        if not tally.is_meaningful:
            raise UpstreamIncomplete("The provider's stream ended before it said anything.", may_have_billed=True)
        return said

    async def next(self, outlet: Taker | None = None) -> bytes:
        taker = None if outlet is None else partial(self._let_out, outlet)
        while not self._tally.has_ended:
            piece = await self._hear(taker)
            if piece:
                return piece
        await self._read_to_end()
        return b""

    def close(self) -> None:
        self._reply.close()

    async def _hear(self, taker: Taker | None = None) -> bytes:
        """What the client hears of the events that the next bytes complete.

        A failure is raised after what came with it: how the network cut the stream must make no difference.
        """
        if self._failure is not None:
            raise self._failure
        chunk = await self._reply.next(taker)
        if not chunk:
            return self._end()
        said, self._said = self._said, b""
        heard_bytes, self._heard_bytes = self._heard_bytes, 0
        if heard_bytes < len(chunk) and self._failure is None:
            said += self._listen(chunk[heard_bytes:])
        return said

    def _let_out(self, outlet: Taker, chunk: bytes) -> bool:
        """Pass on what these bytes say without a turn of the event loop.

        What the outlet does not take waits for `_hear`, which is given the same bytes; so do the end and a failure.
        """
        said = self._listen(chunk)
        if self._failure is None and not self._tally.has_ended and (not said or outlet(said)):
            return True
        self._said, self._heard_bytes = said, len(chunk)
        return False

    def _listen(self, chunk: bytes) -> bytes:
        """What the client hears of the events that these bytes complete. Whatever fails is kept in `_failure`."""
        passed: list[bytes] = []
        try:
            if self._frames.is_between_frames and (texts := self._likeness.texts(chunk)):
                self._tally.output_bytes += len(chunk) - len(texts) * self._likeness.around_bytes
                return self._say_texts(chunk, texts)
            self._pass(self._frames.feed(chunk), passed)
        except Exception as error:
            self._failure = error
        return passed[0] if len(passed) == 1 else b"".join(passed)

    def _end(self) -> bytes:
        """The body is over, which for some dialects is the last event.

        Raises:
            UpstreamIncomplete: something is missing.
        """
        tally = self._tally
        passed: list[bytes] = []
        if self._frames.is_between_frames:
            self._pass((sse.END,), passed)
            if not tally.has_ended and tally.finish_reason is not None and tally.usage is not None:
                self._pass(self._frames.feed(self._unsaid_end), passed)
        if not tally.has_ended:
            raise UpstreamIncomplete("The provider's stream ended before its last event.", may_have_billed=True)
        return b"".join(passed)

    def _pass(self, frames: Iterable[sse.Frame], passed: list[bytes]) -> None:
        """Look at whole frames, and put into `passed` what the client hears of them: nothing behind the last event."""
        tally = self._tally
        for frame in frames:
            if tally.has_ended:
                return
            span = self._dialect.plain_text(frame.data) if self._takes_plain and tally.is_meaningful else None
            if span is not None:
                text = frame.data[slice(*span)]
                tally.output_bytes += len(text)
                self._likeness.learn(frame, *span)
                passed.append(self._say_texts(frame.raw, [text]))
                continue
            events = self._events.read(frame)
            tally.add(events)
            if tally.failed is not None:
                raise said_error(tally.failed, self._secrets, may_have_billed=tally.is_meaningful)
            if said := self._say(frame, events):
                passed.append(said)

    def _say_texts(self, raw: bytes, texts: list[bytes]) -> bytes:
        """What the client hears of usual content deltas: these bytes, in which nothing but `texts` is news."""
        return raw

    def _say(self, frame: sse.Frame, events: tuple[Event, ...]) -> bytes:
        """What the client hears of a frame, by the events that it means."""
        if not ((self._withholds_usage or self._cost) and self._dialect.is_usage_only(frame, events)):
            return frame.raw
        cost_usd = None if self._cost is None else self._cost()
        if cost_usd is not None:
            return sse.frame(self._dialect.add_cost(frame.data, cost_usd))
        return b"" if self._cost is None else frame.raw

    async def _read_to_end(self) -> None:
        """After the last event only the end of the body is left: with it the connection can be used again."""
        try:
            while await self._reply.next():
                pass
        except UpstreamError:
            # The answer is complete; only this connection is not worth keeping.
            self._reply.close()


class Likeness:
    """Recognises frames that differ in their text only from one that was looked at: the usual case within a stream.

    Attributes:
        around_bytes: what each of them has around its text.
    """

    __slots__ = ("_before", "_behind", "_between", "around_bytes")

    def __init__(self) -> None:
        self._before = self._behind = self._between = b""
        self.around_bytes = 0

    def learn(self, frame: sse.Frame, start: int, end: int) -> None:
        """A frame, and where in its data the text stands. One whose data is in several lines teaches nothing."""
        raw = frame.raw
        at = raw.find(_DATA + frame.data)
        if at < 0 or raw[at - 1 : at] not in (b"", b"\n"):
            return
        at += len(_DATA)
        self._before, self._behind = raw[: at + start], raw[at + end :]
        self._between = self._behind + self._before
        self.around_bytes = len(self._between)

    def texts(self, chunk: bytes) -> list[bytes]:
        """The texts in one or more whole frames; none when they are not alike, or one needs reading."""
        before, behind = self._before, self._behind
        if not (before and chunk.startswith(before) and chunk.endswith(behind)):
            return []
        text = chunk[len(before) : -len(behind)]
        texts = [text]
        if _LF in text:
            texts = text.split(self._between)
            text = b"".join(texts)
        needs_reading = _QUOTE in text or _BACKSLASH in text or _LF in text or _CR in text or not all(texts)
        return [] if needs_reading else texts


def as_it_came(error: UpstreamIncomplete, reply: Reply, body: bytes, secrets: tuple[str, ...]) -> UpstreamIncomplete:
    """The same failure of an answer that cannot be read, with its status and beginning, for the request's row."""
    error.provider_status = reply.status
    error.provider_message = body[: http_errors.MAX_MESSAGE_CHARS].decode(errors="replace").strip()
    without_secrets(error, secrets)
    return error


def said_error(failed: Failed, secrets: tuple[str, ...], *, may_have_billed: bool) -> UpstreamError:
    """An error that the provider reports inside an answer whose status was 200."""
    error = without_secrets(http_errors.classify(failed, failed.status or 502), secrets)
    error.may_have_billed = may_have_billed
    return error


def without_secrets(error: UpstreamError, secrets: tuple[str, ...]) -> UpstreamError:
    """The same failure, without the key that the provider may have repeated in it."""
    error.message = redact(error.message, secrets)
    error.code = redact(error.code, secrets)
    if error.param is not None:
        error.param = redact(error.param, secrets)
    if error.provider_message is not None:
        error.provider_message = redact(error.provider_message, secrets)
    return error
