"""The path of a request, with all that it needs."""

from __future__ import annotations

from collections.abc import Mapping

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
from tollhouse.gateway.identify import Identify
from tollhouse.gateway.keys import Keys
from tollhouse.gateway.recall import Recall, Recalling
from tollhouse.gateway.resemble import Resemble, Resembling
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
