"""What the request log comes to over a time, from its own rows: read once, in short spans of its primary key.

An id tells when it was made (`ids`), so a span of time is a span of the key, and needs no index of its own. How many
spans there are, and whether they leave something out, the caller decides: see `admin.spans`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Text, and_, case, cast, column, func, select, true, values

from tollhouse.store.engine import Reading
from tollhouse.store.tables import request


class Span(NamedTuple):
    """A stretch of the log: ids from the first on, and before the last, and the bucket that they are counted in."""

    bucket: int
    first: str
    last: str


def count_some(tx: Reading, spans: Sequence[Span], where: Sequence[ColumnElement[bool]], most: int) -> int:
    """How many rows there are in the spans; no more than `most` are counted."""
    found, rows, _ = _inside(tx, spans, where)
    some = select(rows.id).select_from(found).limit(most).subquery()
    return int(tx.execute(select(func.count()).select_from(some)).scalar_one())


def figures(tx: Reading, spans: Sequence[Span], where: Sequence[ColumnElement[bool]]) -> list[Any]:
    """Counts and sums of each group of rows that are alike, and as texts with commas the times of those that succeeded.

    `logged` are those whose attempts have a log, `latest` is when the last one came. Times are microseconds, costs
    nanodollars.
    """
    found, rows, bucket = _inside(tx, spans, where)
    succeeded = rows.outcome == "succeeded"
    keys = (bucket, rows.status, rows.outcome, rows.provider, rows.model)
    query = select(
        *keys,
        func.count().label("requests"),
        func.sum(func.coalesce(rows.input_cost, 0) + func.coalesce(rows.output_cost, 0)).label("cost"),
        func.sum(case((rows.cost_status == "unpriced", 1), else_=0)).label("unpriced"),
        func.aggregate_strings(case((succeeded, cast(rows.response_time_us, Text))), ",").label("times_us"),
        func.aggregate_strings(case((succeeded, cast(rows.first_token_us, Text))), ",").label("firsts_us"),
        func.count(rows.attempt_log).label("logged"),
        func.max(rows.created_at).label("latest"),
    )
    return list(tx.execute(query.select_from(found).group_by(*keys)).mappings())


def marks(tx: Reading, spans: Sequence[Span], where: Sequence[ColumnElement[bool]]) -> list[Any]:
    """How many requests of each token have each tag. Apart from `figures`, of which there would be many times more."""
    found, rows, _ = _inside(tx, spans, where)
    keys = (rows.token_id, rows.tag)
    return list(tx.execute(select(*keys, func.count().label("requests")).select_from(found).group_by(*keys)).mappings())


def attempt_logs(tx: Reading, spans: Sequence[Span]) -> list[str]:
    """Of requests for which more than one attempt was made, or one in vain: what came of each."""
    found, rows, _ = _inside(tx, spans, (request.c.attempt_log.is_not(None),))
    return list(tx.execute(select(rows.attempt_log).select_from(found)).scalars())


def _inside(tx: Reading, spans: Sequence[Span], where: Sequence[ColumnElement[bool]]) -> tuple[Any, Any, Any]:
    """The rows in the spans as something to select from, their columns, and that of the bucket.

    SQLite goes through the key for each span by itself. PostgreSQL would read all rows for that, unless each span has a
    query of its own that asks for an order.
    """
    columns = (column("bucket", BigInteger), column("first", Text), column("last", Text))
    span = values(*columns, name="span").data([tuple(one) for one in spans]).cte("span")
    inside = (request.c.id >= span.c.first, request.c.id < span.c.last, *where)
    if tx.dialect.name == "sqlite":
        return span.join(request, and_(*inside)), request.c, span.c.bucket
    rows = select(request).where(*inside).order_by(request.c.id).lateral("found")
    return span.join(rows, true()), rows.c, span.c.bucket
