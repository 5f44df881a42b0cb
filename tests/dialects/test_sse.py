"""Server-sent events: the standard's own examples, and indifference to how the network cuts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tollhouse import errors
from tollhouse.dialects import sse

LINE_ENDS = ["\n", "\r\n", "\r"]


def read(stream: bytes) -> list[sse.Frame]:
    return sse.Reader().feed(stream)


def messages(stream: bytes) -> list[tuple[str | None, bytes]]:
    return [(frame.event, frame.data) for frame in read(stream) if frame.data]


def fed_in_pieces(stream: bytes, cuts: list[int]) -> tuple[list[sse.Frame], bytes]:
    reader = sse.Reader()
    bounds = [0, *sorted(cuts), len(stream)]
    frames = [frame for start, end in pairwise(bounds) for frame in reader.feed(stream[start:end])]
    return frames, reader.rest


@pytest.mark.parametrize("line_end", LINE_ENDS)
@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        # The examples of WHATWG HTML, section 9.2.6.
        ("data: YHOO\ndata: +2\ndata: 10\n\n", [(None, b"YHOO\n+2\n10")]),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [(None, b"first event"), (None, b"second event"), (None, b" third event")],
        ),
        ("data\n\ndata\ndata\n\ndata:", [(None, b"\n")]),
        ("data:test\n\ndata: test\n\n", [(None, b"test"), (None, b"test")]),
        # Its rules for fields.
        ("event: add\ndata: 73857293\n\n", [("add", b"73857293")]),
        ("event: forgotten\n\ndata: x\n\n", [(None, b"x")]),
        ("data: a: b: c\n\n", [(None, b"a: b: c")]),
        ("unknown: 1\n data: ignored\nretry: 10\ndata: x\n\n", [(None, b"x")]),
        ("\n\n\ndata: x\n\n\n\n", [(None, b"x")]),
        ("data: unfinished\n", []),
    ],
)
def test_reads_what_the_standard_says_with_each_line_end(stream, expected, line_end):
    assert messages(stream.replace("\n", line_end).encode()) == expected


def test_ids_are_those_of_the_frame_and_never_hold_nul():
    frames = read(b"id: 1\ndata: a\n\nid\ndata: b\n\nid: x\0y\ndata: c\n\ndata: d\n\n")
    assert [frame.id for frame in frames] == ["1", "", None, None]


def test_a_byte_order_mark_counts_only_at_the_start():
    assert messages(b"\xef\xbb\xbfdata: a\n\n") == [(None, b"a")]
    assert messages(b"data: a\n\n\xef\xbb\xbfdata: b\n\n") == [(None, b"a")]


def test_comments_and_stray_blank_lines_are_frames_without_data():
    frames = read(b": OPENROUTER PROCESSING\n\ndata: x\n\n\n\n")
    assert [frame.data for frame in frames] == [b"", b"x", b""]
    assert frames[0].event is None


def test_mixed_line_ends_within_one_frame():
    assert messages(b"data: a\r\ndata: b\rdata: c\ndata: d\r\n\n") == [(None, b"a\nb\nc\nd")]


def test_invalid_utf_8_in_a_type_does_not_break_the_stream():
    assert messages(b"event: \xff\ndata: x\n\n") == [("\N{REPLACEMENT CHARACTER}", b"x")]


TRICKY = (
    b"\xef\xbb\xbf: hi\n\ndata: {\"a\":1}\n\ndata: {\"b\":\n\ndata: a\r\ndata: b\r\n\r\n"
    b"event: e\rdata: c\r\rid: 7\r\n\ndata: d\n\r\n\n\r\r\r\n\n\ndata: z\n\ndata: [DONE]\n\n"
)  # fmt: skip


@pytest.mark.parametrize("cut", range(len(TRICKY) + 1))
def test_frames_do_not_depend_on_where_the_network_cuts(cut):
    assert fed_in_pieces(TRICKY, [cut]) == fed_in_pieces(TRICKY, [])


@given(
    st.lists(
        st.sampled_from([b"data: ", b"data: x", b"event: e", b": c", b"id: 1", b"\n", b"\r", b"\r\n", b"\n\n", b"\xef"])
    ).map(b"".join),
    st.lists(st.integers(0, 60)),
)
@example(b"data: \n\n\n", [1])
@example(b"data: x\n\n\n\n\n", [9])
def test_frames_do_not_depend_on_any_number_of_cuts(stream, cuts):
    whole = fed_in_pieces(stream, [])
    assert fed_in_pieces(stream, [cut for cut in cuts if cut <= len(stream)]) == whole
    assert fed_in_pieces(stream, list(range(len(stream)))) == whole


@given(st.binary(max_size=300), st.integers(0, 300))
def test_raws_and_rest_together_are_the_stream(stream, cut):
    frames, rest = fed_in_pieces(stream, [min(cut, len(stream))])
    assert b"".join(frame.raw for frame in frames) + rest == stream


@given(st.lists(st.binary(max_size=20).map(lambda raw: raw.hex().encode() or b"0"), min_size=1))
def test_several_plain_frames_in_one_chunk_read_as_one_by_one(datas):
    whole = b"".join(map(sse.frame, datas))
    assert read(whole) == [frame for data in datas for frame in read(sse.frame(data))]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from([None, "message_start"]))
def test_what_is_written_is_read_again(text, event):
    data = text.encode()
    (frame,) = read(sse.frame(data, event))
    assert (frame.event, frame.data) == (event, data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


def test_a_ping_is_a_comment():
    assert [frame.data for frame in read(sse.PING)] == [b""]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * 100 + b"\n\n"],
        [b"data: short\n\ndata: " + b"x" * 100 + b"\n\n"],
        [b"data: " + b"x" * 100],
        [b"x"] * 101,
        [b": c\r\n\r\ndata: " + b"x" * 100 + b"\r\n\r\n"],
    ],
)
def test_a_frame_over_the_bound_is_refused(chunks):
    reader = sse.Reader(max_frame_bytes=100)
    with pytest.raises(errors.UpstreamIncomplete) as refused:
        [frame for chunk in chunks for frame in reader.feed(chunk)]
    assert refused.value.may_have_billed


def test_many_small_frames_may_exceed_the_bound_together():
    assert len(sse.Reader(max_frame_bytes=16).feed(b"data: x\n\n" * 1000)) == 1000
