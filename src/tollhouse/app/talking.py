"""Conversations, and the worker that executes their turns in the background: each needs the other."""

from __future__ import annotations

from functools import partial

from tollhouse.admin.in_force import InForce
from tollhouse.app import as_set
from tollhouse.clock import Clock
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.runs.under_way import UnderWay
from tollhouse.conversations.turns import background
from tollhouse.gateway.answer import Steps
from tollhouse.held import Held
from tollhouse.jobs.dispatch import TURN
from tollhouse.jobs.engine import Engine
from tollhouse.jobs.work import Worker
from tollhouse.notify.alerts import Outbox
from tollhouse.store import runs
from tollhouse.store.engine import Store
from tollhouse.telemetry import Metrics


def talking(
    in_force: InForce,
    clock: Clock,
    store: Store,
    path: Held[Steps],
    metrics: Metrics,
    outbox: Outbox,
    heard_by: Held[tuple[str, ...]],
    engine: Engine,
    *,
    boot_id: str,
    kind: str,
) -> tuple[Conversing, Worker]:
    """What conversations need, and who works for them; `engine` remembers what is under way."""

    def ended(status: str) -> None:
        metrics.job_finished(status)
        outbox.wake()

    conversing = Conversing(
        store=store,
        clock=clock,
        boot_id=boot_id,
        path=path,
        under_way=UnderWay(lambda ids: store.read(lambda tx: runs.cancelled(tx, ids))),
        as_set=in_force.hand(as_set.habits),
        heard_by=heard_by,
        on_queued=lambda: worker.wake(),
        on_ended=ended,
    )
    worker = Worker(
        store,
        clock,
        engine,
        {TURN: partial(background.execute, conversing)},
        boot_id=boot_id,
        kind=kind,
        concurrency=in_force.hand(lambda settings: settings.jobs.concurrency),
    )
    return conversing, worker
