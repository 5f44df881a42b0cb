"""Everything is built here, and only here: settings in, ASGI application out.

`open_house` gives the parts that commands and tests use; `Application` serves them. Nothing else constructs a store, a
ledger, a vault or a client, reads the clock, or makes chance: whoever needs one is handed it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, TypeVar

import tollhouse
from tollhouse import ids
from tollhouse.admin.desk import Desk, NewUser
from tollhouse.admin.housekeeping import Housekeeping, Retention
from tollhouse.admin.master_key import confirm_master_key
from tollhouse.admin.probe import Probe
from tollhouse.api import kept_conversations, kept_responses
from tollhouse.api.anthropic import Anthropic
from tollhouse.api.application import Application, Asgi
from tollhouse.api.google import Google
from tollhouse.api.kept import Kept
from tollhouse.api.live import Live, Patience
from tollhouse.api.openai import Embeddings, Moderations, OpenAI
from tollhouse.api.original import Original
from tollhouse.api.repeats import Repeats
from tollhouse.api.responses import Responses
from tollhouse.api.surface import Surface
from tollhouse.cache.exact import Exact
from tollhouse.cache.memory import Memory
from tollhouse.cache.semantic import Semantic
from tollhouse.cache.shelf import Shelf
from tollhouse.cache.table import Table
from tollhouse.cache.trials import Trials
from tollhouse.clock import Clock, SteadyClock
from tollhouse.conversations.conversing import Conversing, Habits
from tollhouse.conversations.runs.under_way import UnderWay
from tollhouse.conversations.turns import background
from tollhouse.dialects import anthropic_messages, gemini, openai_chat, openai_responses
from tollhouse.errors import CannotStart
from tollhouse.gateway.admit import Admit
from tollhouse.gateway.agree import Agreement
from tollhouse.gateway.answer import Steps
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.finish import Finishing
from tollhouse.gateway.guarded import guarded
from tollhouse.gateway.identify import Identify
from tollhouse.gateway.keys import Keys, shared_key
from tollhouse.gateway.recall import Recall, Recalling
from tollhouse.gateway.recover import recover
from tollhouse.gateway.resemble import Resemble, Resembling
from tollhouse.gateway.route import Alias, Map, catalogue
from tollhouse.gateway.standing import Standing
from tollhouse.gateway.targets import Targets
from tollhouse.jobs.dispatch import TURN
from tollhouse.jobs.durable import Durable
from tollhouse.jobs.engine import Engine
from tollhouse.jobs.work import Worker
from tollhouse.money.ledger import Ledger
from tollhouse.money.pricebook import PriceBook
from tollhouse.money.trust import Trust
from tollhouse.notify.alerts import ENDPOINT, Channel, Outbox
from tollhouse.notify.chat import Chat
from tollhouse.notify.watch import Watch
from tollhouse.notify.webhook import Webhooks
from tollhouse.providers import builtin
from tollhouse.providers.base import Provider
from tollhouse.providers.declared import declared_providers
from tollhouse.settings import Settings
from tollhouse.store import machinery, requests, runs
from tollhouse.store.engine import Store
from tollhouse.store.folder import WebLock, prepare_folder
from tollhouse.store.jobs_database import jobs_beside
from tollhouse.store.opening import open_store
from tollhouse.store.timekeeping import find_time
from tollhouse.telemetry import Logs, Metrics
from tollhouse.telemetry.collector import collector_of
from tollhouse.telemetry.spool import Spool, open_spool
from tollhouse.telemetry.telling import tell
from tollhouse.upstream.base import Bounds, Timeouts, Upstream
from tollhouse.upstream.demo import DemoUpstream
from tollhouse.upstream.reach import client_of
from tollhouse.vault import Vault
from tollhouse.vault.box import Box
from tollhouse.vault.opening import key_file, open_vault

DIALECTS: Mapping[str, ModuleType] = {
    dialect.NAME: dialect for dialect in (anthropic_messages, gemini, openai_chat, openai_responses)
}
"""The dialects that a `[providers.…]` table may name."""

S = TypeVar("S", bound=Surface)

KEPT_ROUTES = (*kept_conversations.ROUTES, *kept_responses.ROUTES)
DEMO = "demo"
TOKENS = "tokens"
"""What the key of the tokens' digests is derived for."""


