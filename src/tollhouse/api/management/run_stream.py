"""A run as server-sent events: told as it goes to who asked for it, or followed by anybody who may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tollhouse.api.live import STREAM_HEADERS
from tollhouse.api.management.door import Visit
from tollhouse.api.management.run_answer import headers, refusal, succeeded
from tollhouse.api.run_source import Source, has_failed, opening, pieces
from tollhouse.conversations.runs.recording import RunEvent
from tollhouse.conversations.runs.under_way import Running
from tollhouse.conversations.telling.ui import UiTelling
from tollhouse.dialects import sse

UI_HEADER = (b"x-vercel-ai-ui-message-stream", b"v1")

AGAIN = b"retry: 1000\n\n"
"""Told to a client that we leave: it may come again in a second, and go on from where it was."""


class EventStream(Response):
    """Events, until there are no more or the client leaves."""

    def __init__(
        self, source: Source, *, ui: UiTelling | None = None, is_leaving: Callable[[], bool] = lambda: False
    ) -> None:
        """Tell what comes from there.

        Args:
            ui: tells it as the AI SDK reads it.
            is_leaving: looked at now and then; once it is true, the client is asked to come again.
        """
        super().__init__(status_code=200)
        self.raw_headers = [*STREAM_HEADERS, *(() if ui is None else (UI_HEADER,))]
        self._source = source
        self._frame = frame if ui is None else ui.tell
        self._is_leaving = is_leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        saying = asyncio.create_task(self.say(scope, receive, send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait([saying, leaving], return_when=asyncio.FIRST_COMPLETED)
            if saying.done():
                await saying
                return
            await self.left(saying)
        finally:
            saying.cancel()
            leaving.cancel()
            await asyncio.gather(saying, leaving, return_exceptions=True)

    async def say(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say it all."""
        await self.tell([], send)

    async def tell(self, first: list[RunEvent], send: Send) -> None:
        """Send the head, the first events, and what comes after them."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for event in first:
            await send(_piece(self._frame(event)))
        async for event_or_silence in pieces(self._source, self._is_leaving):
            said = sse.PING if event_or_silence is None else self._frame(event_or_silence)
            await send(_piece(said))
        if self._is_leaving():
            await send(_piece(AGAIN))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def left(self, saying: asyncio.Task[None]) -> None:
        """The client has left, while something was still being said."""


class RunStream(EventStream):
    """A run for who asked for it: it is stopped when they leave.

    Its first words are awaited before its head is sent: one that fails before them is refused like any request.
    """

    def __init__(self, here: Visit, running: Running, ui: UiTelling | None = None) -> None:
        super().__init__(running, ui=ui)
        self._here = here
        self._running = running

    async def say(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            first = await opening(self._running)
            if has_failed(first):
                succeeded(await self._running.outcome())
        except Exception as error:
            await refusal(self._here, self._running, error)(scope, receive, send)
            return
        if self._running.exchange is not None:
            self._running.exchange.status = 200
        self.raw_headers.extend(headers(self._here, self._running))
        await self.tell(first, send)

    async def left(self, saying: asyncio.Task[None]) -> None:
        """Nobody is there to hear it: stop the run, and let it come to its end."""
        self._running.stop()
        await asyncio.wait([saying])


def frame(event: RunEvent) -> bytes:
    """One event as bytes."""
    data = msgspec.json.encode(event.data)
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.id.encode(), event.name.encode(), data)


def _piece(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
