"""Sessions of browsers, and the codes that open one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text, delete, insert, select, type_coerce

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.tables import login_code, session, token, user


def add(tx: Writing, values: dict[str, Any]) -> None:
    tx.execute(insert(session).values(**values))


def find(tx: Reading, digest: str, now: datetime) -> Any | None:
    """The session; None when it is over."""
    query = select(session).where(session.c.digest == digest, session.c.expires_at > now)
    return tx.execute(query).mappings().first()


def end(tx: Writing, digest: str) -> Any | None:
    """Forget a session; gives its row, None when there was none."""
    return tx.execute(delete(session).where(session.c.digest == digest).returning(session)).mappings().first()


def add_code(tx: Writing, values: dict[str, Any]) -> None:
    tx.execute(insert(login_code).values(**values))


def has_code(tx: Reading, digest: str, now: datetime) -> bool:
    """Whether a code would be good: asked first, so that wrong ones cost no transaction."""
    query = select(login_code.c.digest).where(login_code.c.digest == digest, login_code.c.expires_at > now)
    return tx.execute(query).first() is not None


def use_code(tx: Writing, digest: str, now: datetime) -> str | None:
    """Use up a code: the id of the token that it stands for, for the first who comes in time; None for all others."""
    used = delete(login_code).where(login_code.c.digest == digest).returning(login_code)
    row = tx.execute(used).mappings().first()
    return row["token_id"] if row is not None and row["expires_at"] > now else None


def token_for(tx: Reading, now: datetime, *, scope: str, user_id: str | None) -> Any | None:
    """The newest valid token with this scope; of this user when said, and then another one if need be."""
    allows = type_coerce(token.c.scopes, Text).contains(scope)
    query = select(token).join(user, user.c.id == token.c.user_id)
    query = query.where(
        token.c.revoked_at.is_(None),
        token.c.expires_at.is_(None) | (token.c.expires_at > now),
        user.c.disabled_at.is_(None),
        allows if user_id is None else token.c.user_id == user_id,
    )
    return tx.execute(query.order_by(allows.desc(), token.c.id.desc()).limit(1)).mappings().first()


def drop_over(tx: Writing, now: datetime) -> int:
    """Forget sessions and codes whose time is over; gives how many went."""
    return sum(tx.execute(delete(table).where(table.c.expires_at <= now)).rowcount for table in (session, login_code))
