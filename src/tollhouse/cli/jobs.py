"""jobs: runs in the background, whoever asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tollhouse.cli.opening import load_settings, with_desk, with_house
from tollhouse.cli.options import Config, Data, Json, Reason, User, Workspace
from tollhouse.cli.output import NOT_IN_ORDER, cell, show_json, show_list, show_one, warn
from tollhouse.errors import Unprocessable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tollhouse.admin.desk import Desk
    from tollhouse.admin.jobs import JobView, Wanted
    from tollhouse.admin.queues import QueueView

jobs = typer.Typer(name="jobs", help="Runs in the background: what waits, what failed and why.", no_args_is_help=True)

COLUMNS = ("id", "status", "priority", "attempt", "user", "model", "created_at", "next_try_at", "error")
WATCH_EVERY_S = 1.0

Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")]
Error = Annotated[str | None, typer.Option("--error", metavar="CODE", help="Only failures of this code.")]
Queue = Annotated[str, typer.Argument(metavar="[QUEUE]", help="Its name, as `jobs queues` shows it.")]
Watch = Annotated[bool, typer.Option("--watch", help="Go on showing it, every second, until Ctrl-C.")]


@jobs.command("list")
def list_jobs(
    status: Annotated[str | None, typer.Option(help="Only queued, running, retrying, succeeded …")] = None,
    user: User = None,
    workspace: Workspace = None,
    error: Error = None,
    limit: Limit = 20,
    watch: Watch = False,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the newest runs in the background.

    \b
    tollhouse jobs list --status retrying --watch
    """
    from tollhouse.admin import jobs as admin
    from tollhouse.store.paging import Page

    wanted = admin.Wanted(status=status, user=user, workspace=workspace, error=error)
    if watch and not as_json:
        _watch(data, config, wanted, limit)
        return
    found = with_desk(data, config, lambda desk, _: admin.list_jobs(desk, wanted, Page(limit=limit)))
    _show(found.data, found, as_json)
    if found.has_more and not as_json:
        warn(f"there are more than {limit}: --limit {limit * 2}")


@jobs.command("failed")
def failed_jobs(
    user: User = None,
    workspace: Workspace = None,
    error: Error = None,
    limit: Limit = 20,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the newest runs that failed for good, with their reasons."""
    list_jobs(
        status="failed",
        user=user,
        workspace=workspace,
        error=error,
        limit=limit,
        data=data,
        config=config,
        as_json=as_json,
    )


@jobs.command("show")
def show_job(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its id.")],
    watch: Annotated[bool, typer.Option("--watch", help="Go on until it has ended.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show one run; with --watch its progress, until it has ended. Exit status 1 when it ended badly."""
    from tollhouse.admin import jobs as admin

    view = with_house(
        load_settings(data, config),
        lambda house: _until_ended(house.desk, run) if watch else admin.get_job(house.desk, run),
    )
    show_one(view, as_json)
    if watch and view.status != "succeeded":
        raise typer.Exit(NOT_IN_ORDER)


@jobs.command("retry")
def retry_jobs(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="One run: its id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every run that failed for good.")] = False,
    user: User = None,
    workspace: Workspace = None,
    error: Error = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Try runs again that failed for good: one, those of a user or workspace or with an error, or all.

    Of many it is the oldest thousand at a time.

    A question is never written a second time, and an answer that was written is never asked for again.

    \b
    tollhouse jobs retry --error provider_unavailable --dry-run
    """
    from tollhouse.admin import jobs as admin

    if run is not None:
        show_one(with_desk(data, config, lambda desk, actor: admin.retry_one(desk, actor, run)), as_json)
        return
    if not (every or user or workspace or error):
        raise Unprocessable("Say which: a run's id, --user, --workspace, --error, or --all.")
    wanted = admin.Wanted(user=user, workspace=workspace, error=error)
    tried = with_desk(data, config, lambda desk, actor: admin.retry(desk, actor, wanted, dry_run=dry_run))
    if as_json:
        show_json(tried)
        return
    for one in tried.runs:
        typer.echo(one)
    warn(f"{tried.count} would be tried again" if dry_run else f"{tried.count} will be tried again")
    if tried.has_more:
        warn("there are more: say it again")


@jobs.command("priority")
def prioritize_job(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its id.")],
    priority: Annotated[int, typer.Argument(min=0, max=9, help="9 is the most urgent, 5 is usual.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let a run that waits overtake others of its workspace, or be overtaken.

    \b
    tollhouse jobs priority run_01k… 9
    """
    from tollhouse.admin import jobs as admin

    show_one(with_desk(data, config, lambda desk, actor: admin.prioritize(desk, actor, run, priority)), as_json)


