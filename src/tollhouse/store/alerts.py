"""What is worth telling, noticed once; and the outbox of those who are told.

A row of `alert` is a mark: while it is armed, nobody can add another of the same type, subject and threshold. So any
number of processes may notice the same thing, and it is raised once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Float,
    Select,
    Text,
    and_,
    cast,
    column,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
    values,
)

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.tables import (
    alert,
    bucket,
    budget,
    credential,
    delivery,
    entry,
    hold,
    token,
    user,
    workspace,
)
from tollhouse.store.types import UPSERTS, to_micros

NEARLY = 1 - 1e-9
"""Floats find what may have crossed a threshold; whether it has is for exact numbers to say."""


# --- noticing --------------------------------------------------------------------------------------------------------


def newest_entry(tx: Reading, *, late: datetime) -> int:
    """The newest of the ledger's entries that no other will come before; 0 for none.

    Args:
        late: on PostgreSQL, an entry made before this is there already; on SQLite they come in their order.
    """
    if tx.dialect.name == "sqlite":
        return tx.execute(select(func.max(entry.c.id))).scalar_one() or 0
    query = select(entry.c.id).where(entry.c.at < to_micros(late)).order_by(entry.c.id.desc()).limit(1)
    return tx.execute(query).scalar_one_or_none() or 0


def moved_buckets(tx: Reading, entry_id: int) -> set[str]:
    """Buckets to which later entries have posted or charged; what became unconfirmed is told by its hold.

    The database takes the amounts apart: in Python, thousands of them would hold up everybody's requests.
    """
    posted, its_bucket = _amounts(tx.dialect.name, entry.c.moves)
    since = select(its_bucket).select_from(entry).join(posted, true())
    since = since.where(entry.c.id > entry_id, entry.c.kind.in_(("settle", "charge")), entry.c.moves != "")
    held, held_bucket = _amounts(tx.dialect.name, hold.c.held)
    expired = select(held_bucket).select_from(entry).join(hold, entry.c.hold_id == hold.c.id).join(held, true())
    expired = expired.where(entry.c.id > entry_id, entry.c.kind == "expire", hold.c.held != "")
    return {*tx.execute(since.distinct()).scalars(), *tx.execute(expired.distinct()).scalars()}


def _amounts(dialect: str, text: ColumnElement[str]) -> tuple[Any, ColumnElement[str]]:
    """Amounts by bucket as rows, and the bucket of each (`money.ledger.write_amounts`)."""
    if dialect == "sqlite":
        each = func.json_each('["' + func.replace(text, " ", '","') + '"]').table_valued("value", name="amount")
        return each, func.substr(each.c.value, 1, func.instr(each.c.value, "=") - 1)
    each = func.unnest(func.string_to_array(text, " ")).table_valued("value", name="amount").render_derived()
    return each, func.split_part(each.c.value, "=", 1)


def calendars(tx: Reading) -> list[tuple[str, str]]:
    """(window, time zone) of every budget in force: few, however many budgets there are."""
    query = select(budget.c.window, budget.c.time_zone).where(budget.c.removed_at.is_(None)).distinct()
    return [(row[0], row[1]) for row in tx.execute(query)]


def crossings(
    tx: Reading, periods: Sequence[tuple[str, str, str]], buckets: Sequence[str] | None = None
) -> list[Mapping[str, Any]]:
    """Buckets that have reached a threshold, one row for each that is not marked yet; open holds do not count.

    Args:
        periods: (window, time zone, period) of the calendars to look at.
        buckets: only these.
    """
    if not periods:
        return []
    threshold, share = _thresholds(tx.dialect.name)
    taken = bucket.c.posted + bucket.c.unconfirmed
    query = (
        _in_force(periods, buckets)
        .add_columns(taken.label("taken"), share.label("threshold"))
        .join(threshold, true())
        .where(budget.c.amount > 0, taken >= budget.c.amount * share * NEARLY)
        .where(~_is_marked("budget.threshold", bucket.c.id, share))
        .order_by(bucket.c.id, share)
    )
    return [dict(row) for row in tx.execute(query).mappings()]


def overages(
    tx: Reading, periods: Sequence[tuple[str, str, str]], buckets: Sequence[str] | None = None
) -> list[Mapping[str, Any]]:
    """Buckets of strict budgets to which more was posted than had been held, that are not marked yet.

    Args: as `crossings`.
    """
    if not periods:
        return []
    query = (
        _in_force(periods, buckets)
        .add_columns(bucket.c.overage)
        .where(budget.c.mode == "strict", bucket.c.overage > 0, ~_is_marked("budget.overage", bucket.c.id, 0))
        .order_by(bucket.c.id)
    )
    return [dict(row) for row in tx.execute(query).mappings()]


def _in_force(periods: Sequence[tuple[str, str, str]], buckets: Sequence[str] | None) -> Select[Any]:
    """Budgets in force with their buckets of these periods, and who owns them; of these buckets only, when said."""
    calendar = values(column("window", Text), column("time_zone", Text), column("period", Text), name="asked")
    asked = calendar.data(list(periods)).cte("asked_periods")
    query = (
        select(
            budget,
            bucket.c.id.label("bucket"),
            asked.c.period,
            func.coalesce(user.c.name, workspace.c.name, token.c.name).label("owner_name"),
        )
        .select_from(budget)
        .join(asked, and_(asked.c.window == budget.c.window, asked.c.time_zone == budget.c.time_zone))
        .join(bucket, bucket.c.id == budget.c.id + ":" + budget.c.unit + ":" + asked.c.period)
        .outerjoin(user, user.c.id == budget.c.owner)
        .outerjoin(workspace, workspace.c.id == budget.c.owner)
        .outerjoin(token, token.c.id == budget.c.owner)
        .where(budget.c.removed_at.is_(None))
    )
    if buckets is None:
        return query
    # Said twice, so that the search may begin with the few buckets; without them it begins with the budgets.
    return query.where(bucket.c.id.in_(buckets), bucket.c.budget_id == budget.c.id)


def aging_credentials(tx: Reading, before: datetime, days: int) -> list[Any]:
    """Active credentials entered before an instant, of whose age nobody was told. A reference is as old as its file."""
    query = select(credential).where(
        credential.c.active,
        credential.c.reference.is_(None),
        credential.c.created_at < before,
        ~_is_marked("credential.aging", credential.c.id, days),
    )
    return list(tx.execute(query.order_by(credential.c.id)).mappings())


def failing_credentials(tx: Reading) -> list[Any]:
    """Active credentials that the provider refused when they were last used, of which nobody was told."""
    query = select(credential).where(
        credential.c.active, _is_failing(), ~_is_marked("credential.failing", credential.c.id, 0)
    )
    return list(tx.execute(query.order_by(credential.c.id)).mappings())


def mended_credentials(tx: Reading, raised_before: datetime) -> list[str]:
    """Ids of alerts about credentials that failed, and work again."""
    query = (
        select(alert.c.id)
        .join(credential, credential.c.id == alert.c.subject)
        .where(alert.c.type == "credential.failing", alert.c.rearmed_at.is_(None), alert.c.created_at < raised_before)
        .where(~_is_failing())
    )
    return list(tx.execute(query).scalars())


def _thresholds(dialect: str) -> tuple[Any, ColumnElement[Any]]:
    """The numbers in a budget's `alert_at`, as rows."""
    if dialect == "sqlite":
        each = func.json_each(budget.c.alert_at).table_valued("value", name="threshold")
        return each, each.c.value
    each = func.json_array_elements_text(cast(budget.c.alert_at, JSON)).table_valued("value", name="threshold")
    return each, cast(each.c.value, Float(53))


