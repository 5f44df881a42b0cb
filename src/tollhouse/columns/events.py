"""What a worker tells of its work, as values: to a listener, and to the log `tollhouse.columns`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from tollhouse.columns.shelf import Task
from tollhouse.money.amounts import Nanodollars

Kind: TypeAlias = Literal["filled", "outdated", "delayed", "failed", "gone"]

_LOG = logging.getLogger("tollhouse.columns")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that became of a column of a row. Only its `cause` may hold somebody's words.

    Attributes:
        kind: `outdated` when the row changed while its value was made; `gone` when it was deleted.
        code: of the trouble, with `delayed` and `failed`.
        due_at: when it is tried again, with `delayed`.
        cost: what was paid for it; None for nothing, or when the price is not known.
        cause: what was raised, with `delayed` and `failed`.
    """

    kind: Kind
    entity: str
    pk: str
    field: str
    code: str | None = None
    message: str | None = None
    due_at: datetime | None = None
    cost: Nanodollars | None = None
    cause: Exception | None = None


Listener: TypeAlias = Callable[[Event], None]


def event(kind: Kind, task: Task, **more: Any) -> Event:
    """An event about a task, with more of its attributes."""
    return Event(kind=kind, entity=task.entity, pk=task.pk, field=task.field, **more)


def log(told: Event) -> None:
    """Failures are errors, delays warnings, the rest is for who looks closely."""
    level = {"failed": logging.ERROR, "delayed": logging.WARNING}.get(told.kind, logging.DEBUG)
    _LOG.log(
        level,
        "column.%s %s.%s of %s: %s",
        told.kind,
        told.entity,
        told.field,
        told.pk,
        told.code or "-",
        extra={"code": told.code, "due_at": told.due_at},
    )
