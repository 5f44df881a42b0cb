"""The master key: be sure of it, and rotate it. A new one seals from then on, every secret is moved, the old one goes.

Each step of that can be broken off and begun again: secrets under either key stay readable throughout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.views import RotationView
from tollhouse.errors import CannotStart, CredentialUnreadable
from tollhouse.gateway.identify import key_of
from tollhouse.gateway.keys import binding_of
from tollhouse.notify.webhook import binding_of as binding_of_webhook
from tollhouse.store import credentials as sql
from tollhouse.store import machinery, webhooks
from tollhouse.store.engine import Reading, Store, Writing
from tollhouse.vault import KeyFile, KeyRing, Sealed, Vault

BATCH = 200
FACT = "master key"


async def confirm_master_key(store: Store, vault: Vault) -> None:
    """Be sure that the master key belongs to this database: with another one no token and no credential is any good.

    Raises CannotStart.
    """
    mark = vault.derive(FACT).hex()
    known = await store.read(lambda tx: machinery.get_fact(tx, FACT))
    if known is None:
        await store.write(lambda tx: machinery.set_fact(tx, FACT, mark))
    elif known != mark:
        raise CannotStart(
            "the master key in use is not the one of this database, whose tokens and credentials it cannot read. "
            "Restore the key file that belongs to it from your backup."
        )


async def rotate_master_key(desk: Desk, actor: Actor) -> RotationView:
    """Add a master key, or go on where an earlier rotation stopped.

    Raises:
        CannotStart: the keys are not in a file, or it cannot be written.
    """
    file = desk.key_file
    if file is None:
        raise CannotStart(
            "The master key does not come from a file, so it cannot be rotated from here. Add a key where it is kept."
        )
    old = _old_kids(file.read())
    rewrapped = await _move_all(desk, old)
    if not rewrapped:
        # Nothing was left from an earlier rotation, so this is a new one.
        fresh = file.add_primary(desk.clock.now())
        await desk.store.write(lambda tx: desk.note(tx, actor, "master_key.add", fresh.primary))
        old = _old_kids(fresh)
        rewrapped = await _move_all(desk, old)
    dropped = await desk.change(lambda tx: _drop_unused(tx, desk, actor, file, old))
    counts = await desk.store.read(_counts_by_kid)
    primary = file.read().primary
    left = {kid: count for kid, count in counts.items() if kid != primary}
    return RotationView(primary=primary, rewrapped=rewrapped, dropped=tuple(dropped), left=left)


def _old_kids(ring: KeyRing) -> list[str]:
    return [kid for kid in ring.kids if kid != ring.primary]


async def _move_all(desk: Desk, kids: Sequence[str]) -> int:
    moved = sum([await _move(desk, kid) for kid in kids])
    return moved + await desk.store.write(lambda tx: _move_webhooks(tx, desk, kids))


async def _move(desk: Desk, kid: str) -> int:
    """Move every credential under this key to the primary one, a batch in each transaction; gives how many."""
    moved, after = 0, ""
    while True:
        count, after = await desk.change(lambda tx, after=after: _move_batch(tx, desk, kid, after))  # type: ignore[misc]
        moved += count
        if not after:
            return moved


def _move_batch(tx: Writing, desk: Desk, kid: str, after: str) -> tuple[int, str]:
    """One batch: how many were moved, and the last id that was looked at; empty at the end."""
    rows = sql.sealed_under(tx, kid, after=after, limit=BATCH)
    moved = 0
    for row in rows:
        sealed = Sealed(row["wrapped_key"], row["ciphertext"])
        try:
            fresh = desk.vault.rewrap(sealed, binding_of(key_of(row, row["workspace_id"]), row["origin"]))
        except CredentialUnreadable:
            # Altered or moved: it keeps its key, which `left` tells, and its owner must enter it again.
            continue
        sql.change(tx, row["id"], {"wrapped_key": fresh.wrapped_key, "kid": desk.vault.primary})
        moved += 1
    return moved, rows[-1]["id"] if len(rows) == BATCH else ""


def _move_webhooks(tx: Writing, desk: Desk, kids: Sequence[str]) -> int:
    """Move the secrets of endpoints, of which there are few."""
    moved = 0
    for row in webhooks.sealed_under(tx, kids):
        sealed = Sealed(row["wrapped_key"], row["ciphertext"])
        try:
            fresh = desk.vault.rewrap(sealed, binding_of_webhook(row["id"], row["url"]))
        except CredentialUnreadable:
            continue
        webhooks.replace_sealed(tx, row["id"], {"wrapped_key": fresh.wrapped_key, "kid": desk.vault.primary})
        moved += 1
    return moved


def _counts_by_kid(tx: Reading) -> Counter[str]:
    """kid -> how many secrets need it."""
    return Counter(sql.counts_by_kid(tx)) + Counter(webhooks.counts_by_kid(tx))


def _drop_unused(tx: Writing, desk: Desk, actor: Actor, file: KeyFile, kids: Sequence[str]) -> list[str]:
    """Drop the old keys that nothing needs, while nobody can seal with them."""
    sql.lock_sealing(tx, alone=True)
    counts = _counts_by_kid(tx)
    dropped = [kid for kid in kids if not counts.get(kid)]
    for kid in dropped:
        file.drop(kid)
        desk.note(tx, actor, "master_key.drop", kid)
    return dropped
