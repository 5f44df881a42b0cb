"""A vendor's recorded stream as a call hears it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from tollhouse.dialects import chat, openai_chat, sse
from tollhouse.gateway.speech import Streamed
from tollhouse.gateway.tally import Tally
from tollhouse.providers import builtin
from tollhouse.providers.base import Provider
from tollhouse.upstream.base import Taker
from wire.recordings import Recording

PROVIDERS = builtin()


class Recorded:
    """A reply that comes in these pieces, and then ends cleanly."""

    status = 200
    headers = ()

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    async def read(self) -> bytes:
        return b"".join(self._pieces)

    async def next(self, taker: Taker | None = None) -> bytes:
        return next(self._pieces, b"")

    def close(self) -> None:
        pass


def heard(provider: Provider, pieces: list[bytes], *, withholds_usage: bool = False) -> tuple[bytes, Tally]:
    """What a client hears of a stream, and what is counted of it. Raises UpstreamError as a call does."""
    tally = Tally()
    reply = Recorded(pieces)
    end = provider.unsaid_end
    speech = Streamed(reply, openai_chat, tally, withholds_usage=withholds_usage, unsaid_end=end)

    async def listen() -> bytes:
        said = await speech.first()
        while piece := await speech.next():
            said += piece
        return said

    return asyncio.run(listen()), tally


def frames(recording: Recording) -> list[sse.Frame]:
    return sse.Reader().feed(recording.answered)


def events(stream: bytes) -> Iterator[chat.Event]:
    reader = openai_chat.Reader()
    for frame in sse.Reader().feed(stream):
        yield from reader.read(frame)


def chunks(recording: Recording) -> list[dict[str, Any]]:
    """The chunks, by the shortest reading of the format there is."""
    lines = [line[5:].strip() for line in recording.answered.decode().splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if line != "[DONE]"]
