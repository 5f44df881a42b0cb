"""Endpoints that hear of alerts: add, change, rotate, try. Their secrets are sealed, and shown when they are made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from tollhouse import ids
from tollhouse.admin.deliveries import delivery_view
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.lists import EVERY, page_of
from tollhouse.admin.views import DeliveryView, Listing, WebhookMade, WebhookView
from tollhouse.errors import Conflict, InvalidRequest, NotFound, Unprocessable
from tollhouse.notify.alerts import new_delivery
from tollhouse.notify.events import SUBSCRIBABLE
from tollhouse.notify.post import read_address
from tollhouse.notify.webhook import new_secret, open_secret, seal_secret
from tollhouse.store import alerts, credentials
from tollhouse.store import webhooks as sql
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.upstream.addresses import parse_url
from tollhouse.vault import Secret

URL_MOST = 2_048
WEBHOOKS_MOST = 100
BOTH_SIGN_FOR = timedelta(hours=24)
"""How long the secret before still signs when there is a new one."""


async def add_webhook(desk: Desk, actor: Actor, *, url: str, events: Sequence[str]) -> WebhookMade:
    """Add an endpoint. Its secret is shown this once.

    Args:
        url: `https://…`; `http:` and private addresses only of hosts that `alerts.private_hosts` lists.
        events: of which types it hears.

    Raises:
        Unprocessable: names the field.
        Conflict: there are too many.
    """
    row: dict[str, Any] = {
        "id": ids.new("wh"),
        "url": _checked_url(desk, url),
        "events": _checked_events(events),
        "active": True,
        "created_at": desk.clock.now(),
        "gone_at": None,
    }

    def work(tx: Writing) -> WebhookMade:
        if len(sql.endpoints(tx, EVERY)) >= WEBHOOKS_MOST:
            raise Conflict(f"There are {WEBHOOKS_MOST} endpoints already; remove one first.")
        sql.add(tx, row)
        desk.note(tx, actor, "webhook.add", row["id"], host=_host(url), events=row["events"])
        return _made(row, _add_secret(tx, desk, row))

    return await desk.store.write(work)


async def list_webhooks(desk: Desk, page: Page = EVERY) -> Listing[WebhookView]:
    """Endpoints, oldest first."""
    return await page_of(desk, page, lambda tx, page: [webhook_view(row) for row in sql.endpoints(tx, page)])


async def get_webhook(desk: Desk, webhook_id: str) -> WebhookView:
    """One endpoint. Raises NotFound."""
    return webhook_view(await desk.store.read(lambda tx: _find(tx, webhook_id)))


async def change_webhook(
    desk: Desk,
    actor: Actor,
    webhook_id: str,
    *,
    url: str | UnsetType = UNSET,
    events: Sequence[str] | UnsetType = UNSET,
    active: bool | UnsetType = UNSET,
) -> WebhookView:
    """Change where an endpoint is, what it hears, or whether it does; what is not said stays.

    Raises:
        NotFound: no such endpoint.
        Unprocessable: names the field.
        CredentialUnreadable: its secret cannot be sealed for the new address; add it anew.
    """
    values: dict[str, Any] = {}
    if url is not UNSET:
        values["url"] = _checked_url(desk, url)
    if events is not UNSET:
        values["events"] = _checked_events(events)
    if active is not UNSET:
        values |= {"active": active, "gone_at": None}

    def work(tx: Writing) -> WebhookView:
        row = _find(tx, webhook_id)
        if "url" in values:
            _seal_anew(tx, desk, row, values["url"])
        if values:
            sql.change(tx, webhook_id, values)
            told = {name: value for name, value in values.items() if name in ("events", "active")}
            where = {"host": _host(values["url"])} if "url" in values else {}
            desk.note(tx, actor, "webhook.change", webhook_id, **told, **where)
        return webhook_view({**row, **values})

    return await desk.store.write(work)


async def rotate_webhook(desk: Desk, actor: Actor, webhook_id: str) -> WebhookMade:
    """Make a new secret, which is shown this once. The old one signs beside it for a day. Raises NotFound."""
    now = desk.clock.now()

    def work(tx: Writing) -> WebhookMade:
        row = _find(tx, webhook_id)
        sql.retire_secrets(tx, webhook_id, now, now + BOTH_SIGN_FOR)
        desk.note(tx, actor, "webhook.rotate", webhook_id)
        return _made(row, _add_secret(tx, desk, row))

    return await desk.store.write(work)


async def remove_webhook(desk: Desk, actor: Actor, webhook_id: str) -> WebhookView:
    """Forget an endpoint; gives how it stood. What it was not told yet, it is not told any more. Raises NotFound."""

    def work(tx: Writing) -> WebhookView:
        row = _find(tx, webhook_id)
        sql.remove(tx, webhook_id)
        desk.note(tx, actor, "webhook.remove", webhook_id, host=_host(row["url"]))
        return webhook_view(row)

    return await desk.store.write(work)


async def ping_webhook(desk: Desk, actor: Actor, webhook_id: str) -> DeliveryView:
    """Send a test now; the view tells what came of it. Raises NotFound."""
    now = desk.clock.now()
    alert_id = ids.new("evt")
    delivery = new_delivery(alert_id, webhook_id, now)

    def note(tx: Writing) -> None:
        _find(tx, webhook_id)
        facts = {"webhook": webhook_id}
        row = {"id": alert_id, "type": "webhook.ping", "subject": alert_id, "threshold": 0.0, "facts": facts}
        alerts.add_alert(tx, {**row, "created_at": now})
        alerts.add_delivery(tx, delivery)
        desk.note(tx, actor, "webhook.ping", webhook_id)

    await desk.outbox.deliver_now(delivery["id"], note)
    return delivery_view(await desk.store.read(lambda tx: alerts.find_delivery(tx, delivery["id"])))


# --- secrets ---------------------------------------------------------------------------------------------------------


def _add_secret(tx: Writing, desk: Desk, row: Any) -> Secret:
    """Make, seal and write one, in a transaction with which no master key can be dropped."""
    credentials.lock_sealing(tx)
    secret, secret_id = new_secret(), ids.new("whk")
    sealed = seal_secret(desk.vault, secret, secret_id, row["url"])
    made = {"id": secret_id, "webhook_id": row["id"], "created_at": desk.clock.now(), "expires_at": None}
    sql.add_secret(tx, {**made, **sealed})
    return secret


def _seal_anew(tx: Writing, desk: Desk, row: Any, url: str) -> None:
    """Secrets are bound to the origin of their endpoint, and follow when it moves."""
    credentials.lock_sealing(tx)
    for kept in sql.secrets_of(tx, row["id"], desk.clock.now()):
        secret = open_secret(desk.vault, kept, row["url"])
        sql.replace_sealed(tx, kept["id"], seal_secret(desk.vault, secret, kept["id"], url))


# --- checking --------------------------------------------------------------------------------------------------------


def _find(tx: Reading, webhook_id: str) -> Any:
    row = sql.find(tx, webhook_id)
    if row is None:
        raise NotFound("There is no such webhook.")
    return row


def _checked_url(desk: Desk, url: str) -> str:
    if len(url) > URL_MOST:
        raise Unprocessable(f"The URL must have at most {URL_MOST} characters.", param="url")
    try:
        read_address(url, desk.private_hosts)
    except InvalidRequest as error:
        raise Unprocessable(error.message, param="url") from None
    return url


def _checked_events(events: Sequence[str]) -> list[str]:
    if not events or any(event not in SUBSCRIBABLE for event in events):
        raise Unprocessable(f"`events` are one or more of {', '.join(SUBSCRIBABLE)}.", param="events")
    return sorted(set(events))


def _host(url: str) -> str:
    """What may be written down of an address: the rest of it may be a secret."""
    return parse_url(url, allow_private_address=True)[0].host


# --- a row as a view -------------------------------------------------------------------------------------------------


def webhook_view(row: Any) -> WebhookView:
    """An endpoint's row, for people."""
    return WebhookView(**_fields(row))


def _made(row: Any, secret: Secret) -> WebhookMade:
    return WebhookMade(**_fields(row), secret=secret.reveal())


def _fields(row: Any) -> dict[str, Any]:
    shown = {name: row[name] for name in ("id", "url", "active", "gone_at", "created_at")}
    return {**shown, "events": tuple(row["events"])}
