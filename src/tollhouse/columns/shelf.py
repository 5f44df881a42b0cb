"""The port to where rows and the states of their columns are kept: an ORM, over a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from tollhouse.columns.field import Field
from tollhouse.money.amounts import Nanodollars

Status: TypeAlias = Literal["pending", "fresh", "failed", "edited"]
Name: TypeAlias = tuple[str, str]
"""Of a column: its table's and its own."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One column of one row, to be filled by whoever holds its lease.

    Attributes:
        entity, pk, field: the table, the row's primary key as JSON, and the column.
        version: raised by each change and each wish for another value.
        attempts: how often it was taken, this time too.
        answers: how many answers have come that were of no use.
        complaint: what was wrong with the last of them.
        fingerprint: what the present value is made of.
        sources: the values it is to be made of; None when the row is gone.
    """

    entity: str
    pk: str
    field: str
    version: int
    lease: str
    attempts: int
    answers: int
    complaint: str | None
    fingerprint: str | None
    sources: Mapping[str, Any] | None

    @property
    def name(self) -> Name:
        return self.entity, self.field


@dataclass(frozen=True, kw_only=True)
class Made:
    """A value, what it was made of, by whom and at what cost; None where nobody was asked."""

    value: Any
    fingerprint: str
    model: str | None = None
    request_id: str | None = None
    cost: Nanodollars | None = None


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a column is not filled, as a stable word and a sentence without anybody's words.

    Attributes:
        counts: against the attempts that it has.
        wasted: an answer came, and was of no use.
        cost: what that answer cost.
    """

    code: str
    message: str
    counts: bool = True
    wasted: bool = False
    cost: Nanodollars | None = None


class Shelf(Protocol):
    """What a worker needs of an ORM. Every method is one transaction, and none is open while a model is asked."""

    fields: Mapping[Name, Field]

    async def take(self, *, now: datetime, until: datetime, lease: str, limit: int) -> Sequence[Task]:
        """Columns that are due, with their sources, under a lease; nobody else is given them before `until`."""
        ...

    async def renew(self, tasks: Collection[Task], until: datetime) -> None:
        """Hold leases for longer, as far as they are still held."""
        ...

    async def put(self, task: Task, made: Made | None, now: datetime) -> bool:
        """Put a value into its row, with the columns behind it to be filled next; None keeps the one that is there.

        False when the row, the wish or the lease is another by now; what an answer cost is noted all the same.
        """
        ...

    async def put_off(self, task: Task, trouble: Trouble, *, due_at: datetime | None, now: datetime) -> None:
        """Give a task back until `due_at`, or put it on the failed list."""
        ...

    async def forget(self, task: Task) -> None:
        """The row is gone, and so is all that was known of its column."""
        ...