@dataclass(frozen=True, kw_only=True)
class House:
    """The parts, built."""

    settings: Settings
    clock: Clock
    boot_id: str
    store: Store
    ledger: Ledger
    pricebook: PriceBook
    vault: Vault
    keys: Keys
    reachable: Map
    steps: Steps
    watch: Watch
    outbox: Outbox
    desk: Desk
    conversing: Conversing
    worker: Worker
    metrics: Metrics
    upstreams: tuple[Upstream, ...] = field(default=())


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
) -> AsyncIterator[House]:
    """Build everything and take it down again.

    Args:
        kind: `web`, `worker` or `command`. A web process on SQLite locks the data folder, and at its start resolves
            what earlier ones left.
        may_migrate: bring an older database up to date.
        may_create_key: make the master key file when there is none (`up`; everything else refuses to start without).
        logs: where each finished request has its line; None for no lines.
        make_engine: makes of our boot id the engine of the worker; the durable one unless said.

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
        house = build(settings, clock, store, vault, logs, traces, boot_id=boot_id, kind=kind, make_engine=make_engine)
        for upstream in house.upstreams:
            stack.push_async_callback(upstream.aclose)
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
    store, boot_id, kept = house.store, house.boot_id, house.settings.requests
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
        retention=Retention(
            max_age_days=kept.max_age_days,
            max_rows=kept.max_rows,
            max_bodies_bytes=kept.max_bodies_bytes,
            max_delivery_days=house.settings.alerts.keep_days,
            max_event_hours=house.settings.jobs.keep_events_hours,
        ),
    )
    tasks = [
        asyncio.create_task(housekeeping.run(), name="tollhouse-housekeeping"),
        asyncio.create_task(house.outbox.run(), name="tollhouse-outbox"),
        asyncio.create_task(Agreement(store, house.clock, house.steps.admit, boot_id).run(), name="tollhouse-limits"),
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


def build(
    settings: Settings,
    clock: Clock,
    store: Store,
    vault: Vault,
    logs: Logs | None,
    traces: Spool | None,
    *,
    boot_id: str,
    kind: str,
    make_engine: Callable[[str], Engine] | None,
) -> House:
    """Put the parts together."""
    providers = all_providers(settings)
    client, targets = connect(providers, settings)
    metrics = Metrics(version=tollhouse.__version__, providers=catalogue(providers))
    if traces is not None:
        metrics.spans_dropped = lambda: traces.dropped
    shelf = shelf_of(settings, store, vault)
    recall = recall_of(settings, clock, store, shelf, vault)
    is_traced = traces is not None
    steps = steps_of(settings, clock, store, vault, providers, targets, metrics, boot_id, recall, is_traced=is_traced)
    canaries = [secret.resolve() for secret in settings.guards.output.canaries]
    steps = guarded(steps, settings.guards.model_dump(), canaries, metrics.judged, hear_out_s=settings.hear_out_seconds)
    metrics.breakers = lambda: steps.calling.standing.breaker.states(clock.monotonic())
    under_way = UnderWay(lambda ids: store.read(lambda tx: runs.cancelled(tx, ids)))
    store.on_commit[requests.finish] = partial(tell, metrics, logs, traces)
    channels = channels_of(settings, clock, store, vault, client)
    named = tuple(name for name in channels if name != ENDPOINT)
    outbox = Outbox(store, clock, channels, on_outcome=metrics.delivered)

    def ended(status: str) -> None:
        metrics.job_finished(status)
        outbox.wake()

    conversing = Conversing(
        store=store,
        clock=clock,
        boot_id=boot_id,
        steps=steps,
        under_way=under_way,
        habits=Habits(**settings.conversations.model_dump()),
        channels=named,
        on_queued=lambda: worker.wake(),
        on_ended=ended,
    )
    worker = Worker(
        store,
        clock,
        Durable(jobs_beside(database_url(settings)), boot_id) if make_engine is None else make_engine(boot_id),
        {TURN: partial(background.execute, conversing)},
        boot_id=boot_id,
        kind=kind,
        concurrency=settings.jobs.concurrency,
    )
    return House(
        settings=settings,
        clock=clock,
        boot_id=boot_id,
        store=store,
        ledger=steps.calling.ledger,
        pricebook=steps.calling.pricebook,
        vault=vault,
        keys=steps.calling.keys,
        reachable=steps.reachable,
        steps=steps,
        watch=Watch(
            store, clock, channels=named, credential_days=settings.alerts.credential_days, on_raised=outbox.wake
        ),
        outbox=outbox,
        desk=desk_of(settings, steps, store, vault, outbox, shelf),
        conversing=conversing,
        worker=worker,
        metrics=metrics,
        upstreams=(client,),
    )


def steps_of(
    settings: Settings,
    clock: Clock,
    store: Store,
    vault: Vault,
    providers: Mapping[str, Provider],
    targets: Targets,
    metrics: Metrics,
    boot_id: str,
    recall: Recall | None,
    *,
    is_traced: bool,
) -> Steps:
    """The path of a request, with all that it needs."""
    ledger = Ledger(store, clock)
    shared = {
        name: table.api_key.resolve for name, table in settings.providers.items() if table.api_key and table.share
    }
    calling = Calling(
        ledger=ledger,
        pricebook=PriceBook(store, clock),
        trust=Trust(),
        keys=Keys(vault, clock, lambda provider, fields: targets.of(provider, fields).bound_to, shared),
        targets=targets,
        clock=clock,
        boot_id=boot_id,
        timeouts=Timeouts(**settings.timeouts.model_dump()),
        bounds=Bounds(),
        attempts=settings.attempts,
        standing=Standing(table.strategy for table in settings.routes.values()),
        on_attempt=metrics.attempted,
    )
    return Steps(
        identify=Identify(store, clock, vault.derive(TOKENS), metrics.refused),
        admit=Admit(),
        reachable=map_of(settings, providers, shared),
        calling=calling,
        finishing=Finishing(
            ledger=ledger,
            trust=calling.trust,
            put=store.put,
            clock=clock,
            boot_id=boot_id,
            standing=calling.standing,
            is_traced=is_traced,
        ),
        clock=clock,
        recall=recall,
        keeps_bodies=settings.requests.bodies,
    )


def shelf_of(settings: Settings, store: Store, vault: Vault) -> Shelf:
    """Where answers are kept that may be given again."""
    if settings.cache.store == "memory":
        return Memory(store, settings.cache.max_bytes)
    return Table(store, Box(vault.derive("kept answers")), settings.cache.max_bytes)


def recall_of(settings: Settings, clock: Clock, store: Store, shelf: Shelf, vault: Vault) -> Recall | None:
    """Gives answers again; None where no route does."""
    told, routes = settings.cache, settings.routes.items()
    by_alias = {name: table.cache == "exact" for name, table in routes if table.cache is not None}
    if told.mode == "off" and not any(by_alias.values()):
        return None
    exact = Exact(shelf, clock, ttl_s=told.ttl_seconds, answer_bytes=told.max_answer_bytes)
    how = Recalling(is_on=told.mode == "exact", by_alias=by_alias, scope=told.scope, takes_sampled=told.sampled)
    semantic = {name: table.semantic for name, table in routes if table.semantic is not None}
    resembling = Resembling(**told.semantic.model_dump(exclude={"likeness"}), by_alias=semantic)
    resemble = Resemble(exact, Semantic(told.semantic.likeness), Trials(store, clock), resembling)
    return Recall(exact, how, vault.derive("what is asked"), resemble if resembling.is_wanted else None)


def map_of(settings: Settings, providers: Mapping[str, Provider], shared: Iterable[str]) -> Map:
    """What a model's name may lead to: the providers, the operator's aliases, and whose key everybody may use."""
    aliases = {
        name: Alias(candidates=table.names, strategy=table.strategy, weights=table.weights)
        for name, table in settings.routes.items()
    }
    return Map(providers=providers, aliases=aliases, shared={name: shared_key(name) for name in shared})


def channels_of(settings: Settings, clock: Clock, store: Store, vault: Vault, client: Upstream) -> dict[str, Channel]:
    """Every way to tell somebody that the settings know. Raises CannotStart when a library for one is missing."""
    alerts, smtp = settings.alerts, settings.alerts.smtp
    channels: dict[str, Channel] = {ENDPOINT: Webhooks(store, client, vault, clock, alerts.private_hosts)}
    if alerts.chat_webhook is not None:
        channels["chat"] = Chat(client, clock, alerts.chat_webhook.resolve, alerts.private_hosts)
    if alerts.email_to and smtp.host is not None and smtp.sender is not None:
        try:
            # Late import: the library is an extra, needed only where mail is sent.
            from tollhouse.notify.email import Mail, MailServer
        except ImportError as error:
            raise CannotStart("mail needs an extra: pip install 'tollhouse[email]'") from error
        server = MailServer(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            user=smtp.user,
            read_password=smtp.password.resolve if smtp.password else None,
            ca_file=smtp.ca_file,
        )
        channels["email"] = Mail(server, smtp.sender, alerts.email_to)
    return channels


def desk_of(settings: Settings, steps: Steps, store: Store, vault: Vault, outbox: Outbox, shelf: Shelf) -> Desk:
    """What management works with, beside the path of a request."""
    calling = steps.calling

    def forget() -> None:
        steps.identify.forget()
        calling.keys.forget()
        calling.pricebook.forget()

    return Desk(
        store=store,
        clock=steps.clock,
        vault=vault,
        key_file=key_file(settings.data, settings.master_key),
        pepper=vault.derive(TOKENS),
        ledger=calling.ledger,
        pricebook=calling.pricebook,
        calling=calling,
        reachable=steps.reachable,
        targets=calling.targets,
        new_user=NewUser(**settings.new_user.model_dump()),
        forget=forget,
        probe=Probe(calling.targets, steps.clock),
        outbox=outbox,
        private_hosts=frozenset(settings.alerts.private_hosts),
        shelf=shelf,
    )


def all_providers(settings: Settings) -> dict[str, Provider]:
    """The built-in providers and the operator's own. Raises ConfigurationError when one of these is none."""
    tables = settings.providers.items()
    told = {name: table.model_dump(exclude_unset=True, exclude={"api_key", "share"}) for name, table in tables}
    return declared_providers(told, DIALECTS, builtin())


