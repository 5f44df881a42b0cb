"""What processes share beside the database: the way to Redis, and the shelf that answers are kept on."""

from __future__ import annotations

from tollhouse.admin.in_force import InForce
from tollhouse.cache.memory import Memory
from tollhouse.cache.redis import Redis
from tollhouse.cache.shelf import Shelf
from tollhouse.cache.table import Table
from tollhouse.clock import Clock
from tollhouse.redis.link import Link, open_link
from tollhouse.settings import Settings
from tollhouse.store.engine import Store
from tollhouse.vault import Vault
from tollhouse.vault.box import Box


def link_of(settings: Settings, vault: Vault) -> Link | None:
    """The way to Redis; None where none is named. Raises ConfigurationError, or CannotStart without its library."""
    if settings.redis_url is None:
        return None
    return open_link(settings.redis_url.resolve(), settings.redis_ca_file, vault.derive("redis").hex()[:16])


def shelf_of(in_force: InForce, clock: Clock, store: Store, vault: Vault, link: Link | None) -> Shelf:
    """Where answers are kept that may be given again."""
    where, most_bytes = in_force.settings.cache.store, in_force.hand(lambda settings: settings.cache.max_bytes)
    if where == "memory":
        return Memory(store, most_bytes)
    box = Box(vault.derive("kept answers"))
    if link is not None and where != "database":
        return Redis(link, box, clock, store, most_bytes)
    return Table(store, box, most_bytes)
