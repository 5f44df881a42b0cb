"""However the network cuts a recorded stream and whatever its client takes on the spot, the client hears the same."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator

from speeches import awaited, listener, on_the_spot
from tollhouse.dialects import anthropic_messages, chat, openai_chat, sse
from tollhouse.dialects.collect import collect
from wire.recordings import needs_recordings, over
from wire.test_translation import DIALECTS, STREAMS, Case

pytestmark = needs_recordings


def _cut(body: bytes, chance: random.Random) -> Iterator[tuple[bytes, bool]]:
    """Reads of some frames, of one, or of a part of one; a listener who is slow, or is not."""
    while body:
        size = chance.choice((1, 40, 400, body.find(b"\n\n") + 2, body.find(b"\r\n\r\n") + 4, 4_000))
        yield body[: max(1, size)], chance.random() < 0.7
        body = body[max(1, size) :]


def _moods(chance: random.Random) -> Iterator[bool]:
    while True:
        yield chance.random() < 0.8


@over(STREAMS)
def test_a_stream_that_goes_out_on_the_spot_is_the_one_that_is_read_and_awaited(case: Case):
    chance = random.Random(str(case))
    body = case.recording.answered
    has_one_choice = len(collect(case.events).choices) == 1
    for client in DIALECTS:
        other = None if client is case.dialect else client
        read = asyncio.run(awaited(listener(case.dialect, other, has_one_choice=False), body))
        assert read.failure is None, client.NAME
        listen = listener(case.dialect, other, has_one_choice=has_one_choice)
        assert asyncio.run(on_the_spot(listen, _cut(body, chance), _moods(chance))) == read, client.NAME


def test_nearly_all_that_is_said_goes_out_on_the_spot():
    taken, said = itertools.count(), 0
    for case in STREAMS:
        listen = listener(case.dialect, anthropic_messages if case.dialect is openai_chat else openai_chat)
        frames = sse.Reader().feed(case.recording.answered)
        asyncio.run(on_the_spot(listen, [(frame.raw, True) for frame in frames], (next(taken) >= 0 for _ in frames)))
        said += sum(isinstance(event, chat.TextDelta | chat.ToolCallDelta) for event in case.events)
    assert next(taken) > 0.9 * said > 4_000
