"""Looks every few seconds for what is worth telling: budgets that were used so far, credentials that are old or fail.

It compares what is with what was told, and keeps nothing in memory that matters: how far it looked spares it what has
not moved since. So it costs a request nothing, and what happened in a process that died is noticed by the next look of
any other. Two that notice the same thing at once both try to note it, and the database lets one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, cast

from tollhouse.clock import Clock
from tollhouse.held import Held
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.money.budgets import Window, period
from tollhouse.notify.alerts import raise_alert
from tollhouse.notify.events import EventType
from tollhouse.notify.moved import Mark, moved
from tollhouse.store import alerts as sql
from tollhouse.store.engine import Reading, Store, Writing
from tollhouse.telemetry import Event, log

NEWS = timedelta(hours=72)
"""How far back a process looks when it starts: what is older is no news."""
LATE = timedelta(hours=1)
"""How long after a period has ended something may still be posted to it."""
QUIET = timedelta(days=1)
"""A credential that fails, works and fails again is told of once in this time."""

MANY = 1_000
"""More buckets than this are not looked for one by one."""

AT_ONCE = 20
"""Alerts noted in one transaction."""


class Watch:
    """The look-out of one process."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        channels: Held[tuple[str, ...]],
        credential_days: Held[int | None],
        on_raised: Callable[[], None],
    ) -> None:
        """Look when asked.

        Args:
            channels: names of the channels that the settings make.
            credential_days: an age of credentials that is worth telling; None for none.
            on_raised: something was noted, durably.
        """
        self._store = store
        self._clock = clock
        self._channels = channels
        self._credential_days = credential_days
        self._on_raised = on_raised
        self._looked_at = clock.now() - NEWS
        self._mark: Mark | None = None

    async def look(self) -> int:
        """Note what is new; gives how much that was. Raises Unavailable."""
        now = self._clock.now()
        since = min(self._looked_at, now) - LATE
        raised = await self._look_at_budgets(since, now) + await self._look_at_credentials(now)
        self._looked_at = now
        if raised:
            log.info(Event.ALERTS_RAISED, alerts=raised)
            self._on_raised()
        return raised

    async def _look_at_budgets(self, since: datetime, now: datetime) -> int:
        def query(tx: Reading) -> tuple[list[tuple[str, str, str]], list[str], list[str], Mark]:
            buckets, mark = moved(tx, self._mark, now)
            if buckets is not None and not buckets:
                return [], [], [], mark
            periods = list(periods_between(sql.calendars(tx), since, now))
            reached = sorted({row["bucket"] for row in crossed(tx, periods, buckets)})
            return periods, reached, [row["bucket"] for row in exceeded(tx, periods, buckets)], mark

        def note(tx: Writing, buckets: Sequence[str]) -> int:
            # Looked at once more, by the limits that hold now.
            return sum(
                self._raise(tx, "budget.threshold", row["bucket"], _budget_facts(row), now, row["threshold"])
                for row in crossed(tx, periods, buckets)
            )

        def note_overages(tx: Writing, buckets: Sequence[str]) -> int:
            return sum(
                self._raise(tx, "budget.overage", row["bucket"], _overage_facts(row), now)
                for row in exceeded(tx, periods, buckets)
            )

        periods, reached, above, mark = await self._store.read(query)
        raised = await self._by_batches(reached, note) + await self._by_batches(above, note_overages)
        self._mark = mark
        return raised

    async def _look_at_credentials(self, now: datetime) -> int:
        days = self._credential_days.now

        def query(tx: Reading) -> tuple[list[Any], list[Any], list[str]]:
            aging = [] if days is None else sql.aging_credentials(tx, now - timedelta(days=days), days)
            return aging, sql.failing_credentials(tx), sql.mended_credentials(tx, now - QUIET)

        def note_aging(tx: Writing, rows: Sequence[Any]) -> int:
            facts = ((row["id"], _credential_facts(row) | {"days": days}) for row in rows)
            return sum(self._raise(tx, "credential.aging", id_, told, now, days or 0) for id_, told in facts)

        def note_failing(tx: Writing, rows: Sequence[Any]) -> int:
            facts = ((row["id"], _credential_facts(row) | {"error": row["last_error"]}) for row in rows)
            return sum(self._raise(tx, "credential.failing", id_, told, now) for id_, told in facts)

        aging, failing, mended = await self._store.read(query)
        if mended:
            await self._store.write(lambda tx: sql.rearm(tx, mended, now))
        return await self._by_batches(aging, note_aging) + await self._by_batches(failing, note_failing)

    async def _by_batches(self, found: Sequence[Any], note: Callable[[Writing, Sequence[Any]], int]) -> int:
        """Note some in each transaction, so that much news at once does not hold requests up; gives how many."""
        raised = 0
        for start in range(0, len(found), AT_ONCE):
            some = found[start : start + AT_ONCE]
            raised += await self._store.write(lambda tx, some=some: note(tx, some))  # type: ignore[misc]
        return raised

    def _raise(
        self,
        tx: Writing,
        type_: EventType,
        subject: str,
        facts: Mapping[str, Any],
        now: datetime,
        threshold: float = 0.0,
    ) -> bool:
        return raise_alert(
            tx, type_, subject=subject, facts=facts, now=now, threshold=threshold, channels=self._channels.now
        )


