"""What the rounds of a process leave in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from structlog.testing import capture_logs

from houses import Person, acme_toml, make_person, served
from tollhouse.admin import budgets, credentials, reports
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.housekeeping import Housekeeping, Retention
from tollhouse.app import House
from tollhouse.held import Held
from tollhouse.money.verify import Checked, differences
from tollhouse.store import requests
from tollhouse.store.paging import Page
from tollhouse.testing import ManualClock, WireProvider, answer, status

COUNT_BODIES = text("SELECT count(*) FROM request_body")
FOR_EVER = Retention(max_age_days=None, max_rows=None, max_bodies_bytes=None)


def rounds_of(house: House, retention: Retention = FOR_EVER) -> Housekeeping:
    return Housekeeping(
        store=house.store,
        ledger=house.ledger,
        clock=house.clock,
        boot_id=house.boot_id,
        kind="web",
        identify=house.steps.identify,
        keys=house.keys,
        watch=house.watch,
        metrics=house.metrics,
        shelf=house.desk.shelf,
        retention=Held(retention),
        in_force=house.in_force,
    )


async def ask(house: House, person: Person, model: str = "demo/echo", words: str = "Hello") -> int:
    async with served(house) as url, AsyncClient() as client:
        asked = {"model": model, "messages": [{"role": "user", "content": words}]}
        response = await client.post(
            f"{url}/v1/chat/completions", json=asked, headers={"Authorization": f"Bearer {person.token}"}
        )
        return response.status_code


async def until_bodies_are_kept(house: House, count: int) -> None:
    """They are redacted in a thread, and written a moment after their row."""
    async with asyncio.timeout(30):
        while await house.store.read(lambda tx: tx.execute(COUNT_BODIES).scalar_one()) < count:
            await asyncio.sleep(0.01)


async def rows(house: House) -> list[object]:
    return await house.store.read(lambda tx: requests.rows(tx, Page(limit=100)))


@pytest.mark.parametrize(
    ("provider_says", "expected"), [(answer(text="ok"), None), (status(401), "provider_auth_failed")]
)
async def test_credentials_remember_that_they_worked_or_how_they_failed(
    open_a_house: Callable[..., object], provider_says: object, expected: str | None
) -> None:
    async with WireProvider() as provider:
        provider.always(provider_says)
        house = await open_a_house(toml=acme_toml(provider.base_url))
        person = await make_person(house)
        made = await credentials.add_credential(
            house.desk, COMMAND_LINE, person.id, provider="acme", api_key="sk-0123456789abcdef"
        )
        await ask(house, person, "acme/acme-1")
        await rounds_of(house).note_use()
        after = await credentials.get_credential(house.desk, made.id)
    assert after.last_error == expected
    assert (after.last_used_at is not None) == (expected is None)


async def test_rows_older_than_wanted_are_forgotten_and_the_ledger_is_not(open_a_house: Callable[..., object]) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    house = await open_a_house(clock=clock)
    person = await make_person(house)
    assert await ask(house, person) == 200
    clock.advance(days=10)
    assert await ask(house, person) == 200
    await rounds_of(house, Retention(max_age_days=5, max_rows=None, max_bodies_bytes=None)).retain()
    assert len(await rows(house)) == 1
    assert await entries_of(house) == 4


async def test_old_entries_of_the_ledger_are_carried_forward_and_no_report_says_otherwise(
    open_a_house: Callable[..., object], database_url: str
) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    house = await open_a_house(clock=clock, database_url=database_url)
    person = await make_person(house)
    budget = {"owner_kind": "user", "owner_id": person.id, "unit": "tokens"}
    for window in ("total", "month"):
        await budgets.set_budget(house.desk, COMMAND_LINE, window=window, limit=10_000, **budget)
    assert [await ask(house, person) for _ in range(3)] == [200] * 3
    clock.advance(days=10)
    assert await ask(house, person) == 200
    rounds = rounds_of(house, Retention(max_age_days=5, max_ledger_days=8))

    async def told() -> tuple[object, ...]:
        spent = await reports.spend(house.desk, since=datetime(2026, 1, 1, tzinfo=UTC), by="day")
        listed = await budgets.list_budgets(house.desk, person.id)
        found = await house.store.read(lambda tx: [*differences(tx, clock.now(), Checked())])
        return spent, list(listed), found

    await rounds.carry_forward()
    assert await entries_of(house) == 8
    await rounds.retain()
    before = await told()
    await rounds.carry_forward()
    assert await entries_of(house) == 2
    assert await told() == before
    assert before[-1] == []
    assert await ask(house, person) == 200
    assert (await told())[-1] == []


async def test_a_ledger_that_has_drifted_is_left_as_it_is_and_that_is_told_once(
    open_a_house: Callable[..., object],
) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    house = await open_a_house(clock=clock)
    person = await make_person(house)
    assert await ask(house, person) == 200
    clock.advance(days=10)
    assert await ask(house, person) == 200
    await house.store.write(lambda tx: tx.execute(text("UPDATE hold SET state = 'voided'")))
    rounds = rounds_of(house, Retention(max_age_days=5, max_ledger_days=8))
    await rounds.retain()
    with capture_logs() as told:
        await rounds.carry_forward()
        await rounds.carry_forward()
    assert [line["event"] for line in told] == ["ledger.drifted"]
    assert await entries_of(house) == 4


async def entries_of(house: House) -> int:
    return await house.store.read(lambda tx: tx.execute(text("SELECT count(*) FROM ledger_entry")).scalar_one())


async def test_rows_beyond_the_number_wanted_are_forgotten_oldest_first(open_a_house: Callable[..., object]) -> None:
    house = await open_a_house()
    person = await make_person(house)
    for _ in range(3):
        await ask(house, person)
    newest = (await rows(house))[0]["id"]
    await rounds_of(house, Retention(max_age_days=None, max_rows=1, max_bodies_bytes=None)).retain()
    assert [row["id"] for row in await rows(house)] == [newest]


async def test_bodies_beyond_the_size_wanted_are_forgotten_and_their_rows_stay(
    open_a_house: Callable[..., object],
) -> None:
    house = await open_a_house(toml="[requests]\nbodies = true\n")
    person = await make_person(house)
    for _ in range(3):
        await ask(house, person)
    await until_bodies_are_kept(house, 3)
    kept = await house.store.read(requests.bodies_size_bytes)
    await rounds_of(house, Retention(max_age_days=None, max_rows=None, max_bodies_bytes=kept // 2)).retain()
    assert 0 < await house.store.read(requests.bodies_size_bytes) <= kept // 2
    assert len(await rows(house)) == 3


async def test_bodies_are_kept_without_the_secrets_in_them(open_a_house: Callable[..., object]) -> None:
    house = await open_a_house(toml="[requests]\nbodies = true\n")
    person = await make_person(house)
    await ask(house, person, words="My key is sk-proj-4f9a1c7e2b8d60354f9a1c7e, keep it. Good day!")
    await until_bodies_are_kept(house, 1)
    (row,) = await rows(house)
    kept = (await reports.get_request(house.desk, row["id"])).payload
    assert "Good day!" in kept.request
    assert "Good day!" in kept.response
    assert "4f9a1c7e2b8d6035" not in kept.request + kept.response


async def test_a_step_that_fails_does_not_keep_the_others_from_their_work(open_a_house: Callable[..., object]) -> None:
    house = await open_a_house()
    person = await make_person(house)
    await ask(house, person)
    await house.store.write(lambda tx: tx.execute(text("ALTER TABLE process RENAME TO hidden")))
    await rounds_of(house).go_round()
    await house.store.write(lambda tx: tx.execute(text("ALTER TABLE hidden RENAME TO process")))
    used = await house.store.read(lambda tx: tx.execute(text("SELECT max(last_used_at) FROM token")).scalar_one())
    assert used is not None
