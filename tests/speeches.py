"""A provider's stream as a client hears it: awaited piece by piece, or on the spot as the network brings it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple, cast

from tollhouse.dialects import chat
from tollhouse.errors import TollhouseError
from tollhouse.gateway.speech import Streamed
from tollhouse.gateway.tally import Tally
from tollhouse.gateway.translated import Heading, TranslatedStream
from tollhouse.upstream.base import Call, Origin, Reply
from tollhouse.upstream.exchange import Exchange

Listener = Callable[[Reply, Tally], Streamed]


class Heard(NamedTuple):
    """What a client hears, what it is told of a failure, and what is counted."""

    said: bytes
    failure: str | None
    usage: chat.Usage | None
    finish_reason: str | None
    model: str | None
    output_bytes: int


class Line:
    """A connection that can only be held back and cut."""

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def cut(self) -> None:
        pass


def listener(spoken: ModuleType, client: ModuleType | None = None, *, has_one_choice: bool = True) -> Listener:
    """Who listens to a dialect, for a client of another or of the same one.

    Args:
        has_one_choice: the client has asked for one only; if not, every event is read.
    """
    if client is None:
        return lambda reply, tally: Streamed(reply, spoken, tally, withholds_usage=False)
    heading = Heading(
        dialect=client,
        id="req_1",
        created=1_790_000_000,
        include_usage=True,
        has_one_choice=has_one_choice,
        repeated=None,
        names={},
    )
    return lambda reply, tally: TranslatedStream(reply, spoken, tally, (), heading)


async def awaited(listen: Listener, body: bytes) -> Heard:
    """All of it in one piece, and nothing on the spot."""
    return await _heard(listen, lambda exchange: _bring(exchange, [(body, True)]), None)


async def on_the_spot(listen: Listener, pieces: Iterable[tuple[bytes, bool]], takes: Iterator[bool]) -> Heard:
    """Piece by piece.

    Args:
        pieces: what each read brings, and whether the listener has its turn before the next.
        takes: whether the client takes what is offered, again and again.
    """
    return await _heard(listen, lambda exchange: _bring(exchange, pieces), takes)


async def _heard(listen: Listener, bring: Callable[[Exchange], Any], takes: Iterator[bool] | None) -> Heard:
    origin = Origin("https", "provider.example", 443)
    exchange = Exchange(Call(origin=origin, target=b"/"), cast(Any, Line()), 0.0)
    tally, said = Tally(), b""
    speech = listen(exchange, tally)

    def outlet(piece: bytes) -> bool:
        nonlocal said
        is_taken = takes is not None and next(takes)
        if is_taken:
            said += piece
        return is_taken

    failure = None
    bringing = asyncio.create_task(bring(exchange))
    try:
        said += await speech.first()
        while piece := await speech.next(None if takes is None else outlet):
            said += piece
    except TollhouseError as error:
        failure = error.code
    finally:
        speech.close()
        await bringing
    return Heard(said, failure, tally.usage, tally.finish_reason, tally.model, tally.output_bytes)


async def _bring(exchange: Exchange, pieces: Iterable[tuple[bytes, bool]]) -> None:
    try:
        for piece, is_heard in pieces:
            exchange.add(piece)
            exchange.wake()
            for _ in range(3 * is_heard):
                await asyncio.sleep(0)
    finally:
        exchange.end()
