"""A whole run of scale, in order."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import postgres
from benchmarks.gateways.tollhouse import ON_POSTGRES
from benchmarks.ground import prepared
from benchmarks.plan import Plan
from benchmarks.progress import done
from benchmarks.results import conditions
from benchmarks.scale import log, processes, reports, streams, tables
from benchmarks.scale.points import Scale


def run(plan: Plan) -> Scale:
    """Measure what is wanted; without PostgreSQL, on SQLite only."""
    scale = Scale(conditions=conditions(plan))
    with prepared() as ground, ExitStack() as stack:
        database = None
        if ON_POSTGRES.absent() is None:
            database = stack.enter_context(postgres.server(ground.folder / "postgres"))
            scale.database = database.title
        if plan.wants("processes") and database:
            scale.processes = processes.measure(ground, database, plan)
        for store in (None, database) if database else (None,):
            if plan.wants("rows"):
                scale.rows += tables.rows(ground, store, plan)
            if plan.wants("users"):
                scale.users += tables.users(ground, store, plan)
            if plan.wants("reports"):
                scale.reports += reports.measure(ground, store, plan)
            if plan.wants("log"):
                scale.log += log.measure(ground, store, plan)
        if plan.wants("streams"):
            scale.streams = list(streams.measure(ground, plan))
    done()
    return scale
