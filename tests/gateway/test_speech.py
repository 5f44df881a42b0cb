"""A stream's usual deltas are passed on at a look, and never anything else; and it must come to its end."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tollhouse.dialects import chat, gemini, openai_chat, sse
from tollhouse.errors import UpstreamIncomplete
from tollhouse.gateway.speech import Likeness, Streamed
from tollhouse.gateway.tally import Tally
from tollhouse.upstream.base import Headers, Taker

HEAD = b'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"'
TAIL = b'"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
TEXT = st.binary(max_size=12) | st.sampled_from(
    [b"", b'"', b"\\n", b"\n\ndata: ", b"a" * 9, b'"},"finish_reason":"stop', b"a" + TAIL + HEAD + b"b", TAIL + HEAD]
)


def learnt() -> Likeness:
    likeness = Likeness()
    data = (HEAD + b"Hello" + TAIL)[6:-2]
    span = openai_chat.plain_text(data)
    assert span is not None
    likeness.learn(data, *span)
    return likeness


@given(before=st.sampled_from([HEAD, HEAD[6:], b""]), text=TEXT, behind=st.sampled_from([TAIL, TAIL[:-1], TAIL + HEAD]))
@example(before=HEAD, text=TAIL[:9] + TAIL + HEAD + TAIL[9:] + HEAD, behind=TAIL)
def test_what_is_taken_for_alike_is_whole_frames_with_that_much_text(before: bytes, text: bytes, behind: bytes) -> None:
    chunk = before + text + behind
    size_bytes = learnt().text_bytes(chunk)
    if size_bytes:
        frames = sse.Reader().feed(chunk)
        spans = [openai_chat.plain_text(frame.data) or (0, 0) for frame in frames]
        assert sum(end - start for start, end in spans) == size_bytes
        assert b"".join(frame.raw for frame in frames) == chunk


def test_other_words_in_the_same_frame_are_alike() -> None:
    assert learnt().text_bytes(HEAD + b" world" + TAIL) == 6


def test_several_frames_that_one_read_brought_are_alike_together() -> None:
    assert learnt().text_bytes(HEAD + b" world" + TAIL + HEAD + b"!" + TAIL) == 7


def test_nothing_is_alike_before_something_was_learnt() -> None:
    assert Likeness().text_bytes(HEAD + b" world" + TAIL) == 0


def test_a_text_with_escapes_is_left_to_the_reader() -> None:
    chunk = HEAD + b"a\\nb" + TAIL
    assert learnt().text_bytes(chunk) == 0
    (frame,) = sse.Reader().feed(chunk)
    assert chat.TextDelta(0, "a\nb") in openai_chat.Reader().read(frame)


WORDS = b'data: {"candidates":[{"content":{"parts":[{"text":"Hello"}]}}]}\r\n\r\n'
FINISH = b'data: {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5}}\r\n\r\n'
COUNT = b'data: {"usageMetadata":{"promptTokenCount":7}}\r\n\r\n'


class Received:
    """A reply that has come in these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.status = 200
        self.headers: Headers = ()
        self._pieces = list(pieces)

    async def read(self) -> bytes:
        return b"".join(self._pieces)

    async def next(self, taker: Taker | None = None) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        self._pieces.clear()


async def heard(*pieces: bytes) -> tuple[bytes, Tally]:
    """All that a client hears of a stream of Google's, which has no last event."""
    tally = Tally()
    speech = Streamed(Received(*pieces), gemini, tally, withholds_usage=False)
    said = await speech.first()
    while piece := await speech.next():
        said += piece
    return said, tally


async def test_a_body_that_ends_after_a_finish_reason_is_complete() -> None:
    said, tally = await heard(WORDS, FINISH)
    assert (said, tally.finish_reason, tally.has_ended) == (WORDS + FINISH, "STOP", True)


async def test_what_comes_behind_a_finish_reason_is_passed_on_and_counts() -> None:
    said, tally = await heard(FINISH + WORDS, FINISH, COUNT)
    assert said == FINISH + WORDS + FINISH + COUNT
    assert tally.usage == chat.Usage(input_tokens=7, output_tokens=0)


@pytest.mark.parametrize("pieces", [(), (WORDS,), (WORDS, FINISH[:-2]), (WORDS, FINISH, WORDS[:9]), (FINISH[:-1],)])
async def test_a_body_that_ends_before_one_or_within_a_chunk_is_cut(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(UpstreamIncomplete):
        await heard(*pieces)
