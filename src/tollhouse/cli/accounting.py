"""budgets, spend and verify: how much may be spent, how much was, and whether the books are right."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tollhouse.cli.opening import load_settings, with_desk, with_house
from tollhouse.cli.options import Config, Data, Json, User, Workspace
from tollhouse.cli.output import NOT_IN_ORDER, cell, show_json, show_list, show_one, show_table, warn
from tollhouse.errors import InvalidRequest

if TYPE_CHECKING:
    from tollhouse.app import House

budgets = typer.Typer(name="budgets", help="How much may be used, by whom, in which window.", no_args_is_help=True)

NAMED_MOST = 20


@budgets.command("set")
def set_budget(
    limit: Annotated[str, typer.Argument(help="US dollars such as 12.50; a whole number of tokens or requests.")],
    user: Annotated[str | None, typer.Option(metavar="USER", help="For this user.")] = None,
    workspace: Annotated[str | None, typer.Option(metavar="WORKSPACE", help="For this workspace together.")] = None,
    token: Annotated[str | None, typer.Option(metavar="ID", help="For this token.")] = None,
    unit: Annotated[str, typer.Option(help="usd, tokens or requests.")] = "usd",
    window: Annotated[str, typer.Option(help="day, month or total.")] = "month",
    mode: Annotated[
        str | None,
        typer.Option(
            help="strict: never overspent. estimate: may end over by what was under way. warn: never refuses.",
            show_default="strict for usd, else estimate",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only for calls of this model or alias.")] = None,
    alert_at: Annotated[
        list[str] | None,
        typer.Option(
            help="Shares of it at which somebody is told; again for more; `none` for none.", show_default="0.5,0.8,1"
        ),
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Set a budget. One for the same owner, unit, window and model is replaced; what was spent still counts.

    \b
    tollhouse budgets set 20 --user alice
    tollhouse budgets set 1000000 --unit tokens --window day --workspace default
    """
    from tollhouse.admin import budgets as room

    owners = {"user": user, "workspace": workspace, "token": token}
    said = [(kind, owner) for kind, owner in owners.items() if owner is not None]
    if len(said) != 1:
        raise InvalidRequest("Say whose budget it is: --user, --workspace or --token, and only one of them.")
    kind, owner = said[0]
    more: dict[str, Any] = {"alert_at": _shares(alert_at)} if alert_at else {}
    more |= {"owner_kind": kind, "owner_id": owner, "unit": unit, "window": window, "mode": mode, "model": model}
    show_one(with_desk(data, config, lambda desk, actor: room.set_budget(desk, actor, limit=limit, **more)), as_json)


