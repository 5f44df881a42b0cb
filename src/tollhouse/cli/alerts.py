"""webhooks, deliveries and alerts: who is told of what, and whether they heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tollhouse.cli.opening import with_desk
from tollhouse.cli.options import Config, Data, Json
from tollhouse.cli.output import NOT_IN_ORDER, show_list, show_one, warn

if TYPE_CHECKING:
    from tollhouse.admin.views import DeliveryView

webhooks = typer.Typer(name="webhooks", help="Endpoints that hear of alerts, signed.", no_args_is_help=True)
deliveries = typer.Typer(name="deliveries", help="What came of telling it.", no_args_is_help=True)
alerts = typer.Typer(name="alerts", help="What was worth telling.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, as `webhooks list` shows it.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")]


@webhooks.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(help="https://…; others only of hosts in `alerts.private_hosts`.")],
    event: Annotated[
        list[str] | None, typer.Option(help="What it hears of; again for more.", show_default="all")
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Add an endpoint. Its secret is shown once, and signs by Standard Webhooks.

    \b
    tollhouse webhooks add https://example.com/hooks/tollhouse --event budget.threshold
    """
    from tollhouse.admin import webhooks as room
    from tollhouse.notify.events import SUBSCRIBABLE

    events = event or SUBSCRIBABLE
    made = with_desk(data, config, lambda desk, actor: room.add_webhook(desk, actor, url=url, events=events))
    show_one(made, as_json)
    if not as_json:
        warn("keep the secret: it is not shown again")


@webhooks.command("list")
def list_webhooks(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """List endpoints, without their secrets, oldest first."""
    from tollhouse.admin import webhooks as room

    found = with_desk(data, config, lambda desk, _: room.list_webhooks(desk))
    show_list(found, ("id", "url", "events", "active", "gone_at", "created_at"), as_json)


@webhooks.command("rotate")
def rotate_webhook(webhook: Id, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Make a new secret, shown once. For a day the old one signs beside it."""
    from tollhouse.admin import webhooks as room

    show_one(with_desk(data, config, lambda desk, actor: room.rotate_webhook(desk, actor, webhook)), as_json)
    if not as_json:
        warn("keep the secret: it is not shown again")


@webhooks.command("enable")
def enable_webhook(webhook: Id, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Let an endpoint hear of alerts again."""
    from tollhouse.admin import webhooks as room

    view = with_desk(data, config, lambda desk, actor: room.change_webhook(desk, actor, webhook, active=True))
    show_one(view, as_json)


@webhooks.command("disable")
def disable_webhook(webhook: Id, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Tell an endpoint nothing any more, and keep it."""
    from tollhouse.admin import webhooks as room

    view = with_desk(data, config, lambda desk, actor: room.change_webhook(desk, actor, webhook, active=False))
    show_one(view, as_json)


@webhooks.command("remove")
def remove_webhook(webhook: Id, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Forget an endpoint."""
    from tollhouse.admin import webhooks as room

    show_one(with_desk(data, config, lambda desk, actor: room.remove_webhook(desk, actor, webhook)), as_json)


@webhooks.command("ping")
def ping_webhook(webhook: Id, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Send an endpoint a test, now. Exit status 1 when it does not take it."""
    from tollhouse.admin import webhooks as room

    _show_sent(with_desk(data, config, lambda desk, actor: room.ping_webhook(desk, actor, webhook)), as_json)


@deliveries.command("list")
def list_deliveries(
    target: Annotated[str | None, typer.Option(help="Only to this: a webhook's id, `email` or `chat`.")] = None,
    status: Annotated[str | None, typer.Option(help="Only these: pending, delivered or failed.")] = None,
    limit: Limit = 20,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List deliveries, newest first.

    \b
    tollhouse deliveries list --status failed
    """
    from tollhouse.admin import deliveries as room
    from tollhouse.store.paging import Page

    page = Page(limit=limit)
    found = with_desk(data, config, lambda desk, _: room.list_deliveries(desk, page, target=target, status=status))
    columns = ("id", "event", "target", "status", "attempts", "response_status", "error", "tried_at", "next_try_at")
    show_list(found, columns, as_json)
    if found.has_more and not as_json:
        warn(f"there are more than {limit}: --limit {limit * 2}")


@deliveries.command("resend")
def resend_delivery(
    delivery: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `deliveries list` shows it.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Send a delivery again, now, with the same id. Exit status 1 when it is not taken."""
    from tollhouse.admin import deliveries as room

    _show_sent(with_desk(data, config, lambda desk, actor: room.resend(desk, actor, delivery)), as_json)


@alerts.command("list")
def list_alerts(limit: Limit = 20, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """List what was raised, newest first, whether somebody was told or not."""
    from tollhouse.admin import deliveries as room
    from tollhouse.store.paging import Page

    page = Page(limit=limit)
    found = with_desk(data, config, lambda desk, _: room.list_alerts(desk, page))
    show_list(found, ("id", "created_at", "type", "facts"), as_json)
    if found.has_more and not as_json:
        warn(f"there are more than {limit}: --limit {limit * 2}")


def _show_sent(view: DeliveryView, as_json: bool) -> None:
    show_one(view, as_json)
    if view.status != "delivered":
        raise typer.Exit(NOT_IN_ORDER)
