"""What the request log adds up to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select

from tollhouse.store.engine import Reading
from tollhouse.store.tables import request

DAY_US = 86_400_000_000
"""A day in microseconds: `created_at` divided by it is the number of the day since 1970, in UTC."""

_DAY: ColumnElement[Any] = (request.c.created_at // DAY_US).label("day")

GROUPINGS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "user": (request.c.user_id.label("user"),),
    "token": (request.c.token_id.label("token"),),
    "model": (request.c.provider, request.c.model),
    "provider": (request.c.provider,),
    "day": (_DAY,),
}


def spend(tx: Reading, by: str, *, user_id: str | None = None, since: int | None = None) -> list[Any]:
    """Requests, tokens and cost by one of `GROUPINGS` since an instant in microseconds: dearest first, days latest
    first.

    Requests that reached no provider are in no group of models or providers.
    """
    keys = GROUPINGS[by]
    cost = func.coalesce(func.sum(request.c.input_cost + request.c.output_cost), 0)
    query = select(
        *keys,
        func.count().label("requests"),
        func.count().filter(request.c.cost_status == "unpriced").label("unpriced"),
        func.coalesce(func.sum(request.c.input_tokens), 0).label("input_tokens"),
        func.coalesce(func.sum(request.c.output_tokens), 0).label("output_tokens"),
        cost.label("cost"),
    ).group_by(*keys)
    query = query.order_by(_DAY.desc()) if by == "day" else query.order_by(cost.desc(), *keys)
    if by in ("model", "provider"):
        query = query.where(request.c.provider.is_not(None))
    if user_id is not None:
        query = query.where(request.c.user_id == user_id)
    if since is not None:
        query = query.where(request.c.created_at >= since)
    return list(tx.execute(query).mappings())
