"""What management has set while we run: a value by its setting's name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.tables import setting
from tollhouse.store.types import UPSERTS


def all_set(tx: Reading) -> dict[str, Any]:
    """Every value; few dozens at most."""
    return {row["name"]: row["value"] for row in tx.execute(select(setting)).mappings()}


def put(tx: Writing, name: str, value: Any) -> None:
    """Set a value, in place of another if there is one."""
    new = UPSERTS[tx.dialect.name](setting).values(name=name, value=value)
    tx.execute(new.on_conflict_do_update(index_elements=[setting.c.name], set_={"value": new.excluded.value}))


def drop(tx: Writing, name: str) -> None:
    """Forget a value."""
    tx.execute(delete(setting).where(setting.c.name == name))
