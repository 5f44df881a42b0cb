"""What a dead process left behind: its holds are charged as unconfirmed, its requests get their rows.

The provider may have billed what was under way, so nothing is given back silently; and every request has a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from tollhouse.clock import Clock
from tollhouse.gateway.finish import CLIENT_CLOSED
from tollhouse.money.ledger import Ledger, Resolution
from tollhouse.store import machinery, requests
from tollhouse.store.engine import Store
from tollhouse.store.requests import Ending, Finished, Skeleton

HEARTBEAT_LAPSED_S = 15.0

LOST = Ending(
    status=CLIENT_CLOSED,
    outcome="gateway_stopped",
    error_code="gateway_stopped",
    error_message="The gateway stopped while this request was under way. Its hold is charged as unconfirmed.",
)


async def recover(store: Store, ledger: Ledger, clock: Clock, *, boot_id: str, kind: str | None = None) -> int:
    """Clear up after processes whose heartbeat lapsed; gives how many holds were still pending.

    Args:
        kind: on SQLite the one web process knows, at its start, that every other web process is dead: it names `web`,
            and their heartbeat does not matter.
    """
    silent_since = clock.now() - timedelta(seconds=0.0 if kind else HEARTBEAT_LAPSED_S)
    dead = await store.read(lambda tx: machinery.dead_processes(tx, silent_since=silent_since, kind=kind, but=boot_id))
    return await bury(store, ledger, dead) if dead else 0


async def bury(store: Store, ledger: Ledger, boot_ids: Sequence[str]) -> int:
    """Write the rows of requests that never ended, resolve their holds, forget the processes.

    May be broken off anywhere.
    """
    pending = await store.read(lambda tx: ledger.pending(tx, boot_ids))
    skeletons = {hold["request_id"]: hold["skeleton"] for hold in pending}
    present = await store.read(lambda tx: requests.present(tx, list(skeletons)))
    for request_id, skeleton in skeletons.items():
        if request_id not in present:
            row = Finished(msgspec.json.decode(skeleton, type=Skeleton), LOST)
            await store.join(requests.finish, row)
    for hold in pending:
        if not await ledger.resolved(Resolution(hold_id=hold["id"], deed="expire")):
            ledger.end_request([hold["id"]])
    for boot_id in boot_ids:
        await store.write(lambda tx, dead=boot_id: machinery.end_process(tx, dead))  # type: ignore[misc]
    return len(pending)


async def sweep(store: Store, ledger: Ledger) -> int:
    """Resolve holds past their deadline, whoever made them; gives how many."""
    overdue = await store.read(ledger.overdue)
    for hold_id in overdue:
        await ledger.resolved(Resolution(hold_id=hold_id, deed="expire", ends_request=False))
    return len(overdue)
