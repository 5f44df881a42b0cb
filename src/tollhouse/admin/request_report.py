"""What the request log comes to over a time: how many, how many failed, how fast, how dear, and of what kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any, TypeAlias

import msgspec

from tollhouse.admin import request_log, spans
from tollhouse.admin.desk import Desk
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.store import request_figures as sql
from tollhouse.store import request_log as store_log
from tollhouse.store.engine import Reading
from tollhouse.store.request_figures import Span
from tollhouse.store.types import from_micros

DAY = timedelta(days=1)

ROWS_MOST = 8_000
"""So many rows are read in a few hundredths of a second; a time with more is read in part."""

FOUND_MOST = 2_000
"""The same for rows that are found by another index, each by itself: those of a user or a run."""

PILOT = 256
"""How much less is read to learn how much there is."""

FACET_MOST = 50

SUCCEEDED = "succeeded"

Where: TypeAlias = tuple[Any, ...]


class RequestBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time, and the requests that came in it. Times are of those that succeeded; null without one."""

    at: datetime
    succeeded: int
    failed: int
    cost_usd: str
    p50_ms: float | None
    p95_ms: float | None


class FacetValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value, and how many requests have it."""

    value: str
    count: int


class RequestFacets(msgspec.Struct, frozen=True, kw_only=True):
    """The commonest values of some columns, commonest first."""

    status: tuple[FacetValue, ...]
    outcome: tuple[FacetValue, ...]
    model: tuple[FacetValue, ...]
    provider: tuple[FacetValue, ...]
    token: tuple[FacetValue, ...]
    tag: tuple[FacetValue, ...]


class RequestTotals(msgspec.Struct, frozen=True, kw_only=True):
    """All of the time. `unpriced` requests cost what nobody knows, and are not in `cost_usd`."""

    requests: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    time_to_first_token_p50_ms: float | None
    cost_usd: str
    unpriced: int


class RequestsReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the request log comes to over a time.

    Attributes:
        bucket_s: length of a bucket in seconds.
        sampled: it is too much to be read at once: a part was, evenly spread, and what that shows was counted up.
    """

    since: datetime = msgspec.field(name="from")
    until: datetime = msgspec.field(name="to")
    bucket_s: int
    sampled: bool
    buckets: tuple[RequestBucket, ...]
    facets: RequestFacets
    totals: RequestTotals


async def report(
    desk: Desk,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    bucket: str | None = None,
    **filters: Any,
) -> RequestsReport:
    """The report; of the last day unless said.

    Args:
        bucket: one of `spans.BUCKETS`; the shortest that fits unless said.
        filters: those of `request_log.named`.

    Raises:
        Unprocessable: a time that is none, or with too many buckets.
        NotFound: no such user, workspace or token.
    """
    until = until or desk.clock.now()
    since = since or until - DAY
    length = spans.bucket_for(since, until, bucket)

    def query(tx: Reading) -> RequestsReport:
        said = request_log.named(tx, **filters)
        share = share_of(tx, store_log.indexed(**said), lambda share: spans.spans(since, until, length, share))
        read, where = spans.spans(since, until, length, share), store_log.matching(**said)
        rows, marks = sql.figures(tx, read, where), sql.marks(tx, read, where)
        by_bucket = {at: Figures() for at in spans.buckets(since, until, length)}
        for row in rows:
            by_bucket[row["bucket"]].add(row, share)
        return RequestsReport(
            since=since,
            until=until,
            bucket_s=int(length.total_seconds()),
            sampled=share > 1,
            buckets=tuple(_bucket(at, it) for at, it in by_bucket.items()),
            facets=RequestFacets(
                **{name: _facet(rows, name, share) for name in ("status", "outcome", "model", "provider")},
                token=_facet(marks, "token_id", share),
                tag=_facet(marks, "tag", share),
            ),
            totals=_totals(by_bucket.values()),
        )

    return await desk.store.read(query)


class Figures:
    """What the rows of some groups come to. Times are microseconds, the cost nanodollars."""

    __slots__ = ("cost", "failed", "firsts_us", "succeeded", "times_us", "unpriced")

    def __init__(self) -> None:
        self.succeeded = self.failed = self.unpriced = self.cost = 0
        self.times_us: list[int] = []
        self.firsts_us: list[int] = []

    def add(self, row: Any, share: int) -> None:
        """Add a group, of which a `share`-th was read."""
        if row["outcome"] == SUCCEEDED:
            self.succeeded += share * row["requests"]
        else:
            self.failed += share * row["requests"]
        self.unpriced += share * int(row["unpriced"])
        self.cost += share * int(row["cost"])
        self.times_us += numbers(row["times_us"])
        self.firsts_us += numbers(row["firsts_us"])


def share_of(tx: Reading, where: Where, spans_of: Callable[[int], Sequence[Span]]) -> int:
    """What part of a time can be read: all of it (1), or every so many-th row. `where` are conditions with an index."""
    most = FOUND_MOST if where else ROWS_MOST
    if sql.count_some(tx, spans_of(1), where, most + 1) <= most:
        return 1
    found = sql.count_some(tx, spans_of(PILOT), where, most)
    return max(2, ceil(found * PILOT / most))


def numbers(text: str | None) -> list[int]:
    """The numbers of a text with commas."""
    return [int(number) for number in text.split(",")] if text else []


def percentile_ms(times_us: Sequence[int], share: float) -> float | None:
    """The time that so large a share does not exceed (nearest rank), of sorted times; None without any."""
    return times_us[max(0, ceil(share * len(times_us)) - 1)] / 1_000 if times_us else None


def _bucket(at: int, figures: Figures) -> RequestBucket:
    times = sorted(figures.times_us)
    return RequestBucket(
        at=from_micros(at),
        succeeded=figures.succeeded,
        failed=figures.failed,
        cost_usd=usd_text(Nanodollars(figures.cost)),
        p50_ms=percentile_ms(times, 0.5),
        p95_ms=percentile_ms(times, 0.95),
    )


def _facet(rows: Sequence[Any], facet: str, share: int) -> tuple[FacetValue, ...]:
    counts: Counter[str] = Counter()
    for row in rows:
        if row[facet] is not None:
            counts[str(row[facet])] += row["requests"]
    commonest = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:FACET_MOST]
    return tuple(FacetValue(value=value, count=count * share) for value, count in commonest)


def _totals(buckets: Collection[Figures]) -> RequestTotals:
    times = sorted(time for bucket in buckets for time in bucket.times_us)
    firsts = sorted(time for bucket in buckets for time in bucket.firsts_us)
    return RequestTotals(
        requests=sum(bucket.succeeded + bucket.failed for bucket in buckets),
        failed=sum(bucket.failed for bucket in buckets),
        p50_ms=percentile_ms(times, 0.5),
        p95_ms=percentile_ms(times, 0.95),
        time_to_first_token_p50_ms=percentile_ms(firsts, 0.5),
        cost_usd=usd_text(Nanodollars(sum(bucket.cost for bucket in buckets))),
        unpriced=sum(bucket.unpriced for bucket in buckets),
    )