@jobs.command("cancel")
def cancel_job(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its id.")],
    data: Data = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Stop a run, wherever it is executed. What was said so far is kept, and paid."""
    from tollhouse.admin import jobs as admin

    show_one(with_desk(data, config, lambda desk, actor: admin.cancel(desk, actor, run)), as_json)


@jobs.command("queues")
def list_queues(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """List the queues: how many runs wait, since when, and whether any may begin."""
    from tollhouse.admin import queues

    found = with_desk(data, config, lambda desk, _: queues.list_queues(desk))
    show_list(found, ("name", "waiting", "running", "oldest_wait_s", "paused"), as_json)


@jobs.command("pause")
def pause_queue(
    queue: Queue = "turns", reason: Reason = None, data: Data = None, config: Config = None, as_json: Json = False
) -> None:
    """Let no run begin, in any worker. What is under way comes to its end; what is asked for waits."""
    from tollhouse.admin import queues

    show_one(with_desk(data, config, lambda desk, actor: queues.pause(desk, actor, queue, reason=reason)), as_json)


@jobs.command("resume")
def resume_queue(queue: Queue = "turns", data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Let runs begin again."""
    from tollhouse.admin import queues

    show_one(with_desk(data, config, lambda desk, actor: queues.resume(desk, actor, queue)), as_json)


def _show(views: Sequence[JobView], whole: Any, as_json: bool) -> None:
    if as_json:
        show_json(whole)
    else:
        show_list(views, COLUMNS, as_json)


def _watch(data: Any, config: Any, wanted: Wanted, limit: int) -> None:
    from rich.live import Live

    from tollhouse.admin import jobs as admin
    from tollhouse.admin import queues
    from tollhouse.store.paging import Page

    async def watch(desk: Desk) -> None:
        with Live(auto_refresh=False) as live:
            while True:
                queue = await queues.look(desk)
                found = await admin.list_jobs(desk, wanted, Page(limit=limit))
                live.update(_picture(queue, found.data), refresh=True)
                await asyncio.sleep(WATCH_EVERY_S)

    try:
        with_house(load_settings(data, config), lambda house: watch(house.desk))
    except KeyboardInterrupt:
        return


def _picture(queue: QueueView, views: Sequence[JobView]) -> RenderableType:
    """The queue in one line, and its newest runs."""
    from rich.table import Table

    state = "paused, " if queue.paused else ""
    wait = f", the oldest for {queue.oldest_wait_s:.0f} s" if queue.waiting else ""
    title = f"{state}{queue.running} under way, {queue.waiting} waiting{wait}"
    heads = [column.replace("_", " ") for column in COLUMNS]
    table = Table(*heads, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for view in views:
        table.add_row(*(_brief(view, column) for column in COLUMNS))
    return table


def _brief(view: JobView, column: str) -> str:
    value = getattr(view, column)
    return str(value["code"]) if column == "error" and value is not None else cell(value)


async def _until_ended(desk: Desk, run: str) -> JobView:
    """Show how a run gets on, on standard error, until it has ended."""
    from rich.console import Console

    from tollhouse.admin import jobs as admin

    with Console(stderr=True).status("") as status:
        while (view := await admin.get_job(desk, run)).finished_at is None:
            status.update(f"{view.status}, attempt {view.attempt}")
            await asyncio.sleep(WATCH_EVERY_S)
    return view