def rearm_above(tx: Writing, bucket: str, *, limit: int, taken: int, now: datetime) -> None:
    """A budget's limit was changed: thresholds that its bucket has not reached by the new one can be told again."""
    marks = sql.armed(tx, bucket)
    sql.rearm(tx, [mark["id"] for mark in marks if not has_reached(taken, limit, mark["threshold"])], now)


def crossed(
    tx: Reading, periods: Sequence[tuple[str, str, str]], buckets: Collection[str] | None = None
) -> list[Mapping[str, Any]]:
    """Buckets that have reached a threshold of which nobody was told, with their budgets; of these only, when said."""
    rows = sql.crossings(tx, periods, _few(buckets))
    return [
        row
        for row in rows
        if (buckets is None or row["bucket"] in buckets) and has_reached(row["taken"], row["amount"], row["threshold"])
    ]


def exceeded(
    tx: Reading, periods: Sequence[tuple[str, str, str]], buckets: Collection[str] | None = None
) -> list[Mapping[str, Any]]:
    """Buckets of strict budgets that took more than had been set aside, of which nobody was told; args as `crossed`."""
    rows = sql.overages(tx, periods, _few(buckets))
    return [row for row in rows if buckets is None or row["bucket"] in buckets]


def _few(buckets: Collection[str] | None) -> list[str] | None:
    """The buckets, if they are few enough to be looked for one by one."""
    return None if buckets is None or len(buckets) > MANY else sorted(buckets)


def has_reached(taken: int, limit: int, threshold: float) -> bool:
    """Whether so much is taken of a limit, exactly: 0.07 of 100 is 7.

    >>> has_reached(7, 100, 0.07), has_reached(6, 100, 0.07)
    (True, False)
    """
    return taken >= Fraction(repr(threshold)) * limit


def periods_between(calendars: list[tuple[str, str]], since: datetime, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Every period (window, time zone, period) that was current at some moment in between."""
    days = (now - since).days
    moments = [now, since, *(now - timedelta(days=day) for day in range(1, days + 1))]
    for window, time_zone in calendars:
        for text in {period(cast(Window, window), time_zone, moment) for moment in moments}:
            yield window, time_zone, text


def _budget_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**_whose(row), "threshold": row["threshold"], "spent": _shown(row["unit"], row["taken"])}


def _overage_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**_whose(row), "overage": _shown(row["unit"], row["overage"])}


def _whose(row: Mapping[str, Any]) -> dict[str, Any]:
    same = ("owner", "owner_name", "model", "unit", "window", "period")
    return {"budget": row["id"], **{name: row[name] for name in same}, "limit": _shown(row["unit"], row["amount"])}


def _credential_facts(row: Any) -> dict[str, Any]:
    return {"credential": row["id"], "user": row["user_id"], "provider": row["provider"]}


def _shown(unit: str, amount: int) -> str | int:
    return usd_text(Nanodollars(amount)) if unit == "usd" else amount
