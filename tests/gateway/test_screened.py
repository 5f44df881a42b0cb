"""A screened stream is the same however the network cuts it, and never says a part of what it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollhouse.dialects import openai_chat, sse
from tollhouse.dialects.chat import Finished, TextDelta
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.screened import STOPPED, ScreenedStream
from tollhouse.guard.placeholders import Placeholders
from tollhouse.guard.rules import Rules, broken, denials
from tollhouse.guard.windows import Window
from tollhouse.upstream.base import Taker

RULES = Rules(denied=denials(["project falcon"], [r"\bacct-[0-9]{8}\b"], []))
WORDS = [
    "project ",
    "falcon ",
    "Project\nFalcon",
    "acct-12345678 ",
    "acct-1234",
    "5678 ",
    "word ",
    "x" * 70,
    " ",
    "é🙂",
]


class Pieces:
    """What a provider says, in these pieces."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    async def first(self) -> bytes:
        return await self.next()

    async def next(self, outlet: Taker | None = None) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        self._pieces = []


def said_as(texts: Sequence[str]) -> bytes:
    """A stream of chat completions that says these texts."""
    deltas = [{"index": 0, "delta": {"content": text}} for text in texts]
    ended = {"index": 0, "delta": {}, "finish_reason": "stop"}
    frames = [sse.frame(msgspec.json.encode({"id": "x", "choices": [choice]})) for choice in (*deltas, ended)]
    return b"".join(frames) + sse.frame(b"[DONE]")


def cut(whole: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted(place % (len(whole) + 1) for place in cuts)
    return [whole[start:end] for start, end in zip([0, *places], [*places, len(whole)], strict=True)]


def heard(pieces: Sequence[bytes], placeholders: Placeholders | None = None, hold_back_chars: int = 256) -> bytes:
    """What a client hears of them."""

    async def listen() -> bytes:
        body = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": true}'
        exchange = Exchange(request_id="r", surface="s", dialect=openai_chat, body=body, began_s=0, began_us=0)
        exchange.glance = openai_chat.glance_request(body)

        async def passes(window: Window) -> bool:
            return not broken(window, RULES)

        speech = Pieces(pieces)
        first = await speech.next()
        screened = ScreenedStream(exchange, speech, passes, placeholders, hold_back_chars, is_dear=False, hear_out_s=1)
        said = piece = await screened.begin(first)
        while piece:
            piece = await screened.next()
            said += piece
        return said

    return asyncio.run(listen())


def words_of(said: bytes) -> tuple[str, list[str]]:
    reader = openai_chat.Reader()
    events = [event for frame in sse.Reader().feed(said) for event in reader.read(frame)]
    text = "".join([event.text for event in events if isinstance(event, TextDelta)])
    return text, [event.reason for event in events if isinstance(event, Finished)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=60), st.lists(st.integers(0, 20_000), max_size=9))
def test_it_says_the_same_however_it_is_cut_and_nothing_of_what_is_forbidden(texts: list[str], cuts: list[int]):
    whole = said_as(texts)
    said = heard(cut(whole, cuts))
    assert said == heard([whole])
    text, endings = words_of(said)
    assert "".join(texts).startswith(text)
    found = broken(Window("".join(texts)), RULES)
    if not found:
        assert said == whole
        return
    assert endings == ["content_filter"]
    assert STOPPED.encode() in said
    places = [match.start() for _, pattern in RULES.denied for match in pattern.finditer("".join(texts))]
    assert len(text) <= min(places)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_personal_data_is_back_wherever_words_and_network_are_cut(data: st.DataObject):
    text = "To ada@example.com, [EMAIL_1] and ada@example.com; card 4111 1111 1111 1111["
    placeholders = Placeholders([text])
    told = placeholders.redact(text)
    places = sorted(data.draw(st.lists(st.integers(1, len(told) - 1), max_size=8)))
    texts = [told[start:end] for start, end in zip([0, *places], [*places, len(told)], strict=True)]
    pieces = cut(said_as(texts), data.draw(st.lists(st.integers(0, 5_000), max_size=5)))
    assert words_of(heard(pieces, placeholders)) == (text, ["stop"])


@pytest.mark.parametrize("hold_back_chars", [256, 400, 2_000])
def test_it_stays_behind_by_as_much_as_it_is_told_and_no_more(hold_back_chars: int):
    texts = [f"{number:06} " for number in range(600)]
    text, _ = words_of(heard([said_as([*texts, "project falcon"])], hold_back_chars=hold_back_chars))
    behind = len("".join(texts)) - len(text)
    assert hold_back_chars - 64 - 14 <= behind <= hold_back_chars + 64 + 7
