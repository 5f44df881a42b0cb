"""What a dead process left behind: its holds are charged as unconfirmed, its requests get their ending.

The provider may have billed what was under way, so nothing is given back silently; and no request row stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tollhouse.clock import Clock
from tollhouse.gateway.finish import CLIENT_CLOSED
from tollhouse.money.ledger import Ledger, Resolution
from tollhouse.store import ledger as ledger_sql
from tollhouse.store import machinery, requests
from tollhouse.store.engine import Store
from tollhouse.store.types import to_micros

HEARTBEAT_LAPSED_S = 15.0

LOST = "gateway_stopped"
LOST_MESSAGE = (
    "The gateway stopped while this request was under way. What was held for it stays charged as unconfirmed."
)


async def recover(store: Store, ledger: Ledger, clock: Clock, *, boot_id: str, kind: str | None = None) -> int:
    """Resolve what processes left whose heartbeat lapsed; gives how many holds.

    Args:
        kind: on SQLite the one web process, at its start, knows that every other web process is dead: it names `web`, and
            their heartbeat does not matter.
    """
    now = clock.now()
    silent_since = now if kind else now - timedelta(seconds=HEARTBEAT_LAPSED_S)
    dead = await store.read(lambda tx: machinery.dead_processes(tx, silent_since=silent_since, kind=kind, but=boot_id))
    return await bury(store, ledger, dead) if dead else 0


async def bury(store: Store, ledger: Ledger, boot_ids: Sequence[str]) -> int:
    """Resolve every hold of these processes, complete their rows, forget them."""
    holds = await store.read(lambda tx: ledger_sql.holds_in(tx, "open", boot_ids=boot_ids))
    for hold in holds:
        await ledger.resolve(Resolution(hold_id=hold["id"], deed="expire"))
    lost = await store.read(lambda tx: requests.unfinished(tx, boot_ids))
    if lost:
        await store.write(
            lambda tx: requests.complete_lost(tx, lost, status=CLIENT_CLOSED, outcome=LOST, message=LOST_MESSAGE)
        )
    for boot_id in boot_ids:
        await store.write(lambda tx, dead=boot_id: machinery.end_process(tx, dead))  # type: ignore[misc]
    return len(holds)


async def sweep(store: Store, ledger: Ledger, clock: Clock) -> int:
    """Resolve holds past their deadline, whoever made them; gives how many."""
    past = to_micros(clock.now())
    holds = await store.read(lambda tx: ledger_sql.holds_in(tx, "open", past=past))
    for hold in holds:
        await ledger.resolve(Resolution(hold_id=hold["id"], deed="expire"))
    return len(holds)
