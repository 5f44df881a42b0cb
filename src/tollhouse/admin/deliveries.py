"""What was raised, and what came of telling it."""

from __future__ import annotations

from typing import Any, get_args

from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.lists import page_of
from tollhouse.admin.views import AlertView, DeliveryStatus, DeliveryView, Listing
from tollhouse.errors import NotFound, Unprocessable
from tollhouse.store import alerts as sql
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page


async def list_alerts(desk: Desk, page: Page | None = None) -> Listing[AlertView]:
    """A page of everything that was ever raised, newest first."""
    return await page_of(desk, page or Page(), lambda tx, page: [alert_view(row) for row in sql.alerts(tx, page)])


async def list_deliveries(
    desk: Desk, page: Page | None = None, *, target: str | None = None, status: str | None = None
) -> Listing[DeliveryView]:
    """A page of deliveries, newest first.

    Args:
        target: only to this: the id of a webhook, `email` or `chat`.
        status: only those that are `pending`, `delivered` or `failed`.

    Raises:
        Unprocessable: no such status.
    """
    if status is not None and status not in get_args(DeliveryStatus):
        raise Unprocessable(f"`status` is one of {', '.join(get_args(DeliveryStatus))}.", param="status")

    def query(tx: Reading, page: Page) -> list[DeliveryView]:
        return [delivery_view(row) for row in sql.deliveries(tx, page, target=target, status=status)]

    return await page_of(desk, page or Page(), query)


async def get_delivery(desk: Desk, delivery_id: str) -> DeliveryView:
    """One delivery. Raises NotFound."""
    return delivery_view(await desk.store.read(lambda tx: _find(tx, delivery_id)))


async def resend(desk: Desk, actor: Actor, delivery_id: str) -> DeliveryView:
    """Send it again now, with the same id, and if that fails for another 72 hours; the view tells what came of it.

    Raises:
        NotFound: no such delivery.
        Conflict: it is being sent just now.
    """

    def note(tx: Writing) -> None:
        row = _find(tx, delivery_id)
        desk.note(tx, actor, "delivery.resend", delivery_id, target=row["target"], alert=row["alert_id"])

    await desk.outbox.deliver_now(delivery_id, note)
    return await get_delivery(desk, delivery_id)


def _find(tx: Reading, delivery_id: str) -> Any:
    row = sql.find_delivery(tx, delivery_id)
    if row is None:
        raise NotFound("There is no such delivery.")
    return row


def alert_view(row: Any) -> AlertView:
    """An alert's row, for people."""
    return AlertView(**{name: row[name] for name in AlertView.__struct_fields__})


def delivery_view(row: Any) -> DeliveryView:
    """A delivery's row, for people."""
    same = (name for name in DeliveryView.__struct_fields__ if name not in ("alert", "event"))
    return DeliveryView(alert=row["alert_id"], event=row["type"], **{name: row[name] for name in same})
