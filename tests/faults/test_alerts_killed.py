"""`kill -9` between crossing a threshold, noting it and telling it: it is noted once, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook

from command_line import Gateway, started
from houses import make_person, opened
from receivers import Receiver
from tollhouse.admin import budgets, deliveries, webhooks
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.store.tables import delivery

pytestmark = pytest.mark.slow

HOSTS = '[alerts]\nprivate_hosts = ["127.0.0.1"]\n'


@pytest.mark.timeout(180)
async def test_a_threshold_is_noted_once_and_told_whoever_is_killed(
    tmp_path: Path, database_url: str, receiver: Receiver
) -> None:
    folder = tmp_path / "data"
    env = {"TOLLHOUSE_CONFIG": str(folder / "tollhouse.toml"), "TOLLHOUSE_DATABASE_URL": database_url}

    async def act(work: Callable[[House], Awaitable[Any]]) -> Any:
        async with opened(folder, toml=HOSTS, database_url=database_url) as house:
            return await work(house)

    async def prepare(house: House) -> tuple[str, str]:
        person = await make_person(house)
        owner = {"owner_kind": "user", "owner_id": person.id, "unit": "requests", "window": "total", "mode": "warn"}
        await budgets.set_budget(house.desk, COMMAND_LINE, limit=10, **owner)
        made = await webhooks.add_webhook(house.desk, COMMAND_LINE, url=receiver.url, events=["budget.threshold"])
        return person.token, made.secret

    async def let_leases_lapse(house: House) -> None:
        await house.store.write(lambda tx: tx.execute(update(delivery).values(leased_until=None)))

    token, secret = await act(prepare)
    with started(folder, env=env) as crossed:
        ask(crossed, token, 6)  # of which the last may be open still
    assert receiver.heard == []  # killed before it looked
    receiver.hold.clear()
    with started(folder, env=env):
        await receiver.until(1)  # killed before it was answered
    receiver.hold.set()
    await act(let_leases_lapse)
    with started(folder, env=env) as last:
        await receiver.until(2)
        ask(last, token, 5)
        await receiver.until(4)
        last.stop()
        assert await asyncio.to_thread(last.wait) == 0
    raised = await act(lambda house: deliveries.list_alerts(house.desk))
    assert [alert.facts["threshold"] for alert in raised] == [1.0, 0.8, 0.5]
    ids = [heard.headers["webhook-id"] for heard in receiver.heard]
    assert (len(ids), set(ids), ids[0]) == (4, {alert.id for alert in raised}, ids[1])
    for heard in receiver.heard:
        assert Webhook(secret).verify(heard.body, dict(heard.headers))["type"] == "budget.threshold"


def ask(gateway: Gateway, token: str, count: int) -> None:
    for _ in range(count):
        assert gateway.chat(token=token)[0] == 200
