"""A run as server-sent events, while its client listens; a client that leaves stops the run."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tollhouse.api.live import STREAM_HEADERS, Patience
from tollhouse.conversations.foreground import RunEvent, Running
from tollhouse.dialects import sse

PING_EVERY_S = Patience().ping_every_s


class RunStream(Response):
    """The answer. It closes what it listens to, whichever way it ends."""

    def __init__(self, running: Running) -> None:
        super().__init__(status_code=200)
        self.raw_headers = [*STREAM_HEADERS]
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        saying = asyncio.create_task(self._say(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait([saying, leaving], return_when=asyncio.FIRST_COMPLETED)
            if saying.done():
                await saying
                return
            self._running.stop()
            await asyncio.wait([saying])
        finally:
            saying.cancel()
            leaving.cancel()
            await asyncio.gather(saying, leaving, return_exceptions=True)

    async def _say(self, send: Send) -> None:
        is_over = False
        while not is_over:
            try:
                async with asyncio.timeout(PING_EVERY_S):
                    event = await self._running.next()
            except TimeoutError:
                await send(_piece(sse.PING))
                continue
            is_over = event is None
            if event is not None:
                await send(_piece(frame(event)))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def frame(event: RunEvent) -> bytes:
    """One event as bytes."""
    data = msgspec.json.encode(event.data)
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.id.encode(), event.name.encode(), data)


def _piece(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
