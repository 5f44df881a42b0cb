"""What operators have ordered about providers: who is paused, and whose breakers were to be closed when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.tables import provider_order
from tollhouse.store.types import UPSERTS


def orders(tx: Reading) -> list[Any]:
    """All of them: a row for each provider about which something was ordered."""
    return list(tx.execute(select(provider_order).order_by(provider_order.c.provider)).mappings())


def pause(tx: Writing, provider: str, *, at: datetime, by: str, reason: str | None) -> None:
    """Let a provider be asked no more; what was said of an earlier pause is said anew."""
    _put(tx, provider, {"paused_at": at, "paused_by": by, "reason": reason})


def resume(tx: Writing, provider: str) -> bool:
    """Let it be asked again; False for one that was not paused."""
    paused = update(provider_order).where(
        provider_order.c.provider == provider, provider_order.c.paused_at.is_not(None)
    )
    return tx.execute(paused.values(paused_at=None, paused_by=None, reason=None)).rowcount == 1


def reset(tx: Writing, provider: str, at: int) -> None:
    """Let its breakers be closed: by every process that has not seen this instant, in microseconds, yet."""
    _put(tx, provider, {"reset_at": at})


def _put(tx: Writing, provider: str, values: dict[str, Any]) -> None:
    new = UPSERTS[tx.dialect.name](provider_order).values(provider=provider, **values)
    tx.execute(new.on_conflict_do_update(index_elements=[provider_order.c.provider], set_=values))
