"""HTTP for clients that take their time: heads, bodies, taking an answer, doing nothing.

Each of these keeps a connection, and what hangs on it, for as long as the client likes. uvicorn limits the last only,
by a timer for each request. Here the server looks at every connection once a second, and a request costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

import msgspec

from tollhouse.api.strict_http import StrictHttp
from tollhouse.errors import TooSlow


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long clients may take, in seconds; noticed up to a second later.

    Attributes:
        head_s: from a request's first byte to the end of its head.
        body_s: from there to the end of its body.
        stalled_s: without a byte of the body sent, or of the answer taken.
        idle_s: without a request on an open connection.
    """

    head_s: float = 10.0
    body_s: float = 600.0
    stalled_s: float = 30.0
    idle_s: float = 75.0


class PacedHttp(StrictHttp):
    """One connection of a client, whom somebody must `look_after`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._stage, self._traffic = _Unchanged(), _Unchanged()

    def on_response_complete(self) -> None:
        """As uvicorn's, but that it starts no timer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def look_after(self, now_s: float, pace: Pace) -> None:
        """End what is too slow. Called once a second."""
        unsent_bytes = self.transport.get_write_buffer_size()
        stalled_s = self._traffic.for_s((self.requests, self.request_bytes, unsent_bytes), now_s)
        if unsent_bytes and stalled_s >= pace.stalled_s:
            # Closing would wait until all is sent.
            self.transport.abort()
        elif not self.transport.is_closing():
            self._look_at_request(now_s, stalled_s, pace)

    def _look_at_request(self, now_s: float, stalled_s: float, pace: Pace) -> None:
        answering = self.answering
        is_answering = answering is not None and not answering.response_complete
        stage_s = self._stage.for_s((self.requests, self.is_in_head, self.is_in_body, is_answering), now_s)
        if self.is_in_head:
            if stage_s >= pace.head_s:
                self._end("The head of the request did not come to its end in time.")
        elif self.is_in_body and self.cycle is answering:
            # Of a request that waits for its turn nothing is read: that is not the client's fault.
            if stage_s >= pace.body_s or stalled_s >= pace.stalled_s:
                self._end("The body of the request did not come in time.")
        elif not is_answering and stage_s >= pace.idle_s:
            self.transport.close()

    def _end(self, why: str) -> None:
        if self.is_in_body and self.answering.response_started:
            self.transport.close()
        else:
            self._refuse(TooSlow(why))


class _Unchanged:
    """Since when something is as it is, as far as one has looked."""

    __slots__ = ("_since_s", "_value")

    def __init__(self) -> None:
        self._value: Hashable = None
        self._since_s = 0.0

    def for_s(self, value: Hashable, now_s: float) -> float:
        """For how many seconds it has been this value."""
        if value != self._value:
            self._value, self._since_s = value, now_s
        return now_s - self._since_s
