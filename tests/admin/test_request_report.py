"""What the request log comes to over a time, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from finished_rows import NOON, log_request
from houses import Person, make_person
from tollhouse.admin import provider_report, request_log, request_report, spend_days
from tollhouse.admin.request_report import RequestsReport, percentile_ms
from tollhouse.app import House
from tollhouse.errors import NotFound, UpstreamDown

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FAILED = {"status": 502, "outcome": "provider_unavailable", "error_code": "provider_unavailable"}


async def log(house: House, who: Person, at: datetime, **ending: Any) -> str:
    return await log_request(house, who, at, is_dated=True, **ending)


async def report(house: House, **asked: Any) -> RequestsReport:
    """Of the hour after noon, in buckets of fifteen minutes."""
    return await request_report.report(house.desk, **({"since": NOON, "until": NOON + HOUR, "bucket": "15m"} | asked))


async def test_requests_are_counted_where_they_came(stored_house: House):
    ada = await make_person(stored_house)
    await log(stored_house, ada, NOON - MINUTE)
    await log(stored_house, ada, NOON, response_time_us=10_000, first_token_us=2_000)
    await log(stored_house, ada, NOON + MINUTE, response_time_us=30_000)
    await log(stored_house, ada, NOON + 2 * MINUTE, response_time_us=20_000)
    await log(stored_house, ada, NOON + 20 * MINUTE, **FAILED, response_time_us=9_000_000)
    unpriced = {"input_cost": None, "output_cost": None, "cost_status": "unpriced"}
    await log(stored_house, ada, NOON + 59 * MINUTE, model="acme-2", **unpriced)
    await log(stored_house, ada, NOON + HOUR)
    found = await report(stored_house)
    assert (found.since, found.until, found.bucket_s, found.sampled) == (NOON, NOON + HOUR, 900, False)
    told = [(it.at, it.succeeded, it.failed, it.cost_usd, it.p50_ms, it.p95_ms) for it in found.buckets]
    assert told == [
        (NOON, 3, 0, "0.0004425", 20.0, 30.0),
        (NOON + 15 * MINUTE, 0, 1, "0.0001475", None, None),
        (NOON + 30 * MINUTE, 0, 0, "0", None, None),
        (NOON + 45 * MINUTE, 1, 0, "0", 1.5, 1.5),
    ]
    totals = found.totals
    assert (totals.requests, totals.failed, totals.unpriced, totals.cost_usd) == (5, 1, 1, "0.00059")
    assert (totals.p50_ms, totals.p95_ms, totals.time_to_first_token_p50_ms) == (10.0, 30.0, 2.0)


async def test_the_commonest_values_come_first(stored_house: House):
    ada = await make_person(stored_house)
    for minute in range(3):
        await log(stored_house, ada, NOON + minute * MINUTE)
    await log(stored_house, ada, NOON + 3 * MINUTE, **FAILED, model="acme-2")
    nowhere = {"provider": None, "model": None, "status": 404, "outcome": "model_not_found"}
    await log(stored_house, ada, NOON + 4 * MINUTE, **nowhere)
    facets = (await report(stored_house)).facets
    assert [(it.value, it.count) for it in facets.status] == [("200", 3), ("404", 1), ("502", 1)]
    assert [(it.value, it.count) for it in facets.model] == [("acme-1", 3), ("acme-2", 1)]
    assert [(it.value, it.count) for it in facets.provider] == [("acme", 4)]
    assert {it.value: it.count for it in facets.outcome} == {
        "succeeded": 3,
        "provider_unavailable": 1,
        "model_not_found": 1,
    }


FILTERS = [
    {"status": 502},
    {"outcome": "provider_unavailable"},
    {"provider": "other"},
    {"model": "acme-2"},
    {"model": "other/acme-2"},
    {"cost_status": "estimated"},
    {"user": "bob"},
    {"failed": True},
    {"tag": "nightly"},
]


@pytest.mark.parametrize("asked", FILTERS, ids=str)
async def test_the_report_counts_what_the_list_shows(stored_house: House, asked: dict[str, Any]):
    ada, bob = await make_person(stored_house, "ada"), await make_person(stored_house, "bob")
    await log(stored_house, ada, NOON)
    other = {"provider": "other", "model": "acme-2", "cost_status": "estimated", "tag": "nightly"}
    odd = await log(stored_house, bob, NOON + MINUTE, **FAILED, **other)
    found = await report(stored_house, **asked)
    listed = await request_log.list_requests(stored_house.desk, since=NOON, until=NOON + HOUR, **asked)
    assert (found.totals.requests, [it.id for it in listed]) == (1, [odd])
    assert [(it.value, it.count) for it in found.facets.token] == [(bob.token_id, 1)]
    assert [(it.value, it.count) for it in found.facets.tag] == [("nightly", 1)]


async def test_the_list_is_of_a_time(stored_house: House):
    ada = await make_person(stored_house)
    made = [await log(stored_house, ada, NOON + minute * MINUTE) for minute in range(4)]
    listed = await request_log.list_requests(stored_house.desk, since=NOON + MINUTE, until=NOON + 3 * MINUTE)
    assert [it.id for it in listed] == [made[2], made[1]]


async def test_a_busy_time_is_read_in_part_and_counted_up(stored_house: House, monkeypatch: pytest.MonkeyPatch):
    ada = await make_person(stored_house)
    for second in range(0, 3600, 3):
        ending = FAILED if second % 30 == 0 else {}
        await log(stored_house, ada, NOON + timedelta(seconds=second), **ending)
    whole = await report(stored_house)
    monkeypatch.setattr(request_report, "ROWS_MOST", 200)
    monkeypatch.setattr(request_report, "PILOT", 8)
    part = await report(stored_house)
    assert (whole.sampled, part.sampled) == (False, True)
    assert (whole.totals.requests, whole.totals.failed) == (1200, 120)
    assert part.totals.requests == pytest.approx(1200, rel=0.2)
    assert part.totals.failed == pytest.approx(120, rel=0.6)
    assert float(part.totals.cost_usd) == pytest.approx(float(whole.totals.cost_usd), rel=0.2)
    assert [it.at for it in part.buckets] == [it.at for it in whole.buckets]
    for bucket in part.buckets:
        assert bucket.succeeded + bucket.failed == pytest.approx(300, rel=0.35)


async def test_an_empty_time_is_told_as_such(stored_house: House):
    found = await report(stored_house)
    assert found.totals == request_report.RequestTotals(
        requests=0,
        failed=0,
        p50_ms=None,
        p95_ms=None,
        time_to_first_token_p50_ms=None,
        cost_usd="0",
        unpriced=0,
    )
    assert len(found.buckets) == 4


async def test_a_report_of_nobody_is_refused(stored_house: House):
    with pytest.raises(NotFound):
        await report(stored_house, user="nobody")


@pytest.mark.parametrize(
    ("times", "share", "expected"),
    [([], 0.5, None), ([1000], 0.95, 1.0), ([1000, 2000], 0.5, 1.0), (list(range(1000, 101_000, 1000)), 0.95, 95.0)],
)
def test_a_percentile_is_a_time_that_was_taken(times: list[int], share: float, expected: float | None):
    assert percentile_ms(times, share) == expected


async def test_spend_is_told_day_by_day(stored_house: House):
    ada = await make_person(stored_house)
    await log(stored_house, ada, NOON)
    await log(stored_house, ada, NOON, model="acme-2", output_cost=10_000_000)
    await log(stored_house, ada, NOON + timedelta(days=1), cost_status="unpriced", input_cost=None, output_cost=None)
    await log(stored_house, ada, NOON - timedelta(days=1))
    found = await spend_days.spend_days(stored_house.desk, "model", since=NOON)
    assert [(row.day, row.key, row.cost_usd, row.requests, row.unpriced) for row in found.rows] == [
        ("2026-11-23", "acme/acme-1", "0", 1, 1),
        ("2026-11-22", "acme/acme-2", "0.0100475", 1, 0),
        ("2026-11-22", "acme/acme-1", "0.0001475", 1, 0),
    ]
    by_user = await spend_days.spend_days(stored_house.desk, "user", since=NOON, user="ada")
    assert [(row.day, row.key, row.requests) for row in by_user.rows] == [
        ("2026-11-23", ada.id, 1),
        ("2026-11-22", ada.id, 2),
    ]


async def test_providers_tell_what_came_of_each_attempt_of_the_last_hour(stored_house: House):
    ada, now = await make_person(stored_house), stored_house.clock.now()
    tried = msgspec.json.encode(
        [{"provider": "groq", "outcome": "provider_unavailable"}, {"provider": "openai", "outcome": "succeeded"}]
    ).decode()
    await log(stored_house, ada, now - 50 * MINUTE, provider="openai", response_time_us=4_000)
    await log(stored_house, ada, now - 40 * MINUTE, provider="openai", attempts=2, attempt_log=tried)
    await log(stored_house, ada, now - 30 * MINUTE, provider="openai", **FAILED)
    await log(stored_house, ada, now - 20 * MINUTE, provider="openai", status=499, outcome="client_left")
    await log(stored_house, ada, now - 90 * MINUTE, provider="openai", **FAILED)
    found = {view.name: view for view in await provider_report.list_providers(stored_house.desk)}
    openai, groq, mistral = found["openai"], found["groq"], found["mistral"]
    assert (openai.attempts, openai.error_share, openai.p95_ms, openai.sampled) == (3, 0.3333, 4.0, False)
    assert (groq.attempts, groq.error_share, groq.p95_ms) == (1, 1.0, None)
    assert (mistral.attempts, mistral.error_share, mistral.last_success_at) == (0, None, None)
    assert openai.last_success_at is not None
    assert abs(openai.last_success_at - (now - 40 * MINUTE)) < timedelta(seconds=1)
    assert openai.last_failure_at is not None
    assert (openai.dialect, openai.base_url, openai.models_listed) == (
        "openai_chat",
        "https://api.openai.com/v1",
        "open",
    )
    assert found["demo"].models == tuple(sorted(found["demo"].models)) != ()


async def test_a_provider_whose_way_is_closed_off_says_so(stored_house: House):
    breaker = stored_house.desk.calling.standing.breaker
    now_s = stored_house.clock.monotonic()
    for _ in range(30):
        breaker.failed(("openai", "gpt-4.1", None), UpstreamDown("no answer"), now_s, 0.5)
    found = {view.name: view.breaker for view in await provider_report.list_providers(stored_house.desk)}
    assert (found["openai"], found["groq"]) == ("open", "closed")
