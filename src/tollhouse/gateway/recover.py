"""What a dead process left behind: its holds are charged as unconfirmed, its requests get their rows.

The provider may have billed what was under way, so nothing is given back silently; and every request has a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from tollhouse.clock import Clock
from tollhouse.gateway.finish import CLIENT_CLOSED
from tollhouse.money.ledger import Ledger, Resolution
from tollhouse.store import machinery, requests
from tollhouse.store.engine import Reading, Store
from tollhouse.store.requests import Ending, Finished, Skeleton

HEARTBEAT_LAPSED_S = 15.0

LOST = Ending(
    status=CLIENT_CLOSED,
    outcome=requests.LOST,
    error_code=requests.LOST,
    error_message="The gateway stopped while this request was under way. Its hold is charged as unconfirmed.",
)


SKELETON = msgspec.json.Decoder(Skeleton)


async def recover(store: Store, ledger: Ledger, clock: Clock, *, boot_id: str, kind: str | None = None) -> int:
    """Clear up after processes whose heartbeat lapsed; gives how many holds were still pending.

    Args:
        boot_id: our own, who live.
        kind: on SQLite the one web process knows, at its start, that every other web process is dead: it names `web`,
            and their heartbeat does not matter.
    """
    since = clock.now() - timedelta(seconds=HEARTBEAT_LAPSED_S)

    def query(tx: Reading) -> set[str]:
        dead = {*machinery.silent_processes(tx, since=since), *ledger.forsaken(tx)}
        if kind is not None:
            dead.update(machinery.processes_of(tx, kind))
        return dead - {boot_id}

    dead = await store.read(query)
    return await bury(store, ledger, sorted(dead)) if dead else 0


async def bury(store: Store, ledger: Ledger, boot_ids: Sequence[str]) -> int:
    """Write the rows of requests that never ended, resolve their holds, forget the processes.

    May be broken off anywhere, and done by several at once.
    """
    pending = await store.read(lambda tx: ledger.pending(tx, boot_ids))
    skeletons = {hold["request_id"]: hold["skeleton"] for hold in pending if hold["skeleton"]}
    present = await store.read(lambda tx: requests.present(tx, list(skeletons)))
    lost = [Finished(SKELETON.decode(text), LOST) for id_, text in skeletons.items() if id_ not in present]
    await asyncio.gather(*(store.join(requests.finish, row) for row in lost))
    expired = await asyncio.gather(
        *(ledger.resolved(Resolution(hold_id=hold["id"], deed="expire")) for hold in pending)
    )
    await ledger.request_ended(hold["id"] for hold, is_expired in zip(pending, expired, strict=True) if not is_expired)
    await store.write(lambda tx: machinery.end_processes(tx, boot_ids))
    return len(pending)


async def sweep(store: Store, ledger: Ledger) -> int:
    """Resolve holds past their deadline, whoever made them; gives how many."""
    overdue = await store.read(ledger.overdue)
    for hold_id in overdue:
        await ledger.resolved(Resolution(hold_id=hold_id, deed="expire", ends_request=False))
    return len(overdue)
