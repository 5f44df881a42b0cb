"""A stream's usual deltas are passed on at a look, and never anything else."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tollhouse.dialects import chat, openai_chat, sse
from tollhouse.gateway.speech import Likeness

HEAD = b'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"'
TAIL = b'"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
TEXT = st.binary(max_size=12) | st.sampled_from(
    [b"", b'"', b"\\n", b"\n\ndata: ", b"a" * 9, b'"},"finish_reason":"stop']
)


def learnt() -> Likeness:
    likeness = Likeness()
    data = (HEAD + b"Hello" + TAIL)[6:-2]
    span = openai_chat.plain_text(data)
    assert span is not None
    likeness.learn(data, *span)
    return likeness


@given(before=st.sampled_from([HEAD, HEAD[6:], b""]), text=TEXT, behind=st.sampled_from([TAIL, TAIL[:-1], TAIL + HEAD]))
@example(before=HEAD, text=b"a" + TAIL + HEAD + b"b", behind=TAIL)
def test_what_is_taken_for_alike_is_one_frame_with_that_much_text(before: bytes, text: bytes, behind: bytes) -> None:
    chunk = before + text + behind
    size_bytes = learnt().text_bytes(chunk)
    if size_bytes:
        (frame,) = sse.Reader().feed(chunk)
        start, end = openai_chat.plain_text(frame.data) or (0, 0)
        assert (end - start, frame.raw) == (size_bytes, chunk)


def test_other_words_in_the_same_frame_are_alike() -> None:
    assert learnt().text_bytes(HEAD + b" world" + TAIL) == 6


def test_nothing_is_alike_before_something_was_learnt() -> None:
    assert Likeness().text_bytes(HEAD + b" world" + TAIL) == 0


def test_a_text_with_escapes_is_left_to_the_reader() -> None:
    chunk = HEAD + b"a\\nb" + TAIL
    assert learnt().text_bytes(chunk) == 0
    (frame,) = sse.Reader().feed(chunk)
    assert chat.TextDelta(0, "a\nb") in openai_chat.Reader().read(frame)
