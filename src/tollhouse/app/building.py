"""The parts, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import tollhouse
from tollhouse.admin.in_force import InForce
from tollhouse.app.channels import channels_of, named_of
from tollhouse.app.house import House, database_url
from tollhouse.app.management import desk_of
from tollhouse.app.path import path_of, recall_of, steps_of
from tollhouse.app.reach import all_providers, connect
from tollhouse.app.sharing import link_of, shelf_of
from tollhouse.app.talking import talking
from tollhouse.clock import Clock
from tollhouse.gateway.route import catalogue
from tollhouse.jobs.durable import Durable
from tollhouse.jobs.engine import Engine
from tollhouse.notify.alerts import Outbox
from tollhouse.notify.watch import Watch
from tollhouse.store import requests
from tollhouse.store.engine import Store
from tollhouse.store.jobs_database import jobs_beside
from tollhouse.telemetry import Logs, Metrics
from tollhouse.telemetry.spool import Spool
from tollhouse.telemetry.telling import tell
from tollhouse.vault import Vault


def build(
    in_force: InForce,
    clock: Clock,
    store: Store,
    vault: Vault,
    logs: Logs | None,
    traces: Spool | None,
    *,
    boot_id: str,
    kind: str,
    make_engine: Callable[[str], Engine] | None,
    sleep: Callable[[float], Awaitable[None]],
) -> House:
    """Put the parts together."""
    settings = in_force.settings
    providers = all_providers(settings)
    client, targets = connect(providers, settings)
    metrics = Metrics(version=tollhouse.__version__, providers=catalogue(providers))
    if traces is not None:
        metrics.spans_dropped = lambda: traces.dropped
    link = link_of(settings, vault)
    metrics.redis = None if link is None else link.standing
    shelf = shelf_of(in_force, clock, store, vault, link)
    steps = steps_of(
        settings,
        clock,
        store,
        vault,
        providers,
        targets,
        metrics,
        boot_id,
        sleep=sleep,
        is_traced=traces is not None,
    )
    path = in_force.hand(partial(path_of, steps, recall_of(in_force, clock, store, shelf, vault), metrics))
    metrics.breakers = lambda: steps.calling.standing.breaker.states(clock.monotonic())
    store.on_commit[requests.finish] = partial(tell, metrics, logs, traces)
    if logs is not None:
        in_force.tell(lambda settings: logs.adjust(level=settings.log.level, warn_tokens=settings.log.warn_tokens))
    mailed = in_force.hand(lambda settings: settings.alerts.email_to)
    channels = channels_of(settings, clock, store, vault, client, mailed)
    heard_by = in_force.hand(partial(named_of, channels=channels.keys()))
    outbox = Outbox(store, clock, channels, on_outcome=metrics.delivered)

    engine = Durable(jobs_beside(database_url(settings)), boot_id) if make_engine is None else make_engine(boot_id)
    conversing, worker = talking(
        in_force, clock, store, path, metrics, outbox, heard_by, engine, boot_id=boot_id, kind=kind
    )
    return House(
        in_force=in_force,
        clock=clock,
        boot_id=boot_id,
        store=store,
        ledger=steps.calling.ledger,
        pricebook=steps.calling.pricebook,
        vault=vault,
        keys=steps.calling.keys,
        reachable=steps.reachable,
        path=path,
        watch=Watch(
            store,
            clock,
            channels=heard_by,
            credential_days=in_force.hand(lambda settings: settings.alerts.credential_days),
            on_raised=outbox.wake,
        ),
        outbox=outbox,
        desk=desk_of(in_force, steps, store, vault, outbox, shelf, link),
        conversing=conversing,
        worker=worker,
        metrics=metrics,
        link=link,
        upstreams=(client,),
    )
