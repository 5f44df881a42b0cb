"""What the request log comes to over a time, from its own rows: read once, in short spans of its primary key.

An id tells when it was made (`ids`), so a span of time is a span of the key, and needs no index of its own. How many
spans there are, and whether they leave something out, the caller decides: see `admin.spans`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Text, and_, case, cast, column, func, select, values

from tollhouse.store.engine import Reading
from tollhouse.store.tables import request


class Span(NamedTuple):
    """A stretch of the log: ids from the first on, and before the last, and the bucket that they are counted in."""

    bucket: int
    first: str
    last: str


def count_some(tx: Reading, spans: Sequence[Span], where: Sequence[ColumnElement[bool]], most: int) -> int:
    """How many rows there are in the spans; no more than `most` are counted."""
    some = select(request.c.id).select_from(_within(spans)).where(*where).limit(most).subquery()
    return int(tx.execute(select(func.count()).select_from(some)).scalar_one())


def figures(tx: Reading, spans: Sequence[Span], where: Sequence[ColumnElement[bool]]) -> list[Any]:
    """Counts and sums of each group of rows that are alike, and as texts with commas the times of those that succeeded.

    `logged` are those whose attempts have a log, `latest` is when the last one came. Times are microseconds, costs
    nanodollars.
    """
    joined = _within(spans)
    span = joined.left
    succeeded = request.c.outcome == "succeeded"
    keys = (span.c.bucket, request.c.status, request.c.outcome, request.c.provider, request.c.model)
    cost = func.coalesce(request.c.input_cost, 0) + func.coalesce(request.c.output_cost, 0)
    query = select(
        *keys,
        func.count().label("requests"),
        func.sum(cost).label("cost"),
        func.sum(case((request.c.cost_status == "unpriced", 1), else_=0)).label("unpriced"),
        func.aggregate_strings(case((succeeded, cast(request.c.response_time_us, Text))), ",").label("times_us"),
        func.aggregate_strings(case((succeeded, cast(request.c.first_token_us, Text))), ",").label("firsts_us"),
        func.count(request.c.attempt_log).label("logged"),
        func.max(request.c.created_at).label("latest"),
    )
    return list(tx.execute(query.select_from(joined).where(*where).group_by(*keys)).mappings())


def attempt_logs(tx: Reading, spans: Sequence[Span]) -> list[str]:
    """Of requests for which more than one attempt was made, or one in vain: what came of each."""
    query = select(request.c.attempt_log).select_from(_within(spans)).where(request.c.attempt_log.is_not(None))
    return list(tx.execute(query).scalars())


def _within(spans: Sequence[Span]) -> Any:
    columns = (column("bucket", BigInteger), column("first", Text), column("last", Text))
    span = values(*columns, name="span").data([tuple(one) for one in spans]).cte("span")
    return span.join(request, and_(request.c.id >= span.c.first, request.c.id < span.c.last))
