"""Spend and requests, for people."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import UNSET

from tollhouse.admin.access import find_user, token_view, user_view, whose
from tollhouse.admin.budgets import budgets_of
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.views import (
    AttemptView,
    BudgetView,
    ErrorView,
    ForecastView,
    GuardView,
    MeView,
    MyUsageView,
    PayloadView,
    RequestView,
    SpendRow,
    UsageView,
)
from tollhouse.errors import NotFound, Unprocessable
from tollhouse.gateway.identify import Caller
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.store import people
from tollhouse.store import requests as sql
from tollhouse.store import spend as store_spend
from tollhouse.store.engine import Reading
from tollhouse.store.spend import DAY_US
from tollhouse.store.types import from_micros, to_micros

By: TypeAlias = Literal["user", "token", "model", "provider", "tag", "day"]
Content: TypeAlias = Literal["any", "own"]

USAGE_SPAN = timedelta(days=30)
PACE_DAYS = 7


async def show_request(desk: Desk, actor: Actor, request_id: str, content: Content = "any") -> RequestView:
    """One request of anybody's, by our id or the client's own; that an actor saw what another one said is written down.

    Args:
        content: whose words to show; of `own`, those of others are left out, and nothing has to be written.

    Raises:
        NotFound: no such request.
    """
    view = await get_request(desk, request_id)
    is_own = actor.caller is not None and actor.caller.user_id == view.user
    if view.payload is UNSET or is_own:
        return view
    if content == "own":
        return msgspec.structs.replace(view, payload=UNSET)
    await desk.store.write(lambda tx: desk.note(tx, actor, "request.reveal", view.id, user=view.user))
    return view


async def get_request(desk: Desk, request_id: str, user: str | None = None) -> RequestView:
    """One request by our id or the client's own, of this user only when said. Raises NotFound."""
    row, body = await desk.store.read(lambda tx: _with_body(tx, request_id, user))
    if row is None:
        raise NotFound("There is no such request.")
    view = msgspec.structs.replace(request_view(row), has_payload=body is not None)
    if body is None:
        return view
    return msgspec.structs.replace(view, payload=PayloadView(request=body["request"], response=body["response"]))


def _with_body(tx: Reading, request_id: str, user: str | None) -> tuple[Any, Any]:
    row = sql.row(tx, request_id, user_id=user)
    return row, None if row is None else sql.body(tx, row["id"])


async def spend(
    desk: Desk,
    by: str = "user",
    *,
    user: str | None = None,
    workspace: str | None = None,
    since: datetime | None = None,
) -> tuple[SpendRow, ...]:
    """What was spent, dearest first; by day, latest first.

    Args:
        by: `user`, `token`, `model`, `provider`, `tag` or `day` (UTC).
        since: an aware instant, of which the day counts, in UTC; without one, from the beginning.

    Raises:
        Unprocessable, NotFound: no such grouping, no such user or workspace.
    """
    if by not in get_args(By):
        raise Unprocessable(f"`by` is one of {', '.join(get_args(By))}.", param="by")
    if since is not None and since.tzinfo is None:
        raise Unprocessable("`since` needs a time zone: 2026-11-01T00:00:00Z.", param="since")

    def query(tx: Reading) -> tuple[SpendRow, ...]:
        return spend_rows(tx, by, since, **whose(tx, user=user, workspace=workspace))

    return await desk.store.read(query)


async def forecast(desk: Desk, *, user: str | None = None, workspace: str | None = None) -> ForecastView:
    """What this month (UTC) has cost, and what it will come to. Of one user or workspace when said. Raises NotFound."""
    now = desk.clock.now().astimezone(UTC)
    today = to_micros(now) // DAY_US
    days = calendar.monthrange(now.year, now.month)[1]

    def query(tx: Reading) -> tuple[int, int]:
        said = whose(tx, user=user, workspace=workspace)
        spent = store_spend.cost_between(tx, today - now.day + 1, today, **said)
        return spent, store_spend.cost_between(tx, today - PACE_DAYS, today - 1, **said)

    spent, week = await desk.store.read(query)
    pace = week // PACE_DAYS
    return ForecastView(
        month=f"{now:%Y-%m}",
        spent_usd=usd_text(Nanodollars(spent)),
        pace_usd_per_day=usd_text(Nanodollars(pace)),
        forecast_usd=usd_text(Nanodollars(spent + pace * (days - now.day))),
    )


async def me(desk: Desk, caller: Caller) -> MeView:
    """The caller as the gateway knows them: user, token, limits, and every budget that holds for them."""

    def query(tx: Reading) -> MeView:
        user = user_view(find_user(tx, caller.user_id))
        token = people.find_token(tx, caller.token_id)
        return MeView(user=user, token=token_view(token), limits=user.limits, budgets=_budgets(tx, desk, caller))

    return await desk.store.read(query)


