"""What management works with, beside the path of a request."""

from __future__ import annotations

from tollhouse.admin.desk import Desk
from tollhouse.admin.in_force import InForce
from tollhouse.admin.orders import Orders
from tollhouse.admin.probe import Probe
from tollhouse.app import as_set
from tollhouse.app.path import TOKENS
from tollhouse.cache.shelf import Shelf
from tollhouse.gateway.answer import Steps
from tollhouse.notify.alerts import Outbox
from tollhouse.redis.link import Link
from tollhouse.store.engine import Store
from tollhouse.vault import Vault
from tollhouse.vault.opening import key_file


def desk_of(
    in_force: InForce, steps: Steps, store: Store, vault: Vault, outbox: Outbox, shelf: Shelf, link: Link | None
) -> Desk:
    """What management works with, beside the path of a request."""
    settings, calling = in_force.settings, steps.calling

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
        new_user=in_force.hand(as_set.new_user),
        forget=forget,
        probe=Probe(calling.targets, steps.clock),
        outbox=outbox,
        private_hosts=frozenset(settings.alerts.private_hosts),
        shelf=shelf,
        link=link,
        in_force=in_force,
        orders=Orders(store, calling.standing),
    )
