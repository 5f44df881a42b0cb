"""Which stretches of the request log a report reads, when it must answer at once and may not read all. Pure.

A time with too many rows is read in part: each bucket is cut into slices, of each slice a `share`-th is read, and what
is found counts so many times. Nothing is guessed from how dense rows lie: a burst is at most counted `share` times, or
missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tollhouse import ids
from tollhouse.errors import Unprocessable
from tollhouse.store.request_figures import Span
from tollhouse.store.types import to_micros

BUCKETS: dict[str, timedelta] = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
}
BUCKETS_WANTED = 60
BUCKETS_MOST = 400
SLICES = 120
"""At least so many stretches are read of a time that is read in part."""

PREFIX = "req"
GOLDEN = 0.6180339887498949
"""Its multiples fall evenly between 0 and 1, and in step with no clock: what comes at each full hour is found as often
as what does not."""


def bucket_for(first: datetime, last: datetime, named: str | None) -> timedelta:
    """The length of a bucket: the one that is named, or the shortest of which there are not too many.

    Raises Unprocessable for a time that ends before it begins, or has too many of them.
    """
    if first >= last:
        raise Unprocessable("`from` is before `to`.", param="from")
    if named is None:
        fitting = (length for length in BUCKETS.values() if (last - first) / length <= BUCKETS_WANTED)
        named_length = next(fitting, BUCKETS["1d"])
    else:
        named_length = BUCKETS[named]
    if (last - first) / named_length > BUCKETS_MOST:
        raise Unprocessable(f"That makes more than {BUCKETS_MOST} buckets: ask for a greater one.", param="bucket")
    return named_length


def buckets(first: datetime, last: datetime, length: timedelta) -> list[int]:
    """When each begins, in microseconds: at whole multiples of its length (UTC), the first at or before `first`."""
    step = length // timedelta(microseconds=1)
    return list(range(to_micros(first) // step * step, to_micros(last), step))


def spans(first: datetime, last: datetime, length: timedelta, share: int = 1) -> list[Span]:
    """What is read of a time: all of it, in a span for each bucket, or of each slice of a bucket a `share`-th."""
    begins, step = buckets(first, last, length), length // timedelta(microseconds=1)
    slices = -(-SLICES // len(begins))
    found = []
    for number, at in enumerate(begins):
        read = [(at, at + step)] if share == 1 else _part(at, step, slices, number * slices, share)
        for begin, end in read:
            begin, end = max(begin, to_micros(first)), min(end, to_micros(last))
            if begin < end:
                found.append(Span(at, ids.since(PREFIX, begin * 1_000), ids.since(PREFIX, end * 1_000)))
    return found


def _part(at: int, step: int, slices: int, number: int, share: int) -> Iterator[tuple[int, int]]:
    """What is read of a bucket that is read in part, from and to, in microseconds.

    What would go beyond the end of its slice is read at the beginning: so every moment is as likely as any other.
    """
    for slice_ in range(slices):
        begin, end = at + step * slice_ // slices, at + step * (slice_ + 1) // slices
        size = end - begin
        start = begin + int(size * ((number + slice_) * GOLDEN % 1.0))
        beyond = max(0, start + size // share - end)
        yield begin, begin + beyond
        yield start, start + size // share - beyond
