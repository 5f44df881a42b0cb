"""/api/webhooks, /api/deliveries, /api/alerts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tollhouse.admin import deliveries, webhooks
from tollhouse.admin.views import AlertView, DeliveryView, Listing, WebhookMade, WebhookView
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("alerts")


@table.post("/api/webhooks", scope=ADMIN, status=201)
async def add_webhook(here: Here, body: bodies.NewWebhook) -> WebhookMade:
    """Add an endpoint that hears of alerts (Standard Webhooks). Its secret is shown in this answer and never again."""
    return await webhooks.add_webhook(here.desk, here.actor, **body.model_dump())


@table.get("/api/webhooks", scope=ADMIN)
async def list_webhooks(here: Here, asked: Annotated[bodies.OldestFirst, Query()]) -> Listing[WebhookView]:
    """A page of endpoints, oldest first."""
    return await webhooks.list_webhooks(here.desk, asked.page)


@table.get("/api/webhooks/{webhook}", scope=ADMIN)
async def get_webhook(here: Here, webhook: str) -> WebhookView:
    """One endpoint."""
    return await webhooks.get_webhook(here.desk, webhook)


@table.patch("/api/webhooks/{webhook}", scope=ADMIN)
async def change_webhook(here: Here, webhook: str, body: bodies.WebhookChange) -> WebhookView:
    """Change an endpoint's address, what it hears of, or whether it does."""
    return await webhooks.change_webhook(here.desk, here.actor, webhook, **body.model_dump(exclude_unset=True))


@table.delete("/api/webhooks/{webhook}", scope=ADMIN)
async def remove_webhook(here: Here, webhook: str) -> None:
    """Forget an endpoint."""
    await webhooks.remove_webhook(here.desk, here.actor, webhook)


@table.post("/api/webhooks/{webhook}/rotate", scope=ADMIN, status=201)
async def rotate_webhook(here: Here, webhook: str) -> WebhookMade:
    """Make a new secret, shown in this answer and never again. For a day the old one signs beside it."""
    return await webhooks.rotate_webhook(here.desk, here.actor, webhook)


@table.post("/api/webhooks/{webhook}/ping", scope=ADMIN)
async def ping_webhook(here: Here, webhook: str) -> DeliveryView:
    """Send a test to an endpoint now, and say what came of it."""
    return await webhooks.ping_webhook(here.desk, here.actor, webhook)


@table.get("/api/deliveries", scope=ADMIN)
async def list_deliveries(here: Here, asked: Annotated[bodies.DeliveriesAsked, Query()]) -> Listing[DeliveryView]:
    """A page of deliveries, newest first: all, to one target, or of one status."""
    return await deliveries.list_deliveries(here.desk, asked.page, target=asked.target, status=asked.status)


@table.get("/api/deliveries/{delivery}", scope=ADMIN)
async def get_delivery(here: Here, delivery: str) -> DeliveryView:
    """One delivery."""
    return await deliveries.get_delivery(here.desk, delivery)


@table.post("/api/deliveries/{delivery}/resend", scope=ADMIN)
async def resend_delivery(here: Here, delivery: str) -> DeliveryView:
    """Send a delivery again now, with the same id, and say what came of it."""
    return await deliveries.resend(here.desk, here.actor, delivery)


@table.get("/api/alerts", scope=ADMIN)
async def list_alerts(here: Here, asked: Annotated[bodies.Paging, Query()]) -> Listing[AlertView]:
    """A page of everything that was raised, newest first."""
    return await deliveries.list_alerts(here.desk, asked.page)
