"""What was spent, added up as it happens: a row for each day, token, model and tag.

A report over a year reads these and not the requests, of which there are a million times as many. They are written in
the batch of the requests' rows, so the two cannot differ; `tollhouse verify` compares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, func, select

from tollhouse.store.engine import Reading
from tollhouse.store.statements import Batch, inserting
from tollhouse.store.tables import spend

DAY_US = 86_400_000_000
"""A day in microseconds: an instant divided by it is the number of the day since 1970, in UTC."""

KEYS = ("day", "token_id", "provider", "model", "tag")
OWNERS = ("user_id", "workspace_id")
SUMS = ("requests", "unpriced", "estimated", "input_tokens", "input_cached_tokens", "output_tokens", "cost")

Key: TypeAlias = tuple[int, str, str, str, str]
Amounts: TypeAlias = tuple[Key, tuple[str, str], tuple[int, ...]]
"""Values of `KEYS`, `OWNERS` and `SUMS`. What is not there, a provider for one, is an empty text."""

_COLUMNS = (*KEYS, *OWNERS, *SUMS)
ADD = inserting(
    spend,
    _COLUMNS,
    f"ON CONFLICT ({', '.join(KEYS)}) DO UPDATE"
    f" SET {', '.join(f'{name} = spend.{name} + excluded.{name}' for name in SUMS)}",
)

GROUPINGS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "user": (spend.c.user_id.label("user"),),
    "token": (spend.c.token_id.label("token"),),
    "model": (spend.c.provider, spend.c.model),
    "provider": (spend.c.provider,),
    "tag": (spend.c.tag,),
    "day": (spend.c.day,),
}


def add(batch: Batch, amounts: Iterable[Amounts]) -> None:
    """Add the amounts of some requests, those of one key together.

    In the order of the keys: everybody locks their rows so, and nobody waits in a circle.
    """
    sums: dict[Key, tuple[tuple[str, str], tuple[int, ...]]] = {}
    for key, owners, more in amounts:
        known = sums.get(key)
        sums[key] = (owners, more if known is None else tuple(map(int.__add__, known[1], more)))
    if sums:
        batch.run(ADD, [(*key, *owners, *map(int, total)) for key, (owners, total) in sorted(sums.items())])


# --- for people, never on the hot path -------------------------------------------------------------------------------


def report(
    tx: Reading,
    by: str,
    *,
    user_id: str | None = None,
    workspace_id: str | None = None,
    since_day: int | None = None,
) -> list[Any]:
    """The sums by one of `GROUPINGS` since a day: dearest first, days latest first.

    Requests that reached no provider are in no group of models or providers, those without a tag in none of tags.
    """
    keys = GROUPINGS[by]
    cost = func.sum(spend.c.cost)
    query = select(*keys, *[func.sum(spend.c[name]).label(name) for name in SUMS]).group_by(*keys)
    query = query.order_by(spend.c.day.desc()) if by == "day" else query.order_by(cost.desc(), *keys)
    return list(tx.execute(_of(_named(query, by), user_id, workspace_id, since_day)).mappings())


def by_day(
    tx: Reading, by: str, *, user_id: str | None = None, workspace_id: str | None = None, since_day: int
) -> list[Any]:
    """The sums of each day by one of `GROUPINGS`: the latest day first, and of a day the dearest."""
    keys = GROUPINGS[by]
    sums = [func.sum(spend.c[name]).label(name) for name in ("requests", "unpriced", "cost")]
    query = select(spend.c.day, *keys, *sums).group_by(spend.c.day, *keys)
    query = query.order_by(spend.c.day.desc(), func.sum(spend.c.cost).desc(), *keys)
    return list(tx.execute(_of(_named(query, by), user_id, workspace_id, since_day)).mappings())


def cost_between(
    tx: Reading, first_day: int, last_day: int, *, user_id: str | None = None, workspace_id: str | None = None
) -> int:
    """Nanodollars of these days, both included."""
    query = select(func.coalesce(func.sum(spend.c.cost), 0)).where(spend.c.day <= last_day)
    return int(tx.execute(_of(query, user_id, workspace_id, first_day)).scalar_one())


def _named(query: Any, by: str) -> Any:
    """Without what has no name to be grouped by."""
    if by in ("model", "provider"):
        query = query.where(spend.c.provider != "")
    return query.where(spend.c.tag != "") if by == "tag" else query


def _of(query: Any, user_id: str | None, workspace_id: str | None, since_day: int | None) -> Any:
    if workspace_id is not None:
        query = query.where(spend.c.workspace_id == workspace_id)
    if user_id is not None:
        query = query.where(spend.c.user_id == user_id)
    if since_day is not None:
        query = query.where(spend.c.day >= since_day)
    return query
