"""A stream's usual deltas are passed on at a look, and never anything else; and it must come to its end."""

from __future__ import annotations

from itertools import repeat

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from speeches import Listener, awaited, listener, on_the_spot
from tollhouse.dialects import anthropic_messages, chat, gemini, openai_chat, sse
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
    (frame,) = sse.Reader().feed(HEAD + b"Hello" + TAIL)
    span = openai_chat.plain_text(frame.data)
    assert span is not None
    likeness.learn(frame, *span)
    return likeness


@given(before=st.sampled_from([HEAD, HEAD[6:], b""]), text=TEXT, behind=st.sampled_from([TAIL, TAIL[:-1], TAIL + HEAD]))
@example(before=HEAD, text=TAIL[:9] + TAIL + HEAD + TAIL[9:] + HEAD, behind=TAIL)
def test_what_is_taken_for_alike_is_whole_frames_with_that_much_text(before: bytes, text: bytes, behind: bytes) -> None:
    chunk = before + text + behind
    likeness = learnt()
    if texts := likeness.texts(chunk):
        frames = sse.Reader().feed(chunk)
        spans = [slice(*(openai_chat.plain_text(frame.data) or (0, 0))) for frame in frames]
        assert [frame.data[span] for frame, span in zip(frames, spans, strict=True)] == texts
        assert b"".join(frame.raw for frame in frames) == chunk
        assert len(chunk) - len(texts) * likeness.around_bytes == len(b"".join(texts))


def test_other_words_in_the_same_frame_are_alike() -> None:
    assert learnt().texts(HEAD + b" world" + TAIL) == [b" world"]


def test_several_frames_that_one_read_brought_are_alike_together() -> None:
    assert learnt().texts(HEAD + b" world" + TAIL + HEAD + b"!" + TAIL) == [b" world", b"!"]


def test_nothing_is_alike_before_something_was_learnt() -> None:
    assert Likeness().texts(HEAD + b" world" + TAIL) == []


def test_a_text_with_escapes_is_left_to_the_reader() -> None:
    chunk = HEAD + b"a\\nb" + TAIL
    assert learnt().texts(chunk) == []
    (frame,) = sse.Reader().feed(chunk)
    assert chat.TextDelta(0, "a\nb") in openai_chat.Reader().read(frame)


@pytest.mark.parametrize(
    ("raw", "is_learnt"),
    [
        (b"event: e\ndata: {%b}\n\n", True),
        (b"data: {%b}\r\n\r\n", True),
        (b"id: 7\rdata: {%b}\r\r", False),
        (b"event: data: {%b}\ndata:{%b}\n\n", False),
        (b"data: {%b\ndata: }\n\n", False),
    ],
)
def test_a_frame_teaches_by_its_own_bytes_when_its_data_is_in_one_line(raw: bytes, is_learnt: bool) -> None:
    likeness = Likeness()
    (frame,) = sse.Reader().feed(raw.replace(b"%b", b"Hello") + b": more")
    likeness.learn(frame, 1, 6)
    assert likeness.texts(raw.replace(b"%b", b" world")) == ([b" world"] if is_learnt else [])


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


# --- on the spot -----------------------------------------------------------------------------------------------------

BEGUN = b'data: {"id":"c1","model":"acme-1","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}\n\n'
ENDED = b"data: [DONE]\n\n"
FINISHED = b'data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
FAILED = b'data: {"error":{"message":"overloaded","type":"server_error","code":503}}\n\n'
TRANSLATED = listener(openai_chat, anthropic_messages)

either_listener = pytest.mark.parametrize("listen", [listener(openai_chat), TRANSLATED], ids=["passed", "translated"])


def deltas(*words: str) -> list[tuple[bytes, bool]]:
    return [(HEAD + word.encode() + TAIL, True) for word in words]


@either_listener
async def test_what_a_client_does_not_take_on_the_spot_comes_in_its_place(listen: Listener) -> None:
    pieces = [(BEGUN, True), *deltas(" a"), (HEAD + b" b" + TAIL, False), *deltas(" c", " d"), (ENDED, True)]
    takes = iter([True, False, True])
    said = await on_the_spot(listen, pieces, takes)
    assert said == await awaited(listen, b"".join(piece for piece, _ in pieces))
    assert next(takes, None) is None, "the one that came before its listener had a turn was not offered"


@either_listener
async def test_what_follows_the_last_event_is_not_told(listen: Listener) -> None:
    whole = BEGUN + FINISHED + ENDED
    assert await awaited(listen, whole + HEAD + b" more" + TAIL) == await awaited(listen, whole)


@either_listener
async def test_a_stream_that_ends_before_it_says_anything_is_no_answer(listen: Listener) -> None:
    assert (await awaited(listen, ENDED)).failure == "provider_incomplete"


@either_listener
async def test_a_failure_within_a_read_is_told_behind_what_came_with_it(listen: Listener) -> None:
    pieces = [(BEGUN, True), *deltas(" a"), (HEAD + b" b" + TAIL + FAILED, True)]
    said = await on_the_spot(listen, pieces, repeat(True))
    assert said.failure is not None
    assert b'" b"' in said.said
    assert said == await awaited(listen, b"".join(piece for piece, _ in pieces))


@either_listener
async def test_a_stream_that_breaks_off_has_said_what_came(listen: Listener) -> None:
    pieces = [(BEGUN, True), *deltas(" a", " b")]
    said = await on_the_spot(listen, pieces, repeat(True))
    assert (said.failure, said.output_bytes) == ("provider_incomplete", 6)
    assert said == await awaited(listen, b"".join(piece for piece, _ in pieces))


async def test_words_that_are_not_utf8_are_a_failure_of_the_provider() -> None:
    pieces = [(BEGUN, True), *deltas(" a"), (HEAD + b"\xff" + TAIL, True), (ENDED, True)]
    said = await on_the_spot(TRANSLATED, pieces, repeat(True))
    assert said.failure == "provider_incomplete"
    assert said.said.endswith(b'" a"}}\n\n')


async def test_a_fault_of_ours_is_raised_to_who_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not to the connection, which would take it for a fault of the provider's."""
    monkeypatch.setattr(Likeness, "learn", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await on_the_spot(TRANSLATED, [(BEGUN, True), *deltas(" a"), (ENDED, True)], repeat(True))
