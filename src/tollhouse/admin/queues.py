"""Queues of runs in the background: how many wait, and whether any may begin."""

from __future__ import annotations

import msgspec

from tollhouse.admin.access import check_name
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.pauses import PauseView, pause_view
from tollhouse.admin.views import Listing, listing
from tollhouse.errors import NotFound
from tollhouse.store import queue as sql
from tollhouse.store.engine import Reading, Writing
from tollhouse.telemetry.metrics import TURNS


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A queue as a whole.

    Attributes:
        paused: who lets no run begin, and since when; null while they may.
        waiting: runs that could begin, were it not paused.
        oldest_wait_s: how long the first of them could have.
    """

    name: str
    paused: PauseView | None
    waiting: int
    running: int
    oldest_wait_s: float


async def list_queues(desk: Desk) -> Listing[QueueView]:
    """Every queue as it is now."""
    return listing([await look(desk, name) for name in sql.QUEUES])


async def look(desk: Desk, name: str = TURNS) -> QueueView:
    """A queue as it is now. Raises NotFound."""
    if name not in sql.QUEUES:
        raise NotFound(f"There is no queue {name[:200]!r}, but: {', '.join(sql.QUEUES)}.")
    now = desk.clock.now()

    def query(tx: Reading) -> QueueView:
        waiting, oldest = sql.backlog(tx, now)
        return QueueView(
            name=name,
            paused=pause_view(sql.paused(tx)),
            waiting=waiting,
            running=sum(sql.under_way(tx).values()),
            oldest_wait_s=0.0 if oldest is None else max(0.0, (now - oldest).total_seconds()),
        )

    return await desk.store.read(query)


async def pause(desk: Desk, actor: Actor, name: str = TURNS, *, reason: str | None = None) -> QueueView:
    """Let no run begin, in any worker. What is under way comes to its end; what is asked for waits.

    Raises:
        NotFound: no such queue.
        Unprocessable: a reason that is none.
    """
    await look(desk, name)
    if reason is not None:
        check_name(reason, "reason")
    told = sql.Paused(desk.clock.now(), actor.name, reason)

    def work(tx: Writing) -> None:
        sql.pause(tx, told)
        desk.note(tx, actor, "jobs.pause", name, reason=reason)

    await desk.store.write(work)
    return await look(desk, name)


async def resume(desk: Desk, actor: Actor, name: str = TURNS) -> QueueView:
    """Let runs begin again. Raises NotFound."""
    await look(desk, name)

    def work(tx: Writing) -> None:
        if sql.resume(tx):
            desk.note(tx, actor, "jobs.resume", name)

    await desk.store.write(work)
    return await look(desk, name)
