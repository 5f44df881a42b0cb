"""Budgets and holds for people, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from houses import make_person
from tollhouse import ids
from tollhouse.admin import access, budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.views import BudgetView
from tollhouse.app import House
from tollhouse.errors import BudgetExhausted, Conflict, NotFound, TollhouseError
from tollhouse.money.budgets import Ask
from tollhouse.money.ledger import Correction, NewHold, Resolution
from tollhouse.money.prices import Price
from tollhouse.money.verify import Checked, differences
from tollhouse.store.tables import audit
from tollhouse.testing import ManualClock


async def set_usd(house: House, owner: str, limit: Any = "5.00", **more: Any) -> BudgetView:
    said = {"owner_kind": "user", "unit": "usd", "window": "day", **more}
    return await budgets.set_budget(house.desk, COMMAND_LINE, owner_id=owner, limit=limit, **said)


async def hold(house: House, owner: str, price: Price) -> str:
    """A hold of 1,000 tokens of output."""
    new = NewHold(
        id=ids.new("hold"),
        request_id=ids.new("req"),
        boot_id=house.boot_id,
        provider="acme",
        model="acme-1",
        price_version="test",
        deadline=2**51,
        skeleton="{}",
        ask=Ask(
            owners=(owner,),
            models=frozenset({"acme/acme-1"}),
            price=price,
            input_bound=0,
            input_estimate=0,
            cap=1_000,
        ),
    )
    return (await house.ledger.hold(new)).id


# A thousand tokens of output are one dollar.
PRICE = Price(input=0, output=10**12, version="test")


@pytest.mark.parametrize("limit", ["0.000000001", "5.00", "9223372036.854775807", 7, Decimal("1.5")])
async def test_a_limit_in_dollars_is_exact(stored_house: House, limit: Any):
    ada = await make_person(stored_house)
    budget = await set_usd(stored_house, ada.id, limit)
    assert Decimal(budget.limit) == Decimal(limit)
    assert budget.available == budget.limit
    assert (budget.mode, budget.exceeded) == ("strict", False)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("limit", {"limit": "-1"}),
        ("limit", {"limit": "1e3"}),
        ("limit", {"limit": "NaN"}),
        ("limit", {"limit": "0.0000000001"}),
        ("limit", {"limit": "9" * 400}),
        ("limit", {"limit": 0.1}),
        ("limit", {"limit": True}),
        ("limit", {"limit": None}),
        ("limit", {"unit": "tokens", "limit": 0}),
        ("limit", {"unit": "tokens", "limit": "1.5"}),
        ("limit", {"unit": "requests", "limit": 10**16}),
        ("limit", {"unit": "requests", "limit": "٣"}),
        ("unit", {"unit": "euro"}),
        ("window", {"window": "week"}),
        ("mode", {"mode": "lenient"}),
        ("model", {"model": ""}),
        ("alert_at", {"alert_at": [0.5, 2]}),
        ("alert_at", {"alert_at": [0.5] * 11}),
        ("min_output_tokens", {"min_output_tokens": 0}),
        ("owner", {"owner_kind": "planet"}),
    ],
)
async def test_what_cannot_be_a_budget_is_refused_by_field(house: House, field: str, said: dict[str, Any]):
    ada = await make_person(house)
    with pytest.raises(TollhouseError) as refused:
        await set_usd(house, ada.id, **{"limit": "1", **said})
    assert (refused.value.status, refused.value.param) == (422, field)
    assert len(await budgets.list_budgets(house.desk)) == 0


@pytest.mark.parametrize("kind", ["user", "workspace", "token"])
async def test_a_budget_without_its_owner_is_refused_by_name(stored_house: House, kind: str):
    with pytest.raises(NotFound) as refused:
        await set_usd(stored_house, "nobody", owner_kind=kind)
    assert refused.value.param == f"owner.{kind}"
    assert kind in refused.value.message


async def test_each_kind_of_owner_has_budgets_in_its_time_zone(stored_house: House):
    desk = stored_house.desk
    await access.create_workspace(desk, COMMAND_LINE, "lab", "Asia/Kathmandu")
    user = await access.create_user(
        desk, COMMAND_LINE, name="Ada", workspace="lab", time_zone="Asia/Tokyo", without_limits=True
    )
    token = await access.create_token(desk, COMMAND_LINE, user.id, name="t")
    zones = {
        kind: (await set_usd(stored_house, owner, owner_kind=kind)).time_zone
        for kind, owner in {"user": user.id, "token": token.id, "workspace": user.workspace}.items()
    }
    assert zones == {"user": "Asia/Tokyo", "token": "Asia/Tokyo", "workspace": "Asia/Kathmandu"}
    assert [budget.owner for budget in await budgets.list_budgets(desk, token.id)] == [{"token": token.id}]


@pytest.mark.parametrize(
    ("zone", "edge"),
    [
        # A day of 23 hours, and a day that begins at a quarter past.
        ("Europe/Berlin", "2026-03-29T22:00:00Z"),
        ("Asia/Kathmandu", "2026-06-01T18:15:00Z"),
        ("Australia/Adelaide", "2026-10-04T13:30:00Z"),
    ],
)
async def test_a_workspaces_day_ends_by_its_own_calendar(
    database_url: str, open_a_house: Callable[..., Any], zone: str, edge: str
):
    begins = datetime.fromisoformat(edge).astimezone(UTC)
    clock = ManualClock(begins - timedelta(microseconds=1))
    house = await open_a_house(database_url=database_url, clock=clock)
    lab = await access.create_workspace(house.desk, COMMAND_LINE, "lab", zone)
    made = await set_usd(house, lab.id, "1", owner_kind="workspace")
    assert made.resets_at == begins
    held = await hold(house, lab.id, PRICE)
    with pytest.raises(BudgetExhausted):
        await hold(house, lab.id, PRICE)
    clock.set(begins)
    await hold(house, lab.id, PRICE)
    await house.ledger.resolved(Resolution(hold_id=held, deed="settle", usd=10**9))
    today = await budgets.get_budget(house.desk, made.id)
    assert (today.period, today.open, today.posted) == (edge[:8] + f"{int(edge[8:10]) + 1:02}", "1", "0")


async def test_a_workspace_that_moves_goes_on_in_the_period_of_its_new_calendar(
    database_url: str, open_a_house: Callable[..., Any]
):
    clock = ManualClock(datetime(2026, 6, 1, 12, tzinfo=UTC))
    house = await open_a_house(database_url=database_url, clock=clock)
    lab = await access.create_workspace(house.desk, COMMAND_LINE, "lab")
    made = await set_usd(house, lab.id, "1", owner_kind="workspace")
    held = await hold(house, lab.id, PRICE)
    # For Kathmandu it is the same day, for Kiritimati the next.
    await access.change_workspace(house.desk, COMMAND_LINE, "lab", time_zone="Asia/Kathmandu")
    with pytest.raises(BudgetExhausted):
        await hold(house, lab.id, PRICE)
    await access.change_workspace(house.desk, COMMAND_LINE, "lab", time_zone="Pacific/Kiritimati")
    tomorrow = await hold(house, lab.id, PRICE)
    await house.ledger.resolved(Resolution(hold_id=held, deed="settle", usd=10**9))
    assert (await budgets.get_budget(house.desk, made.id)).open == "1"
    await access.change_workspace(house.desk, COMMAND_LINE, "lab", time_zone="Asia/Kathmandu")
    assert (await budgets.get_budget(house.desk, made.id)).posted == "1"
    await house.ledger.resolved(Resolution(hold_id=tomorrow, deed="void"))
    found = await house.store.read(lambda tx: [*differences(tx, clock.now(), Checked())])
    assert found == []


async def test_setting_a_budget_again_replaces_it_and_remembers_what_was_spent(stored_house: House):
    ada = await make_person(stored_house)
    first = await set_usd(stored_house, ada.id, "5")
    held = await hold(stored_house, ada.id, PRICE)
    await stored_house.ledger.resolved(Resolution(hold_id=held, deed="settle", usd=10**9, tokens=1_000))
    second = await set_usd(stored_house, ada.id, "3", mode="warn")
    assert (second.id, second.posted, second.available, second.mode) == (first.id, "1", "2", "warn")
    assert len(await budgets.list_budgets(stored_house.desk, ada.id)) == 1


async def test_a_budget_for_one_model_stands_beside_the_one_for_all(stored_house: House):
    ada = await make_person(stored_house)
    everything = await set_usd(stored_house, ada.id)
    smart = await set_usd(stored_house, ada.id, model="smart")
    assert everything.id != smart.id


async def test_a_budget_shows_what_is_held_spent_and_left(stored_house: House):
    ada = await make_person(stored_house)
    made = await set_usd(stored_house, ada.id, "2")
    held = await hold(stored_house, ada.id, PRICE)
    during = await budgets.get_budget(stored_house.desk, made.id)
    assert (during.open, during.posted, during.available, during.exceeded) == ("1", "0", "1", False)
    await stored_house.ledger.resolved(Resolution(hold_id=held, deed="settle", usd=2 * 10**9 + 1, tokens=1_000))
    after = await budgets.get_budget(stored_house.desk, made.id)
    assert (after.open, after.posted, after.available, after.exceeded) == ("0", "2.000000001", "0", True)
    assert after.overage == "1.000000001"


async def test_changing_a_budget_leaves_what_is_not_said(stored_house: House):
    ada = await make_person(stored_house)
    made = await set_usd(stored_house, ada.id, alert_at=(0.9,))
    changed = await budgets.change_budget(stored_house.desk, COMMAND_LINE, made.id, limit="7.5")
    assert (changed.limit, changed.mode, changed.alert_at) == ("7.5", "strict", (0.9,))
    assert await budgets.get_budget(stored_house.desk, made.id) == changed


async def test_a_lifted_budget_holds_nobody(stored_house: House):
    ada = await make_person(stored_house)
    made = await set_usd(stored_house, ada.id, "0")
    with pytest.raises(TollhouseError, match="cannot hold"):
        await hold(stored_house, ada.id, PRICE)
    await budgets.remove_budget(stored_house.desk, COMMAND_LINE, made.id)
    await hold(stored_house, ada.id, PRICE)
    with pytest.raises(NotFound):
        await budgets.get_budget(stored_house.desk, made.id)


async def test_a_credit_gives_back_what_was_posted_and_no_more(stored_house: House):
    desk = stored_house.desk
    ada = await make_person(stored_house)
    made = await set_usd(stored_house, ada.id, "2")
    held = await hold(stored_house, ada.id, PRICE)
    await stored_house.ledger.resolved(Resolution(hold_id=held, deed="settle", usd=10**9, tokens=1_000))
    credited = await credit(stored_house, made, "0.25")
    assert (credited.limit, credited.posted, credited.available, credited.overage) == ("2", "0.75", "1.25", "0")
    with pytest.raises(Conflict, match=r"\$0\.75"):
        await credit(stored_house, made, "0.750000001")
    assert await deeds(stored_house, "budget.credit") == [made.id]
    assert (await credit(stored_house, made, "0.75")).posted == "0"
    query = select(audit.c.subject, audit.c.facts).where(audit.c.deed == "budget.credit").order_by(audit.c.id)
    first = await desk.store.read(lambda tx: tx.execute(query).first())
    assert (first.subject, first.facts["amount"], first.facts["reason"]) == (made.id, "0.25", "an outage")


async def test_a_charge_is_posted_though_it_does_not_fit(stored_house: House):
    ada = await make_person(stored_house)
    made = await set_usd(stored_house, ada.id, "2")
    charged = await credit(stored_house, made, "-3")
    assert (charged.posted, charged.available, charged.overage, charged.exceeded) == ("3", "0", "3", True)
    with pytest.raises(TollhouseError, match="cannot hold"):
        await hold(stored_house, ada.id, PRICE)
    assert (await credit(stored_house, made, 3)).available == "2"
    await hold(stored_house, ada.id, PRICE)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("amount", {"amount": "0"}),
        ("amount", {"amount": "-0"}),
        ("amount", {"amount": "--1"}),
        ("amount", {"amount": 0.5}),
        ("amount", {"amount": None}),
        ("reason", {"reason": ""}),
        ("reason", {"reason": "a\nb"}),
        ("reason", {"reason": "x" * 201}),
    ],
)
async def test_what_cannot_be_a_credit_is_refused_by_field(house: House, field: str, said: dict[str, Any]):
    ada = await make_person(house)
    made = await set_usd(house, ada.id)
    with pytest.raises(TollhouseError) as refused:
        await budgets.credit_budget(
            house.desk, COMMAND_LINE, made.id, **{"amount": "-1", "reason": "an outage", **said}
        )
    assert (refused.value.status, refused.value.param) == (422, field)
    assert (await budgets.get_budget(house.desk, made.id)).posted == "0"


async def test_a_correction_that_cannot_be_noted_is_not_made(stored_house: House):
    ada = await make_person(stored_house)
    made = await set_usd(stored_house, ada.id, "2")
    await credit(stored_house, made, "-1")
    (known,) = await stored_house.desk.store.read(
        lambda tx: list(tx.execute(select(audit.c.id).where(audit.c.deed == "budget.credit")).scalars())
    )
    note = stored_house.desk.note_of(COMMAND_LINE, "budget.credit", made.id)._replace(id=known)
    bucket = f"{made.id}:usd:{made.period}"
    with pytest.raises(Exception, match=r"(?i)unique|503|written"):
        await stored_house.ledger.correct(Correction(id="cor_1", bucket=bucket, amount=10**9, note=note))
    assert (await budgets.get_budget(stored_house.desk, made.id)).posted == "1"


async def deeds(house: House, deed: str) -> list[str]:
    """Of what was done so, the subjects."""
    query = select(audit.c.subject).where(audit.c.deed == deed).order_by(audit.c.id)
    return await house.desk.store.read(lambda tx: list(tx.execute(query).scalars()))


async def credit(house: House, budget: BudgetView, amount: str | int) -> BudgetView:
    return await budgets.credit_budget(house.desk, COMMAND_LINE, budget.id, amount=amount, reason="an outage")


async def test_an_unconfirmed_hold_is_released_once(stored_house: House):
    desk = stored_house.desk
    ada = await make_person(stored_house)
    made = await set_usd(stored_house, ada.id, "2")
    held = await hold(stored_house, ada.id, PRICE)
    with pytest.raises(Conflict):
        await budgets.release_hold(desk, COMMAND_LINE, held)
    assert await deeds(stored_house, "hold.release") == []
    await stored_house.ledger.resolved(Resolution(hold_id=held, deed="expire"))
    (waiting,) = await budgets.list_holds(desk)
    assert (waiting.id, waiting.usd, [(it.budget, it.amount) for it in waiting.budgets]) == (
        held,
        "1",
        [(made.id, "1")],
    )
    assert (await budgets.get_budget(desk, made.id)).unconfirmed == "1"
    assert (await budgets.release_hold(desk, COMMAND_LINE, held)).state == "released"
    assert (await budgets.get_budget(desk, made.id)).available == "2"
    with pytest.raises(Conflict):
        await budgets.release_hold(desk, COMMAND_LINE, held)
    assert await deeds(stored_house, "hold.release") == [held]
    assert len(await budgets.list_holds(desk)) == 0


async def test_releasing_what_is_not_there_is_not_found(stored_house: House):
    with pytest.raises(NotFound):
        await budgets.release_hold(stored_house.desk, COMMAND_LINE, "hold_nowhere")
