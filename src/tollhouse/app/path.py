"""The path of a request, with all that it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from tollhouse.admin.in_force import InForce
from tollhouse.app import as_set
from tollhouse.app.reach import map_of
from tollhouse.cache.exact import Exact
from tollhouse.cache.semantic import Semantic
from tollhouse.cache.shelf import Shelf
from tollhouse.cache.trials import Trials
from tollhouse.clock import Clock
from tollhouse.gateway.admit import Admit
from tollhouse.gateway.answer import Steps
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.finish import Finishing
from tollhouse.gateway.guarded import guarded
from tollhouse.gateway.identify import Identify
from tollhouse.gateway.keys import Keys
from tollhouse.gateway.recall import Recall
from tollhouse.gateway.resemble import Resemble
from tollhouse.gateway.standing import Standing
from tollhouse.gateway.targets import Targets
from tollhouse.money.ledger import Ledger
from tollhouse.money.pricebook import PriceBook
from tollhouse.money.trust import Trust
from tollhouse.providers.base import Provider
from tollhouse.settings import Settings
from tollhouse.store.engine import Store
from tollhouse.telemetry import Metrics
from tollhouse.upstream.base import Bounds, Timeouts
from tollhouse.vault import Vault

TOKENS = "tokens"
"""What the key of the tokens' digests is derived for."""


def steps_of(
    settings: Settings,
    clock: Clock,
    store: Store,
    vault: Vault,
    providers: Mapping[str, Provider],
    targets: Targets,
    metrics: Metrics,
    boot_id: str,
    *,
    sleep: Callable[[float], Awaitable[None]],
    is_traced: bool,
) -> Steps:
    """The path of a request, with all of it that stays."""
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
        sleep=sleep,
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
    )


def path_of(steps: Steps, recall: Recall, metrics: Metrics, settings: Settings) -> Steps:
    """The path as it is now: with what may be changed while requests go along it."""
    guards = settings.guards
    calling = replace(steps.calling, attempts=settings.attempts)
    is_recalling = as_set.recalling(settings).is_wanted
    now = replace(
        steps, calling=calling, recall=recall if is_recalling else None, keeps_bodies=settings.requests.bodies
    )
    canaries = [secret.resolve() for secret in guards.output.canaries]
    return guarded(now, guards.model_dump(), canaries, metrics.judged, hear_out_s=settings.hear_out_seconds)


def recall_of(in_force: InForce, clock: Clock, store: Store, shelf: Shelf, vault: Vault) -> Recall:
    """Gives answers again, where that is wanted."""
    exact = Exact(shelf, clock, in_force.hand(as_set.keeping))
    semantic = Semantic(in_force.settings.cache.semantic.likeness)
    resemble = Resemble(exact, semantic, Trials(store, clock), in_force.hand(as_set.resembling))
    return Recall(exact, in_force.hand(as_set.recalling), vault.derive("what is asked"), resemble)
