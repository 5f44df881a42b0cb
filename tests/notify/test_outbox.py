"""Deliveries: tried until they are taken, for 72 hours, by one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from receivers import Receiver
from tollhouse import ids
from tollhouse.errors import Conflict
from tollhouse.notify.alerts import EVERY_S, LEASE, Outbox, pause_before, raise_alert
from tollhouse.notify.events import Alert
from tollhouse.notify.webhook import Webhooks, new_secret, seal_secret
from tollhouse.store import alerts as sql
from tollhouse.store import webhooks
from tollhouse.store.engine import Store, Writing
from tollhouse.store.paging import Page
from tollhouse.testing import ManualClock
from tollhouse.upstream.base import Upstream
from tollhouse.upstream.client import Client
from tollhouse.vault import KeyRing, Secret, Vault

FACTS = {"credential": "cred_1", "user": "usr_1", "provider": "openai", "error": "provider_quota"}


class Told:
    """An outbox with one endpoint, over a real store, and a clock that is turned by hand."""

    def __init__(self, store: Store, client: Upstream) -> None:
        # The receiver's library checks the time of the attempt by the system's clock.
        self.clock = ManualClock(datetime.now(UTC))
        self.store = store
        self.vault = Vault(KeyRing.new(self.clock.now()))
        self.channel = Webhooks(store, client, self.vault, self.clock, ["127.0.0.1"])
        self.outcomes: list[str] = []
        self.outbox = self.another()

    def another(self, **channels: Any) -> Outbox:
        """The outbox of another process."""
        return Outbox(
            self.store,
            self.clock,
            {"wh": self.channel, **channels},
            chance=lambda: 0.5,
            on_outcome=self.outcomes.append,
        )

    async def endpoint(self, url: str, events: Sequence[str] = ("credential.failing",)) -> tuple[str, Secret]:
        """Add one; gives its id and its secret."""
        now, webhook_id, secret_id, secret = self.clock.now(), ids.new("wh"), ids.new("whk"), new_secret()
        row = {"id": webhook_id, "url": url, "events": list(events), "active": True, "created_at": now}
        sealed = seal_secret(self.vault, secret, secret_id, url)

        def work(tx: Writing) -> None:
            webhooks.add(tx, row)
            webhooks.add_secret(tx, {"id": secret_id, "webhook_id": webhook_id, "created_at": now, **sealed})

        await self.store.write(work)
        return webhook_id, secret

    async def note(self, subject: str = "cred_1", channels: tuple[str, ...] = ()) -> bool:
        now = self.clock.now()
        return await self.store.write(
            lambda tx: raise_alert(tx, "credential.failing", subject=subject, facts=FACTS, now=now, channels=channels)
        )

    async def deliveries(self) -> list[Any]:
        return await self.store.read(lambda tx: sql.deliveries(tx, Page(descending=False)))

    async def delivery(self) -> Any:
        (row,) = await self.deliveries()
        return row


@pytest.fixture
async def told(store: Store) -> AsyncIterator[Told]:
    client = Client()
    yield Told(store, client)
    await client.aclose()


async def test_an_endpoint_is_told_what_it_asked_for_in_a_way_that_it_can_verify(
    told: Told, receiver: Receiver
) -> None:
    _, secret = await told.endpoint(receiver.url + "/?from=tollhouse")
    await told.endpoint(receiver.url, events=["budget.threshold"])
    await told.note()
    await told.outbox.deliver_due()
    (heard,) = receiver.heard
    assert heard.target == "/hook/?from=tollhouse"
    assert heard.headers["content-type"] == "application/json"
    said = Webhook(secret.reveal()).verify(heard.body, dict(heard.headers))
    assert said["type"] == "credential.failing"
    assert said["data"] == {"credential": "cred_1", "user": "usr_1"}
    row = await told.delivery()
    assert (row["status"], row["attempts"], row["response_status"], row["error"]) == ("delivered", 1, 200, None)
    assert told.outcomes == ["delivered"]


async def test_what_was_noted_is_delivered_once_however_often_it_is_noted(told: Told, receiver: Receiver) -> None:
    await told.endpoint(receiver.url)
    assert [await told.note() for _ in range(3)] == [True, False, False]
    await told.outbox.deliver_due()
    await told.outbox.deliver_due()
    assert len(receiver.heard) == 1


async def test_it_is_tried_again_after_growing_pauses_with_the_same_id_and_body(told: Told, receiver: Receiver) -> None:
    await told.endpoint(receiver.url)
    await told.note()
    receiver.will(500, 404, 302)
    for pause_s in (5, 20, 80):
        await told.outbox.deliver_due()
        row = await told.delivery()
        assert (row["status"], row["next_try_at"]) == ("pending", told.clock.now() + timedelta(seconds=pause_s))
        await told.outbox.deliver_due()
        told.clock.advance(seconds=pause_s)
    await told.outbox.deliver_due()
    assert (await told.delivery())["status"] == "delivered"
    assert len(receiver.heard) == 4
    assert len({(heard.headers["webhook-id"], heard.body) for heard in receiver.heard}) == 1
    assert len({heard.headers["webhook-timestamp"] for heard in receiver.heard}) == 4


async def test_a_redirect_is_not_followed(told: Told, receiver: Receiver) -> None:
    await told.endpoint(receiver.url)
    await told.note()
    receiver.will(307, location=receiver.url + "/elsewhere")
    await told.outbox.deliver_due()
    row = await told.delivery()
    assert (row["status"], row["response_status"], len(receiver.heard)) == ("pending", 307, 1)


async def test_it_is_given_up_after_72_hours(told: Told, receiver: Receiver) -> None:
    await told.endpoint(receiver.url)
    await told.note()
    began = told.clock.now()
    receiver.will(*[503] * 100)
    while (row := await told.delivery())["status"] == "pending":
        told.clock.set(max(told.clock.now(), row["next_try_at"]))
        await told.outbox.deliver_due()
    assert timedelta(hours=60) < row["tried_at"] - began <= timedelta(hours=72)
    assert (row["status"], row["next_try_at"], row["attempts"]) == ("failed", None, len(receiver.heard))
    assert row["error"] == "127.0.0.1 answered with status 503"


@pytest.mark.parametrize(("says", "pause_s"), [("600", 600), ("1", 5), ("soon", 5), ("999999", 6 * 3600)])
async def test_the_receiver_may_ask_for_a_longer_pause(told: Told, receiver: Receiver, says: str, pause_s: int) -> None:
    await told.endpoint(receiver.url)
    await told.note()
    receiver.will(429, retry_after=says)
    await told.outbox.deliver_due()
    assert (await told.delivery())["next_try_at"] == told.clock.now() + timedelta(seconds=pause_s)


async def test_an_endpoint_that_is_gone_is_disabled_and_told_no_more(told: Told, receiver: Receiver) -> None:
    webhook_id, _ = await told.endpoint(receiver.url)
    await told.note("cred_1")
    receiver.will(410)
    await told.outbox.deliver_due()
    assert (await told.delivery())["status"] == "failed"
    endpoint = await told.store.read(lambda tx: webhooks.find(tx, webhook_id))
    assert (endpoint["active"], endpoint["gone_at"]) == (False, told.clock.now())
    await told.note("cred_2")
    await told.outbox.deliver_due()
    assert (len(receiver.heard), len(await told.deliveries())) == (1, 1)


async def test_what_waits_for_an_endpoint_that_is_removed_fails(told: Told, receiver: Receiver) -> None:
    webhook_id, _ = await told.endpoint(receiver.url)
    await told.note()
    await told.store.write(lambda tx: webhooks.remove(tx, webhook_id))
    await told.outbox.deliver_due()
    row = await told.delivery()
    assert (row["status"], row["error"]) == ("failed", "the endpoint was removed, or is disabled")


async def test_processes_that_deliver_at_once_send_each_delivery_once(told: Told, receiver: Receiver) -> None:
    for _ in range(4):
        await told.endpoint(receiver.url)
    for number in range(6):
        await told.note(f"cred_{number}")
    await asyncio.gather(*(told.another().deliver_due() for _ in range(4)))
    assert len(receiver.heard) == 24
    assert {row["attempts"] for row in await told.deliveries()} == {1}


async def test_what_a_dead_process_had_begun_is_sent_when_its_lease_has_lapsed(told: Told, receiver: Receiver) -> None:
    await told.endpoint(receiver.url)
    await told.note()
    receiver.hold.clear()
    doomed = asyncio.create_task(told.outbox.deliver_due())
    await receiver.until(1)
    doomed.cancel()
    await asyncio.gather(doomed, return_exceptions=True)
    receiver.hold.set()
    survivor = told.another()
    await survivor.deliver_due()
    assert len(receiver.heard) == 1
    told.clock.advance(seconds=LEASE.total_seconds())
    await survivor.deliver_due()
    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (await told.delivery())["status"] == "delivered"


async def test_who_finishes_after_the_lease_has_lapsed_changes_nothing(told: Told, receiver: Receiver) -> None:
    await told.endpoint(receiver.url)
    await told.note()
    receiver.will(500, 200)
    receiver.hold.clear()
    late = asyncio.create_task(told.outbox.deliver_due())
    await receiver.until(1)
    told.clock.advance(seconds=LEASE.total_seconds())
    other = asyncio.create_task(told.another().deliver_due())
    await receiver.until(2)
    receiver.hold.set()
    await asyncio.gather(late, other)
    row = await told.delivery()
    assert (row["status"], row["attempts"], row["leased_until"]) == ("delivered", 2, None)


async def test_a_delivery_can_be_sent_again_at_once_but_not_while_it_is_being_sent(
    told: Told, receiver: Receiver
) -> None:
    await told.endpoint(receiver.url)
    await told.note()
    await told.outbox.deliver_due()
    row = await told.delivery()
    receiver.hold.clear()
    sending = asyncio.create_task(told.outbox.deliver_now(row["id"], lambda tx: None))
    await receiver.until(2)
    with pytest.raises(Conflict):
        await told.another().deliver_now(row["id"], lambda tx: None)
    receiver.hold.set()
    await sending
    assert ((await told.delivery())["status"], len(receiver.heard)) == ("delivered", 2)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "10.0.0.1", "[::1]", "hooks.example.com"])
async def test_an_address_that_is_not_allowed_any_more_is_not_called(told: Told, receiver: Receiver, host: str) -> None:
    await told.endpoint(receiver.url.replace("127.0.0.1", host))
    await told.note()
    await told.outbox.deliver_due()
    row = await told.delivery()
    assert (row["status"], receiver.heard) == ("pending", [])
    assert "The URL must" in row["error"]


async def test_a_name_that_leads_to_a_private_address_is_not_called(told: Told, receiver: Receiver) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    client = Client(resolver=resolve)
    outbox = told.another(wh=Webhooks(told.store, client, told.vault, told.clock, []))
    await told.endpoint(receiver.url.replace("http://127.0.0.1", "https://hooks.example.com"))
    await told.note()
    await outbox.deliver_due()
    await client.aclose()
    row = await told.delivery()
    assert (row["status"], row["error"]) == ("pending", "hooks.example.com: could not be reached.")


async def test_a_secret_moved_to_another_address_does_not_sign(told: Told, receiver: Receiver) -> None:
    webhook_id, _ = await told.endpoint("https://example.com/hook")
    await told.store.write(lambda tx: webhooks.change(tx, webhook_id, {"url": receiver.url}))
    await told.note()
    await told.outbox.deliver_due()
    assert receiver.heard == []
    assert "altered" in (await told.delivery())["error"]


async def test_a_channel_that_is_not_configured_any_more_fails_and_others_do_not_mind(
    told: Told, receiver: Receiver
) -> None:
    await told.endpoint(receiver.url)
    await told.note(channels=("chat",))
    await told.outbox.deliver_due()
    by_target = {row["target"]: row["status"] for row in await told.deliveries()}
    assert by_target.pop("chat") == "failed"
    assert list(by_target.values()) == ["delivered"]


async def test_a_channel_that_breaks_is_a_failed_attempt_like_any_other(told: Told) -> None:
    class Broken:
        async def send(self, alert: Alert, target: str) -> int:
            raise RuntimeError("of no use to the receiver")

    await told.note(channels=("chat",))
    await told.another(chat=Broken()).deliver_due()
    row = await told.delivery()
    assert (row["status"], row["error"]) == ("pending", "could not be sent: RuntimeError")


async def test_the_loop_delivers_what_it_is_woken_for_without_waiting_for_its_next_round(
    told: Told, receiver: Receiver
) -> None:
    await told.endpoint(receiver.url)
    await told.note("cred_1")
    running = asyncio.create_task(told.outbox.run())
    try:
        await receiver.until(1)
        async with asyncio.timeout(EVERY_S - 1):
            await told.note("cred_2")
            told.outbox.wake()
            await receiver.until(2)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_old_deliveries_are_forgotten_and_what_they_told_is_not(told: Told, receiver: Receiver) -> None:
    await told.endpoint(receiver.url)
    await told.note("cred_1")
    await told.outbox.deliver_due()
    told.clock.advance(days=90)
    await told.note("cred_2")
    before = told.clock.now() - timedelta(days=1)
    assert await told.store.write(lambda tx: sql.drop_deliveries_before(tx, before)) == 1
    assert not await told.note("cred_1")
    assert [row["status"] for row in await told.deliveries()] == ["pending"]


def test_pauses_grow_and_scatter_by_a_fifth() -> None:
    assert pause_before(2, 0.0) == pytest.approx(4.0)
    assert pause_before(2, 1.0) == pytest.approx(6.0)
    assert all(pause_before(n, 0.5) <= pause_before(n + 1, 0.5) <= 6 * 3600 for n in range(2, 40))
