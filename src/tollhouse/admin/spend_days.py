"""What was spent day by day, by whom or for what: what a chart shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from tollhouse.admin.access import whose
from tollhouse.admin.desk import Desk
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.store import spend as sql
from tollhouse.store.engine import Reading
from tollhouse.store.spend import DAY_US
from tollhouse.store.types import from_micros, to_micros

USUAL = timedelta(days=30)


class SpendDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a day (UTC) came to for one user, token, model (`provider/model`), provider or tag."""

    day: str
    key: str
    cost_usd: str
    requests: int
    unpriced: int


class SpendDays(msgspec.Struct, frozen=True, kw_only=True):
    """The same day by day, the latest first, and of a day the dearest."""

    rows: tuple[SpendDay, ...]


async def spend_days(
    desk: Desk, by: str, *, user: str | None = None, workspace: str | None = None, since: datetime | None = None
) -> SpendDays:
    """What was spent on each day, of one user or workspace when said; of the last thirty days unless said. Raises
    NotFound."""
    first = to_micros(since or desk.clock.now() - USUAL) // DAY_US

    def query(tx: Reading) -> SpendDays:
        rows = sql.by_day(tx, by, since_day=first, **whose(tx, user=user, workspace=workspace))
        return SpendDays(rows=tuple(_day(row, by) for row in rows))

    return await desk.store.read(query)


def _day(row: Any, by: str) -> SpendDay:
    return SpendDay(
        day=f"{from_micros(row['day'] * DAY_US):%Y-%m-%d}",
        key=f"{row['provider']}/{row['model']}" if by == "model" else row[by],
        cost_usd=usd_text(Nanodollars(int(row["cost"]))),
        requests=int(row["requests"]),
        unpriced=int(row["unpriced"]),
    )
