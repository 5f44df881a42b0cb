"""A run as server-sent events: told as it goes to who asked for it, or followed by anybody who may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tollhouse.api.live import STREAM_HEADERS, Patience
from tollhouse.conversations.runs.recording import RunEvent
from tollhouse.conversations.runs.under_way import Running
from tollhouse.conversations.telling.ui import UiTelling
from tollhouse.dialects import sse

PING_EVERY_S = Patience().ping_every_s
LOOK_EVERY_S = 1.0


UI_HEADER = (b"x-vercel-ai-ui-message-stream", b"v1")

AGAIN = b"retry: 1000\n\n"
"""Told to a client that we leave: it may come again in a second, and go on from where it was."""


class Told(Protocol):
    """Where events come from."""

    async def next(self) -> RunEvent | None:
        """The next event, None when that was all. Whoever waits may be cancelled, and ask again."""
        ...


class EventStream(Response):
    """Events, until there are no more or the client leaves."""

    def __init__(
        self, told: Told, *, ui: UiTelling | None = None, is_leaving: Callable[[], bool] = lambda: False
    ) -> None:
        """Tell these.

        Args:
            ui: tells them as the AI SDK reads them.
            is_leaving: looked at now and then; once it is true, the client is asked to come again.
        """
        super().__init__(status_code=200)
        self.raw_headers = [*STREAM_HEADERS, *(() if ui is None else (UI_HEADER,))]
        self._told = told
        self._frame = frame if ui is None else ui.tell
        self._is_leaving = is_leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        saying = asyncio.create_task(self._say(send))
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

    async def left(self, saying: asyncio.Task[None]) -> None:
        """The client has left, while something was still being said."""

    async def _say(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        silent_since_s = loop.time()
        while True:
            if self._is_leaving():
                await send(_piece(AGAIN))
                break
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    event = await self._told.next()
            except TimeoutError:
                if loop.time() - silent_since_s >= PING_EVERY_S:
                    await send(_piece(sse.PING))
                    silent_since_s = loop.time()
                continue
            if event is None:
                break
            await send(_piece(self._frame(event)))
            silent_since_s = loop.time()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class RunStream(EventStream):
    """A run for who asked for it: it is stopped when they leave."""

    def __init__(self, running: Running, ui: UiTelling | None = None) -> None:
        super().__init__(running, ui=ui)
        self._running = running

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
