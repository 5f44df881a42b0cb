"""What was asked under an idempotency key, and answered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update

from tollhouse.store.engine import Writing
from tollhouse.store.tables import process, repeat

KEPT_US = 24 * 3600 * 1_000_000
"""How long a key is kept, in microseconds."""


def claim(tx: Writing, values: dict[str, Any], *, now: int, kept_since: int) -> Any | None:
    """Note that this is being done; None when it is now ours to do, else the row of whoever did or does it.

    Args:
        values: a row without an answer.
        now: an unanswered claim whose time is over, or whose process is gone, is nobody's any more.
        kept_since: what is older is forgotten.
    """
    mine = (repeat.c.scope == values["scope"], repeat.c.key == values["key"])
    row = tx.execute(select(repeat).where(*mine)).mappings().first()
    if row is not None:
        is_over = row["created_at"] < kept_since
        if row["answer"] is None:
            is_over = is_over or row["claimed_until"] < now or not _lives(tx, row["boot_id"], values["boot_id"])
        if not is_over:
            return row
        tx.execute(delete(repeat).where(*mine))
    tx.execute(insert(repeat).values(**values))
    return None


def keep(tx: Writing, scope: str, key: str, claimed_until: int, *, status: int, answer: bytes) -> None:
    """Keep an answer, if the claim is still ours."""
    tx.execute(_claimed(update(repeat), scope, key, claimed_until).values(status=status, answer=answer))


def let_go(tx: Writing, scope: str, key: str, claimed_until: int) -> None:
    """Nothing came of it: whoever asks again may try anew."""
    tx.execute(_claimed(delete(repeat), scope, key, claimed_until))


def drop_before(tx: Writing, created_at: int) -> int:
    """Forget what is older; gives how many went."""
    return tx.execute(delete(repeat).where(repeat.c.created_at < created_at)).rowcount


def _lives(tx: Writing, boot_id: str, own: str) -> bool:
    """Whether a process is there: ours, or one that nobody has taken for dead."""
    if boot_id == own:
        return True
    return tx.execute(select(process.c.boot_id).where(process.c.boot_id == boot_id)).first() is not None


def _claimed(statement: Any, scope: str, key: str, claimed_until: int) -> Any:
    return statement.where(
        repeat.c.scope == scope,
        repeat.c.key == key,
        repeat.c.claimed_until == claimed_until,
        repeat.c.answer.is_(None),
    )
