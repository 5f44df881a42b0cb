"""The house: all parts, built."""

from __future__ import annotations

from dataclasses import dataclass, field

from tollhouse.admin.desk import Desk
from tollhouse.admin.in_force import InForce
from tollhouse.clock import Clock
from tollhouse.conversations.conversing import Conversing
from tollhouse.gateway.answer import Steps
from tollhouse.gateway.keys import Keys
from tollhouse.gateway.route import Map
from tollhouse.held import Held
from tollhouse.jobs.work import Worker
from tollhouse.money.ledger import Ledger
from tollhouse.money.pricebook import PriceBook
from tollhouse.notify.alerts import Outbox
from tollhouse.notify.watch import Watch
from tollhouse.redis.link import Link
from tollhouse.settings import Settings
from tollhouse.store.engine import Store
from tollhouse.telemetry import Metrics
from tollhouse.upstream.base import Upstream
from tollhouse.vault import Vault


@dataclass(frozen=True, kw_only=True)
class House:
    """The parts, built."""

    in_force: InForce
    clock: Clock
    boot_id: str
    store: Store
    ledger: Ledger
    pricebook: PriceBook
    vault: Vault
    keys: Keys
    reachable: Map
    path: Held[Steps]
    watch: Watch
    outbox: Outbox
    desk: Desk
    conversing: Conversing
    worker: Worker
    metrics: Metrics
    link: Link | None
    upstreams: tuple[Upstream, ...] = field(default=())

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return self.in_force.settings

    @property
    def steps(self) -> Steps:
        """The path of a request, as it is now."""
        return self.path.now


def database_url(settings: Settings) -> str:
    """Where the store is: the data folder's SQLite file unless the settings say otherwise."""
    named = settings.database_url
    return f"sqlite:///{settings.data / 'tollhouse.db'}" if named is None else named.resolve()