def connect(providers: Mapping[str, Provider], settings: Settings) -> tuple[Upstream, Targets]:
    """The client that reaches providers, and where they are."""
    client = client_of(None if settings.egress_proxy is None else settings.egress_proxy.resolve())
    demo = DemoUpstream()
    return client, Targets(providers.values(), lambda provider: demo if provider.name == DEMO else client)


def database_url(settings: Settings) -> str:
    """Where the store is: the data folder's SQLite file unless the settings say otherwise."""
    named = settings.database_url
    return f"sqlite:///{settings.data / 'tollhouse.db'}" if named is None else named.resolve()


def application(
    house: House, *, is_ready: Callable[[], bool] = lambda: True, patience: Patience | None = None
) -> Application:
    """The ASGI application over a house that is open."""
    patience = patience or Patience(hear_out_s=house.settings.hear_out_seconds)
    live, settings = Live(house.clock.monotonic, patience), house.settings
    bounds: dict[str, Any] = {"body_bytes": settings.limits.body_bytes, "trusted": settings.trusted_proxies}
    house.metrics.in_flight = lambda: len(live.responses)
    house.metrics.tasks = lambda: len(asyncio.all_tasks())

    box = Box(house.vault.derive("idempotency"))
    repeats = Repeats(house.store, box, house.clock, boot_id=house.boot_id, longest_s=settings.timeouts.total_s)

    def surface(kind: Callable[..., S]) -> S:
        return kind(house.steps, live, repeats, **bounds)

    def management() -> Asgi:
        # Late import: the framework is heavy, and a gateway that is only called for answers never needs it.
        from tollhouse.api.management.application import management

        return management(house.desk, house.conversing, house.steps.identify, repeats, **bounds)

    return Application(
        openai=surface(OpenAI),
        embeddings=surface(Embeddings),
        moderations=surface(Moderations),
        responses=surface(partial(Responses, conversing=house.conversing)),
        kept=Kept(KEPT_ROUTES, house.conversing, house.steps.identify, repeats, **bounds),
        anthropic=surface(Anthropic),
        google=surface(Google),
        original=surface(Original),
        metrics=house.metrics,
        is_ready=is_ready,
        management=management,
    )
