"""The request log and what it adds up to, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from finished_rows import NOON, log_request
from houses import make_person
from tollhouse.admin import catalog, reports, request_log
from tollhouse.app import House
from tollhouse.errors import ModelNotFound, NoCredential, NotFound, Unprocessable
from tollhouse.store.paging import Page
from tollhouse.testing import ManualClock


async def test_a_request_is_shown_with_what_it_used_cost_and_took(stored_house: House):
    ada = await make_person(stored_house)
    made = await log_request(stored_house, ada)
    view = await reports.get_request(stored_house.desk, made)
    assert (view.user, view.token, view.asked_model, view.model) == (ada.id, ada.token_id, "smart", "acme-1")
    assert (view.cost_usd, view.cost_status, view.response_time_ms) == ("0.0001475", "exact", 1.5)
    assert view.usage is not None
    assert view.usage.total_tokens == 29
    assert [(it.number, it.provider, it.outcome) for it in view.attempts] == [(1, "acme", "succeeded")]
    assert (view.error, view.created_at) == (None, NOON)


async def test_a_request_that_never_reached_a_provider_has_no_cost_and_no_attempt(stored_house: House):
    ada = await make_person(stored_house)
    nothing = dict.fromkeys(("provider", "model", "input_tokens", "output_tokens", "input_cost", "output_cost"))
    failed = {"status": 404, "outcome": "model_not_found", "error_code": "model_not_found", "error_message": "No."}
    made = await log_request(stored_house, ada, **nothing, **failed, cost_status=None, attempts=0)
    view = await reports.get_request(stored_house.desk, made)
    assert (view.usage, view.cost_usd, view.attempts) == (None, None, ())
    assert view.error == reports.ErrorView(code="model_not_found", message="No.")


async def test_a_request_is_found_by_the_id_its_client_gave(stored_house: House):
    ada = await make_person(stored_house)
    made = await log_request(stored_house, ada, client_request_id="mine-1")
    assert (await reports.get_request(stored_house.desk, "mine-1", ada.id)).id == made


async def test_anothers_request_is_as_good_as_none(stored_house: House):
    ada, bob = await make_person(stored_house, "ada"), await make_person(stored_house, "bob")
    made = await log_request(stored_house, ada, client_request_id="mine-1")
    messages = set()
    for wanted in (made, "mine-1", "req_nowhere"):
        with pytest.raises(NotFound) as refused:
            await reports.get_request(stored_house.desk, wanted, bob.id)
        messages.add(refused.value.message)
    assert len(messages) == 1


async def test_the_log_is_paged_newest_first_and_by_user(stored_house: House):
    ada, bob = await make_person(stored_house, "ada"), await make_person(stored_house, "bob")
    made = [await log_request(stored_house, ada) for _ in range(3)]
    await log_request(stored_house, bob)
    first = await request_log.list_requests(stored_house.desk, Page(limit=2), user=ada.id)
    assert ([it.id for it in first], first.has_more) == ([made[2], made[1]], True)
    second = await request_log.list_requests(stored_house.desk, Page(limit=2, after=first.last_id), user=ada.id)
    assert ([it.id for it in second], second.has_more) == ([made[0]], False)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("model", [("acme-2", 1, "0.5"), ("acme-1", 2, "0.000295")]),
        ("provider", [("acme", 3, "0.500295")]),
        ("day", [("2026-11-23", 1, "0.5"), ("2026-11-22", 2, "0.000295")]),
        ("tag", [("search", 1, "0.5")]),
    ],
)
async def test_spend_adds_up_exactly(stored_house: House, by: str, expected: list[tuple[str, int, str]]):
    ada = await make_person(stored_house)
    await log_request(stored_house, ada)
    await log_request(stored_house, ada, NOON.replace(hour=23, minute=59, second=59))
    dear = {"model": "acme-2", "input_cost": 0, "output_cost": 500_000_000, "tag": "search"}
    await log_request(stored_house, ada, NOON.replace(day=23, hour=0), **dear)
    rows = await reports.spend(stored_house.desk, by)
    assert [(getattr(row, by), row.requests, row.cost_usd) for row in rows] == expected


async def test_spend_is_told_by_user_and_token_and_counts_what_has_no_price(stored_house: House):
    ada, bob = await make_person(stored_house, "ada"), await make_person(stored_house, "bob")
    await log_request(stored_house, ada, input_cost=None, output_cost=None, cost_status="unpriced")
    await log_request(stored_house, bob)
    by_user = {
        row.user: (row.cost_usd, row.unpriced_requests) for row in await reports.spend(stored_house.desk, "user")
    }
    assert by_user == {ada.id: ("0", 1), bob.id: ("0.0001475", 0)}
    (only,) = await reports.spend(stored_house.desk, "token", user=ada.id)
    assert only.token == ada.token_id
    assert await reports.spend(stored_house.desk, since=NOON.replace(day=23)) == ()


async def test_a_month_is_forecast_at_the_pace_of_the_last_seven_days(open_a_house: Callable[..., Any]):
    house: House = await open_a_house(clock=ManualClock(datetime(2026, 11, 20, 12, tzinfo=UTC)))
    ada, bob = await make_person(house, "ada"), await make_person(house, "bob")
    dollar = {"input_cost": 0, "output_cost": 1_000_000_000}
    for day in (1, 13, 14, 19, 20):
        await log_request(house, ada, NOON.replace(day=day), **dollar)
    await log_request(house, bob, NOON.replace(day=19), **dollar)
    view = await reports.forecast(house.desk, user="ada")
    # Of the seven days from the 13th to the 19th three had a dollar each; ten days are left.
    assert (view.month, view.spent_usd, view.pace_usd_per_day) == ("2026-11", "5", "0.428571428")
    assert view.forecast_usd == "9.28571428"
    assert (await reports.forecast(house.desk)).spent_usd == "6"


async def test_spend_by_what_there_is_not_is_refused(house: House):
    with pytest.raises(Unprocessable):
        await reports.spend(house.desk, "planet")
    with pytest.raises(Unprocessable):
        await reports.spend(house.desk, since=datetime(2026, 11, 1))  # noqa: DTZ001
    with pytest.raises(NotFound):
        await reports.spend(house.desk, user="nobody")


async def test_a_route_is_explained_by_who_would_answer_and_why(house: House):
    ada = await make_person(house)
    explained = await catalog.explain(house.desk, ada.id, "demo/echo")
    (only,) = explained.candidates
    assert (only.provider, only.model, only.why) == ("demo", "echo", "demo needs no key")
    assert only.price.input_usd_per_million == "0"
    with pytest.raises(NoCredential):
        await catalog.explain(house.desk, ada.id, "openai/gpt-4.1")
    with pytest.raises(ModelNotFound):
        await catalog.explain(house.desk, ada.id, "demo/ecko")