def _is_marked(type_: str, subject: Any, threshold: Any) -> ColumnElement[bool]:
    return exists().where(
        alert.c.type == type_,
        alert.c.subject == subject,
        alert.c.threshold == threshold,
        alert.c.rearmed_at.is_(None),
    )


def _is_failing() -> ColumnElement[bool]:
    worked, failed = credential.c.last_used_at, credential.c.last_error_at
    return and_(credential.c.last_error.is_not(None), or_(worked.is_(None), worked < failed))


# --- marks -----------------------------------------------------------------------------------------------------------


def add_alert(tx: Writing, row: Mapping[str, Any]) -> bool:
    """Raise an alert; false when one of the same type, subject and threshold is armed already."""
    new = UPSERTS[tx.dialect.name](alert).values(rearmed_at=None, **row).on_conflict_do_nothing()
    return bool(tx.execute(new.returning(alert.c.id)).all())


def rearm(tx: Writing, alert_ids: Sequence[str], at: datetime) -> None:
    """Let these be raised again; they stay in the history."""
    tx.execute(update(alert).where(alert.c.id.in_(alert_ids)).values(rearmed_at=at))


def armed(tx: Reading, subject: str) -> list[Any]:
    """What was raised about a subject, and holds."""
    return list(tx.execute(select(alert).where(alert.c.subject == subject, alert.c.rearmed_at.is_(None))).mappings())


