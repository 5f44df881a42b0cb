"""What each process has let callers use of their limits, told to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from sqlalchemy import case, delete, func, select

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.tables import limit_use
from tollhouse.store.types import UPSERTS

Use: TypeAlias = tuple[int, int, int]
"""Of one user: requests and tokens in the last minute, and requests that are being answered."""

KEPT_US: Final = 3600 * 1_000_000
"""What a process that is gone has told is kept so long, in microseconds; it counts for a minute."""

_USED: Final = ("requests", "tokens", "concurrent")


def tell(tx: Writing, boot_id: str, uses: Mapping[str, Use], at_us: int) -> None:
    """What a process has let these users use until now; who uses nothing any more is forgotten."""
    rows = [
        {"user_id": user_id, "boot_id": boot_id, "told_at": at_us, **dict(zip(_USED, use, strict=True))}
        for user_id, use in uses.items()
        if any(use)
    ]
    if rows:
        new = UPSERTS[tx.dialect.name](limit_use)
        told = {name: new.excluded[name] for name in (*_USED, "told_at")}
        tx.execute(new.on_conflict_do_update(index_elements=["user_id", "boot_id"], set_=told), rows)
    idle = [user_id for user_id, use in uses.items() if not any(use)]
    if idle:
        tx.execute(delete(limit_use).where(limit_use.c.boot_id == boot_id, limit_use.c.user_id.in_(idle)))


def of_others(tx: Reading, boot_id: str, *, since_us: int, alive_since_us: int) -> dict[str, Use]:
    """What other processes have let users use, by user.

    Args:
        since_us: what was told before has left the window.
        alive_since_us: who has not told since answers nobody any more.
    """
    is_alive = limit_use.c.told_at >= alive_since_us
    query = (
        select(
            limit_use.c.user_id,
            func.sum(limit_use.c.requests),
            func.sum(limit_use.c.tokens),
            func.sum(case((is_alive, limit_use.c.concurrent), else_=0)),
        )
        .where(limit_use.c.boot_id != boot_id, limit_use.c.told_at >= since_us)
        .group_by(limit_use.c.user_id)
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in tx.execute(query)}


def drop_before(tx: Writing, told_at_us: int) -> int:
    """Forget what was told earlier, by processes that are gone; gives how many rows went."""
    return tx.execute(delete(limit_use).where(limit_use.c.told_at < told_at_us)).rowcount
