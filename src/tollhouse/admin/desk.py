"""What management works with: handed to every function of this room, built once by `app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from tollhouse import ids
from tollhouse.admin.in_force import InForce
from tollhouse.admin.orders import Orders
from tollhouse.cache.shelf import Shelf
from tollhouse.clock import Clock
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.identify import Caller
from tollhouse.gateway.route import Map
from tollhouse.gateway.targets import Targets
from tollhouse.held import Held
from tollhouse.money.ledger import Ledger
from tollhouse.money.pricebook import PriceBook
from tollhouse.notify.alerts import Outbox
from tollhouse.providers.base import Fields, Provider
from tollhouse.redis.link import Link
from tollhouse.store import machinery
from tollhouse.store.engine import Store, Writing
from tollhouse.store.machinery import Note
from tollhouse.store.types import to_micros
from tollhouse.vault import KeyFile, Secret, Vault

T = TypeVar("T")


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """What a user gets who is made without limits of their own; None for no limit."""

    requests_per_minute: int | None = 20
    tokens_per_day: int | None = 100_000
    concurrent: int | None = 100


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """The parts management needs.

    Attributes:
        key_file: where the master keys are; None when they come from elsewhere and cannot be rotated from here.
        pepper: keys the digests of tokens.
        calling: what calls need, and how those who are called are doing.
        targets: where a credential leads, to whose origin it is bound.
        forget: something changed that the hot path remembers for a few seconds.
        probe: a cheap call that costs nothing; raises UpstreamError when the provider refuses the key.
        in_force: the settings, of which some may be changed.
        orders: what was ordered about providers, as this process obeys it.
        private_hosts: of endpoints, which may have private addresses.
        shelf: where answers are kept that may be given again.
        link: the way to Redis; None where none is named.
    """

    store: Store
    clock: Clock
    vault: Vault
    key_file: KeyFile | None
    pepper: bytes
    ledger: Ledger
    pricebook: PriceBook
    calling: Calling
    reachable: Map
    targets: Targets
    new_user: Held[NewUser]
    forget: Callable[[], None]
    probe: Callable[[Provider, Secret, Fields], Awaitable[None]]
    outbox: Outbox
    private_hosts: frozenset[str]
    shelf: Shelf
    link: Link | None
    in_force: InForce
    orders: Orders

    async def change(self, work: Callable[[Writing], T]) -> T:
        """Do it in one transaction, then let the hot path see it."""
        result = await self.store.write(work)
        self.forget()
        return result

    def note(self, tx: Writing, actor: Actor, deed: str, subject: str, **facts: Any) -> None:
        """Write down who did what to whom, in the transaction that does it. Facts are public: never a secret."""
        machinery.note_deed(tx, self.note_of(actor, deed, subject, **facts))

    def note_of(self, actor: Actor, deed: str, subject: str, **facts: Any) -> Note:
        """The same as a value, for who writes it down in a transaction of their own."""
        told = msgspec.json.encode(facts).decode()
        return Note(ids.new("deed"), to_micros(self.clock.now()), actor.name, deed, subject, told)


class Actor(msgspec.Struct, frozen=True):
    """Who does it, for the audit: a token's id, or `command line`. `caller` is None for the operator at the machine."""

    name: str
    caller: Caller | None = None


COMMAND_LINE = Actor("command line")
