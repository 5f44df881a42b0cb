"""Endpoints and deliveries, as operators handle them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from houses import opened
from receivers import Heard, Receiver
from tollhouse import ids
from tollhouse.admin import access, budgets, deliveries, webhooks
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.doctor import examine_house
from tollhouse.admin.master_key import rotate_master_key
from tollhouse.app import House
from tollhouse.errors import Conflict, NotFound, Unprocessable
from tollhouse.money.ledger import Correction
from tollhouse.store import alerts, machinery
from tollhouse.store.paging import Page
from tollhouse.testing import ManualClock

HOSTS = '[alerts]\nprivate_hosts = ["127.0.0.1"]\n'


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """One whose endpoints may be on this machine; on both databases."""
    async with opened(tmp_path / "data", toml=HOSTS, database_url=database_url, clock=ManualClock()) as it:
        yield it


async def add(house: House, receiver: Receiver, *events: str) -> webhooks.WebhookMade:
    return await webhooks.add_webhook(house.desk, COMMAND_LINE, url=receiver.url, events=events or ["budget.threshold"])


async def test_a_secret_is_shown_when_it_is_made_and_never_again(house: House, receiver: Receiver) -> None:
    made = await add(house, receiver)
    assert made.secret.startswith("whsec_")
    (listed,) = await webhooks.list_webhooks(house.desk)
    assert listed == await webhooks.get_webhook(house.desk, made.id)
    deeds = await house.store.read(lambda tx: machinery.deeds(tx, Page(limit=100)))
    kept = await house.store.read(lambda tx: list(tx.execute(text("SELECT * FROM webhook_secret"))))
    for told in (repr(made), listed, [dict(deed) for deed in deeds], kept):
        assert made.secret.removeprefix("whsec_")[:12] not in repr(told)
    assert "/hook" not in repr([dict(deed) for deed in deeds])


async def test_a_test_is_sent_at_once_and_tells_what_came_of_it(house: House, receiver: Receiver) -> None:
    made = await add(house, receiver)
    receiver.will(200, 500)
    first = await webhooks.ping_webhook(house.desk, COMMAND_LINE, made.id)
    second = await webhooks.ping_webhook(house.desk, COMMAND_LINE, made.id)
    assert (first.event, first.status, first.response_status) == ("webhook.ping", "delivered", 200)
    assert (second.status, second.response_status, second.next_try_at is None) == ("pending", 500, False)
    assert [heard.json["data"] for heard in receiver.heard] == [{"webhook": made.id}] * 2


async def test_two_secrets_sign_for_a_day_after_a_rotation(house: House, receiver: Receiver) -> None:
    assert isinstance(house.clock, ManualClock)
    old = await add(house, receiver)
    new = await webhooks.rotate_webhook(house.desk, COMMAND_LINE, old.id)
    await webhooks.ping_webhook(house.desk, COMMAND_LINE, old.id)
    house.clock.advance(hours=24)
    await webhooks.ping_webhook(house.desk, COMMAND_LINE, old.id)
    both, only_new = receiver.heard
    assert [len(heard.headers["webhook-signature"].split()) for heard in receiver.heard] == [2, 1]
    assert new.secret != old.secret
    for heard, secret, good in ((both, old, True), (both, new, True), (only_new, old, False), (only_new, new, True)):
        assert verifies(secret.secret, heard) is good


def verifies(secret: str, heard: Heard) -> bool:
    """By the receivers' own library, at the time that the clock of these tests shows."""
    at = datetime.fromtimestamp(int(heard.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(heard.headers["webhook-id"], at, heard.body.decode())
    return signature in heard.headers["webhook-signature"].split()


async def test_an_endpoint_that_moves_keeps_its_secret(house: House, receiver: Receiver) -> None:
    made = await webhooks.add_webhook(
        house.desk, COMMAND_LINE, url="https://example.com/hook", events=["credential.aging"]
    )
    moved = await webhooks.change_webhook(
        house.desk, COMMAND_LINE, made.id, url=receiver.url, events=["credential.failing", "budget.threshold"]
    )
    assert moved.events == ("budget.threshold", "credential.failing")
    await webhooks.ping_webhook(house.desk, COMMAND_LINE, made.id)
    (heard,) = receiver.heard
    assert verifies(made.secret, heard)


async def test_the_rotation_of_the_master_key_takes_endpoints_along(house: House, receiver: Receiver) -> None:
    made = await add(house, receiver)
    rotated = await rotate_master_key(house.desk, COMMAND_LINE)
    assert (rotated.rewrapped, len(rotated.dropped), rotated.left) == (1, 1, {})
    assert (await webhooks.ping_webhook(house.desk, COMMAND_LINE, made.id)).status == "delivered"


@pytest.mark.parametrize(
    ("url", "events", "field"),
    [
        ("http://example.com/hook", ["budget.threshold"], "url"),
        ("https://10.0.0.1/hook", ["budget.threshold"], "url"),
        ("http://169.254.169.254/latest", ["budget.threshold"], "url"),
        ("https://user:secret@example.com/", ["budget.threshold"], "url"),
        ("ftp://127.0.0.1/", ["budget.threshold"], "url"),
        ("https://example.com/" + "x" * 2_048, ["budget.threshold"], "url"),
        ("https://example.com/", [], "events"),
        ("https://example.com/", ["webhook.ping"], "events"),
        ("https://example.com/", ["budget.threshold", "no.such"], "events"),
    ],
)
async def test_wrong_endpoints_are_refused_by_the_field_that_is_wrong(
    house: House, url: str, events: list[str], field: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        await webhooks.add_webhook(house.desk, COMMAND_LINE, url=url, events=events)
    assert refused.value.param == field
    assert "secret" not in refused.value.message


async def test_there_are_not_endlessly_many_endpoints(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOKS_MOST", 1)
    for expected in (None, Conflict):
        adding = webhooks.add_webhook(house.desk, COMMAND_LINE, url="https://example.com/", events=["credential.aging"])
        if expected is None:
            await adding
        else:
            with pytest.raises(expected):
                await adding


async def test_what_is_not_there_is_not_found(house: House) -> None:
    desk = house.desk
    for asked in (
        webhooks.get_webhook(desk, "wh_1"),
        webhooks.change_webhook(desk, COMMAND_LINE, "wh_1", active=False),
        webhooks.rotate_webhook(desk, COMMAND_LINE, "wh_1"),
        webhooks.remove_webhook(desk, COMMAND_LINE, "wh_1"),
        webhooks.ping_webhook(desk, COMMAND_LINE, "wh_1"),
        deliveries.get_delivery(desk, "dlv_1"),
        deliveries.resend(desk, COMMAND_LINE, "dlv_1"),
    ):
        with pytest.raises(NotFound):
            await asked
    assert len(await deliveries.list_deliveries(desk)) == 0


async def test_a_delivery_is_sent_again_with_its_id_and_that_is_written_down(house: House, receiver: Receiver) -> None:
    made = await add(house, receiver)
    receiver.will(500)
    failed = await webhooks.ping_webhook(house.desk, COMMAND_LINE, made.id)
    again = await deliveries.resend(house.desk, COMMAND_LINE, failed.id)
    assert (again.id, again.status, again.attempts, again.error) == (failed.id, "delivered", 1, None)
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 1
    deeds = await house.store.read(lambda tx: machinery.deeds(tx, Page(limit=100)))
    assert (deeds[0]["deed"], deeds[0]["subject"]) == ("delivery.resend", failed.id)


async def test_deliveries_are_listed_by_pages_by_target_and_by_status(house: House, receiver: Receiver) -> None:
    made = await add(house, receiver)
    other = await add(house, receiver)
    receiver.will(200, 500, 200)
    sent = [await webhooks.ping_webhook(house.desk, COMMAND_LINE, target) for target in (made.id, made.id, other.id)]
    page = await deliveries.list_deliveries(house.desk, Page(limit=2))
    assert ([view.id for view in page], page.has_more) == ([sent[2].id, sent[1].id], True)
    rest = await deliveries.list_deliveries(house.desk, Page(limit=2, after=page.last_id))
    assert ([view.id for view in rest], rest.has_more) == ([sent[0].id], False)
    assert len(await deliveries.list_deliveries(house.desk, target=made.id)) == 2
    assert [view.id for view in await deliveries.list_deliveries(house.desk, status="pending")] == [sent[1].id]
    with pytest.raises(Unprocessable):
        await deliveries.list_deliveries(house.desk, status="lost")


async def test_an_endpoint_that_was_removed_is_not_told_and_its_deliveries_stay_listed(
    house: House, receiver: Receiver
) -> None:
    made = await add(house, receiver)
    await webhooks.ping_webhook(house.desk, COMMAND_LINE, made.id)
    await webhooks.remove_webhook(house.desk, COMMAND_LINE, made.id)
    assert len(await webhooks.list_webhooks(house.desk)) == 0
    assert len(await deliveries.list_deliveries(house.desk)) == 1


async def test_doctor_names_who_misses_alerts_and_who_wants_none(house: House, receiver: Receiver) -> None:
    missing, gone = await add(house, receiver), await add(house, receiver)
    receiver.will(200, 500, 410)
    for target in (missing.id, missing.id, gone.id):
        await webhooks.ping_webhook(house.desk, COMMAND_LINE, target)
        house.clock.advance(seconds=1)  # type: ignore[attr-defined]
    found = {
        finding.subject: finding
        async for finding in examine_house(house.desk, host="127.0.0.1", port=0, is_online=False)
    }
    assert (found[f"alerts to {missing.id}"].level, found[f"webhook {gone.id}"].level) == ("warning", "warning")
    assert "status 500" in found[f"alerts to {missing.id}"].message
    assert f"alerts to {gone.id}" not in found
    await webhooks.change_webhook(house.desk, COMMAND_LINE, gone.id, active=True)
    assert (await webhooks.get_webhook(house.desk, gone.id)).gone_at is None


async def test_a_raised_limit_arms_the_thresholds_that_it_leaves_open(house: House, receiver: Receiver) -> None:
    """The whole way: a budget is used, its limit raised, and used again."""
    await add(house, receiver)
    owner = {"owner_kind": "workspace", "owner_id": "default", "unit": "requests", "window": "total"}
    await access.create_workspace(house.desk, COMMAND_LINE, "default")
    budget = await budgets.set_budget(house.desk, COMMAND_LINE, limit=10, **owner)
    await post(house, budget.id, 8)
    assert await house.watch.look() == 2
    await budgets.change_budget(house.desk, COMMAND_LINE, budget.id, limit=20)
    assert await house.watch.look() == 0
    await post(house, budget.id, 8)
    assert await house.watch.look() == 2
    raised = await house.store.read(lambda tx: alerts.alerts(tx, Page(descending=False)))
    assert [(row["threshold"], row["facts"]["limit"]) for row in raised] == [(0.5, 10), (0.8, 10), (0.5, 20), (0.8, 20)]
    await house.outbox.deliver_due()
    assert len(receiver.heard) == 4
    listed = await deliveries.list_alerts(house.desk)
    assert [view.rearmed_at is None for view in listed] == [True, True, False, False]
    assert msgspec.json.encode(listed)


async def post(house: House, budget: str, amount: int) -> None:
    """So much more is spent of it."""
    charge = Correction(id=ids.new("cor"), bucket=f"{budget}:requests:total", amount=-amount)
    await house.ledger.correct(charge)
