"""The request log is looked through a page at a time, on both databases, and no page looks at all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from finished_rows import NOON, log_request
from houses import Person, make_person
from tollhouse.admin import request_log
from tollhouse.app import House
from tollhouse.errors import NotFound
from tollhouse.store import request_log as store_log
from tollhouse.store.engine import Reading
from tollhouse.store.paging import Page

SECOND = timedelta(seconds=1)
MOST = 3

FILTERS: list[dict[str, Any]] = [
    {},
    {"user": "ada"},
    {"token": "ada"},
    {"token": "ada", "outcome": "provider_unavailable"},
    {"user": "bob", "token": "bob"},
    {"tag": "nightly"},
    {"tag": "nightly", "model": "acme-2"},
    {"tag": "nothing"},
    {"failed": True},
    {"failed": False},
    {"failed": True, "outcome": "client_left"},
    {"failed": True, "outcome": "succeeded"},
    {"failed": True, "user": "bob", "model": "acme-2"},
    {"outcome": "client_left"},
    {"outcome": "client_left", "model": "acme-2"},
    {"outcome": "nothing"},
    {"status": 502},
    {"status": 502, "outcome": "provider_unavailable"},
    {"model": "acme-2"},
    {"model": "nothing"},
    {"since": NOON + 9 * SECOND, "until": NOON + 21 * SECOND, "model": "acme-2"},
    {"since": NOON + 9 * SECOND, "until": NOON + 21 * SECOND, "tag": "nightly"},
]
ENDINGS: list[dict[str, Any]] = [
    {},
    {"status": 502, "outcome": "provider_unavailable"},
    {"status": 200, "outcome": "client_left"},
]


@pytest.fixture
def looking_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROWS_MOST", "FOUND_MOST"):
        monkeypatch.setattr(store_log, name, MOST)
    monkeypatch.setattr(store_log, "ENTRIES_MOST", 2 * MOST)


@pytest.fixture
async def logged(stored_house: House) -> dict[str, Person]:
    people = {name: await make_person(stored_house, name) for name in ("ada", "bob")}
    chance = Random(7)
    for second in range(40):
        row = {**chance.choice(ENDINGS), "model": chance.choice(("acme-1", "acme-2"))}
        tag = chance.choice((None, None, "nightly"))
        who = people[chance.choice(("ada", "bob"))]
        await log_request(stored_house, who, NOON + second * SECOND, is_dated=True, tag=tag, **row)
    return people


def like(asked: dict[str, Any], people: dict[str, Person]) -> Callable[[Any], bool]:
    """The filters once more, in so many words, of a row as people see it."""

    def is_like(row: Any) -> bool:
        told = {
            "user": row.user == people[asked.get("user", "ada")].id,
            "token": row.token == people[asked.get("token", "ada")].token_id,
            "failed": (row.outcome != "succeeded") == asked.get("failed"),
            "since": row.created_at >= asked.get("since", NOON),
            "until": row.created_at < asked.get("until", NOON),
        }
        return all(told[name] if name in told else getattr(row, name) == value for name, value in asked.items())

    return is_like


@pytest.mark.usefixtures("looking_at_few")
@pytest.mark.parametrize("asked", FILTERS, ids=str)
async def test_pages_that_look_at_few_rows_come_to_all_that_match(
    stored_house: House, logged: dict[str, Person], asked: dict[str, Any]
):
    everything = (await request_log.list_requests(stored_house.desk, Page(limit=100))).data
    wanted = [row.id for row in everything if like(asked, logged)(row)]
    said = asked | ({"token": logged[asked["token"]].token_id} if "token" in asked else {})

    forward, page, more = [], Page(limit=2), True
    while more:
        part = await request_log.list_requests(stored_house.desk, page, **said)
        forward += [row.id for row in part]
        assert len(part) <= 2
        more, page = part.has_more, Page(limit=2, after=part.last_id)
    assert forward == wanted

    back, page, more = [], Page(limit=2, before="req_"), True
    while more:
        part = await request_log.list_requests(stored_house.desk, page, **said)
        back[:0] = [row.id for row in part]
        more, page = part.has_more, Page(limit=2, before=part.first_id)
    assert back == wanted

    found = await request_log.find_requests(stored_house.desk, 5, **said)
    assert ([row.id for row in found], len(wanted) > 5) == (wanted[:5], found.has_more or len(wanted) > 5)


@pytest.mark.usefixtures("looking_at_few")
async def test_a_page_that_found_nothing_says_how_far_it_has_looked(stored_house: House, logged: dict[str, Person]):
    everything = (await request_log.list_requests(stored_house.desk, Page(limit=100))).data
    page = await request_log.list_requests(stored_house.desk, model="nothing")
    assert (page.data, page.last_id, page.has_more) == ((), everything[MOST - 1].id, True)
    page = await request_log.list_requests(stored_house.desk, Page(before=everything[-1].id), model="nothing")
    assert (page.data, page.first_id, page.has_more) == ((), everything[-1 - MOST].id, True)


@pytest.mark.parametrize("asked", FILTERS, ids=str)
async def test_a_page_costs_the_same_in_a_longer_log(
    house: House, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    """SQLite counts its own steps: a plan that reads all there is takes many times more of them."""
    for name in ("ROWS_MOST", "FOUND_MOST", "ENTRIES_MOST"):
        monkeypatch.setattr(store_log, name, 20)
    people = {name: await make_person(house, name) for name in ("ada", "bob")}
    said = asked | ({"token": people[asked["token"]].token_id} if "token" in asked else {})
    made = []
    for number in range(900):
        ending = {**ENDINGS[number % 3], "model": "acme-2" if number == 0 else "acme-1"}
        when = NOON + number * SECOND / 30
        who = people[("ada", "bob")[number % 2]]
        made.append(await log_request(house, who, when, is_dated=True, tag=("nightly", None)[number % 2], **ending))

    async def steps(page: Page) -> int:
        def looked(tx: Reading) -> int:
            filters = request_log.named(tx, **said)
            return counted(tx, lambda: store_log.look(tx, page, **filters))

        return await house.store.read(looked)

    last = await steps(Page(limit=10, after=made[100]))
    first, middle = await steps(Page(limit=10)), await steps(Page(limit=10, after=made[500]))
    assert max(first, middle) < 1.5 * last + 500


def counted(tx: Reading, work: Callable[[], object]) -> int:
    """How many steps of its machine SQLite takes for some statements."""
    connection: Any = cast(Connection, tx).connection.driver_connection
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 10
        return 0

    connection.set_progress_handler(step, 10)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 0)
    return taken


async def test_new_requests_are_counted_up_to_a_number(stored_house: House, monkeypatch: pytest.MonkeyPatch):
    ada, bob = await make_person(stored_house, "ada"), await make_person(stored_house, "bob")
    seen = await log_request(stored_house, ada)
    for who in (ada, bob, ada):
        await log_request(stored_house, who)

    async def new(newer_than: str | None, **asked: Any) -> tuple[int, bool]:
        view = await request_log.count_new(stored_house.desk, newer_than, **asked)
        return view.requests, view.has_more

    assert await new(None) == (4, False)
    assert await new(seen) == (3, False)
    assert await new(seen, user="ada") == (2, False)
    assert await new(seen, model="nothing") == (0, False)
    monkeypatch.setattr(request_log, "NEW_MOST", 2)
    assert await new(seen) == (2, True)


async def test_a_token_is_found_by_whose_it_is_and_never_said_again(stored_house: House):
    ada, bob = await make_person(stored_house, "ada"), await make_person(stored_house, "bob")
    made = await log_request(stored_house, ada)
    await log_request(stored_house, bob)
    (found,) = await request_log.list_requests(stored_house.desk, token=ada.token_id)
    assert found.id == made
    for asked in ({"token": ada.token}, {"token": "tok_none"}, {"token": ada.token_id, "user": bob.id}):
        with pytest.raises(NotFound) as refused:
            await request_log.list_requests(stored_house.desk, **asked)
        assert asked["token"] not in refused.value.message
