"""Units of work on an application's own sessions, whether they block or are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

T = TypeVar("T")

Sessions: TypeAlias = sessionmaker[Session] | async_sessionmaker[AsyncSession]


class Units:
    """Runs work in a transaction of its own, which is committed when the work returns."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def do(self, work: Callable[[Session], T]) -> T:
        """The work's result, durable. The work may be cut off from, but not in its middle: a thread finishes it."""
        sessions = self._sessions
        if isinstance(sessions, async_sessionmaker):
            async with sessions.begin() as session:
                return await session.run_sync(work)
        return await asyncio.to_thread(_in_thread, sessions, work)


def _in_thread(sessions: sessionmaker[Session], work: Callable[[Session], T]) -> T:
    with sessions.begin() as session:
        return work(session)