def alerts(tx: Reading, page: Page, *, type_: str | None = None) -> list[Any]:
    """Everything that was ever raised, a page of it."""
    query = select(alert) if type_ is None else select(alert).where(alert.c.type == type_)
    return list(tx.execute(page.of(query, alert.c.id)).mappings())


# --- the outbox ------------------------------------------------------------------------------------------------------

WITH_ALERT = select(delivery, alert.c.type, alert.c.facts, alert.c.created_at.label("raised_at")).join(
    alert, alert.c.id == delivery.c.alert_id
)


def add_delivery(tx: Writing, row: Mapping[str, Any]) -> None:
    tx.execute(insert(delivery).values(**row))


def lease_due(tx: Writing, now: datetime, until: datetime, limit: int) -> list[Any]:
    """Take deliveries that are due, those that wait longest first: until then nobody else will.

    A process that dies in between leaves a lease that lapses.
    """
    due = (
        select(delivery.c.id)
        .where(delivery.c.status == "pending", delivery.c.next_try_at <= now, _is_free(now))
        .order_by(delivery.c.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(delivery)
        .where(delivery.c.id.in_(due))
        .values(leased_until=until, attempts=delivery.c.attempts + 1)
        .returning(delivery.c.id)
    )
    return _with_alerts(tx, list(tx.execute(taken).scalars()))


def lease_anew(tx: Writing, delivery_id: str, now: datetime, until: datetime, give_up_at: datetime) -> bool:
    """Take one delivery, whatever became of it, as if it had never been tried; false while somebody else has it."""
    taken = (
        update(delivery)
        .where(delivery.c.id == delivery_id, _is_free(now))
        .values(status="pending", attempts=1, next_try_at=now, leased_until=until, give_up_at=give_up_at)
    )
    return tx.execute(taken).rowcount == 1


def finish_attempt(tx: Writing, delivery_id: str, leased_until: datetime, outcome: Mapping[str, Any]) -> bool:
    """Write what came of an attempt; false when its lease had lapsed and somebody else has it now."""
    done = (
        update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.leased_until == leased_until)
        .values(leased_until=None, **outcome)
    )
    return tx.execute(done).rowcount == 1


def find_delivery(tx: Reading, delivery_id: str) -> Any | None:
    """One delivery with what it tells of."""
    return tx.execute(WITH_ALERT.where(delivery.c.id == delivery_id)).mappings().first()


def deliveries(tx: Reading, page: Page, *, target: str | None = None, status: str | None = None) -> list[Any]:
    """A page of deliveries with what they tell of."""
    query = WITH_ALERT
    if target is not None:
        query = query.where(delivery.c.target == target)
    if status is not None:
        query = query.where(delivery.c.status == status)
    return list(tx.execute(page.of(query, delivery.c.id)).mappings())


def drop_deliveries_before(tx: Writing, at: datetime) -> int:
    """Forget old deliveries that are over; gives how many. The alerts stay: they are what was told already."""
    over = delete(delivery).where(delivery.c.created_at < at, delivery.c.status != "pending")
    return tx.execute(over).rowcount


def failing_targets(tx: Reading) -> list[Any]:
    """Targets whose latest attempt failed: target, error, tried_at."""
    latest = (
        select(delivery.c.target, func.max(delivery.c.tried_at).label("tried_at"))
        .group_by(delivery.c.target)
        .subquery("latest")
    )
    query = (
        select(delivery.c.target, delivery.c.error, delivery.c.tried_at)
        .join(latest, and_(latest.c.target == delivery.c.target, latest.c.tried_at == delivery.c.tried_at))
        .where(delivery.c.error.is_not(None))
        .order_by(delivery.c.target, delivery.c.id)
    )
    return list({row["target"]: row for row in tx.execute(query).mappings()}.values())


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(delivery.c.leased_until.is_(None), delivery.c.leased_until <= now)


def _with_alerts(tx: Reading, ids: Sequence[str]) -> list[Any]:
    if not ids:
        return []
    return list(tx.execute(WITH_ALERT.where(delivery.c.id.in_(ids)).order_by(delivery.c.id)).mappings())