@budgets.command("list")
def list_budgets(
    user: User = None,
    within: Annotated[
        str | None, typer.Option(metavar="WORKSPACE", help="Only a workspace's own, its users' and their tokens'.")
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List budgets and what is left of each in its current period."""
    from tollhouse.admin import budgets as room

    found = with_desk(data, config, lambda desk, _: room.list_budgets(desk, user, within=within))
    columns = ("id", "owner", "model", "unit", "window", "mode", "limit", "posted", "open", "unconfirmed", "available")
    show_list(found, columns, as_json)


@budgets.command("remove")
def remove_budget(
    budget: Annotated[str, typer.Argument(metavar="ID", help="A budget.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Lift a budget; what was spent stays in the ledger."""
    from tollhouse.admin import budgets as room

    show_one(with_desk(data, config, lambda desk, actor: room.remove_budget(desk, actor, budget)), as_json)


@budgets.command("credit", context_settings={"ignore_unknown_options": True})
def credit_budget(
    budget: Annotated[str, typer.Argument(metavar="ID", help="A budget.")],
    amount: Annotated[str, typer.Argument(help="What is given back; below 0, what is charged besides.")],
    reason: Annotated[str, typer.Option(help="For whoever reads the audit.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Correct what a budget has posted in its current period; the request log keeps what the calls cost.

    \b
    tollhouse budgets credit bud_67aaf8sg0kx38c62654d0x99gx 1.50 --reason "the provider refunded an outage"
    """
    from tollhouse.admin import budgets as room

    show_one(
        with_desk(
            data, config, lambda desk, actor: room.credit_budget(desk, actor, budget, amount=amount, reason=reason)
        ),
        as_json,
    )


@budgets.command("release")
def release_hold(
    hold: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="An unconfirmed hold; without one, they are listed.")
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Give back money that stays charged because a call's end is unknown: when the provider did not bill it."""
    from tollhouse.admin import budgets as room

    if hold is None:
        found = with_desk(data, config, lambda desk, _: room.list_holds(desk))
        show_list(found, ("id", "request", "provider", "model", "usd", "budgets"), as_json)
        return
    show_one(with_desk(data, config, lambda desk, actor: room.release_hold(desk, actor, hold)), as_json)


def spend(
    by: Annotated[str, typer.Option(help="user, token, model, provider, tag or day.")] = "model",
    user: User = None,
    workspace: Workspace = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on, in UTC.", show_default="all")
    ] = None,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what was spent, and what the month will come to; JSON has the first, as `/api/reports/spend` answers it.

    \b
    tollhouse spend --by user --since 2026-11-01
    """
    from tollhouse.admin import reports
    from tollhouse.admin.views import listing

    start = since.replace(tzinfo=UTC) if since else None

    async def look(desk: Any, _: Any) -> tuple[Any, Any]:
        rows = await reports.spend(desk, by, user=user, workspace=workspace, since=start)
        return rows, await reports.forecast(desk, user=user, workspace=workspace)

    rows, forecast = with_desk(data, config, look)
    if as_json:
        show_json(listing(rows))
        return
    keys = ("provider", "model") if by == "model" else (by,)
    unpriced = ("unpriced_requests",) if any(row.unpriced_requests for row in rows) else ()
    figures = ("requests", *unpriced, "input_tokens", "output_tokens", "cost_usd")
    lines = [[cell(getattr(row, column)) for column in (*keys, *figures)] for row in rows]
    most = max((float(row.cost_usd) for row in rows), default=0.0)
    show_table((*keys, *figures), lines, [float(row.cost_usd) / most for row in rows] if most else ())
    warn(f"{forecast.month}: ${forecast.spent_usd} so far, ${forecast.forecast_usd} at the pace of the last week")


def verify(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Recompute every balance, and compare. The ledger's entries are held against buckets, holds and the request log,
    to the nanodollar, also while the gateway serves. Exit status 1 when anything differs.
    """
    result = with_house(load_settings(data, config), _verify)
    if as_json:
        show_json(result)
    else:
        for difference in result["differences"]:
            typer.echo(f"{difference.subject}: {difference.what}")
        typer.echo(result["summary"])
    if result["count"]:
        raise typer.Exit(NOT_IN_ORDER)


async def _verify(house: House) -> dict[str, Any]:
    from tollhouse.money.verify import Checked, differences

    checked = Checked()

    def query(tx: Any) -> tuple[list[Any], int]:
        first, count = [], 0
        for difference in differences(tx, house.clock.now(), checked, _tell_progress):
            count += 1
            if count <= NAMED_MOST:
                first.append(difference)
        return first, count

    first, count = await house.store.read(query)
    done = (
        f"{checked.entries} entries, {checked.buckets} buckets, {checked.holds} holds and {checked.requests} requests"
    )
    verdict = (
        "all agree"
        if not count
        else f"{count} differences" + (f", the first {NAMED_MOST} above" * (count > NAMED_MOST))
    )
    return {"count": count, "differences": first, "checked": checked, "summary": f"{done}: {verdict}"}


def _shares(told: list[str]) -> list[float]:
    try:
        return [] if told == ["none"] else [float(share) for text in told for share in text.split(",")]
    except ValueError:
        raise InvalidRequest("--alert-at is a list of shares such as 0.5,0.8,1, or `none`.") from None


def _tell_progress(checked: Any) -> None:
    if sys.stderr.isatty():
        warn(f"{checked.entries:,} entries")
