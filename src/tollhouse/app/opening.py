"""Build the house, keep it alive, and take it down again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import tollhouse
from tollhouse import ids
from tollhouse.admin.housekeeping import Housekeeping
from tollhouse.admin.in_force import InForce
from tollhouse.admin.master_key import confirm_master_key
from tollhouse.app import as_set
from tollhouse.app.building import build
from tollhouse.app.house import House, database_url
from tollhouse.clock import Clock, SteadyClock
from tollhouse.gateway.agree import Agreement
from tollhouse.gateway.recover import recover
from tollhouse.jobs.engine import Engine
from tollhouse.settings import Settings
from tollhouse.store import machinery, runs
from tollhouse.store.folder import WebLock, prepare_folder
from tollhouse.store.opening import open_store
from tollhouse.store.timekeeping import find_time
from tollhouse.telemetry import Logs
from tollhouse.telemetry.collector import collector_of
from tollhouse.telemetry.spool import open_spool
from tollhouse.vault.opening import open_vault


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    kind: str = "command",
    may_migrate: bool = False,
    may_create_key: bool = False,
    clock: Clock | None = None,
    logs: Logs | None = None,
    make_engine: Callable[[str], Engine] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[House]:
    """Build everything and take it down again.

    Args:
        kind: `web`, `worker` or `command`. A web process on SQLite locks the data folder, and at its start resolves
            what earlier ones left.
        may_migrate: bring an older database up to date.
        may_create_key: make the master key file when there is none (`up`; everything else refuses to start without).
        logs: where each finished request has its line; None for no lines.
        make_engine: makes of our boot id the engine of the worker; the durable one unless said.
        sleep: waits between two attempts of a call, in seconds.

    Raises:
        CannotStart, ConfigurationError: what is missing, and what to do.
    """
    clock = clock or SteadyClock()
    prepare_folder(settings.data)
    async with AsyncExitStack() as stack:
        is_only_web = kind == "web" and settings.database_url is None
        if is_only_web:
            stack.callback(WebLock(settings.data).release)
        boot_id = ids.new("boot")
        collector = None if kind == "command" else collector_of(*settings.telemetry.resolve(), os.environ)
        traces = open_spool(collector, version=tollhouse.__version__, instance=boot_id)
        if traces is not None:
            # Before the store, and so closed after it: until then it tells of rows.
            stack.push_async_callback(asyncio.to_thread, traces.close)
        vault = open_vault(settings.data, settings.master_key, clock.now(), may_create=may_create_key)
        store = await open_store(
            database_url=database_url(settings), may_migrate=may_migrate, synchronous=settings.sqlite_synchronous
        )
        stack.push_async_callback(store.aclose)
        if isinstance(clock, SteadyClock):
            await find_time(store, clock)
        await confirm_master_key(store, vault)
        in_force = InForce(settings, store)
        await in_force.begin(strictly=kind != "command")
        house = build(
            in_force,
            clock,
            store,
            vault,
            logs,
            traces,
            boot_id=boot_id,
            kind=kind,
            make_engine=make_engine,
            sleep=sleep,
        )
        await house.desk.orders.look()
        for upstream in house.upstreams:
            stack.push_async_callback(upstream.aclose)
        if house.link is not None:
            stack.push_async_callback(house.link.aclose)
        stack.push_async_callback(house.worker.aclose)
        stack.push_async_callback(house.conversing.under_way.aclose)
        async with alive(house, kind, is_only_web):
            yield house


@asynccontextmanager
async def alive(house: House, kind: str, is_only_web: bool) -> AsyncIterator[None]:
    """Be known as a living process while this lasts; bury the dead at its start. Commands leave no trace."""
    if kind == "command":
        yield
        return
    store, boot_id = house.store, house.boot_id
    now = house.clock.now()
    await store.write(lambda tx: machinery.begin_process(tx, boot_id=boot_id, kind=kind, pid=os.getpid(), now=now))
    await recover(store, house.ledger, house.clock, boot_id=boot_id, kind="web" if is_only_web else None)
    await store.write(lambda tx: runs.fail_forsaken(tx, now))
    housekeeping = Housekeeping(
        store=store,
        ledger=house.ledger,
        clock=house.clock,
        boot_id=boot_id,
        kind=kind,
        identify=house.steps.identify,
        keys=house.keys,
        watch=house.watch,
        metrics=house.metrics,
        shelf=house.desk.shelf,
        retention=house.in_force.hand(as_set.retention),
        in_force=house.in_force,
    )
    agreement = Agreement(store, house.clock, house.steps.admit, boot_id, house.link)
    tasks = [
        asyncio.create_task(housekeeping.run(), name="tollhouse-housekeeping"),
        asyncio.create_task(house.outbox.run(), name="tollhouse-outbox"),
        asyncio.create_task(agreement.run(), name="tollhouse-limits"),
        asyncio.create_task(house.desk.orders.run(), name="tollhouse-orders"),
    ]
    try:
        yield
    finally:
        house.worker.leave()
        # What is broken off is in nobody's hands before we are no more: others go on with it at once.
        await house.conversing.under_way.aclose()
        await house.worker.aclose()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await housekeeping.note_use()
        await store.write(lambda tx: machinery.end_processes(tx, [boot_id]))