async def usage(desk: Desk, caller: Caller) -> MyUsageView:
    """What the caller's user spent in the last thirty days, by day and by model, and what is left."""
    since = desk.clock.now() - USAGE_SPAN

    def query(tx: Reading) -> MyUsageView:
        return MyUsageView(
            since=since,
            days=spend_rows(tx, "day", since, user_id=caller.user_id),
            models=spend_rows(tx, "model", since, user_id=caller.user_id),
            budgets=_budgets(tx, desk, caller),
        )

    return await desk.store.read(query)


def spend_rows(tx: Reading, by: str, since: datetime | None, **whose: str | None) -> tuple[SpendRow, ...]:
    """The rows of a report."""
    since_day = None if since is None else to_micros(since) // DAY_US
    rows = store_spend.report(tx, by, since_day=since_day, **whose)
    return tuple(_spend_row(row, by) for row in rows)


def _spend_row(row: Any, by: str) -> SpendRow:
    match by:
        case "day":
            keys = {"day": f"{from_micros(row['day'] * DAY_US):%Y-%m-%d}"}
        case "model":
            keys = {"provider": row["provider"], "model": row["model"]}
        case _:
            keys = {by: row[by]}
    return SpendRow(
        **keys,
        requests=int(row["requests"]),
        unpriced_requests=int(row["unpriced"]),
        estimated_requests=int(row["estimated"]),
        input_tokens=int(row["input_tokens"]),
        input_cached_tokens=int(row["input_cached_tokens"]),
        output_tokens=int(row["output_tokens"]),
        cost_usd=usd_text(Nanodollars(int(row["cost"]))),
    )


def _budgets(tx: Reading, desk: Desk, caller: Caller) -> tuple[BudgetView, ...]:
    return tuple(view for owner in caller.owners for view in budgets_of(tx, desk, owner))


# --- a row as a view -------------------------------------------------------------------------------------------------


def request_view(row: Any) -> RequestView:
    """A row of the log, for people."""
    return RequestView(
        id=row["id"],
        user=row["user_id"],
        workspace=row["workspace_id"],
        token=row["token_id"],
        surface=row["surface"],
        stream=row["stream"],
        provider=row["provider"],
        model=row["model"],
        asked_model=row["asked_model"],
        credential=row["credential_id"],
        status=row["status"],
        outcome=row["outcome"],
        error=ErrorView(code=row["error_code"], message=row["error_message"]) if row["error_code"] else None,
        finish_reason=row["finish_reason"],
        usage=_usage(row),
        cost_usd=_cost(row),
        cost_status=row["cost_status"],
        response_time_ms=_ms(row["response_time_us"]),
        time_to_first_token_ms=None if row["first_token_us"] is None else _ms(row["first_token_us"]),
        upstream_ms=_ms(row["upstream_us"]),
        ip=row["ip"],
        user_agent=row["user_agent"],
        client_request_id=row["client_request_id"],
        tag=row["tag"],
        run=row["run_id"],
        attempts=_attempts(row),
        cache=row["cache"],
        guards=() if row["guards"] is None else msgspec.json.decode(row["guards"], type=tuple[GuardView, ...]),
        created_at=from_micros(row["created_at"]),
    )


def _usage(row: Any) -> UsageView | None:
    if row["input_tokens"] is None:
        return None
    return UsageView(
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        total_tokens=row["input_tokens"] + row["output_tokens"],
        input_cached_tokens=row["input_cached_tokens"] or 0,
        input_cache_write_tokens=row["input_cache_write_tokens"] or 0,
        output_reasoning_tokens=row["output_reasoning_tokens"] or 0,
    )


def _cost(row: Any) -> str | None:
    if row["input_cost"] is None or row["output_cost"] is None:
        return None
    return usd_text(Nanodollars(row["input_cost"] + row["output_cost"]))


def _attempts(row: Any) -> tuple[AttemptView, ...]:
    """The log of attempts; of a request that succeeded at once none is kept, because the row tells it all."""
    if row["attempt_log"] is not None:
        return msgspec.json.decode(row["attempt_log"], type=tuple[AttemptView, ...])
    if not row["attempts"] or row["provider"] is None:
        return ()
    only = AttemptView(
        number=1,
        provider=row["provider"],
        model=row["model"],
        credential=row["credential_id"],
        hold=f"hold_{row['id'][4:]}.1",
        outcome=row["outcome"],
        provider_status=None,
    )
    return (only,)


def _ms(microseconds: int) -> float:
    return microseconds / 1_000
