"""A response that is kept, as a stream: to who asked for it, or to who comes later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tollhouse.api.http import Head, Peer
from tollhouse.api.live import STREAM_HEADERS
from tollhouse.api.run_source import Source, pieces
from tollhouse.conversations.telling.response import ENDS, Telling, after, last_of
from tollhouse.dialects import sse


class ResponseStream:
    """The stream for somebody who comes later. Leaving it does nothing to the run."""

    def __init__(self, source: Source, telling: Telling, last: int | None, is_leaving: Callable[[], bool]) -> None:
        """Tell what comes after the event with the number `last`."""
        self._source = source
        self._telling = telling
        self._last = last
        self._is_leaving = is_leaving

    async def tell(self, peer: Peer, head: Head) -> None:
        """Say it all, until the end or until the client leaves."""
        await peer.begin(200, (*STREAM_HEADERS, (b"x-request-id", head.shown_id.encode())))
        saying = asyncio.create_task(self._say(peer))
        leaving = asyncio.create_task(peer.left())
        try:
            await asyncio.wait([saying, leaving], return_when=asyncio.FIRST_COMPLETED)
            if saying.done():
                await saying
        finally:
            saying.cancel()
            leaving.cancel()
            await asyncio.gather(saying, leaving, return_exceptions=True)

    async def _say(self, peer: Peer) -> None:
        telling = self._telling
        await self._pass(peer, telling.number, telling.begin())
        async for event in pieces(self._source, self._is_leaving):
            if event is None:
                await peer.say(sse.PING)
                continue
            number = telling.number
            piece = telling.tell(event)
            if event.name in ENDS and self._last is not None and telling.number <= self._last:
                # What was heard before is no longer kept, and is told in fewer events: the end is news all the same.
                await peer.say(last_of(piece))
            else:
                await self._pass(peer, number, piece)
        await peer.end()

    async def _pass(self, peer: Peer, number: int, piece: bytes) -> None:
        news = after(piece, number, self._last)
        if news:
            await peer.say(news)
