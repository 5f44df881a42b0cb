"""The port to whatever executes jobs and repeats those whose process died.

A job is an id, the name of a handler and the id of a subject; never a word of what is worked on. What there is to do,
in which order, and what has become of it, is in our own tables: the engine can be exchanged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

import msgspec

Handler: TypeAlias = Callable[[str], Awaitable[None]]
"""Does a job, given its subject. It may be called more than once for one job, and finds out itself what is done."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do.

    Attributes:
        id: under one id a job is executed once, however often it is handed over.
        name: of its handler.
        subject: the id of what it is about.
    """

    id: str
    name: str
    subject: str


class Engine(Protocol):
    """Executes jobs in this process, and remembers them beyond it. All methods raise Unavailable."""

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        """Be ready for jobs with these handlers."""
        ...

    async def hand(self, job: Job) -> None:
        """Take over a job, durably, and begin it."""
        ...

    async def repeat(self, job_ids: Sequence[str], dead: Collection[str]) -> set[str]:
        """Let jobs be executed anew that were under way in dead processes, wherever; gives those that will be."""
        ...

    async def stranded(self) -> list[str]:
        """Ids of unfinished jobs that another version took over, and only that version would execute."""
        ...

    async def forget(self, before: datetime, limit: int) -> int:
        """Forget jobs that ended before an instant, so many at most; gives how many went."""
        ...

    async def aclose(self) -> None:
        """Execute nothing more. Jobs under way are broken off; another process repeats them."""
        ...
