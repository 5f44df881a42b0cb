"""/api/requests, /api/reports, /api/routes, /api/prices, and what of it is the caller's own under /api/me."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request, Response

from tollhouse.admin import catalog, reports, request_log, request_report, spend_days
from tollhouse.admin.request_log import NewRequestsView
from tollhouse.admin.request_report import RequestsReport
from tollhouse.admin.spend_days import SpendDays
from tollhouse.admin.views import (
    ExplainedView,
    ForecastView,
    Listing,
    MeView,
    MyUsageView,
    PriceView,
    RefreshedView,
    RequestView,
    RouteView,
    SpendRow,
    listing,
)
from tollhouse.api.management import bodies, csv
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN, Scope

OWN: Final[Scope] = "usage:read"

table = Table("reports")


@table.get("/api/requests", scope=ADMIN)
async def list_requests(here: Here, asked: Annotated[bodies.RequestsAsked, Query()]) -> Listing[RequestView]:
    """A page of the request log, newest first.

    A page that has looked at enough of the log ends there: it may have fewer requests than `limit`, or none, and go on
    (`has_more`) `after` its `last_id`.
    """
    return await request_log.list_requests(
        here.desk, asked.page, user=asked.user, workspace=asked.workspace, **asked.said
    )


@table.get("/api/requests/{request}", scope=ADMIN)
async def get_request(here: Here, request: str, asked: Annotated[bodies.RequestAsked, Query()]) -> RequestView:
    """One request, by its id or by the id its client gave it."""
    return await reports.show_request(here.desk, here.actor, request, asked.content)


@table.get("/api/reports/requests", scope=ADMIN)
async def report_requests(here: Here, asked: Annotated[bodies.ReportAsked, Query()]) -> RequestsReport:
    """What the request log comes to over a time, the last day unless said: counts, times and costs by bucket, and the
    commonest values. A busy time is `sampled`: a part is read, evenly spread, and counted up."""
    return await request_report.report(
        here.desk, user=asked.user, workspace=asked.workspace, bucket=asked.bucket, **asked.said
    )


@table.get("/api/me/reports/requests", scope=OWN)
async def report_my_requests(here: Here, asked: Annotated[bodies.MyReportAsked, Query()]) -> RequestsReport:
    """What your requests come to over a time, as `/api/reports/requests` tells it of all."""
    return await request_report.report(here.desk, user=here.caller.user_id, bucket=asked.bucket, **asked.said)


@table.get("/api/reports/new-requests", scope=ADMIN)
async def report_new_requests(here: Here, asked: Annotated[bodies.NewsAsked, Query()]) -> NewRequestsView:
    """How many requests like that are newer than the newest that was seen: for who shows a list that holds still."""
    return await request_log.count_new(
        here.desk, asked.newer_than, user=asked.user, workspace=asked.workspace, **asked.said
    )


@table.get("/api/me/reports/new-requests", scope=OWN)
async def report_my_new_requests(here: Here, asked: Annotated[bodies.MyNewsAsked, Query()]) -> NewRequestsView:
    """How many of your requests are newer than the newest that you have seen."""
    return await request_log.count_new(here.desk, asked.newer_than, user=here.caller.user_id, **asked.said)


@table.get("/api/reports/spend", scope=ADMIN)
async def report_spend(
    here: Here, asked: Annotated[bodies.SpendAsked, Query()], http: Request
) -> Listing[SpendRow] | SpendDays | Response:
    """What was spent by user, token, model, provider, tag or day (UTC). As CSV with `Accept: text/csv`; day by day with
    `bucket=day`."""
    said = asked.model_dump(include={"user", "workspace", "since"})
    if asked.bucket is not None:
        return await spend_days.spend_days(here.desk, asked.by, **said)
    rows = await reports.spend(here.desk, asked.by, **said)
    if csv.is_wanted(http.headers.get("accept", "")):
        return csv.response(rows)
    return listing(rows)


@table.get("/api/reports/forecast", scope=ADMIN)
async def report_forecast(here: Here, asked: Annotated[bodies.ForecastAsked, Query()]) -> ForecastView:
    """What this month has cost, and what it will come to at the pace of the last seven days; of one user or workspace
    when said."""
    return await reports.forecast(here.desk, user=asked.user, workspace=asked.workspace)


@table.get("/api/routes", scope=ADMIN)
async def list_routes(here: Here) -> Listing[RouteView]:
    """The aliases, by name."""
    return await catalog.list_routes(here.desk)


@table.get("/api/routes/explain", scope=ADMIN)
async def explain_route(here: Here, asked: Annotated[bodies.ExplainAsked, Query()]) -> ExplainedView:
    """Who would answer a request for a model, of you or of a user, and at what price."""
    return await catalog.explain(here.desk, asked.user or here.caller, asked.model)


@table.get("/api/prices", scope=ADMIN)
async def list_prices(here: Here) -> Listing[PriceView]:
    """The prices in force, as far as they were needed."""
    return await catalog.list_prices(here.desk)


@table.post("/api/prices/refresh", scope=ADMIN)
async def refresh_prices(here: Here) -> RefreshedView:
    """Import published prices anew."""
    return await catalog.refresh_prices(here.desk, here.actor)


@table.get("/api/me", scope=OWN)
async def get_me(here: Here) -> MeView:
    """You: your limits, and every budget that holds for you."""
    return await reports.me(here.desk, here.caller)


@table.get("/api/me/usage", scope=OWN)
async def get_my_usage(here: Here) -> MyUsageView:
    """What you spent in the last thirty days, by day and by model."""
    return await reports.usage(here.desk, here.caller)


@table.get("/api/me/requests", scope=OWN)
async def list_my_requests(here: Here, asked: Annotated[bodies.MyRequestsAsked, Query()]) -> Listing[RequestView]:
    """A page of your requests, newest first; it may end before its `limit`, as one of `/api/requests` may."""
    return await request_log.list_requests(here.desk, asked.page, user=here.caller.user_id, **asked.said)


@table.get("/api/me/requests/{request}", scope=OWN)
async def get_my_request(here: Here, request: str) -> RequestView:
    """One of your requests, by its id or by the id its client gave it."""
    return await reports.get_request(here.desk, request, here.caller.user_id)
