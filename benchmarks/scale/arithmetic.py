"""From what was measured to a thousand times as much: pure arithmetic, each step of it a figure of the page."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.medians import slope
from benchmarks.scale.points import Point, Scale, Streams

TIMES = 1_000
SECONDS_A_YEAR = 365 * 86_400
BASE_PER_SECOND = 10
"""An even rate that a team of some hundred people makes; a thousand times of it is a large company's."""
BASE_STREAMS = 2_000


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """A thousand times as much, in cores, processes and bytes.

    Attributes:
        per_second: requests.
        gateway_cores, database_cores: busy with these, and with nothing else.
        request_bytes: what one leaves on disk, indexes included; `store_bytes_a_year` what all of them do.
        streams: live at once; `stream_bytes` is what each takes, `streams_bytes` all of them.
    """

    per_second: int
    gateway_cores: float
    database_cores: float
    request_bytes: float
    store_bytes_a_year: float
    streams: int
    stream_bytes: float
    streams_bytes: float


def outlook(scale: Scale) -> Outlook | None:
    """What follows; None unless full tables on PostgreSQL and streams were measured."""
    full = [point for point in scale.rows if point.database == "PostgreSQL"]
    if len(full) < 2 or len(scale.streams) < 2:
        return None
    largest = max(full, key=lambda point: point.count)
    per_second = BASE_PER_SECOND * TIMES
    request_bytes, stream_bytes = bytes_per_request(full), bytes_per_stream(scale.streams)
    return Outlook(
        per_second=per_second,
        gateway_cores=per_second * largest.cost.cpu_us * 1e-6,
        database_cores=per_second * (largest.cost.database_cpu_us or 0.0) * 1e-6,
        request_bytes=request_bytes,
        store_bytes_a_year=request_bytes * per_second * SECONDS_A_YEAR,
        streams=BASE_STREAMS * TIMES,
        stream_bytes=stream_bytes,
        streams_bytes=stream_bytes * BASE_STREAMS * TIMES,
    )


def bytes_per_request(points: Sequence[Point]) -> float:
    """What a request leaves on disk, indexes included: the slope of the store's size."""
    return slope([(point.count, point.size_bytes) for point in points])


def bytes_per_stream(points: Sequence[Streams]) -> float:
    """What a live stream takes in memory: the slope of the process's."""
    return slope([(point.count, point.pss_mib * 2**20) for point in points])
